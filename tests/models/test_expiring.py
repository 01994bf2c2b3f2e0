"""MS-6: points expire with the last instant of their last day. Their reminders are in `test_reminding.py`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.state import Due
from tests.models.facts import at, cancelled, line, order, pacific, return_rejected, returned
from tests.models.world import World, earned, member

MICROSECOND = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    """A Pacific wall time as an instant."""
    return at(pacific(text))


def text(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def due(world: World, what: str) -> list[tuple[str, datetime]]:
    return [(due.ref, due.at) for due in world.member().due if due.what == what]


def redeeming(points: int, placed_at: str, order_id: str = "buy") -> tuple[str, dict[str, Any]]:
    return order(order_id, line("l1", "500.00"), signed_in=False, points_redeemed=points, placed_at=pacific(placed_at))


def promotion(expires_on: str, points: int = 50, order_id: str = "promo", placed_at: str = "2026-03-02 12:00") -> Any:
    """An order that earns `points` as a bonus with that last day, and none besides."""
    bonus = {"offer_id": "x", "points": points, "expires_on": expires_on}
    return order(order_id, line("l1", "0.25", bonus=bonus), placed_at=pacific(placed_at))


# MS-6


@pytest.mark.parametrize(
    ("placed_at", "last_instant_utc"),
    [
        ("2026-03-02 12:00", "2028-03-03 08:00"),
        ("2026-03-02 23:59:59.999999", "2028-03-03 08:00"),
        ("2026-03-03 00:00", "2028-03-04 08:00"),
        ("2026-03-12 12:00", "2028-03-13 07:00"),  # 12 March 2028: summer time begins, the day has 23 hours
        ("2026-03-11 12:00", "2028-03-12 08:00"),
        ("2026-11-05 12:00", "2028-11-06 08:00"),  # 5 November 2028: it ends, the day has 25 hours
        ("2026-11-04 12:00", "2028-11-05 07:00"),
        ("2028-02-29 12:00", "2030-03-01 08:00"),  # last day 28 February
        ("2027-02-28 12:00", "2029-03-01 08:00"),
        ("2026-01-31 12:00", "2028-02-01 08:00"),
        ("2026-12-31 12:00", "2029-01-01 08:00"),
    ],
)
def test_ms_6_usable_up_to_the_last_microsecond_of_the_day(placed_at: str, last_instant_utc: str) -> None:
    """Two members with the same lot, the sweep being late for both: one redeems in time, one a microsecond later."""
    end = at(last_instant_utc)
    for moment, taken in ((end - MICROSECOND, 100), (end, 0)):
        world = World(now="2025-12-01 00:00")
        world.send(("points.joined", {"birth_date": "1990-05-05", "state": "CA"}))
        earned(world, ("o1", 100, placed_at))
        assert ("points.expire", end) in [(d.what, d.at) for d in world.member().due]
        bought = order("buy", line("l1", "1.00"), signed_in=False, points_redeemed=100, placed_at=text(moment))
        world.send(bought)
        assert sum(entry.points for entry in world.ledger if entry.lot_id == "o1") == 100 - taken
        assert world.points.debt == 100 - taken
        world.check_books()
        world.tick(text(end))
        assert world.told.count("points.expired") == (0 if taken else 1)
        world.check_books()


def test_ms_6_a_lot_expires_at_midnight_and_not_before_once_and_visibly() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"), ("o2", 40, "2026-03-02 18:00"))
    end = utc("2028-03-03 00:00")
    world.tick(text(end - MICROSECOND))
    assert world.balance() == (140, 0)
    assert "points.expired" not in world.told
    world.tick(text(end))
    assert world.balance() == (0, 0)
    entries = [(entry.kind, entry.lot_id, entry.points, entry.clause, entry.at) for entry in world.ledger[-2:]]
    assert entries == [("expire", "o1", -100, "MS-6", end), ("expire", "o2", -40, "MS-6", end)]
    assert world.ledger[-1].balance_after.available == 0
    assert [str(entry.cause.id) for entry in world.ledger[-2:]] == ["2028-03-02@2028-03-03T08:00:00Z"] * 2
    notice = world.notice("points.expired")
    assert (notice.clause, notice.not_before, notice.legal_class) == ("MS-6", end, "transactional")
    assert notice.params == {"points": 140, "expired_on": "2028-03-02"}
    assert notice.ledger == tuple(entry.entry_id for entry in world.ledger[-2:])
    assert world.points.expired == 140
    world.tick("2028-04-01 00:00")
    assert world.told.count("points.expired") == 1
    assert world.member().due == []
    world.check_books()


def test_ms_6_gen_4_after_a_long_silence_each_day_expires_with_its_own_date() -> None:
    world = earned(
        member(), ("o1", 100, "2026-03-02 12:00"), ("o2", 40, "2026-03-04 12:00"), ("o3", 8, "2026-06-01 12:00")
    )
    world.tick("2028-03-20 12:00")
    expired = [(entry.lot_id, entry.at, entry.booked_at) for entry in world.ledger if entry.kind == "expire"]
    assert expired == [
        ("o1", utc("2028-03-03 00:00"), at("2028-03-20 12:00")),
        ("o2", utc("2028-03-05 00:00"), at("2028-03-20 12:00")),
    ]
    assert [n.params["expired_on"] for n in world.notices if n.kind == "points.expired"] == ["2028-03-02", "2028-03-04"]
    assert due(world, "points.expire") == [("2028-06-01", utc("2028-06-02 00:00"))]
    world.check_books()


def test_ms_6_what_was_used_up_does_not_expire() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"), ("o2", 40, "2026-03-09 12:00"))
    world.send(redeeming(100, "2026-04-01 12:00"))
    world.tick("2028-03-09 00:00")
    assert "points.expired" not in world.told
    assert world.balance() == (40, 0)
    world.tick(pacific("2028-03-10 00:00"))
    assert world.notice("points.expired").params == {"points": 40, "expired_on": "2028-03-09"}


def test_ms_6_redeemed_before_the_end_of_the_day_though_the_sweep_is_late() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"))
    world.send(redeeming(30, "2028-03-02 23:59:59"))
    world.tick("2028-03-09 00:00")
    assert world.booked == [("earn", 100), ("redeem", -30), ("expire", -70)]
    assert world.balance() == (0, 0)
    world.check_books()


def test_ms_6_redeemed_after_the_end_of_the_day_though_the_sweep_is_late() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"), ("o2", 40, "2026-03-09 12:00"))
    answer = world.send(redeeming(50, "2028-03-03 00:00"))
    assert world.moved_by(answer) == [("redeem", "o2", -40), ("redeem", None, -10)]
    world.tick("2028-03-04 00:00")
    assert [(entry.kind, entry.lot_id) for entry in world.ledger[-1:]] == [("expire", "o1")]
    world.check_books()


@pytest.mark.parametrize(("now", "left"), [("2026-06-30 23:59:59.999999", 50), ("2026-07-01 00:00", 0)])
def test_ms_6_points_told_of_after_their_last_day_expire_at_once(now: str, left: int) -> None:
    world = member(now="2026-06-30 12:00")
    world.tick(pacific(now))
    answer = world.send(promotion("2026-06-30"))
    assert world.balance() == (left, 0)
    assert ("50 are past their last day and expired at once (MS-6" in answer.says) is (left == 0)
    assert world.told.count("points.expired") == (left == 0)
    world.tick(pacific("2026-07-01 00:01"))
    assert (world.balance(), world.points.expired, world.told.count("points.expired")) == ((0, 0), 50, 1)
    world.check_books()


def test_ms_6_gen_2_of_an_order_told_after_its_last_days_any_order_of_arrival_ends_alike() -> None:
    """Given an order and a return of it that is rejected, told between two ticks, when it is cancelled before or after, alike."""
    ends = []
    for arrivals in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1)):
        world = member(now="2026-08-01 12:00")
        world.send(promotion("2026-06-30", order_id="o1"), event_id="placed")
        facts = [returned("r1", l1=1), return_rejected("r1"), cancelled("o1")]
        for number in arrivals:
            world.send(facts[number], event_id=f"e{number}")
        points = world.points
        ends.append((world.balance(), world.left, points.earned, points.taken_back, points.expired))
    assert ends == [ends[0]] * 4


def test_ms_6_points_earned_later_that_expire_earlier_do_so_on_their_day() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"))
    world.send(promotion("2026-06-30"))
    assert due(world, "points.expire") == [("2026-06-30", utc("2026-07-01 00:00"))]
    world.tick(pacific("2026-07-01 00:00"))
    assert (world.points.expired, world.left) == (50, {"o1": 100})
    assert [day for day, _ in due(world, "points.expire")] == ["2028-03-02"]
    world.check_books()


def test_ms_6_a_lot_that_was_opened_again_expires_on_its_day() -> None:
    world = earned(member(), ("o1", 100, "2026-03-02 12:00"))
    world.send(redeeming(100, "2026-04-01 12:00"))
    assert world.left == {}
    world.send(cancelled("buy"), time="2026-05-01 12:00")
    assert world.left == {"o1": 100}
    world.tick(pacific("2028-03-02 23:59"))
    assert world.balance() == (100, 0)
    world.tick(pacific("2028-03-03 00:00"))
    assert world.balance() == (0, 0)
    world.check_books()


def test_gen_4_one_deadline_of_each_kind_for_any_number_of_lots() -> None:
    world = earned(member(), *[(f"o{n}", 2, f"2026-03-{n:02} 12:00") for n in range(2, 30)])
    assert world.member().due == [
        Due(utc("2028-01-02 00:00"), "points.remind", "2028-01-02"),
        Due(utc("2028-03-03 00:00"), "points.expire", "2028-03-02"),
    ]
