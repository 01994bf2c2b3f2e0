"""MS-6, MS-17: points expire with the last instant of their last day, and the member is reminded in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.outputs.notifications import Notification
from models.state import Due
from tests.models.world import (
    World,
    adjusted,
    at,
    cancelled,
    earned,
    line,
    member,
    order,
    pacific,
    reserved,
    return_rejected,
    returned,
)

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


# MS-17


def reminders(world: World) -> list[tuple[str, str, int, int]]:
    """(due, last day, days left, points) of each reminder."""
    return [
        (
            f"{n.not_before:%m-%d %H:%M}",
            str(n.params["expires_on"]),
            int(n.params["days_left"]),
            int(n.params["points"]),
        )  # type: ignore[call-overload]
        for n in world.notices
        if n.kind == "points.expiring"
    ]


def test_ms_17_reminded_60_30_and_7_days_before_at_midnight_each_replacing_the_last() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    seen = []
    for lead in (60, 30, 7):
        day = utc("2026-06-30 00:00") - timedelta(days=lead)  # no change of summer time in between
        world.tick(text(day - MICROSECOND))
        seen.append(len(reminders(world)))
        world.tick(text(day))
        seen.append(len(reminders(world)))
    assert seen == [0, 1, 1, 2, 2, 3]
    assert reminders(world) == [
        ("05-01 07:00", "2026-06-30", 60, 50),
        ("05-31 07:00", "2026-06-30", 30, 50),
        ("06-23 07:00", "2026-06-30", 7, 50),
    ]
    ids = [of for of, n in zip(world.ids(Notification), world.notices, strict=True) if n.kind == "points.expiring"]
    assert [n.replaces for n in world.notices if n.kind == "points.expiring"] == [(), (ids[0],), (ids[1],)]
    [first] = [n for n in world.notices if n.params.get("days_left") == 60]
    assert (first.clause, first.program, first.legal_class) == ("MS-17", "points", "transactional")
    assert (first.cause.source, first.cause.id) == (
        "/memberships/deadlines/points.remind",
        "2026-05-01@2026-05-01T07:00:00Z",
    )
    world.tick(pacific("2026-07-01 00:00"))
    assert [kind for kind in world.told if kind in ("retracted", "points.expired")] == ["points.expired"]
    world.check_books()


def test_ms_17_at_midnight_of_the_programme_zone_in_winter_time_too() -> None:
    world = member()
    world.send(promotion("2026-12-10"))
    world.tick("2026-12-31 00:00")
    assert [when for when, *_ in reminders(world)] == []  # all missed: it has expired
    world = member()
    world.send(promotion("2026-12-10"))
    for day in ("2026-10-11", "2026-11-10", "2026-12-03"):
        world.tick(pacific(f"{day} 00:00"))
    assert [when for when, *_ in reminders(world)] == ["10-11 07:00", "11-10 08:00", "12-03 08:00"]


def test_ms_17_one_a_day_and_lead_however_many_lots() -> None:
    world = member()
    for n in range(3):
        world.send(promotion("2026-06-30", order_id=f"p{n}", placed_at=f"2026-03-0{n + 2} 12:00"))
    world.send(promotion("2026-07-01", 7, order_id="other"))
    world.tick(pacific("2026-05-01 00:00"))
    world.tick(pacific("2026-05-02 00:00"))
    assert reminders(world) == [("05-01 07:00", "2026-06-30", 60, 150), ("05-02 07:00", "2026-07-01", 60, 7)]


def test_ms_17_several_leads_on_one_day_are_a_notice_each() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.send(promotion("2026-05-31", 7, order_id="other"))
    world.tick(pacific("2026-05-01 00:00"))
    assert reminders(world) == [("05-01 07:00", "2026-06-30", 60, 50), ("05-01 07:00", "2026-05-31", 30, 7)]


@pytest.mark.parametrize(
    ("back", "sent"),
    [
        ("2026-05-30 23:59", [("05-01 07:00", "2026-06-30", 31, 50)]),
        ("2026-05-31 00:00", [("05-31 07:00", "2026-06-30", 30, 50)]),
        ("2026-06-25 12:00", [("06-23 07:00", "2026-06-30", 5, 50)]),
        ("2026-06-30 23:59", [("06-23 07:00", "2026-06-30", 0, 50)]),
        ("2026-07-01 00:00", []),
    ],
)
def test_ms_17_gen_4_of_the_leads_that_were_missed_only_the_latest_is_sent(back: str, sent: list[Any]) -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific(back))
    assert reminders(world) == sent
    world.check_books()


def test_ms_17_of_two_lots_with_one_last_day_the_later_one_shares_the_reminders_to_come() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(promotion("2026-06-30", 7, order_id="other"))
    world.tick(pacific("2026-05-31 00:00"))
    assert reminders(world) == [("05-01 07:00", "2026-06-30", 60, 50), ("05-31 07:00", "2026-06-30", 30, 57)]


def test_ms_17_an_order_with_two_last_days_is_reminded_of_both() -> None:
    """One bonus whose leads are over, and one whose first lead comes before the first bonus expires."""
    world = member()
    world.send(promotion("2026-06-30", order_id="earlier"))
    world.tick(pacific("2026-05-01 00:00"))
    bonuses = [
        {"offer_id": str(n), "points": n, "expires_on": day} for n, day in ((5, "2026-05-08"), (6, "2026-07-02"))
    ]
    lines = [line(f"l{n}", "0.25", bonus=bonus) for n, bonus in enumerate(bonuses)]
    world.send(order("both", *lines, placed_at=pacific("2026-05-01 12:00")))
    world.tick(pacific("2026-05-03 00:00"))
    assert ("05-03 07:00", "2026-07-02", 60, 6) in reminders(world)


def test_ms_17_ntf_3_withdrawn_when_the_points_are_used_first() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(redeeming(49, "2026-05-02 12:00", "most"))
    assert "retracted" not in world.told
    world.send(redeeming(1, "2026-05-03 12:00", "rest"))
    retraction = world.notice("retracted")
    assert retraction.params == {
        "retracts": world.notice_id("points.expiring"),
        "why": "nothing is left to expire that day",
    }
    assert (retraction.clause, retraction.cause.id) == ("MS-17", world.decisions[-1].event.id)
    world.tick(pacific("2026-07-01 00:00"))
    assert len(reminders(world)) == 1
    assert "points.expired" not in world.told
    world.check_books()


def test_ms_17_used_before_the_first_lead_nothing_is_told() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.send(redeeming(50, "2026-04-02 12:00"))
    world.tick(pacific("2026-07-02 00:00"))
    assert (reminders(world), world.told.count("retracted")) == ([], 0)


def test_ms_17_withdrawn_only_when_all_lots_of_the_day_are_used() -> None:
    world = member()
    world.send(promotion("2026-06-30", order_id="p1"))
    world.send(promotion("2026-06-30", order_id="p2", placed_at="2026-03-03 12:00"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(redeeming(50, "2026-05-02 12:00"))
    assert "retracted" not in world.told
    world.send(returned("r1", "p2", l1=1), time="2026-05-03 12:00")
    assert "retracted" in world.told


def reminded_then_returned(returned_at: str = "2026-05-03 12:00") -> World:
    """Given 50 points to expire on 30 June, the reminder of 1 May, and a return that takes all of them."""
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.tick(returned_at)
    world.send(returned("r1", "promo", l1=1))
    assert world.told[-1] == "retracted"
    return world


def test_ms_17_ntf_3_points_that_come_back_are_told_of_again_by_what_brought_them_back() -> None:
    """When the return is rejected, then the reminder is told again, once for that cause; the next lead replaces it."""
    world = reminded_then_returned()
    world.tick("2026-05-04 12:00")
    answer = world.send(return_rejected("r1"), event_id="x1")
    assert world.told_by(answer) == ["points.restored", "points.expiring"]
    again = world.notices[-1]
    assert again.params == {"points": 50, "expires_on": "2026-06-30", "days_left": 57}
    assert (again.clause, again.cause.id, again.replaces) == ("MS-17", "x1", ())
    ids = [of for of, n in zip(world.ids(Notification), world.notices, strict=True) if n.kind == "points.expiring"]
    assert len(set(ids)) == 2
    world.tick(pacific("2026-05-31 00:00"))
    assert [lead for _, _, lead, _ in reminders(world)] == [60, 57, 30]
    assert world.notices[-1].replaces == (ids[1],)
    world.check_books()


def test_ms_17_ntf_3_withdrawn_and_told_again_as_often_as_the_points_go_and_come() -> None:
    world = reminded_then_returned()
    world.send(return_rejected("r1"))
    world.send(returned("r2", "promo", l1=1))
    world.send(return_rejected("r2"))
    assert [kind for kind in world.told if kind in ("points.expiring", "retracted")] == [
        "points.expiring", "retracted", "points.expiring", "retracted", "points.expiring"
    ]  # fmt: skip
    assert len({of for kind, of in world.standing() if kind == "points.expiring"}) == 1
    world.check_books()


@pytest.mark.parametrize(("when", "again"), [("2026-06-30 23:59:59.999999", 1), ("2026-07-01 00:00", 0)])
def test_ms_17_told_again_up_to_the_last_day_and_not_after_it(when: str, again: int) -> None:
    world = reminded_then_returned(pacific("2026-06-29 12:00"))
    told = len(reminders(world))
    world.tick(pacific(when))
    world.send(return_rejected("r1"))
    assert len(reminders(world)) - told == again
    assert world.told.count("points.expired") == 1 - again
    world.check_books()


def test_ms_17_redeemed_points_that_are_restored_are_told_of_again_too() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(redeeming(50, "2026-05-02 12:00"))
    world.send(cancelled("buy"), time=pacific("2026-05-02 13:00"))
    assert [points for *_, points in reminders(world)] == [50, 50]


def test_ms_17_released_points_are_told_of_again_if_their_reminder_was_withdrawn() -> None:
    """Given 50 of 60 points set aside and the other 10 spent, when the 50 are released, then they are told of again."""
    world = member()
    world.send(promotion("2026-06-30", 60))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(reserved(50), time=pacific("2026-05-01 12:00"))
    world.send(redeeming(10, "2026-05-01 12:01"))
    assert "retracted" in world.told
    world.tick(pacific("2026-05-01 13:00"))
    assert [points for *_, points in reminders(world)] == [60, 50]
    assert world.notices[-1].cause.source == "/memberships/deadlines/points.reservation"


def test_ms_17_gen_4_points_released_on_their_last_day_are_not_told_of_when_it_is_over() -> None:
    """Given a reservation that runs out in the last hour of that day, when the clock is late, then they just expire."""
    world = member()
    world.send(promotion("2026-06-30", 60))
    world.tick(pacific("2026-06-30 12:00"))
    world.send(reserved(50), time=pacific("2026-06-30 22:00"))
    world.send(redeeming(10, "2026-06-30 22:01"))
    told = reminders(world)
    world.tick(pacific("2026-07-01 12:00"))
    assert world.told[-2:] == ["points.reservation_expired", "points.expired"]
    assert reminders(world) == told
    world.check_books()


def test_ms_17_what_is_told_of_the_order_later_replaces_no_reminder() -> None:
    """Given a reminder told again by a rejected return, when the order is cancelled, then it is withdrawn, not replaced."""
    world = reminded_then_returned()
    world.send(return_rejected("r1"))
    again = world.ids(Notification)[-1]
    world.send(cancelled("promo"))
    assert not any(again in notice.replaces for notice in world.notices)
    assert world.notices[-1].params["retracts"] == again


def test_ms_17_new_points_are_no_cause_to_tell_again() -> None:
    """Given a withdrawn reminder, when other points with that last day are earned, then their own notice names the day."""
    world = reminded_then_returned()
    world.send(promotion("2026-06-30", 7, order_id="other"), time="2026-05-03 13:00")
    assert len(reminders(world)) == 1
    world.tick(pacific("2026-05-31 00:00"))
    assert [points for *_, points in reminders(world)] == [50, 7]


def test_ms_17_a_reminder_that_stands_is_not_told_again() -> None:
    world = member()
    world.send(promotion("2026-06-30", order_id="stays"))
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(returned("r1", "promo", l1=1))
    world.send(return_rejected("r1"))
    assert [points for *_, points in reminders(world)] == [100]


def test_ms_17_a_reminder_that_was_withdrawn_is_forgotten() -> None:
    """A member whose points are always used first keeps no list of all reminders that were withdrawn."""
    assert reminded_then_returned().points.reminders == {}


def test_ms_17_reserving_does_not_withdraw_a_reminder_claiming_does() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(reserved(50), time=pacific("2026-05-01 12:00"))
    assert "retracted" not in world.told
    kind, data = redeeming(50, "2026-05-01 12:30")
    world.send((kind, data | {"reservation_id": "s1"}))
    assert "retracted" in world.told


def test_ms_17_points_taken_by_support_withdraw_a_reminder_too() -> None:
    world = member()
    world.send(promotion("2026-06-30"))
    world.tick(pacific("2026-05-01 00:00"))
    world.send(adjusted(-50), time="2026-05-02 12:00")
    assert world.told[-2:] == ["retracted", "points.adjusted"]


def test_ms_17_the_leads_are_a_setting() -> None:
    world = member(reminder_days=(3,))
    world.send(promotion("2026-06-30"))
    assert due(world, "points.remind") == [("2026-06-27", utc("2026-06-27 00:00"))]
    world.tick(pacific("2026-06-27 00:00"))
    assert reminders(world) == [("06-27 07:00", "2026-06-30", 3, 50)]


def test_gen_4_one_deadline_of_each_kind_for_any_number_of_lots() -> None:
    world = earned(member(), *[(f"o{n}", 2, f"2026-03-{n:02} 12:00") for n in range(2, 30)])
    assert world.member().due == [
        Due(utc("2028-01-02 00:00"), "points.remind", "2028-01-02"),
        Due(utc("2028-03-03 00:00"), "points.expire", "2028-03-02"),
    ]
