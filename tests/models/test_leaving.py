"""MS-16: leaving My Sony, until when that can be withdrawn, what is void then, and joining again."""

from datetime import datetime, timedelta

import pytest

from models.outputs.notifications import Notification
from models.points.membership import FORMER_KEPT
from models.points.state import Reservation
from models.state import Due
from tests.models.facts import (
    adjusted,
    at,
    cancel_requested,
    cancel_withdrawn,
    cancelled,
    dispute_won,
    disputed,
    joined,
    line,
    order,
    pacific,
    price_matched,
    reserved,
    return_rejected,
    returned,
    set_free,
)
from tests.models.world import World, earned, member

MICROSECOND = timedelta(microseconds=1)
EFFECT = at(pacific("2026-03-19 00:00"))
"""Of a request on Monday, 16 March 2026."""


def text(instant: object) -> str:
    return str(instant).removesuffix("+00:00")


def leaving() -> World:
    """Given 100 points and a request to leave, made on Monday, 16 March at noon."""
    world = earned(member(now="2026-03-10 00:00"), ("o1", 100, "2026-03-10 12:00"))
    world.send(cancel_requested(), event_id="leave", time=pacific("2026-03-16 12:00"))
    return world


def left() -> World:
    """Given the same, after the end."""
    world = leaving()
    world.tick(text(EFFECT))
    return world


@pytest.mark.parametrize(
    ("requested_at", "effect"),
    [
        ("2026-03-16 12:00", "2026-03-19 00:00"),  # Monday: with Wednesday
        ("2026-03-16 00:00", "2026-03-19 00:00"),
        ("2026-03-16 23:59:59.999999", "2026-03-19 00:00"),
        ("2026-03-17 00:00", "2026-03-20 00:00"),
        ("2026-03-19 12:00", "2026-03-24 00:00"),  # Thursday: Friday, Monday
        ("2026-03-20 12:00", "2026-03-25 00:00"),
        ("2026-03-21 12:00", "2026-03-25 00:00"),  # Saturday
        ("2026-03-22 12:00", "2026-03-25 00:00"),  # Sunday
        ("2026-03-06 12:00", "2026-03-11 00:00"),  # over the night that summer time begins
        ("2026-10-30 12:00", "2026-11-04 00:00"),  # and ends
        ("2026-11-24 12:00", "2026-11-28 00:00"),  # Tuesday before Thanksgiving: Wednesday, Friday
        ("2026-11-25 12:00", "2026-12-01 00:00"),  # Wednesday: Friday, Monday
        ("2026-11-26 12:00", "2026-12-01 00:00"),  # Thanksgiving itself
        ("2026-12-30 12:00", "2027-01-05 00:00"),  # Wednesday: Thursday 31, Monday 4 January
        ("2026-12-31 23:59:59.999999", "2027-01-06 00:00"),
        ("2027-01-01 00:00", "2027-01-06 00:00"),  # New Year's Day
        ("2027-12-29 12:00", "2028-01-04 00:00"),  # 1 January 2028 is a Saturday: Friday the 31st is the day off
    ],
)
def test_ms_16_effect_at_the_end_of_the_second_business_day_after_the_request(requested_at: str, effect: str) -> None:
    world = earned(member(now=pacific("2026-03-02 12:00")), ("o1", 100, "2026-03-02 12:00"))
    world.send(cancel_requested(), time=pacific(requested_at))
    end = at(pacific(effect))
    assert Due(end, "points.leave", "") in world.member().due
    world.tick(text(end - MICROSECOND))
    assert world.balance() == (100, 0)
    world.tick(text(end))
    assert world.member().points is None
    assert world.notice("points.forfeited").not_before == end
    world.check_books()


def test_ms_16_the_business_days_are_a_setting_as_are_closures() -> None:
    world = earned(
        member(leave_business_days=1, closures={"2026-03-17": "stocktaking"}), ("o1", 100, "2026-03-02 12:00")
    )
    world.send(cancel_requested(), time=pacific("2026-03-16 12:00"))
    assert Due(EFFECT, "points.leave", "") in world.member().due


