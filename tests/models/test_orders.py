"""MS-3, MS-4, MS-5, MS-6: what an order earns, why it earns nothing, and until when the points are good."""

from typing import Any

import orjson
import pytest

from models.catalogue import INPUT_BYTES
from models.points.state import Order
from models.state import encode
from models.values import LINES
from tests.models.facts import Fact, joined, line, order, returned
from tests.models.world import World


def member() -> World:
    """Given a member who joined on 1 March 2026 at 20:00 UTC."""
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    return world


@pytest.mark.parametrize(
    ("lines", "points"),
    [
        ([line(price="199.00")], 398),
        ([line(price="199.00", quantity=3)], 1194),
        ([line(price="0.50")], 1),
        ([line(price="0.49")], 0),
        ([line(price="10.99")], 21),  # 21.98, rounded down
        ([line(price="10.99", quantity=2)], 43),  # 43.96: rounded per line, not per piece
        ([line(price="10.00", quantity=2, discount="5.49")], 29),  # 2 x 14.51
        ([line(price="10.00", discount="10.00")], 0),
        ([line("l1", price="0.75"), line("l2", price="0.75")], 2),  # 1.5 and 1.5: rounded down each
        ([line("l1", qualifying=False), line("l2", price="5.00")], 10),
    ],
)
def test_ms_3_two_points_for_each_dollar_of_a_qualifying_line_rounded_down(lines: list[Any], points: int) -> None:
    world = member()
    answer = world.send(order("o1", *lines, tax="20.00", shipping="30.00"))
    assert answer.outcome == "applied"
    assert world.points.available == points
    assert world.points.earned == points
    assert [entry.points for entry in world.ledger] == ([points] if points else [])
    world.check_books()


@pytest.mark.parametrize("method", ["card", "paypal", "affirm", "other"])
def test_ms_3_financing_and_third_party_payment_earn_alike(method: str) -> None:
    world = member()
    world.send(order("o1", payment_method=method))
    assert world.points.available == 398


def test_ms_3_the_answer_says_the_arithmetic() -> None:
    world = member()
    answer = world.send(order("o1", line("l1", "199.00"), line("l2", "10.99", qualifying=False), line("l3", "1.25")))
    assert answer.says == "Order o1 earned 400 points: 2 x $199.00 = 398; 2 x $1.25 = 2 (MS-3)."
    assert answer.clause == "MS-3"
    assert answer.ledger == tuple(entry.entry_id for entry in world.ledger)
    assert answer.notifications == (world.notice_id("points.earned"),)
    assert world.notice("points.earned").params == {"order_id": "o1", "points": 400, "expires_on": "2028-03-02"}


def test_ms_3_a_long_order_is_answered_briefly() -> None:
    world = member()
    answer = world.send(order("o1", *[line(f"l{n}", "1.00") for n in range(500)]))
    assert world.points.available == 1000
    assert "; 490 more (MS-3)." in answer.says
    assert len(answer.says) < 500


@pytest.mark.parametrize(
    ("change", "reason", "clause"),
    [
        ({"signed_in": False}, "signed_out", "MS-4"),
        ({"placed_at": "2026-03-01 19:59"}, "before_joining", "MS-4"),
        ({"placed_at": "2026-03-01 20:00"}, "before_joining", "MS-4"),
        ({"placed_at": "2026-03-01 20:00:00.000001"}, None, "MS-3"),
    ],
)
def test_ms_4_only_a_member_signed_in_earns(change: dict[str, Any], reason: str | None, clause: str) -> None:
    world = member()
    answer = world.send(order("o1", **change))
    assert (answer.outcome, answer.reason, answer.clause) == ("applied", reason, clause)
    assert world.points.available == (0 if reason else 398)
    assert world.told[1:] == ["points.not_earned" if reason else "points.earned"]
    assert world.entry(Order, "o1").why_zero == reason


def test_ms_3_an_order_with_nothing_that_qualifies_says_so() -> None:
    world = member()
    answer = world.send(order("o1", line(qualifying=False, category="warranty")))
    assert (answer.outcome, answer.reason, answer.clause) == ("applied", "nothing_qualifies", "MS-3")
    assert world.ledger == []
    assert world.notice("points.not_earned").params == {"order_id": "o1", "reason": "nothing_qualifies"}


def test_ms_3_less_than_a_point_is_nothing_earned() -> None:
    world = member()
    answer = world.send(order("o1", line(price="0.49")))
    assert answer.says == "Order o1 earned 0 points: 2 x $0.49 = 0, rounded down (MS-3)."
    assert world.told[1:] == ["points.not_earned"]
    assert world.lots == []


def test_ms_4_a_buyer_who_is_no_member_is_told_nothing_and_never_earns_later() -> None:
    world = World()
    answer = world.send(order("o1", placed_at="2026-03-02 18:00"))
    world.send(joined(), time="2026-03-02 18:01")
    again = world.send(order("o1", placed_at="2026-03-02 18:00"), event_id="again")
    assert (answer.outcome, answer.reason) == ("applied", "not_a_member")
    assert (again.outcome, again.reason) == ("duplicate", "already_known")
    assert world.told == ["points.welcome"]
    assert world.balance() == (0, 0)


def test_ms_4_as_known_when_processed_even_if_the_joining_was_earlier() -> None:
    world = World()
    world.send(order("o1", placed_at="2026-03-02 18:00"))
    world.send(joined(), time="2026-03-01 00:00")
    assert world.balance() == (0, 0)


