"""MS-14, MS-15: a lower price and disputed money take the points of the difference, whatever came first."""

import itertools
from typing import Any

import pytest

from models.outputs.notifications import Notification
from models.points.state import Order
from tests.models.facts import (
    Fact,
    adjusted,
    cancelled,
    dispute_won,
    disputed,
    line,
    order,
    pacific,
    price_matched,
    return_rejected,
    returned,
)
from tests.models.world import World, member


def buyer(*lines: dict[str, Any], **more: Any) -> World:
    """Given a member with order o1."""
    world = member()
    world.send(order("o1", *lines, **more))
    return world


# MS-14


def test_ms_14_the_points_are_those_of_the_lower_price() -> None:
    world = buyer(line("l1", "100.00", 2, discount="10.00"), line("l2", "50.00"))
    answer = world.send(price_matched("89.99"), time="2026-03-09 12:00")
    assert answer.says == (
        "Price match of line l1 of order o1 from $100.00 to $89.99 takes back 41 points: "
        "line l1: at $169.98 now worth 339 of 380 (MS-14)."
    )
    assert world.moved_by(answer) == [("take_back", "o1", -41)]
    assert (world.ledger[-1].clause, f"{world.ledger[-1].at:%m-%d}") == ("MS-14", "03-09")
    assert world.notice("points.taken_back").clause == "MS-14"
    assert world.balance() == (439, 0)
    world.check_books()


def test_ms_14_ms_11_from_the_own_lot_then_the_oldest_others_then_debt() -> None:
    world = member()
    world.send(order("old", line("l1", "5.00"), placed_at="2026-03-02 09:00"))
    world.send(order("o1", line("l1", "100.00")))
    world.send(adjusted(-205), time="2026-03-03 12:00")
    assert world.left == {"o1": 5}
    answer = world.send(price_matched("90.00"))
    assert world.moved_by(answer) == [("take_back", "o1", -5), ("take_back", None, -15)]
    assert world.told_by(answer) == ["points.taken_back", "points.debt"]
    assert "; 15 became debt (MS-11, MS-14)." in answer.says
    world.check_books()


@pytest.mark.parametrize(
    ("price", "outcome", "reason"),
    [("99.99", "applied", None), ("100.00", "refused", "not_lower"), ("100.01", "refused", "not_lower")],
)
def test_ms_14_only_a_lower_price_counts(price: str, outcome: str, reason: str | None) -> None:
    answer = buyer(line("l1", "100.00")).send(price_matched(price))
    assert (answer.outcome, answer.reason, answer.clause) == (outcome, reason, "MS-14")
    if reason:
        says = f"Price match of line l1 of order o1: ${price} is not below $100.00, its price already (MS-14)."
        assert answer.says == says


def test_ms_14_gen_2_of_several_the_lowest_counts_in_any_order() -> None:
    ends = []
    for prices in itertools.permutations(("90.00", "80.00", "85.00")):
        world = buyer(line("l1", "100.00"))
        for price in prices:
            answer = world.send(price_matched(price), event_id=price)
            assert answer.outcome == "applied" or answer.reason == "lower_known"
        assert world.balance() == (160, 0)
        world.check_books()
        ends.append((world.left, world.standing()))
    assert ends == [ends[0]] * len(ends)


def test_ms_14_told_again_under_another_id_it_is_not_lower() -> None:
    world = buyer(line("l1", "100.00"))
    world.send(price_matched("90.00"))
    again = world.send(price_matched("90.00"))
    assert (again.outcome, again.reason) == ("superseded", "lower_known")
    assert world.balance() == (180, 0)


def test_ms_14_a_second_price_match_replaces_the_notice_of_the_first() -> None:
    world = buyer(line("l1", "100.00"), line("l2", "100.00"))
    for fact in (price_matched("90.00"), price_matched("90.00", "l2"), price_matched("80.00")):
        world.send(fact)
    ids = world.ids(Notification)
    assert [notice.replaces for notice in world.notices[-3:]] == [(), (), (ids[-3],)]


def test_ms_14_to_nothing_and_below_what_was_paid_with_points() -> None:
    world = member()
    world.send(adjusted(500), time="2026-03-02 10:00")
    world.send(order("o1", line("l1", "10.00"), points_redeemed=500), time="2026-03-02 18:00")
    assert world.points.earned == 10
    world.send(price_matched("5.00"))
    assert world.left == {}
    world.send(price_matched("0.00"))
    assert world.balance() == (0, 0)
    world.check_books()


def test_ms_14_an_unknown_line_and_an_order_that_earned_nothing() -> None:
    world = buyer(line("l1", "100.00"), signed_in=False)
    unknown = world.send(price_matched("1.00", "l9"))
    assert (unknown.outcome, unknown.reason) == ("refused", "unknown_line")
    nothing = world.send(price_matched("1.00"))
    assert (nothing.outcome, nothing.ledger) == ("applied", ())
    assert nothing.says.endswith("the order had moved no points, so none move now (MS-14).")


