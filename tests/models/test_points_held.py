"""GEN-2 for points: what waits, or is looked at again, since what it rests on may still change."""

from datetime import timedelta

import pytest

from models.outputs.ledger import LedgerEntry
from models.points.state import Order, Return
from models.policies import Policies
from tests.models.facts import (
    adjusted,
    at,
    cancel_requested,
    cancel_withdrawn,
    cancelled,
    joined,
    line,
    order,
    reserved,
    return_rejected,
    returned,
    set_free,
)
from tests.models.test_leaving import EFFECT, MICROSECOND, leaving, text
from tests.models.world import World, earned, member

NOON = "2026-03-20 19:00"


def bought(quantity: int) -> World:
    """Given an order of so many pieces that earned 100 points each."""
    world = member(now="2026-03-03 12:00")
    world.send(order("o1", line("l1", "50.00", quantity)))
    return world


# A return of more than is left, while an earlier one may still be rejected


def test_ms_10_gen_2_a_refused_return_counts_once_the_rejection_of_an_earlier_one_makes_room() -> None:
    world = bought(1)
    world.send(returned("r1", l1=1))
    refusal = world.send(returned("r2", l1=1), event_id="second", time="2026-03-03 13:00")
    assert (refusal.outcome, refusal.reason) == ("refused", "more_than_left")
    answer = world.send(return_rejected("r1"), event_id="rejection")
    assert answer.says == (
        "Rejected return r1 of order o1 gives back 100 points: 100 had gone before, 0 are gone now (MS-10). "
        "That leaves room for one that was refused before. "
        "Return r2 of order o1 takes back 100 points: line l1: 100 x 1/1 = 100 with what came back (MS-10)."
    )
    assert world.moved_by(answer) == [("restore", "o1", 100), ("take_back", "o1", -100)]
    assert world.told_by(answer) == ["points.restored", "points.taken_back"]
    assert [(entry.cause.id, entry.at) for entry in world.ledger[-2:]] == [
        ("rejection", at("2026-03-03 12:00")),
        ("second", at("2026-03-03 13:00")),
    ]
    assert len(world.decisions) == 5, "one for each event: what the refused one comes to is told with the rejection"
    assert world.balance() == (0, 0)
    assert world.send(return_rejected("r2")).outcome == "applied"
    assert world.balance() == (100, 0)
    world.check_books()


def test_ms_10_of_several_refused_returns_those_count_that_fit_first_what_happened_first() -> None:
    world = bought(3)
    world.send(returned("r1", l1=3))
    world.send(returned("late", l1=2), event_id="a", time="2026-03-03 15:00")
    world.send(returned("early", l1=2), event_id="z", time="2026-03-03 14:00")
    world.send(returned("small", l1=1), event_id="m", time="2026-03-03 16:00")
    world.send(return_rejected("r1"))
    assert world.balance() == (0, 0)
    assert [world.entry(Return, name).refused is None for name in ("early", "late", "small")] == [True, False, True]
    world.send(return_rejected("early"))
    assert world.entry(Return, "late").refused is None
    assert world.balance() == (0, 0)
    world.check_books()


def test_ms_10_gen_2_a_refused_return_that_is_rejected_itself_never_counts() -> None:
    for early in (True, False):
        world = bought(2)
        world.send(returned("r2", l1=1))
        if early:
            world.send(return_rejected("r1"), event_id="rejection")
        refusal = world.send(returned("r1", l1=2))
        assert refusal.reason == "more_than_left"
        if not early:
            world.send(return_rejected("r1"), event_id="rejection")
        answer = world.decisions[-1]
        assert (answer.event.id, answer.outcome, answer.reason) == ("rejection", "superseded", "return_refused")
        assert world.member().held == 0
        world.send(return_rejected("r2"))
        assert world.balance() == (200, 0)


@pytest.mark.parametrize(("now", "counts"), [("2026-04-02 11:59:59", True), ("2026-04-02 12:00", False)])
def test_ms_10_gen_2_what_was_refused_thirty_days_ago_stays_refused(now: str, counts: bool) -> None:
    world = bought(1)
    world.send(returned("r1", l1=1))
    world.send(returned("r2", l1=1))
    world.tick(now)
    world.send(return_rejected("r1"))
    assert world.balance() == (0 if counts else 100, 0)


