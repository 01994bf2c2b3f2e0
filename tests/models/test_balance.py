"""MS-19, MS-20: what the balance shows, and books that are found not to balance."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models.points.books import BooksDoNotBalanceError
from models.points.lots import LotsDoNotAddUpError
from models.points.state import Points
from models.points.view import view
from models.state import MEMBERS, encode, member_key
from tests.models.facts import (
    adjusted,
    at,
    cancel_requested,
    line,
    order,
    pacific,
    reserved,
    return_rejected,
    returned,
    set_free,
)
from tests.models.world import World, earned, member


def eventful() -> World:
    """Given a member to whom a bit of everything has happened."""
    world = member()
    bonus = {"offer_id": "x", "points": 50, "expires_on": "2026-06-30"}
    earned(world, ("o1", 400, "2026-03-02 12:00"), ("o2", 60, "2026-03-05 12:00"))
    world.send(order("promo", line("l1", "0.25", bonus=bonus), placed_at=pacific("2026-03-04 12:00")))
    world.send(adjusted(25), time="2026-03-06 12:00")
    world.send(returned("r1", "o2", l1=1), time="2026-03-07 12:00")
    world.send(order("o3", line("l1", "0.80"), points_redeemed=80, placed_at=pacific("2026-03-08 12:00")))
    world.tick("2026-07-02 12:00")
    world.send(reserved(120), time="2026-07-02 12:00")
    return world


def test_ms_19_the_balance_shows_everything() -> None:
    world = eventful()
    assert view(world.points) == {
        "available": 225,
        "reserved": 120,
        "debt": 0,
        "next_expiry": {"expires_on": "2028-03-02", "points": 200},
        "expiry_schedule": [
            {"expires_on": "2028-03-02", "points": 200},
            {"expires_on": "2028-03-06", "points": 25},
        ],
        "ends_at": None,
        "lifetime": {
            "earned": 400 + 50 + 60,
            "taken_back": 60,
            "redeemed": 80,
            "expired": 50,
            "forfeited": 0,
            "adjusted": 25,
        },
    }
    world.check_books()


def test_ms_19_a_debt_and_the_end_that_is_coming() -> None:
    world = member()
    world.send(adjusted(-70), time="2026-03-02 12:00")
    world.send(cancel_requested(), time=pacific("2026-03-16 12:00"))
    shown = view(world.points)
    assert (shown["available"], shown["debt"], shown["next_expiry"], shown["expiry_schedule"]) == (0, 70, None, [])
    assert shown["ends_at"] == "2026-03-19T07:00:00Z"


def test_ms_20_the_sum_of_the_entries_is_the_balance_after_each_of_them() -> None:
    world = eventful()
    total = 0
    for entry in world.ledger:
        total += entry.points
        after = entry.balance_after
        assert total == after.available + after.reserved - after.debt
    assert {entry.kind for entry in world.ledger} >= {
        "earn",
        "bonus",
        "take_back",
        "redeem",
        "expire",
        "reserve",
        "adjust",
    }


def test_ms_19_what_comes_back_counts_as_never_gone() -> None:
    world = eventful()
    before = view(world.points)["lifetime"]
    world.send(set_free("s1"), time="2026-07-02 12:10")
    world.send(returned("r2", "o1", l1=1), time="2026-07-02 12:20")
    world.send(return_rejected("r2"), time="2026-07-02 12:30")
    world.send(returned("r3", "o3", l1=1), time="2026-07-02 12:40")
    assert view(world.points)["lifetime"] == before | {"redeemed": 0}
    world.check_books()


def test_ms_20_the_part_that_becomes_or_pays_debt_is_an_entry_without_a_lot() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"))
    world.send(adjusted(-130), time="2026-03-03 12:00")
    earned(world, ("o2", 50, "2026-03-04 12:00"))
    assert [(entry.kind, entry.lot_id, entry.points) for entry in world.ledger] == [
        ("earn", "o1", 100),
        ("adjust", "o1", -100),
        ("adjust", None, -30),
        ("earn", None, 30),
        ("earn", "o2", 20),
    ]
    world.check_books()


def broken(world: World, change: Callable[[Points], Any]) -> World:
    """Given a state that some fault has changed."""
    hot = world.member()
    assert hot.points
    change(hot.points)
    world.tables[MEMBERS, member_key("m-1")] = encode(hot)
    return world


def set_to(**values: int) -> Callable[[Points], None]:
    def change(points: Points) -> None:
        for name, value in values.items():
            setattr(points, name, value)

    return change


def other_lots(points: Points) -> None:
    lots = points.lots.lots
    lots[0].left += 1
    points.lots.pack(lots)


@pytest.mark.parametrize(
    "change",
    [
        set_to(available=346),
        set_to(booked=344),
        set_to(reserved=121),
        set_to(debt=1),
        set_to(reserved=-1, booked=224),
        other_lots,
    ],
)
def test_ms_20_books_that_do_not_balance_are_found_and_nothing_is_decided(change: Callable[[Points], Any]) -> None:
    world = broken(eventful(), change)
    tables, outputs = dict(world.tables), len(world.outputs)
    with pytest.raises((BooksDoNotBalanceError, LotsDoNotAddUpError)):
        world.send(order("o9", placed_at="2026-07-02 12:30"), time="2026-07-02 12:30")
    assert (world.tables, len(world.outputs)) == (tables, outputs)


def test_ms_20_a_deadline_finds_it_too() -> None:
    world = broken(eventful(), set_to(booked=344))
    with pytest.raises(BooksDoNotBalanceError, match="entries sum to 344; available 345"):
        world.tick("2026-07-02 13:00")


def test_ms_20_all_other_members_go_on() -> None:
    world = broken(eventful(), set_to(booked=344))
    world.send(("points.joined", {"birth_date": "1990-05-05", "state": "CA"}), member="m-2", time="2026-07-02 12:00")
    placed = order("o1", placed_at="2026-07-02 12:30")
    assert world.send(placed, member="m-2", event_id="other").outcome == "applied"


def test_ms_20_a_long_life_in_pairs_of_instants() -> None:
    """Earned, reserved, claimed, returned and expired around the same midnights: the books are checked at each step."""
    world = member()
    for n in range(12):
        midnight = at(pacific("2026-03-08 00:00")) + timedelta(days=n)
        for k, moment in enumerate((midnight - timedelta(microseconds=1), midnight)):
            when = moment.replace(tzinfo=None).isoformat(" ")
            bonus = {"offer_id": "x", "points": 9, "expires_on": f"2026-03-{9 + n:02}"}
            fact = order(f"o{n}-{k}", line("l1", "5.00", 2, bonus=bonus), placed_at=when, points_redeemed=n)
            world.send(fact, event_id=f"o{n}-{k}", time=when)
            world.send(reserved(5, f"s{n}-{k}"), event_id=f"s{n}-{k}", time=when)
            world.check_books()
            if n % 3 == k:
                world.send(returned(f"r{n}-{k}", f"o{n}-{k}", l1=1), event_id=f"r{n}-{k}", time=when)
            world.tick(when)
            world.check_books()
    world.tick("2029-01-01 00:00")
    assert world.points.available == 0
    world.check_books()
