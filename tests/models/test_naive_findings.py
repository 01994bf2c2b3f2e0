"""The smallest histories in which the rules and the naive account once differed, with what the terms say."""

from models.points.state import Former
from tests.models.world import Fact, World, at, cancelled, joined, line, order, returned

LEAVE: Fact = ("points.cancel_requested", {})


def test_ms_16_who_joins_after_the_end_is_a_new_member_even_if_the_tick_is_late() -> None:
    """Given an end that was reached on 4 March, when one joins on the 6th before any tick told so, then it counts as over."""
    world = World(now="2026-03-02 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    world.send(order(placed_at="2026-03-02 17:30"))
    world.send(LEAVE, time="2026-03-02 18:00")
    answer = world.send(joined(), time="2026-03-06 18:00")
    assert (answer.outcome, world.points.joined_at, world.points.available) == ("applied", at("2026-03-06 18:00"), 0)
    assert world.member().former == [Former(at("2026-03-02 17:00"), at("2026-03-05 08:00"))]
    world.tick("2026-03-20 00:00")
    assert world.points.joined_at == at("2026-03-06 18:00")


def test_ms_16_a_joining_told_late_from_before_the_end_opens_nothing() -> None:
    """Given a membership that has ended, when a joining from its time arrives, then old orders stay without effect."""
    world = World(now="2026-03-02 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    world.send(order(placed_at="2026-03-02 17:40"))
    world.send(LEAVE, time="2026-03-02 18:00")
    world.tick("2026-03-06 18:00")
    assert world.send(joined(), time="2026-03-02 17:20").outcome == "duplicate"
    world.send(returned("r1", l1=1), time="2026-03-06 18:00")
    assert world.member().points is None


def test_ms_11_a_bonus_in_the_lot_of_its_order_counts_once() -> None:
    """Given 1 earned and 1 bonus point in one lot, one of them taken and one expired, when all is cancelled, then no debt."""
    world = World(now="2026-03-02 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    bonus = {"offer_id": "b", "points": 1}
    world.send(order("o1", line("l1", "0.50", bonus=bonus), placed_at="2026-03-02 17:30"))
    world.send(("payment.disputed", {"order_id": "o1", "dispute_id": "d1", "amount": "0.50"}))
    assert world.balance() == (1, 0)
    world.tick("2028-03-04 18:00")
    world.send(cancelled("o1"))
    assert world.balance() == (0, 0)
    assert (world.points.taken_back, world.points.expired) == (1, 1)