def test_ms_16_the_request_says_until_when_and_what_there_is() -> None:
    world = earned(member(now="2026-03-10 00:00"), ("o1", 100, "2026-03-10 12:00"))
    world.send(reserved(30), time=pacific("2026-03-16 11:30"))
    answer = world.send(cancel_requested(), time=pacific("2026-03-16 12:00"))
    assert answer.says == (
        "The membership ends with 2026-03-18, the second business day after the request; "
        "points can be used until then (MS-16)."
    )
    assert world.notice("points.membership_cancelling").params == {
        "ends_on": "2026-03-18",
        "available": 70,
        "reserved": 30,
    }
    again = world.send(cancel_requested(), time=pacific("2026-03-17 12:00"))
    assert (again.outcome, again.reason, again.clause) == ("duplicate", "already_cancelling", "MS-16")
    assert again.says == "The end had been asked for already, on 2026-03-16 (MS-16)."
    assert world.points.leaving
    assert world.points.leaving.effect_at == EFFECT


def test_ms_16_points_stay_usable_until_then() -> None:
    world = leaving()
    bought = order("buy", line("l1", "10.00"), points_redeemed=60, placed_at=text(EFFECT - MICROSECOND))
    answer = world.send(bought)
    assert world.moved_by(answer) == [("redeem", "o1", -60), ("earn", "buy", 18)]
    world.check_books()


@pytest.mark.parametrize(
    ("before", "outcome", "reason"), [(MICROSECOND, "applied", None), (timedelta(), "refused", "not_in_time")]
)
def test_ms_16_ntf_3_can_be_withdrawn_until_the_effect_though_the_sweep_is_late(
    before: timedelta, outcome: str, reason: str | None
) -> None:
    world = leaving()
    answer = world.send(cancel_withdrawn(), time=text(EFFECT - before))
    assert (answer.outcome, answer.reason, answer.clause) == (outcome, reason, "MS-16")
    world.tick(text(EFFECT))
    assert (world.member().points is None) == (outcome == "refused")
    if outcome == "applied":
        assert answer.says == "The member stays: the end that was asked for is withdrawn (MS-16)."
        assert world.notice("retracted").params["retracts"] == world.notice_id("points.membership_cancelling")
        assert world.balance() == (100, 0)
    else:
        says = "Withdrawn outside of the time from the request to its effect (2026-03-19 07:00 UTC): it stands (MS-16)."
        assert answer.says == says
    world.check_books()


@pytest.mark.parametrize(("before", "reason"), [(timedelta(), None), (MICROSECOND, "not_in_time")])
def test_ms_16_a_withdrawal_from_before_the_request_is_none(before: timedelta, reason: str | None) -> None:
    world = leaving()
    answer = world.send(cancel_withdrawn(), time=text(at(pacific("2026-03-16 12:00")) - before))
    assert answer.reason == reason
    assert (world.points.leaving is None) == (reason is None)


def test_ms_16_withdrawn_and_asked_for_again_the_days_count_anew() -> None:
    world = leaving()
    world.send(cancel_withdrawn(), time=pacific("2026-03-17 12:00"))
    world.send(cancel_requested(), time=pacific("2026-03-18 12:00"))
    world.tick(text(EFFECT))
    assert world.balance() == (100, 0)
    world.tick(pacific("2026-03-21 00:00"))
    assert world.member().points is None
    world.check_books()


def test_ms_16_there_must_be_something_to_cancel_or_to_withdraw() -> None:
    nobody, somebody = World(), member()
    for world, fact, outcome in (
        (nobody, cancel_requested(), ("refused", "not_a_member")),
        (nobody, cancel_withdrawn(), ("refused", "not_a_member")),
        (somebody, cancel_withdrawn(), ("refused", "nothing_to_withdraw")),
        (left(), cancel_requested(), ("refused", "membership_ended")),
        (left(), cancel_withdrawn(), ("refused", "membership_ended")),
    ):
        answer = world.send(fact, time="2026-03-25 12:00")
        assert (answer.outcome, answer.reason, answer.clause) == (*outcome, "MS-16")


