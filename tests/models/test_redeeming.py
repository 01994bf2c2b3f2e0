"""MS-7, MS-9: paying with points, and paying with more than there is."""

from typing import Any

import pytest

from models.points.state import Order
from tests.models.checkout import NOON, rich, spending
from tests.models.facts import adjusted, cancelled, disputed, line, order, price_matched, reserved, returned
from tests.models.world import World, earned, member

# MS-7


def test_ms_7_the_oldest_earned_points_go_first() -> None:
    world = rich()
    answer = world.send(spending(150))
    assert world.moved_by(answer) == [("redeem", "early", -100), ("redeem", "middle", -50)]
    assert world.left == {"middle": 50, "late": 100}
    assert answer.says == "150 points redeemed (MS-7). Order buy earned 0 points: the buyer was not signed in (MS-4)."
    assert world.notice("points.redeemed").params == {"order_id": "buy", "points": 150, "debt": 0}
    assert world.notice("points.redeemed").clause == "MS-7"
    assert (world.points.redeemed, world.points.debt) == (150, 0)
    world.check_books()


def test_ms_7_the_oldest_is_what_was_earned_first_not_what_expires_first() -> None:
    world = rich()
    bonus = {"offer_id": "x", "points": 10, "expires_on": "2026-04-30"}
    world.send(order("promo", line("l1", "5.00", bonus=bonus), placed_at="2026-03-15 19:00"))
    answer = world.send(spending(1))
    assert world.moved_by(answer) == [("redeem", "early", -1)]


def test_ms_7_no_minimum_and_unused_points_stay() -> None:
    world = rich()
    world.send(spending(1))
    assert world.left == {"early": 99, "middle": 100, "late": 100}


@pytest.mark.parametrize(
    ("lines", "redeemed", "taken"),
    [
        ([line("l1", "1.00")], 100, 100),  # a point is a cent
        ([line("l1", "1.00")], 101, 100),
        ([line("l1", "0.40"), line("l2", "0.60")], 101, 100),
        ([line("l1", "2.00", discount="1.00")], 101, 100),
        ([line("l1", "0.50", 2)], 101, 100),
        ([line("l1", "1.00"), line("l2", "90.00", qualifying=False)], 101, 100),
        ([line("l1", "90.00", qualifying=False)], 100, 0),
    ],
)
def test_ms_7_only_against_qualifying_lines_and_at_most_their_total(
    lines: list[dict[str, Any]], redeemed: int, taken: int
) -> None:
    world = rich()
    answer = world.send(order("buy", *lines, points_redeemed=redeemed, tax="9.00", shipping="9.00", placed_at=NOON))
    assert world.points.redeemed == taken
    assert world.points.debt == 0
    if redeemed > taken:
        over = f"{redeemed} points redeemed (MS-7); at most {taken} for the qualifying lines, so {redeemed - taken} are not taken"
        assert answer.says.startswith(f"{over} (MS-7). ")
    assert ("points.redeemed" in world.told) == bool(taken)
    world.check_books()


def test_ms_7_points_never_become_money() -> None:
    """No cash value: whatever becomes of points, nothing asks anybody for money."""
    world = rich()
    world.send(spending(300))
    for n, fact in enumerate(
        [returned("r1", "early", l1=1), price_matched("1.00", order_id="late"), cancelled("buy"), cancelled("middle")]
    ):
        world.send(fact, event_id=f"undo-{n}")
    world.send(disputed("1.00", order_id="late"))
    world.send(adjusted(-1000))
    assert world.requests == []
    world.check_books()


def test_ms_3_the_part_of_a_line_that_is_paid_with_points_earns_nothing() -> None:
    world = rich()
    answer = world.send(order("buy", line("l1", "10.00"), points_redeemed=250, placed_at=NOON))
    assert answer.says == "250 points redeemed (MS-7). Order buy earned 15 points: 2 x $7.50 = 15 (MS-3)."
    assert world.moved_by(answer) == [
        ("redeem", "early", -100),
        ("redeem", "middle", -100),
        ("redeem", "late", -50),
        ("earn", "buy", 15),
    ]
    world.check_books()


