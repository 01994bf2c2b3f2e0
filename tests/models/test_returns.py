"""MS-10, MS-11, MS-13: what a return, its rejection or a cancellation moves, and from where."""

import pytest

from models.outputs import Notification
from models.points.state import Order
from models.points.undoing import NOTICES_KEPT
from tests.models.facts import cancelled, joined, line, order, return_rejected, returned
from tests.models.world import World


def buyer(*lines: dict[str, object]) -> World:
    """Given a member with order o1."""
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    world.send(order("o1", *lines))
    return world


def spent(world: World, lot_id: str, points: int) -> None:
    """Given that many points of this very lot were spent: by hand, as redeeming takes the oldest."""
    from models.state import MEMBERS, encode

    member = world.member()
    assert member.points
    lots = member.points.lots.lots
    [lot] = [lot for lot in lots if lot.id == lot_id]
    lot.left -= points
    member.points.lots.pack([lot for lot in lots if lot.left])
    member.points.available -= points
    member.points.booked -= points
    world.tables[MEMBERS, b"m-1"] = encode(member)


def test_ms_10_a_return_takes_the_points_of_what_came_back() -> None:
    world = buyer(line("l1", "100.00", 2), line("l2", "50.00"))
    answer = world.send(returned("r1", l1=1), time="2026-03-20 12:00")
    assert (
        answer.says
        == "Return r1 of order o1 takes back 200 points: line l1: 400 x 1/2 = 200 with what came back (MS-10)."
    )
    assert world.balance() == (300, 0)
    assert world.booked[-1] == ("take_back", -200)
    assert world.ledger[-1].at.isoformat() == "2026-03-20T12:00:00+00:00"
    assert world.notice("points.taken_back").params == {"order_id": "o1", "points": 200}
    world.check_books()


def test_ms_10_cumulative_and_all_of_them_at_the_last_piece() -> None:
    world = buyer(line("l1", "3.70", 3))  # 22.2 -> 22 points
    left = []
    for n in range(3):
        world.send(returned(f"r{n}", l1=1))
        left.append(world.points.available)
    assert left == [22 - 7, 22 - 14, 0]  # floor(22/3), floor(44/3), all
    assert world.told[2:] == ["points.taken_back"] * 3


def test_ms_10_a_return_that_moves_nothing_by_rounding_is_told_all_the_same() -> None:
    world = buyer(line("l1", "0.25", 2))  # 1 point
    world.send(returned("r1", l1=1))
    assert world.balance() == (1, 0)
    assert world.notice("points.taken_back").params["points"] == 0
    world.send(returned("r2", l1=1))
    assert world.balance() == (0, 0)


def test_ms_10_bonus_points_go_in_the_same_proportion() -> None:
    bonus = {"offer_id": "x", "points": 101, "expires_on": "2026-12-31"}
    world = buyer(line("l1", "100.00", 2, bonus=bonus))
    world.send(returned("r1", l1=1))
    assert sorted(lot.left for lot in world.lots) == [51, 200]
    world.send(returned("r2", l1=1))
    assert world.balance() == (0, 0)
    world.check_books()


@pytest.mark.parametrize(
    ("quantities", "reason"),
    [({"l1": 3}, "more_than_left"), ({"l1": 1, "l2": 2}, "more_than_left"), ({"l1": 1, "l9": 1}, "unknown_line")],
)
def test_ms_10_returning_more_than_is_left_is_refused_whole(quantities: dict[str, int], reason: str) -> None:
    world = buyer(line("l1", "100.00", 2), line("l2", "50.00"))
    answer = world.send(returned("r1", **quantities))
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", reason, "MS-10")
    assert world.balance() == (500, 0)
    assert world.send(returned("r2", l1=2, l2=1)).outcome == "applied"
    assert world.send(returned("r3", l1=1)).reason == "more_than_left"
    assert world.balance() == (0, 0)


def test_ms_10_gen_5_the_refusal_says_what_there_is() -> None:
    world = buyer(line("l1", "100.00", 2), line("l2", "50.00"))
    too_much, unknown = world.send(returned("r1", l1=3)), world.send(returned("r2", l9=1))
    assert too_much.says == "Return r1 has 3 of line l1, of which 2 are left: refused whole (MS-10)."
    assert unknown.says == "Return r2 has 1 of line l9, and the order has no such line: refused whole (MS-10)."


def test_ms_10_a_rejected_return_gives_back_to_the_same_lot() -> None:
    world = buyer(line("l1", "100.00", 2))
    world.send(returned("r1", l1=2))
    assert world.lots == []
    answer = world.send(return_rejected("r1"))
    assert answer.outcome == "applied"
    assert [(lot.id, lot.left) for lot in world.lots] == [("o1", 400)]
    assert world.notice("points.restored").replaces == (world.notice_id("points.taken_back"),)
    assert world.send(return_rejected("r1")).outcome == "duplicate"
    assert world.points.taken_back == 0
    world.check_books()


def test_ms_10_no_points_were_earned_so_none_move() -> None:
    world = World()
    world.send(order("o1"))
    answer = world.send(returned("r1", l1=1))
    assert answer.says == "Return r1 of order o1: the order had moved no points, so none move now (MS-10)."
    assert (world.notices, world.ledger) == ([], [])
    assert world.entry(Order, "o1").lines[0].returned == 1


