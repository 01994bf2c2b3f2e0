"""Corners of the points clauses where two rules meet: each was wrong once."""

from typing import Any

import pytest

from tests.models.facts import cancel_requested, disputed, line, order, pacific, reserved, return_rejected, returned
from tests.models.test_expiring import promotion, redeeming
from tests.models.test_leaving import EFFECT, MICROSECOND, leaving, text
from tests.models.test_reminding import reminders
from tests.models.world import earned, member

NOON = "2026-03-20 19:00"


def test_ms_6_ntf_1_points_told_of_after_the_sweep_of_their_day_have_a_notice_of_their_own() -> None:
    world = member(now="2026-06-01 12:00")
    world.send(promotion("2026-06-30", order_id="p1"), event_id="p1")
    world.tick("2026-07-02 12:00")
    world.send(promotion("2026-06-30", order_id="p2"), event_id="p2")
    world.tick("2026-07-02 12:01")
    assert [n.params["points"] for n in world.notices if n.kind == "points.expired"] == [50, 50]
    world.check_books()


def test_ms_17_a_reminder_that_fell_due_before_the_points_were_known_is_not_made_up_for() -> None:
    world = member(now="2026-05-10 12:00")
    world.send(promotion("2026-06-30", placed_at="2026-05-10 12:00"))
    world.tick("2026-05-10 12:01")
    assert reminders(world) == []
    world.tick(pacific("2026-05-31 00:00"))
    assert reminders(world) == [("05-31 07:00", "2026-06-30", 30, 50)]


def test_ms_16_a_request_after_the_effect_though_the_sweep_is_late() -> None:
    world = leaving()
    assert world.send(cancel_requested(), time=pacific("2026-03-20 12:00")).reason == "awaits_end"
    world.tick(pacific("2026-03-20 12:01"))
    answer = world.decisions[-1]
    assert (answer.outcome, answer.reason) == ("refused", "membership_ended")


def test_ms_10_a_rejected_return_takes_back_what_it_restored_of_paid_debt() -> None:
    """50 of the redemption were debt, which the order's own points paid: the return and its rejection change nothing."""
    world = earned(member(now=NOON), ("a", 100, "2026-03-10 12:00"))
    world.send(order("o1", line("l1", "101.50"), points_redeemed=150, placed_at=NOON))
    before = world.balance(), world.left
    world.send(returned("r1", l1=1))
    world.check_books()
    world.send(return_rejected("r1"))
    world.check_books()
    assert (world.balance(), world.left) == before


@pytest.mark.parametrize("lines", [(("l1", "0.99"), ("l2", "50.00")), (("l1", "50.00"), ("l2", "0.99"))])
def test_ms_15_all_of_the_money_disputed_takes_all_of_the_points(lines: Any) -> None:
    """floor(101 x 50.99 / 50.99) = 101: of 1 and 100 points; the spread by money, 1.96 and 99.04, must not stop at 100."""
    world = member()
    world.send(order("o1", *[line(line_id, price) for line_id, price in lines]))
    world.send(disputed("50.99"))
    assert world.balance() == (0, 0)


def test_ms_17_the_notice_of_an_order_names_the_last_day_of_its_bonus() -> None:
    """ADR 6: a reminder that fell due before is not made up for, as the notice about the order names the day."""
    world = member()
    world.send(promotion("2026-03-20"))
    assert "2026-03-20" in str(world.notice("points.earned").params)


def test_ms_8_a_reservation_that_an_order_finds_run_out_is_told_as_well() -> None:
    world = earned(member(), ("o1", 100, "2026-03-10 12:00"))
    world.send(reserved(100), time="2026-03-20 19:00")
    world.send(order("buy", line("l1", "50.00"), points_redeemed=10, reservation_id="s1", placed_at="2026-03-20 20:00"))
    world.tick("2026-03-20 20:01")
    assert "points.reservation_expired" in world.told


def test_ms_16_an_order_told_after_the_end_is_not_said_to_have_had_no_membership() -> None:
    world = leaving()
    world.tick(text(EFFECT))
    answer = world.send(order("buy", points_redeemed=100, placed_at=text(EFFECT - MICROSECOND)))
    assert "no membership then" not in answer.says


def test_ms_7_of_points_earned_at_one_instant_those_that_expire_first_go_first() -> None:
    """By id it would be by chance: `o1` comes after, `0001` before the hash of the bonus."""
    for order_id in ("o1", "0001"):
        world = member()
        bonus = {"offer_id": "x", "points": 50, "expires_on": "2026-06-30"}
        world.send(order(order_id, line("l1", "25.00", bonus=bonus)))
        world.send(redeeming(50, "2026-04-01 12:00"))
        assert list(world.left) == [order_id]
