"""MS-10, MS-11 Nothing goes twice: points taken back from a lot stay taken, whatever becomes of that lot since."""

from typing import Any

import pytest

from tests.models.facts import (
    cancelled,
    disputed,
    line,
    order,
    pacific,
    price_matched,
    reserved,
    return_rejected,
    returned,
    set_free,
)
from tests.models.world import World, member

FIRST = "2026-03-02 18:00"


def until(day: str, points: int) -> dict[str, Any]:
    return {"bonus": {"offer_id": "spring", "points": points, "expires_on": day}}


def taken_from_a_short_lot() -> World:
    """200 points of o1 are spent, 100 short-lived ones came since; one piece of o1 came back, and took those."""
    world = member(now=FIRST)
    world.send(order("o1", line("l1", "50.00", 2), placed_at=FIRST))
    world.tick("2026-03-03 18:00")
    spent = {"points_redeemed": 200, "signed_in": False, "placed_at": "2026-03-03 18:00"}
    world.send(order("s1", line("l1", "200.00"), **spent))
    world.tick("2026-03-06 18:00")
    world.send(order("x", line("l1", "0.10", **until("2026-03-20", 100)), placed_at="2026-03-06 18:00"))
    return world


@pytest.mark.parametrize("fact", [disputed("0.01"), price_matched("49.99")])
def test_ms_10_a_fact_that_changes_nothing_takes_nothing_though_the_lot_is_past_by_now(fact: Any) -> None:
    world = taken_from_a_short_lot()
    world.send(returned("r1", l1=1), time="2026-03-10 18:00")
    assert world.balance() == (0, 0)
    world.tick("2026-03-25 18:00")
    answer = world.send(fact, time="2026-03-25 18:00")
    assert (world.balance(), world.points.expired) == ((0, 0), 0)
    assert "debt" not in answer.says
    world.check_books()


def test_ms_11_the_rest_of_the_order_goes_as_debt_and_what_went_stays_where_it_was() -> None:
    world = taken_from_a_short_lot()
    world.send(returned("r1", l1=1), time="2026-03-10 18:00")
    world.tick("2026-03-25 18:00")
    world.send(returned("r2", l1=1), time="2026-03-25 18:00")
    assert world.balance() == (0, 100)
    world.send(return_rejected("r1"), time="2026-03-26 18:00")
    assert world.balance() == (0, 0)
    world.check_books()


def test_gen_2_what_is_taken_back_does_not_depend_on_which_event_is_the_last() -> None:
    """Given a return before and a price match after the last day of a lot, when they come in either order, then alike."""
    ends = []
    facts = {"r": (returned("r1", l1=1), "2026-03-19 12:00"), "p": (price_matched("49.99"), "2026-03-22 12:00")}
    for arrivals in ("rp", "pr"):
        world = taken_from_a_short_lot()
        for name in arrivals:
            world.send(facts[name][0], event_id=name, time=facts[name][1])
        ends.append((world.balance(), world.left))
    assert ends[0] == ends[1] == ((0, 0), {})


def test_gen_4_a_refused_return_that_counts_later_restores_by_the_time_it_is_now() -> None:
    """Given points of a lot that is past by now, when a rejection lets an earlier refused return in, then they expire at once."""
    world = member(now=FIRST)
    world.send(order("o0", line("l1", "0.10", **until("2026-03-20", 100)), placed_at=FIRST))
    world.tick("2026-03-10 20:00")
    world.send(order("o1", line("l1", "50.00"), placed_at="2026-03-10 20:00", points_redeemed=100))
    world.tick("2026-03-18 20:00")
    for return_id in ("r1", "r2"):
        world.send(returned(return_id, l1=1), time="2026-03-18 20:00")
    world.tick("2026-03-22 20:00")
    world.send(return_rejected("r1"), time="2026-03-22 20:00")
    assert (world.balance(), world.points.expired) == ((0, 0), 100)
    world.tick("2026-03-23 20:00")
    world.check_books()


def test_ms_11_what_had_expired_is_told_apart_from_what_is_taken_back() -> None:
    world = member(now=FIRST)
    world.send(order("o1", line("l1", "50.00", **until("2026-03-20", 30)), placed_at=FIRST))
    world.tick("2026-03-25 20:00")
    answer = world.send(returned("r1", l1=1), time="2026-03-25 20:00")
    assert answer.says.startswith("Return r1 of order o1 takes back 100 points: ")
    assert "30 had expired already and are not taken a second time" in answer.says
    assert world.notice("points.taken_back").params["points"] == 100
    assert world.send(return_rejected("r1"), time="2026-03-25 20:00").says.startswith(
        "Rejected return r1 of order o1 gives back 100 points"
    )
    assert world.balance() == (100, 0)


def reserved_over(lead: str) -> World:
    """30 points until 30 March, set aside over the midnight on which their reminder is due."""
    world = member(now=FIRST)
    world.send(order("o1", line("l1", "0.10", **until("2026-03-30", 30)), placed_at=FIRST))
    world.tick(pacific(f"{lead} 23:00"))
    world.send(reserved(30), time=pacific(f"{lead} 23:30"))
    return world


def test_ms_17_points_set_aside_when_their_reminder_was_due_are_reminded_of_when_they_are_free() -> None:
    world = reserved_over("2026-03-22")
    world.tick(pacific("2026-03-23 00:10"))
    assert "points.expiring" not in world.told
    world.send(set_free(), time=pacific("2026-03-23 00:20"))
    assert world.notice("points.expiring").params == {"points": 30, "expires_on": "2026-03-30", "days_left": 7}


def test_ms_17_a_reminder_that_has_come_true_is_not_withdrawn() -> None:
    """Given points set aside over their last midnight, when they are freed and expire, then the reminder stands."""
    world = reserved_over("2026-03-30")
    world.tick(pacific("2026-03-31 00:10"))
    world.send(set_free(), time=pacific("2026-03-31 00:20"))
    assert world.told[-1] == "points.expired"
    assert "retracted" not in world.told
    world.check_books()


def test_ms_14_a_price_match_of_a_line_that_does_not_qualify_tells_nobody() -> None:
    world = member(now=FIRST)
    world.send(order("o1", line("l0", "50.00"), line("l1", "20.00", qualifying=False), placed_at=FIRST))
    answer = world.send(price_matched("10.00"), time=FIRST)
    assert answer.notifications == ()
    assert answer.says.endswith("it does not qualify, so no points of it can move (MS-14).")


def test_ms_12_who_was_signed_out_is_told_of_what_was_paid_with_points_alone() -> None:
    world = member(now=FIRST)
    world.send(order("o1", line("l1", "50.00"), placed_at=FIRST))
    spent = {"points_redeemed": 40, "signed_in": False, "placed_at": "2026-03-03 18:00"}
    world.send(order("o2", line("l1", "5.00"), **spent), time="2026-03-03 18:00")
    answer = world.send(cancelled("o2"), time="2026-03-03 19:00")
    assert answer.says == "Cancelled order o2 restores 40 redeemed points (MS-12, MS-13)."