def test_ms_16_at_the_effect_points_reservations_and_debt_are_void() -> None:
    world = earned(member(now="2026-03-10 00:00"), ("o1", 100, "2026-03-10 12:00"), ("o2", 50, "2026-03-11 12:00"))
    world.send(cancel_requested(), event_id="leave", time=pacific("2026-03-16 12:00"))
    world.send(reserved(120), time=pacific("2026-03-18 23:30"))
    world.tick("2026-03-20 12:00")
    entries = [(e.kind, e.lot_id, e.points, e.reserved, e.clause) for e in world.ledger[2 + 2 :]]
    assert entries == [
        ("release", "o1", 0, -100, "MS-8"),
        ("release", "o2", 0, -20, "MS-8"),
        ("forfeit", "o1", -100, 0, "MS-16"),
        ("forfeit", "o2", -50, 0, "MS-16"),
    ]
    assert {entry.at for entry in world.ledger[4:]} == {EFFECT}
    assert world.ledger[-1].balance_after.available == 0
    assert world.entry(Reservation, "s1").ended == "forfeited"
    notice = world.notice("points.forfeited")
    assert notice.params == {"points": 150, "debt": 0}
    assert notice.replaces == (world.notice_id("points.membership_cancelling"),)
    assert (notice.clause, notice.cause.id) == ("MS-16", "@2026-03-19T07:00:00Z")
    assert world.member().due == []
    world.check_books()


def test_ms_16_a_debt_is_void_too() -> None:
    world = member(now="2026-03-10 00:00")
    world.send(adjusted(-70))
    world.send(cancel_requested(), time=pacific("2026-03-16 12:00"))
    world.tick(text(EFFECT))
    assert (world.ledger[-1].kind, world.ledger[-1].points, world.ledger[-1].lot_id) == ("forfeit", 70, None)
    assert world.notice("points.forfeited").params == {"points": 0, "debt": 70}
    world.check_books()


def test_ms_16_thousands_of_lots_are_void_and_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.points.lots.MOST", 4)
    world = member(now="2026-03-10 00:00")
    earned(world, *[(f"o{n}", 2, f"2026-03-{2 + n % 8:02} {n % 24:02}:00") for n in range(40)])
    assert any(table == "lots" for table, _ in world.tables)
    world.send(cancel_requested(), time=pacific("2026-03-16 12:00"))
    world.tick(text(EFFECT))
    assert world.notice("points.forfeited").params["points"] == 80
    assert not any(table == "lots" for table, _ in world.tables)
    world.check_books()


def test_ms_16_no_reminder_and_no_expiry_after_the_end() -> None:
    world = member()
    bonus = {"offer_id": "x", "points": 50, "expires_on": "2026-05-20"}
    world.send(order("o1", line("l1", "10.00", bonus=bonus)))
    world.tick(pacific("2026-03-21 00:00"))
    assert world.told[-1] == "points.expiring"
    reminder = world.notice_id("points.expiring")
    world.send(cancel_requested(), time=pacific("2026-03-23 12:00"))
    world.tick(pacific("2026-03-26 00:00"))
    assert {"retracts": reminder, "why": "nothing is left to expire that day"} in [n.params for n in world.notices]
    told = len(world.notices)
    world.tick("2029-01-01 00:00")
    assert len(world.notices) == told


@pytest.mark.parametrize("swept", [False, True])
def test_ms_16_what_happens_after_the_effect_changes_nothing_and_says_so(swept: bool) -> None:
    world = leaving()
    world.send(returned("r1", l1=1), time=pacific("2026-03-17 12:00"))
    world.send(disputed("1.00", "d1"), time=pacific("2026-03-17 12:01"))
    if swept:
        world.tick(text(EFFECT))
    late = pacific("2026-03-19 00:00")
    facts = (
        (return_rejected("r1"), "superseded", "membership_ended"),
        (dispute_won("d1"), "superseded", "membership_ended"),
        (disputed("1.00", "d2"), "superseded", "membership_ended"),
        (price_matched("1.00"), "superseded", "membership_ended"),
        (cancelled(), "superseded", "membership_ended"),
        (reserved(1), "refused", "membership_ended"),
        (adjusted(10), "refused", "membership_ended"),
        (order("late", placed_at=late), "applied", "after_the_end"),
    )
    answers = [world.send(fact, event_id=f"late-{n}", time=late) for n, (fact, _, _) in enumerate(facts)]
    if not swept:
        assert {answer.reason for answer in answers} == {"awaits_end"}
        world.tick(text(EFFECT))
        answers = world.decisions[-len(facts) :]
    for answer, (fact, outcome, reason) in zip(answers, facts, strict=True):
        assert (fact[0], answer.outcome, answer.reason) == (fact[0], outcome, reason)
        assert answer.clause == ("MS-4" if reason == "after_the_end" else "MS-16")
        assert "ended" in answer.says
        assert (answer.ledger, answer.notifications) == ((), ())
    world.check_books()