def test_ms_10_gen_2_before_the_first_tick_nothing_says_when_it_was_refused_so_it_is_remembered() -> None:
    world = World(now=None)
    when = "2026-03-03 12:00"
    for fact in (joined(), order("o1", line("l1", "50.00")), returned("r1", l1=1), returned("r2", l1=1)):
        world.send(fact, time="2026-03-01 12:00" if fact == joined() else when)
    world.tick("2026-06-03 12:00")
    world.send(return_rejected("r1"))
    assert world.balance() == (0, 0)


def test_ms_10_gen_2_an_order_remembers_no_more_refused_returns_than_may_wait() -> None:
    world = World(policies=Policies(held_at_most=1))
    world.send(joined(), time="2026-03-01 12:00")
    world.send(order("o1", line("l1", "50.00", 2)))
    for return_id, pieces in (("r0", 2), ("early", 2), ("late", 1)):
        world.send(returned(return_id, l1=pieces))
    world.send(return_rejected("r0"))
    assert world.entry(Order, "o1").refused == []
    assert world.balance() == (100, 0)


def test_ms_10_a_return_told_anew_after_its_refusal_counts_as_it_is_told_then() -> None:
    world = bought(2)
    world.send(returned("r0", l1=1))
    world.send(returned("r1", l1=2))
    assert world.send(returned("r1", l1=1)).outcome == "applied"
    world.send(return_rejected("r0"))
    assert world.balance() == (100, 0)
    assert world.send(returned("r1", l1=1)).reason == "already_known"


def test_ms_10_a_return_that_is_refused_twice_counts_once() -> None:
    world = bought(2)
    world.send(returned("r0", l1=2))
    for event_id in ("first", "again"):
        assert world.send(returned("r1", l1=1), event_id=event_id).reason == "more_than_left"
    world.send(return_rejected("r0"))
    assert world.balance() == (100, 0)
    world.check_books()


def test_ms_10_a_refused_return_that_is_told_anew_of_another_order_counts_there_alone() -> None:
    world = bought(1)
    world.send(order("o2", line("l1", "50.00")))
    for order_id in ("o1", "o2"):
        world.send(returned(f"first of {order_id}", order_id, l1=1))
        world.send(returned("r1", order_id, l1=1))
    world.send(return_rejected("first of o1"))
    assert world.left == {"o1": 100}
    world.send(return_rejected("first of o2"))
    assert world.left == {"o1": 100}
    assert world.entry(Return, "r1").refused is None
    world.check_books()


def test_ms_13_gen_2_a_refused_return_that_counts_after_the_cancellation_moves_nothing() -> None:
    world = bought(1)
    world.send(returned("r1", l1=1))
    world.send(returned("r2", l1=1))
    world.send(cancelled())
    assert world.send(return_rejected("r1")).reason == "order_cancelled"
    assert world.entry(Return, "r2").refused is None
    assert world.balance() == (0, 0)
    world.check_books()


# What is dated behind an end that can still be withdrawn


def test_ms_16_gen_2_an_order_behind_the_end_waits_until_the_end_has_come() -> None:
    world = leaving()
    answer = world.send(order("o2", placed_at=text(EFFECT)), event_id="behind")
    assert (answer.outcome, answer.reason, answer.clause) == ("held", "awaits_end", "GEN-2")
    world.tick(text(EFFECT - MICROSECOND))
    assert world.member().held == 1
    world.tick(text(EFFECT))
    settled = world.decisions[-1]
    assert (settled.event.id, settled.outcome, settled.reason) == ("behind", "applied", "after_the_end")
    assert world.member().held == 0
    assert world.member().points is None


def test_ms_16_gen_2_an_order_behind_an_end_that_is_withdrawn_in_time_earns() -> None:
    world = leaving()
    world.send(order("o2", placed_at=text(EFFECT)), event_id="behind")
    world.send(cancel_withdrawn(), time=text(EFFECT - MICROSECOND))
    settled = world.decisions[-1]
    assert (settled.event.id, settled.outcome, settled.reason) == ("behind", "applied", None)
    assert world.balance() == (498, 0)
    world.check_books()


def test_ms_16_an_order_just_before_the_end_waits_for_nothing() -> None:
    world = leaving()
    assert world.send(order("o2", placed_at=text(EFFECT - MICROSECOND))).outcome == "applied"