def test_ms_5_a_bonus_of_a_qualifying_line_is_granted() -> None:
    world = member()
    bonus = {"offer_id": "spring", "points": 100}
    answer = world.send(order("o1", line(bonus=bonus)))
    assert world.booked == [("earn", 398), ("bonus", 100)]
    assert [(lot.id, lot.left) for lot in world.lots] == [("o1", 498)]
    assert "bonus spring = 100 (MS-5, MS-3)" in answer.says
    world.check_books()


def test_ms_5_ms_3_a_bonus_with_an_expiry_of_its_own_is_a_lot_of_its_own() -> None:
    world = member()
    bonus = {"offer_id": "spring", "points": 100, "expires_on": "2026-06-30"}
    same = {"offer_id": "same", "points": 7, "expires_on": "2028-03-02"}
    world.send(order("o1", line("l1", bonus=bonus), line("l2", "1.00", bonus=same)))
    assert sorted((str(lot.expires_on), lot.left) for lot in world.lots) == [
        ("2026-06-30", 100),
        ("2028-03-02", 398 + 2 + 7),
    ]
    world.check_books()


def test_ms_5_the_notice_names_the_last_day_that_comes_first_and_what_expires_on_each() -> None:
    world = member()
    bonuses = [
        {"offer_id": "x", "points": points, "expires_on": day}
        for points, day in ((7, "2029-01-01"), (100, "2026-06-30"))
    ]
    same = {"offer_id": "same", "points": 5}
    lines = [line(f"l{n}", "1.00", bonus=bonus) for n, bonus in enumerate([*bonuses, same])]
    world.send(order("o1", *lines))
    assert world.notice("points.earned").params == {
        "order_id": "o1",
        "points": 3 * 2 + 7 + 100 + 5,
        "expires_on": "2026-06-30",
        "by_day": {"2026-06-30": 100, "2028-03-02": 3 * 2 + 5, "2029-01-01": 7},
    }


@pytest.mark.parametrize("change", [{"signed_in": False}, {"lines": [line(qualifying=False)]}])
def test_ms_5_no_bonus_where_the_line_earns_nothing(change: dict[str, Any]) -> None:
    world = member()
    kind, data = order("o1")
    data |= change
    for item in data["lines"]:
        item["bonus"] = {"offer_id": "spring", "points": 100}
    world.send((kind, data))
    assert world.balance() == (0, 0)


@pytest.mark.parametrize(
    ("placed_at", "last_day"),
    [
        ("2026-03-02 18:00", "2028-03-02"),
        ("2026-03-03 07:59:59", "2028-03-02"),  # still 2 March in the programme zone
        ("2026-03-03 08:00", "2028-03-03"),
        ("2028-02-29 20:00", "2030-02-28"),
        ("2026-08-31 20:00", "2028-08-31"),
    ],
)
def test_ms_6_a_lot_is_good_to_the_end_of_the_day_24_months_later(placed_at: str, last_day: str) -> None:
    world = member()
    world.send(order("o1", placed_at=placed_at))
    assert [str(lot.expires_on) for lot in world.lots] == [last_day]


def test_lots_stand_oldest_first_whatever_the_order_of_arrival() -> None:
    world = member()
    for day in (5, 3, 4):
        world.send(order(f"o{day}", placed_at=f"2026-03-0{day} 12:00"))
    assert [lot.id for lot in world.lots] == ["o3", "o4", "o5"]


def test_an_order_told_again_with_other_content_is_a_conflict() -> None:
    world = member()
    world.send(order("o1"))
    answer = world.send(order("o1", line(price="1000.00")))
    assert (answer.outcome, answer.reason) == ("conflict", "other_content")
    assert world.balance() == (398, 0)


def test_a_used_up_lot_leaves_the_hot_value() -> None:
    world = member()
    world.send(order("o1"))
    world.send(("order.cancelled", {"order_id": "o1", "before_shipment": True}))
    assert world.lots == []


def test_a_member_with_fifty_lots_stays_small() -> None:
    world = member()
    for n in range(50):
        world.send(order(f"order-2026-{n:06}"))
    assert len(world.read("members", b"m-1") or b"") < 3_000


def test_the_entry_of_the_largest_order_stays_below_what_a_topic_takes() -> None:
    """An entry that cannot be written would set its member aside: it must not outgrow the event that made it."""
    bonus = {"offer_id": "x", "points": 1, "expires_on": "2026-06-30"}

    def largest(id_length: int) -> Fact:
        ids = [f"{n:04}".ljust(id_length, "\u8a9e") for n in range(LINES)]
        return order("\u6ce8" * 128, *[line(line_id, "1.00", 2, bonus=bonus) for line_id in ids])

    def size(fact: Fact) -> int:
        return len(orjson.dumps(fact[1])) + 1_000  # and the envelope

    length = max(length for length in range(64, 129, 4) if size(largest(length)) <= INPUT_BYTES)
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    kind, data = largest(length)
    assert world.send((kind, data)).outcome == "applied"
    one_of_each = {bought["line_id"]: 1 for bought in data["lines"]}
    world.send(returned("r1", data["order_id"], **one_of_each), time="2026-03-05 12:00")
    world.send(returned("r2", data["order_id"], **one_of_each), time="2026-03-06 12:00")
    assert world.points.available == 0
    for (table, key), raw in world.tables.items():
        assert len(raw) < INPUT_BYTES, (table, key[:20])
    # without a bonus on each line, ids can be as long as they may be
    plain = order("o2", *[line(f"{n:04}".ljust(125, "\u8a9e"), "1.00") for n in range(LINES)])
    world.send(plain)
    assert len(encode(world.entry(Order, "o2"))) < INPUT_BYTES
