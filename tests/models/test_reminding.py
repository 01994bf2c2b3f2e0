"""MS-17 Reminders before points expire, their withdrawal (NTF-3), and what is told again."""

from datetime import timedelta
from typing import Any

import pytest

from models.outputs.notifications import Notification
from tests.models.facts import adjusted, cancelled, line, order, pacific, reserved, return_rejected, returned
from tests.models.test_expiring import MICROSECOND, due, promotion, redeeming, text, utc
from tests.models.world import World, member


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
