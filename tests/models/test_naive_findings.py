"""The smallest histories in which the rules and the naive account once differed, with what the terms say."""

from audit.account import Account
from models.outputs.ledger import LedgerEntry
from models.points.state import Former
from tests.models.facts import Fact, at, cancelled, joined, line, order, return_rejected, returned
from tests.models.test_naive_machine import adjusted
from tests.models.world import World, event

LEAVE: Fact = ("points.cancel_requested", {})


def test_ms_16_who_joins_after_the_end_is_a_new_member_even_if_the_tick_is_late() -> None:
    """Given an end that was reached on 4 March, when one joins on the 6th before any tick told so, then it counts as over."""
    world = World(now="2026-03-02 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    world.send(order(placed_at="2026-03-02 17:30"))
    world.send(LEAVE, time="2026-03-02 18:00")
    world.send(joined(), time="2026-03-06 18:00")
    world.tick("2026-03-20 00:00")
    assert (world.decisions[-1].outcome, world.points.available) == ("applied", 0)
    assert world.points.joined_at == at("2026-03-06 18:00")
    assert world.member().former == [Former(at("2026-03-02 17:00"), at("2026-03-05 08:00"))]


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


def test_gen_4_points_freed_before_the_sweep_expire_with_it() -> None:
    """Given 10 points of which 1 is set aside, when it is freed after their last day but before the sweep, then all expire."""
    world = World(now="2026-03-02 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    world.send(adjusted("a1", 10), time="2026-03-02 17:30")
    world.send(("redemption.reserved", {"reservation_id": "v1", "points": 1}))
    world.send(("redemption.released", {"reservation_id": "v1"}), time="2028-03-03 09:00")
    assert (world.points.available, world.points.expired) == (10, 0)
    world.tick("2028-03-03 09:00")
    assert (world.points.available, world.points.expired) == (0, 10)
    assert world.notice("points.expired").params["points"] == 10


def test_ms_10_no_entry_has_the_id_of_another_where_expired_points_are_redeemed_again() -> None:
    """Given a return whose points came back and expired, when it is rejected, then each lot has one entry of a kind."""
    world = World(now="2026-03-02 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    world.send(adjusted("a1", 50), time="2026-03-02 17:10")
    world.send(order("o1", line("l1", "20.00"), placed_at="2026-03-02 17:30", points_redeemed=50))
    world.send(order("o2", line("l1", "9.00"), placed_at="2026-03-02 17:40", points_redeemed=38))
    world.send(returned("r1", "o1", l1=1))
    world.tick("2028-03-10 18:00")
    world.send(return_rejected("r1"))
    ids = world.ids(LedgerEntry)
    assert len(ids) == len(set(ids))
    assert (world.points.available, world.points.debt) == (0, 0)


def test_gen_2_redeemed_points_that_were_debt_come_and_go_the_same_way() -> None:
    """Given an order paid with points that were not there, when returns are rejected in another order, then it ends alike."""
    ends = []
    told = [returned("r1", l1=1), return_rejected("r1"), returned("r2", l2=2), return_rejected("r2")]
    for arrivals in (0, 1, 2, 3), (0, 2, 1, 3):
        world = World(now="2026-03-02 18:00")
        world.send(joined(), time="2026-03-02 17:00")
        lines = [line("l1", "10.00", 3), line("l2", "7.77", 2)]
        world.send(order("o1", *lines, placed_at="2026-03-02 17:30", points_redeemed=45))
        for number in arrivals:
            world.send(told[number])
        ends.append((world.balance(), world.lots))
    assert ends[0] == ends[1]


def test_ms_6_what_waited_for_an_end_is_decided_by_the_time_it_is_then() -> None:
    """Given an order from behind an end, when the end comes with a late tick, then a bonus past by now expires on its account."""
    world, account = World(now="2026-03-02 18:00"), Account()
    bonus = {"offer_id": "b", "points": 1, "expires_on": "2026-03-22"}
    behind = order("o1", line("l1", "0.00", bonus=bonus), placed_at="2026-03-10 12:00")
    account.tick(at("2026-03-02 18:00"))
    for number, (fact, when) in enumerate(
        [
            (joined(), "2026-03-02 17:00"),
            (LEAVE, "2026-03-02 18:00"),
            (joined(), "2026-03-09 18:00"),
            (behind, "2026-03-10 12:00"),
        ]
    ):
        told = event(fact, event_id=f"e{number}", time=at(when), member="m-1")
        world.receive(told)
        account.note(told, world.now)
    world.tick("2028-03-03 07:01")
    account.tick(at("2028-03-03 07:01"))
    assert (world.balance(), world.points.expired) == ((0, 0), 1)
    assert account.by_order["o1"] == sum(entry.points for entry in world.ledger if entry.order_id == "o1") == 0


def test_ms_16_an_order_stays_with_the_membership_it_was_decided_under() -> None:
    """Given an order, an end told late from before it and a new joining dated before it, then its return moves nothing."""
    world = World(now="2026-03-12 18:00")
    world.send(joined(), time="2026-03-02 17:00")
    world.send(order("o1", placed_at="2026-03-12 17:30"))
    world.send(LEAVE, time="2026-03-05 18:00")
    world.send(joined(), time="2026-03-12 17:20")
    world.tick("2026-03-12 18:01")
    assert world.send(returned("r1", l1=1)).outcome == "superseded"
    assert world.balance() == (0, 0)
