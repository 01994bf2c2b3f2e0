"""MS-12: redeemed points go back to the very lots they came from, with what was bought with them."""

from typing import Any

import pytest

from models.points.state import Lapsed
from tests.models.facts import (
    adjusted,
    cancelled,
    dispute_won,
    disputed,
    line,
    order,
    pacific,
    price_matched,
    reserved,
    return_rejected,
    returned,
)
from tests.models.world import World, earned, member

NOON = "2026-03-20 19:00"


def bought(points: int, *lines: dict[str, Any], signed_in: bool = False, **more: Any) -> World:
    """Given 100 points in `a` and 50 in `b`, and the order o1 ($10.00) paid with so many."""
    world = earned(member(now=NOON), ("a", 100, "2026-03-10 12:00"), ("b", 50, "2026-03-11 12:00"))
    plain = lines or (line("l1", "10.00"),)
    world.send(order("o1", *plain, points_redeemed=points, signed_in=signed_in, placed_at=NOON, **more))
    return world


def test_ms_12_a_cancellation_restores_the_very_lots_last_taken_first() -> None:
    world = bought(120)
    assert world.left == {"b": 30}
    answer = world.send(cancelled(), time="2026-04-01 12:00")
    assert world.moved_by(answer) == [("restore", "b", 20), ("restore", "a", 100)]
    assert [entry.clause for entry in world.ledger[-2:]] == ["MS-12", "MS-12"]
    assert [(lot.id, str(lot.expires_on), lot.left) for lot in world.lots] == [
        ("a", "2028-03-10", 100),
        ("b", "2028-03-11", 50),
    ]
    assert answer.says == "Cancelled order o1 restores 120 redeemed points (MS-12, MS-13)."
    assert world.notice("points.restored").params == {"order_id": "o1", "points": 120, "redeemed": True}
    assert world.points.redeemed == 0
    world.check_books()


def test_ms_12_a_partial_return_restores_the_share_of_what_came_back() -> None:
    """120 points on three pieces: 40 each, from the end of what was taken: first all 20 of `b`, then `a`."""
    world = bought(120, line("l1", "10.00", 3))
    found = []
    for n in range(3):
        answer = world.send(returned(f"r{n}", l1=1))
        found.append(world.moved_by(answer))
    assert found == [[("restore", "b", 20), ("restore", "a", 20)], [("restore", "a", 40)], [("restore", "a", 40)]]
    world.check_books()


def test_ms_12_shares_add_up_exactly_over_lines_and_pieces() -> None:
    world = bought(
        101, line("l1", "3.33", 3), line("l2", "0.01"), line("l3", "7.00", 2), line("l4", "9.00", qualifying=False)
    )
    restored = []
    for n, back in enumerate(({"l1": 2}, {"l4": 1}, {"l3": 1, "l2": 1}, {"l1": 1}, {"l3": 1})):
        before = world.points.available
        world.send(returned(f"r{n}", **back))
        restored.append(world.points.available - before)
    assert sum(restored) == 101
    assert restored == [28, 0, 29, 14, 30]  # shares 42, 0, 59 (42.05, 0.04, 58.91): floor(2/3), floor(1/2), the rest
    world.check_books()


def test_ms_12_what_had_become_debt_is_forgiven_first() -> None:
    world = bought(180)
    assert world.balance() == (0, 30)
    answer = world.send(returned("r1", l1=1))
    assert world.moved_by(answer) == [("restore", None, 30), ("restore", "b", 50), ("restore", "a", 100)]
    assert world.balance() == (150, 0)
    world.check_books()


def test_ms_12_debt_that_was_paid_since_comes_back_as_points_of_the_order() -> None:
    world = bought(180)
    world.send(adjusted(20))
    assert world.balance() == (0, 10)
    answer = world.send(returned("r1", l1=1))
    assert world.moved_by(answer)[0] == ("restore", None, 10)
    assert world.left == {"a": 100, "b": 50, "o1": 20}
    assert world.balance() == (170, 0)
    world.check_books()


def test_ms_12_restored_points_pay_no_debt() -> None:
    world = bought(100)
    world.send(adjusted(-60))
    assert world.balance() == (0, 10)
    world.send(cancelled())
    assert world.balance() == (100, 10)
    world.check_books()


def test_ms_12_a_lot_past_its_expiry_gets_them_and_they_expire_at_once_visibly() -> None:
    world = bought(120)
    world.tick(pacific("2028-03-11 00:00"))  # the last day of `a` is over
    answer = world.send(cancelled(), time=pacific("2028-03-11 00:00"))
    assert world.moved_by(answer) == [("restore", "b", 20), ("restore", "a", 100), ("expire", "a", -100)]
    assert (world.ledger[-1].clause, world.points.expired) == ("MS-6", 100)
    assert world.notice("points.expired").params == {"points": 100, "expired_on": "2028-03-10"}
    assert "100 of what came back expired at once (MS-12, MS-13)" in answer.says
    assert world.left == {"b": 50}
    assert world.entry(Lapsed, "a").points == 100
    world.check_books()


def test_ms_12_what_expires_at_once_in_several_lots_is_told_once_with_the_latest_of_their_days() -> None:
    world = bought(120)
    world.tick(pacific("2028-03-12 00:00"))
    answer = world.send(cancelled())
    assert world.told_by(answer) == ["points.restored", "points.expired"]
    assert world.notices[-1].params == {"points": 120, "expired_on": "2028-03-11"}
    world.check_books()