def test_ms_16_what_happened_before_the_effect_is_decided_by_its_own_time_though_told_later() -> None:
    world = leaving()
    world.send(order("o2", placed_at=text(EFFECT - MICROSECOND)), time="2026-03-19 12:00")
    assert world.balance() == (498, 0)
    world.send(returned("r1", l1=1), time=text(EFFECT - MICROSECOND))
    assert world.balance() == (398, 0)
    world.tick("2026-03-19 13:00")
    assert world.notice("points.forfeited").params["points"] == 398
    world.check_books()


def test_ms_16_an_order_before_the_effect_still_claims_its_reservation() -> None:
    world = leaving()
    world.send(reserved(100), time=pacific("2026-03-18 23:30"))
    bought = order(
        "buy", line("l1", "1.00"), points_redeemed=100, reservation_id="s1", placed_at=text(EFFECT - MICROSECOND)
    )
    answer = world.send(bought)
    assert world.moved_by(answer) == [("release", "o1", -100), ("redeem", "o1", -100)]
    world.tick(text(EFFECT))
    assert world.notice("points.forfeited").params == {"points": 0, "debt": 0}
    world.check_books()


def test_ms_16_an_order_after_the_effect_claims_nothing() -> None:
    world = leaving()
    world.send(reserved(100), time=pacific("2026-03-18 23:30"))
    world.send(order("buy", line("l1", "1.00"), points_redeemed=100, reservation_id="s1", placed_at=text(EFFECT)))
    assert world.points.reserved == 100
    world.tick(text(EFFECT))
    answer = world.decisions[-1]
    assert (answer.reason, answer.ledger) == ("after_the_end", ())
    assert world.member().points is None
    world.check_books()


def test_ms_16_an_order_from_before_the_effect_that_is_told_after_the_sweep_owes_nothing() -> None:
    world = leaving()
    world.send(reserved(100), time=pacific("2026-03-18 23:30"))
    world.tick(text(EFFECT))
    late = order(
        "buy", line("l1", "10.00"), points_redeemed=100, reservation_id="s1", placed_at=text(EFFECT - MICROSECOND)
    )
    answer = world.send(late)
    assert (answer.outcome, answer.reason, answer.clause) == ("applied", "membership_ended", "MS-16")
    assert answer.says.endswith(
        "Order buy earned 0 points: the membership it was placed under has ended, and its points are void (MS-16)."
    )
    assert (answer.ledger, answer.notifications) == ((), ())
    assert world.send(set_free()).reason == "already_forfeited"
    world.check_books()


def test_ms_16_joining_again_starts_at_zero_untouched_by_old_orders() -> None:
    world = earned(leaving(), ("o2", 40, "2026-03-16 13:00"))
    world.tick(text(EFFECT))
    world.send(returned("early", "o2", l1=1), time=pacific("2026-03-19 01:00"))
    answer = world.send(joined(), event_id="again", time=pacific("2026-03-20 12:00"))
    assert (answer.outcome, answer.says) == ("applied", "Joined My Sony on 2026-03-20 (MS-1).")
    assert world.balance() == (0, 0)
    assert world.points.earned == 0
    ledger = len(world.ledger)
    for fact in (returned("r1", l1=1), return_rejected("early"), price_matched("1.00"), disputed("9.00"), cancelled()):
        answer = world.send(fact, event_id=fact[0], time=pacific("2026-03-21 12:00"))
        assert (fact[0], answer.outcome, answer.reason) == (fact[0], "superseded", "membership_ended")
    old = world.send(order("o3", placed_at=pacific("2026-03-17 12:00")))
    assert (old.outcome, old.reason) == ("applied", "membership_ended")
    between = world.send(order("o4", placed_at=pacific("2026-03-19 12:00")))
    assert (between.outcome, between.reason) == ("applied", "before_joining")
    assert len(world.ledger) == ledger
    world.send(order("o5", placed_at=pacific("2026-03-22 12:00")))
    assert world.balance() == (398, 0)
    world.check_books()