def test_ms_14_the_bonus_stays() -> None:
    bonus = {"offer_id": "x", "points": 50}
    world = buyer(line("l1", "100.00", bonus=bonus))
    world.send(price_matched("0.00"))
    assert world.left == {"o1": 50}
    world.check_books()


def test_ms_14_gen_2_a_price_match_before_its_order_waits_for_it() -> None:
    world = member()
    early = world.send(price_matched("90.00"))
    assert (early.outcome, early.reason) == ("held", "awaits_order")
    world.send(order("o1", line("l1", "100.00")))
    assert world.balance() == (180, 0)


# MS-15


def test_ms_15_the_points_of_the_disputed_amount_go() -> None:
    """floor(200 x 33.33 / 100.00) = 66."""
    world = buyer(line("l1", "100.00"), line("l2", "50.00", qualifying=False))
    answer = world.send(disputed("33.33"), time="2026-03-09 12:00")
    assert answer.says == (
        "Dispute d1 of $33.33 of order o1 takes back 66 points: 200 x $33.33/$100.00 = 66 with the disputed money (MS-15); "
        "line l1: 66 of the disputed (MS-15)."
    )
    assert world.moved_by(answer) == [("take_back", "o1", -66)]
    assert (world.ledger[-1].clause, world.notice("points.taken_back").clause) == ("MS-15", "MS-15")
    world.check_books()


@pytest.mark.parametrize(("amount", "gone"), [("99.99", 199), ("100.00", 200), ("100.01", 200), ("150.00", 200)])
def test_ms_15_at_most_the_qualifying_net(amount: str, gone: int) -> None:
    world = buyer(line("l1", "100.00"), line("l2", "50.00", qualifying=False))
    answer = world.send(disputed(amount))
    assert world.balance() == (200 - gone, 0)
    assert f" = {gone} with the disputed money (MS-15); line l1: {gone} of the disputed" in answer.says


def test_ms_15_spread_over_the_lines_by_money_paid_largest_remainder_first() -> None:
    """600 points; of $100 they are 200, spread 1 : 2 as 66.67 and 133.33: 67 and 133."""
    world = buyer(line("l1", "100.00"), line("l2", "200.00"), line("l3", "9.00", qualifying=False))
    answer = world.send(disputed("100.00"))
    assert "600 x $100.00/$300.00 = 200 with the disputed money (MS-15)" in answer.says
    assert "line l1: 67 of the disputed; line l2: 133 of the disputed" in answer.says
    assert world.balance() == (400, 0)


def test_ms_15_the_bonus_stays() -> None:
    bonus = {"offer_id": "x", "points": 50}
    world = buyer(line("l1", "100.00", bonus=bonus))
    world.send(disputed("100.00"))
    assert world.left == {"o1": 50}


def test_ms_15_won_back_the_same_points_return_to_the_same_lots() -> None:
    world = member()
    world.send(order("old", line("l1", "5.00"), placed_at="2026-03-02 09:00"))
    world.send(order("o1", line("l1", "100.00")))
    world.send(order("o2", line("l1", "100.00"), points_redeemed=150, placed_at="2026-03-03 09:00"))
    assert world.left == {"o1": 60, "o2": 197}
    gone = world.send(disputed("100.00"))
    assert world.moved_by(gone) == [("take_back", "o1", -60), ("take_back", "o2", -140)]
    back = world.send(dispute_won())
    assert sorted(world.moved_by(back)) == [("restore", "o1", 60), ("restore", "o2", 140)]
    assert world.left == {"o1": 60, "o2": 197}
    assert back.says == "Won dispute d1 of order o1 gives back 200 points: 200 had gone before, 0 are gone now (MS-15)."
    assert world.notice("points.restored").replaces == (world.notice_id("points.taken_back"),)
    assert world.points.taken_back == 0
    world.check_books()


def test_ms_15_won_and_disputed_twice_says_so() -> None:
    world = buyer(line("l1", "100.00"))
    world.send(disputed("50.00"))
    again, other = world.send(disputed("50.00")), world.send(disputed("51.00"))
    assert (again.outcome, again.reason) == ("duplicate", "already_known")
    assert (other.outcome, other.reason) == ("conflict", "other_content")
    world.send(dispute_won())
    twice = world.send(dispute_won())
    assert (twice.outcome, twice.reason, twice.clause) == ("duplicate", "already_won", "MS-15")
    assert world.balance() == (200, 0)


def test_ms_15_two_disputes_add_up_and_one_may_be_won() -> None:
    world = buyer(line("l1", "100.00"))
    world.send(disputed("70.00", "d1"))
    world.send(disputed("70.00", "d2"))
    assert world.balance() == (0, 0)
    world.send(dispute_won("d1"))
    assert world.balance() == (60, 0)
    world.send(dispute_won("d2"))
    assert world.balance() == (200, 0)
    world.check_books()