def test_ms_11_own_lot_first_then_the_oldest_others_then_debt() -> None:
    world = buyer(line("l1", "100.00"))
    world.send(order("old", line(price="10.00"), placed_at="2026-03-02 09:00"))
    world.send(order("new", line(price="20.00"), placed_at="2026-03-09 09:00"))
    spent(world, "o1", 150)
    world.send(returned("r1", l1=1))
    assert [(e.lot_id, e.points) for e in world.ledger[-4:]] == [("o1", -50), ("old", -20), ("new", -40), (None, -90)]
    assert world.balance() == (0, 90)
    assert world.notice("points.debt").params == {"order_id": "o1", "debt": 90}
    assert world.notice("points.debt").clause == "MS-11"


def test_ms_11_each_return_that_leaves_debt_tells_how_much() -> None:
    """Given an order whose points are spent and a debt paid in between, when its pieces come back, then both debts are told."""
    world = buyer(line("l1", "100.00", 2))
    spent(world, "o1", 400)
    world.send(returned("r1", l1=1), event_id="r1")
    world.send(order("o2", line("l1", "100.00")))
    assert world.balance() == (0, 0)
    world.send(returned("r2", l1=1), event_id="r2")
    assert world.balance() == (0, 200)
    told = [(notice.cause.id, notice.params["debt"]) for notice in world.notices if notice.kind == "points.debt"]
    assert told == [("r1", 200), ("r2", 200)]


def test_ms_11_that_points_are_owed_is_replaced_by_the_undoing_of_what_brought_it_alone() -> None:
    world = buyer(line("l1", "100.00"))
    spent(world, "o1", 150)
    world.send(returned("r1", l1=1))
    first = world.notice_id("points.debt")
    world.send(return_rejected("r1"))
    assert first in world.notice("points.restored").replaces
    assert not any(kind == "points.debt" for kind, _ in world.standing())
    world.send(returned("r2", l1=1))
    assert world.told.count("points.debt") == 2
    assert len([kind for kind, _ in world.standing() if kind == "points.debt"]) == 1
    world.send(cancelled())
    assert len([kind for kind, _ in world.standing() if kind == "points.debt"]) == 1, "it still owes"


@pytest.mark.parametrize(("times", "kept"), [(NOTICES_KEPT, NOTICES_KEPT), (NOTICES_KEPT + 1, NOTICES_KEPT)])
def test_ms_13_the_order_does_not_grow_with_what_becomes_of_it(times: int, kept: int) -> None:
    """Given a return that is rejected, time and again, then no more than the latest notices are remembered with the order."""
    world = buyer(line("l1", "100.00"))
    for number in range(times):
        world.send(returned(f"r{number}", l1=1))
        world.send(return_rejected(f"r{number}"))
    assert len(world.entry(Order, "o1").notices) == kept
    world.send(cancelled())
    assert len(world.notices[-1].replaces) == kept


def test_ms_11_new_points_pay_debt_first() -> None:
    world = buyer(line("l1", "100.00"))
    spent(world, "o1", 150)
    world.send(returned("r1", l1=1))
    answer = world.send(order("o2", line(price="100.00")))
    assert [(e.kind, e.lot_id, e.points) for e in world.ledger[-2:]] == [("earn", None, 150), ("earn", "o2", 50)]
    assert world.balance() == (50, 0)
    assert "150 of them paid debt (MS-11, MS-3)" in answer.says
    assert world.notice("points.debt")
    assert world.notices[-1].params["paid_debt"] == 150


def test_ms_11_an_order_that_only_pays_debt_can_be_returned() -> None:
    world = buyer(line("l1", "100.00"))
    spent(world, "o1", 200)
    world.send(returned("r1", l1=1))
    world.send(order("o2", line(price="50.00")))
    assert world.balance() == (0, 100)
    world.send(returned("r2", "o2", l1=1))
    assert world.balance() == (0, 200)
    world.send(return_rejected("r2"))
    assert world.balance() == (0, 100)


def test_ms_10_debt_that_was_paid_since_comes_back_as_points() -> None:
    world = buyer(line("l1", "100.00"))
    spent(world, "o1", 150)
    world.send(returned("r1", l1=1))  # 50 from the lot, 150 debt
    world.send(order("o2", line(price="50.00")))  # pays 100 of it
    world.send(return_rejected("r1"))
    assert world.balance() == (150, 0)
    assert [(lot.id, lot.left) for lot in world.lots] == [("o1", 150)]


def test_ms_13_a_cancellation_takes_all_that_is_left() -> None:
    world = buyer(line("l1", "100.00", 2), line("l2", "50.00"))
    world.send(returned("r1", l1=1))
    answer = world.send(cancelled())
    assert answer.says == (
        "Cancelled order o1 takes back 300 points: line l1: 400 x 2/2 = 400 with what came back; "
        "line l2: 100 x 1/1 = 100 with what came back; 200 had gone before, 500 are gone now (MS-13)."
    )
    assert world.balance() == (0, 0)
    assert world.notices[-1].replaces == (world.ids(Notification)[-2],)
    assert world.send(cancelled()).reason == "already_cancelled"
    world.check_books()


def test_ms_13_a_return_after_the_cancellation_moves_nothing_more() -> None:
    world = buyer(line("l1", "100.00", 2))
    world.send(cancelled())
    late = world.send(returned("r1", l1=1))
    undone = world.send(return_rejected("r1"))
    assert (late.outcome, late.reason) == ("superseded", "order_cancelled")
    assert (undone.outcome, undone.reason) == ("superseded", "order_cancelled")
    assert world.balance() == (0, 0)


def test_a_return_told_again_is_no_second_one() -> None:
    world = buyer(line("l1", "100.00", 3))
    world.send(returned("r1", l1=1))
    assert world.send(returned("r1", l1=1)).reason == "already_known"
    assert world.send(returned("r1", l1=2)).outcome == "conflict"
    assert world.points.available == 400