def test_ms_16_leaving_twice() -> None:
    world = left()
    world.send(joined(), event_id="again", time=pacific("2026-03-20 12:00"))
    earned(world, ("o9", 10, "2026-03-20 13:00"))
    world.send(cancel_requested(), time=pacific("2026-03-23 12:00"))
    world.tick(pacific("2026-03-26 00:00"))
    assert [n.params["points"] for n in world.notices if n.kind == "points.forfeited"] == [100, 10]
    assert len(world.member().former) == 2
    assert len(set(world.ids(Notification))) == len(world.notices)
    for placed_at, reason in (
        ("2026-03-18 12:00", "membership_ended"),
        ("2026-03-20 11:00", "after_the_end"),
        ("2026-03-25 12:00", "membership_ended"),
        ("2026-03-27 12:00", "after_the_end"),
        ("2026-02-01 12:00", "not_a_member"),
    ):
        assert world.send(order(f"at {placed_at}", placed_at=pacific(placed_at))).reason == reason
    world.check_books()


def test_ms_16_what_was_held_for_an_order_of_an_ended_membership_changes_nothing() -> None:
    world = leaving()
    world.send(returned("r9", "o9", l1=1), time=pacific("2026-03-18 12:00"))
    world.tick(text(EFFECT))
    world.send(order("o9", placed_at=pacific("2026-03-17 12:00")))
    assert [(d.outcome, d.reason) for d in world.decisions[-2:]] == [("applied", "membership_ended"), ("applied", None)]
    assert world.member().held == 0
    world.check_books()


def test_ms_16_what_is_told_late_of_an_ended_membership_is_refused_for_its_end_after_joining_again_too() -> None:
    world = left()
    world.send(joined(), event_id="again", time=pacific("2026-03-20 12:00"))
    for fact in (reserved(10), adjusted(10)):
        answer = world.send(fact, event_id=fact[0], time=pacific("2026-03-17 12:00"))
        assert (answer.outcome, answer.reason, answer.clause) == ("refused", "membership_ended", "MS-16")


def test_ms_16_no_more_than_the_latest_ended_memberships_are_remembered() -> None:
    world = World(now="2026-03-01 12:00")
    for n in range(FORMER_KEPT + 1):
        world.send(joined(), time=text(at("2026-03-01 12:00") + timedelta(days=20 * n)))
        world.send(cancel_requested(), time=text(at("2026-03-01 13:00") + timedelta(days=20 * n)))
        world.tick(text(at("2026-03-01 12:00") + timedelta(days=20 * n + 10)))
    former = world.member().former
    assert (len(former), former[0].joined_at) == (FORMER_KEPT, at("2026-03-21 12:00"))


@pytest.mark.parametrize(("when", "outcome"), [(EFFECT - MICROSECOND, "duplicate"), (EFFECT, "applied")])
def test_ms_16_one_can_join_again_at_the_very_end_and_not_before(when: datetime, outcome: str) -> None:
    assert left().send(joined(), event_id="again", time=text(when)).outcome == outcome


def test_ms_16_joining_again_after_the_effect_though_the_sweep_is_late() -> None:
    """The end counts by its own time: the new membership begins at zero, the old points are void."""
    world = leaving()
    again, bought = pacific("2026-03-20 12:00"), pacific("2026-03-22 12:00")
    assert world.send(joined(), event_id="again", time=again).reason == "awaits_end"
    world.send(order("o5", placed_at=bought), time=bought)
    world.tick("2026-03-24 12:00")
    assert [(answer.outcome, answer.reason) for answer in world.decisions[-2:]] == [("applied", None)] * 2
    assert world.balance() == (398, 0)
    assert world.notice("points.forfeited").params["points"] == 100
    world.check_books()


def test_ms_16_ms_2_a_joining_from_before_the_end_that_is_told_after_it_is_no_new_one() -> None:
    """The same joining under another event id (or a second one while the first membership lasted) must not open a
    membership that began before the old one ended: old orders would count in it."""
    world = left()
    answer = world.send(joined(), event_id="told-again", time="2026-03-01 20:00")
    assert world.member().points is None, answer.says
    world.send(returned("r1", l1=1), time=pacific("2026-03-21 12:00"))
    world.check_books()