def test_ms_15_gen_2_won_before_it_began_and_before_its_order() -> None:
    world = member()
    assert world.send(dispute_won()).reason == "awaits_dispute"
    assert world.send(disputed("50.00")).reason == "awaits_order"
    world.send(order("o1", line("l1", "100.00")))
    assert [d.outcome for d in world.decisions[-3:]] == ["applied"] * 3
    assert world.balance() == (200, 0)
    world.check_books()


# What a line keeps is one function (MS-10).

KEPT: list[tuple[list[Fact], int]] = [
    ([returned("r1", l1=1), price_matched("80.00")], 160),  # 320 at the new price, half of it back
    ([returned("r1", l1=1), disputed("50.00")], 100),  # 200 with a piece, floor(400 x 50 / 200) with the money
    ([price_matched("80.00"), disputed("40.00")], 240),  # 320 less floor(320 x 40 / 160)
    ([returned("r1", l1=1), price_matched("80.00"), disputed("40.00")], 80),
    ([returned("r1", l1=1), disputed("150.00")], 0),  # 200 and 300, never more than was earned
    ([returned("r1", l1=1), returned("r2", l1=1), disputed("10.00")], 0),
    ([returned("r1", l1=1), price_matched("80.00"), return_rejected("r1")], 320),
    ([disputed("100.00"), dispute_won(), price_matched("50.00"), returned("r1", l1=1)], 100),
    ([cancelled(), price_matched("80.00"), disputed("40.00"), returned("r1", l1=1)], 0),
]


@pytest.mark.parametrize(("facts", "kept"), KEPT)
def test_ms_10_gen_2_what_a_line_keeps_does_not_depend_on_the_order_of_arrival(facts: list[Fact], kept: int) -> None:
    ends = []
    for arrival in itertools.permutations(enumerate([order("o1", line("l1", "100.00", 2)), *facts])):
        world = member()
        for n, fact in arrival:
            world.send(fact, event_id=f"fact-{n}", time=f"2026-03-{10 + n} 12:00")
        world.check_books()
        assert world.balance() == (kept, 0)
        assert world.points.taken_back == 400 - kept
        found = world.entry(Order, "o1")
        ends.append((world.left, found.taken, [(line.price, line.returned) for line in found.lines], world.standing()))
    assert all(end == ends[0] for end in ends)


def test_ms_11_points_of_the_lot_that_had_expired_are_not_taken_a_second_time() -> None:
    world = member()
    world.send(order("o1", line("l1", "100.00", 2), placed_at=pacific("2026-03-02 12:00")))
    world.send(order("o2", line("l1", "100.00"), placed_at=pacific("2026-03-09 12:00")))
    world.tick(pacific("2028-03-03 00:00"))
    assert (world.points.expired, world.left) == (400, {"o2": 200})
    answer = world.send(returned("r1", l1=1), time=pacific("2028-03-04 12:00"))
    assert (answer.outcome, world.moved_by(answer)) == ("applied", [])
    assert world.balance() == (200, 0)
    back = world.send(return_rejected("r1"), time=pacific("2028-03-05 12:00"))
    assert world.moved_by(back) == []
    assert (world.points.expired, world.balance()) == (400, (200, 0))
    world.check_books()


def test_ms_11_what_was_taken_before_the_lot_expired_is_not_put_back_to_expire() -> None:
    """Given a piece that came back in time, when the other one does after the last day, then nothing moves any more."""
    world = member()
    world.send(order("o1", line("l1", "100.00", 2), placed_at=pacific("2026-03-02 12:00")))
    world.send(returned("r1", l1=1))
    world.tick(pacific("2028-03-03 00:00"))
    answer = world.send(returned("r2", l1=1))
    assert (answer.outcome, world.moved_by(answer)) == ("applied", [])
    assert (world.points.taken_back, world.points.expired, world.balance()) == (200, 200, (0, 0))
    world.check_books()


def test_ms_11_points_spent_before_the_lot_expired_are_taken_elsewhere() -> None:
    """150 of 200 were spent and 50 expired: of the 200 that go, 50 are gone already and 150 come from the others."""
    world = member()
    world.send(order("o1", line("l1", "100.00"), placed_at=pacific("2026-03-02 12:00")))
    world.send(adjusted(-150), time="2026-03-04 12:00")
    world.send(order("o2", line("l1", "100.00"), placed_at=pacific("2026-03-09 12:00")))
    world.tick(pacific("2028-03-03 00:00"))
    answer = world.send(returned("r1", l1=1), time=pacific("2028-03-04 12:00"))
    assert world.moved_by(answer) == [("take_back", "o2", -150)]
    back = world.send(return_rejected("r1"), time=pacific("2028-03-05 12:00"))
    assert world.moved_by(back) == [("restore", "o2", 150)]
    world.check_books()