@pytest.mark.parametrize("when", ["2028-03-10 23:59:59.999999", "2028-03-11 00:00"])
def test_ms_12_gen_4_what_comes_back_before_the_sweep_expires_with_it(when: str) -> None:
    """GEN-4: past is what the partition's time has passed, whatever the event says of its own."""
    world = bought(120)
    world.send(cancelled(), time=pacific(when))
    assert world.balance() == (150, 0)
    world.tick(pacific("2028-03-10 23:59:59.999999"))
    assert world.balance() == (150, 0)
    world.tick(pacific("2028-03-11 00:00"))
    assert world.balance() == (50, 0)
    world.check_books()


def test_ms_12_ms_13_what_was_earned_goes_as_what_was_redeemed_comes_back() -> None:
    world = bought(100, line("l1", "10.00", 2), signed_in=True)  # 2 x $19.00 = 38
    assert world.left == {"b": 50, "o1": 38}
    answer = world.send(returned("r1", l1=1))
    assert world.moved_by(answer) == [("restore", "a", 50), ("take_back", "o1", -19)]
    assert answer.says == (
        "Return r1 of order o1 takes back 19 points, restores 50 redeemed ones (MS-12): "
        "line l1: 38 x 1/2 = 19 with what came back (MS-10)."
    )
    assert world.told_by(answer) == ["points.taken_back", "points.restored"]
    world.send(cancelled())
    assert world.left == {"a": 100, "b": 50}
    world.check_books()


def test_ms_12_ms_10_a_rejected_return_redeems_again_from_the_same_lots() -> None:
    world = bought(120)
    world.send(returned("r1", l1=1))
    answer = world.send(return_rejected("r1"))
    assert sorted(world.moved_by(answer)) == [("redeem", "a", -100), ("redeem", "b", -20)]
    assert world.left == {"b": 30}
    assert world.told_by(answer) == ["points.redeemed"]
    assert world.notices[-1].replaces == tuple(world.decisions[-2].notifications)
    assert answer.says == "Rejected return r1 of order o1 redeems again 120 redeemed points (MS-12, MS-10)."
    world.check_books()


def test_ms_10_restored_points_that_are_spent_already_become_debt() -> None:
    world = bought(120)
    world.send(returned("r1", l1=1))
    world.send(order("o2", line("l1", "9.00"), points_redeemed=90, signed_in=False, placed_at=NOON))  # of `a`
    answer = world.send(return_rejected("r1"))
    assert sorted(world.moved_by(answer), key=str) == [
        ("redeem", "a", -10),
        ("redeem", "b", -20),
        ("redeem", None, -90),
    ]
    assert world.balance() == (30, 90)
    world.check_books()


def test_ms_10_ms_12_points_that_expired_when_they_came_back_are_redeemed_again() -> None:
    """They were put back into a lot past its last day and expired; the rejection undoes both."""
    world = bought(120)
    world.tick("2028-03-12 12:00")
    world.send(returned("r1", l1=1), time="2028-03-12 12:00")
    assert world.points.expired == 150  # `b` had expired too
    world.send(return_rejected("r1"), time="2028-03-13 12:00")
    assert (world.points.redeemed, world.points.expired, world.balance()) == (120, 30, (0, 0))
    world.check_books()


def test_ms_10_ms_11_points_that_are_redeemed_again_count_as_expired_no_more() -> None:
    """Given points of `a` that expired as they came back and are redeemed again, when `a` itself is returned, then a debt."""
    world = bought(120)
    world.tick("2028-03-12 12:00")
    world.send(returned("r1", l1=1))
    world.send(return_rejected("r1"))
    answer = world.send(returned("r2", "a", l1=1))
    assert world.moved_by(answer) == [("take_back", None, -100)]
    assert world.balance() == (0, 100)
    world.check_books()


def test_ms_11_ms_12_of_what_is_owed_for_two_reasons_no_more_is_forgiven_than_is_open() -> None:
    """Given 200 owed of what it was paid with and 100 of what it earned, and 250 of that paid, when the dispute is won, then
    the last 50 are forgiven and the others are points."""
    world = bought(450, line("l1", "54.50"), signed_in=True)
    world.send(disputed("54.50"))
    assert world.balance() == (0, 300)
    world.send(adjusted(250))
    answer = world.send(dispute_won())
    assert sum(points for _, lot, points in world.moved_by(answer) if lot is None) == 50
    assert world.balance() == (50, 0)
    world.check_books()


@pytest.mark.parametrize("fact", [price_matched("4.00"), disputed("5.00")])
def test_ms_12_a_price_match_or_a_dispute_restores_nothing(fact: Any) -> None:
    world = bought(100, signed_in=True)
    world.send(fact)
    assert "points.restored" not in world.told
    assert world.points.redeemed == 100
    world.check_books()


def test_ms_12_returned_after_a_dispute_was_won() -> None:
    world = bought(100, signed_in=True)
    for fact in (disputed("5.00"), dispute_won(), returned("r1", l1=1)):
        world.send(fact)
    assert world.left == {"a": 100, "b": 50}
    world.check_books()


def test_ms_12_reserved_points_come_back_to_where_they_were_reserved_from() -> None:
    world = earned(member(now=NOON), ("a", 100, "2026-03-10 12:00"), ("b", 50, "2026-03-11 12:00"))
    world.send(reserved(100, "other"), time=NOON)
    world.send(reserved(50), time=NOON)
    world.send(order("o1", points_redeemed=50, reservation_id="s1", signed_in=False, placed_at=NOON))
    answer = world.send(cancelled())
    assert world.moved_by(answer) == [("restore", "b", 50)]
    world.check_books()


def test_ms_10_of_what_is_spent_altogether_no_entry_is_made() -> None:
    """Restored to `b` and spent: the rejection takes nothing there, so it books nothing there."""
    world = bought(120)
    world.send(returned("r1", l1=1))
    world.send(adjusted(-150))
    answer = world.send(return_rejected("r1"))
    assert world.moved_by(answer) == [("redeem", None, -120)]
    assert world.balance() == (0, 120)
    world.check_books()