def test_ms_12_redeemed_points_are_spread_by_net_price_largest_remainder_first() -> None:
    """$3.00, $3.00 and $4.00 with 101 points: 30.3, 30.3 and 40.4 make 30, 30 and 41; the line outside gets none."""
    world = rich()
    lines = [line("l0", "50.00", qualifying=False), line("l1", "3.00"), line("l2", "3.00"), line("l3", "4.00")]
    world.send(order("buy", *lines, points_redeemed=101, placed_at=NOON))
    assert [found.share for found in world.entry(Order, "buy").lines] == [0, 30, 30, 41]


def test_ms_12_of_equal_remainders_the_earlier_line_goes_first() -> None:
    world = rich()
    lines = [line("l1", "3.00"), line("l2", "3.00"), line("l3", "3.00")]
    world.send(order("buy", *lines, points_redeemed=101, placed_at=NOON))
    assert [found.share for found in world.entry(Order, "buy").lines] == [34, 34, 33]


def test_ms_3_an_order_paid_with_points_alone_earns_nothing() -> None:
    world = rich()
    answer = world.send(order("buy", line("l1", "3.00"), points_redeemed=300, placed_at=NOON))
    assert (answer.outcome, answer.reason) == ("applied", "under_a_point")
    assert world.balance() == (0, 0)
    assert world.told_by(answer) == ["points.redeemed", "points.not_earned"]


def test_ms_7_a_buyer_who_is_no_member_pays_with_nothing() -> None:
    world = World(now=NOON)
    answer = world.send(spending(50))
    assert (answer.outcome, answer.reason) == ("applied", "not_a_member")
    assert answer.says.startswith("The 50 points redeemed are not taken (MS-9). ")
    assert (world.ledger, world.notices) == ([], [])


# MS-9


def test_ms_9_what_is_missing_becomes_debt_and_is_told() -> None:
    world = rich()
    answer = world.send(spending(420))
    assert world.moved_by(answer) == [
        ("redeem", "early", -100),
        ("redeem", "middle", -100),
        ("redeem", "late", -100),
        ("redeem", None, -120),
    ]
    assert answer.says.startswith(
        "420 points redeemed (MS-7); 300 were there, 120 became debt; support is told (MS-9). "
    )
    assert world.notice("points.redeemed").params == {"order_id": "buy", "points": 420, "debt": 120}
    assert world.balance() == (0, 120)
    owed = world.notice("points.debt")
    assert (owed.clause, owed.params) == ("MS-9", {"order_id": "buy", "debt": 120, "support": True})
    world.check_books()


@pytest.mark.parametrize(("points", "told"), [(300, 0), (301, 1)])
def test_ms_9_support_is_told_when_a_point_is_missing_and_not_before(points: int, told: int) -> None:
    world = rich()
    world.send(spending(points))
    assert world.told.count("points.debt") == told


def test_ms_9_ms_13_the_notice_is_replaced_when_the_order_is_cancelled() -> None:
    world = rich()
    world.send(spending(420))
    owed = world.notice_id("points.debt")
    world.send(cancelled("buy"))
    assert owed in world.notice("points.restored").replaces
    assert world.balance() == (300, 0)


def test_ms_9_ms_7_what_exceeds_the_lines_is_no_debt() -> None:
    world = rich()
    answer = world.send(order("buy", line("l1", "4.00"), signed_in=False, points_redeemed=450, placed_at=NOON))
    assert answer.says.startswith(
        "450 points redeemed (MS-7); at most 400 for the qualifying lines, so 50 are not taken (MS-7); "
        "300 were there, 100 became debt; support is told (MS-9). "
    )
    assert world.balance() == (0, 100)


def test_ms_9_ms_11_what_the_order_earns_pays_its_own_debt_first() -> None:
    world = earned(member(now=NOON), ("o1", 100, "2026-03-10 12:00"))
    answer = world.send(order("buy", line("l1", "101.50"), points_redeemed=150, placed_at=NOON))
    assert world.moved_by(answer)[1:] == [("redeem", None, -50), ("earn", None, 50), ("earn", "buy", 150)]
    assert world.balance() == (150, 0)
    world.check_books()


def test_ms_9_an_order_in_debt_from_the_start() -> None:
    world = member(now=NOON)
    world.send(spending(50))
    assert world.balance() == (0, 50)
    world.send(spending(50, "again"))
    assert world.balance() == (0, 100)
    assert world.send(reserved(1), time=NOON).reason == "insufficient_points"
    world.check_books()