def test_ms_16_gen_2_what_waited_for_the_end_is_decided_in_its_own_order() -> None:
    """A joining, an order and its return, all from after the end and told before the sweep, the other way round."""
    world = leaving()
    after = [returned("r1", "o2", l1=1), order("o2", line("l1", "50.00", 2), placed_at="2026-03-20 12:00"), joined()]
    for fact, time in zip(after, ["2026-03-21 12:00", "2026-03-20 12:00", "2026-03-19 12:00"], strict=True):
        assert world.send(fact, event_id=fact[0], time=time).reason == "awaits_end"
    world.tick(text(EFFECT))
    assert [decision.outcome for decision in world.decisions[-3:]] == ["applied"] * 3
    assert world.balance() == (100, 0)
    world.check_books()


def test_ms_16_a_second_request_from_behind_the_first_end_counts_if_that_is_withdrawn() -> None:
    world = leaving()
    world.send(cancel_requested(), time=text(EFFECT + timedelta(days=1)))
    far = text(EFFECT + timedelta(days=30))
    world.send(order("o2", placed_at=far), time=far)
    world.send(cancel_withdrawn(), time=text(EFFECT - MICROSECOND))
    assert world.points.leaving
    assert world.member().held == 1, "the order is behind the second end too"
    world.tick("2026-03-26 12:00")
    assert (world.member().points, world.decisions[-1].reason) == (None, "after_the_end")


# What waits for something that was refused


@pytest.mark.parametrize("early", [True, False])
def test_ms_8_gen_2_the_release_of_a_refused_reservation_is_answered_at_once(early: bool) -> None:
    world = earned(member(now=NOON), ("a", 100, "2026-03-10 12:00"))
    facts = [(reserved(150), "reserve"), (set_free(), "release")]
    for fact, event_id in reversed(facts) if early else facts:
        world.send(fact, event_id=event_id, time=NOON)
    answer = world.decisions[-1]
    assert (answer.event.id, answer.outcome, answer.reason) == ("release", "superseded", "already_refused")
    assert world.member().held == 0


def test_ms_8_a_reservation_told_again_after_its_refusal_is_not_met_by_the_release_of_then() -> None:
    world = earned(member(now=NOON), ("a", 100, "2026-03-10 12:00"))
    world.send(reserved(150), time=NOON)
    world.send(set_free(), time=NOON)
    world.send(adjusted(50), time=NOON)
    assert world.send(reserved(150), time=NOON).outcome == "applied"
    assert (world.points.available, world.points.reserved) == (0, 150)
    world.send(set_free(), time=NOON)
    assert (world.points.available, world.points.reserved) == (150, 0)
    world.check_books()


def test_ms_8_an_order_takes_the_place_of_its_refused_reservation() -> None:
    world = earned(member(now=NOON), ("a", 100, "2026-03-10 12:00"))
    world.send(reserved(150), time=NOON)
    world.send(order("buy", line("l1", "0.99"), points_redeemed=50, reservation_id="s1", placed_at=NOON))
    assert world.send(reserved(50), time=NOON).reason == "already_claimed"
    assert (world.points.available, world.points.reserved) == (50, 0)


@pytest.mark.parametrize("early", [True, False])
def test_ms_10_gen_2_the_rejection_of_a_return_of_something_else_is_answered_at_once(early: bool) -> None:
    world = bought(1)
    facts = [(returned("r1", l9=1), "return"), (return_rejected("r1"), "rejection")]
    for fact, event_id in reversed(facts) if early else facts:
        world.send(fact, event_id=event_id)
    answer = world.decisions[-1]
    assert (answer.event.id, answer.outcome, answer.reason) == ("rejection", "superseded", "return_refused")
    assert world.member().held == 0


@pytest.mark.parametrize("early", [True, False])
def test_ms_18_gen_2_the_approval_of_a_refused_adjustment_is_answered_at_once(early: bool) -> None:
    world = member(now=NOON)
    facts = [(adjusted(0), "first"), (adjusted(0, "j2", "lee", approves="j1"), "second")]
    for fact, event_id in reversed(facts) if early else facts:
        world.send(fact, event_id=event_id)
    answer = world.decisions[-1]
    assert (answer.event.id, answer.outcome, answer.reason) == ("second", "superseded", "adjustment_refused")
    assert world.member().held == 0
    assert world.send(adjusted(10)).outcome == "applied", "told anew it is another"
    assert world.ids(LedgerEntry)
