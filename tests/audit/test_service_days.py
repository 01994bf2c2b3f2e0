"""The depot's calendar, against days worked out by hand."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from audit.service.days import Clock, Closures, Pause, pauses_of
from audit.service.days import count as counted
from audit.service.majeure import Majeure
from models.policies import STANDARD


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def count(start: datetime, days: int, closures: Closures, pauses: Iterable[Pause] = ()) -> Clock:
    return counted(start, days, ZoneInfo(STANDARD.zone), closures, pauses)


def test_three_business_days_over_a_weekend_and_a_holiday() -> None:
    """Friday 16 January 2026, 17:00 Pacific: Tuesday, Wednesday, Thursday count; Monday is Martin Luther King Day."""
    clock = count(utc("2026-01-17 01:00"), 3, {})
    assert [(day.day, set(why)) for day, why in clock.days] == [
        (17, {"weekend"}), (18, {"weekend"}), (19, {"holiday"}), (20, set()), (21, set()), (22, set()),
    ]  # fmt: skip
    assert clock.deadline == utc("2026-01-23 08:00")


@pytest.mark.parametrize(("announced", "last"), [("2026-03-02", 6), ("2026-03-03", 5)])
def test_a_closure_counts_for_clocks_that_start_once_it_is_announced(announced: str, last: int) -> None:
    closures = {date(2026, 3, 4): ("stocktaking", date.fromisoformat(announced))}
    clock = count(utc("2026-03-02 18:00"), 3, closures)
    assert clock.days[-1][0] == date(2026, 3, last)


@pytest.mark.parametrize(("until", "last"), [("2026-03-04 08:00", 6), ("2026-03-04 08:01", 9)])
def test_a_day_that_a_pause_touches_is_skipped(until: str, last: int) -> None:
    """From Tuesday noon up to the end of Tuesday, Pacific, or to a minute later."""
    pause = Pause(utc("2026-03-03 20:00"), utc(until), "parts")
    assert count(utc("2026-03-02 18:00"), 3, {}, [pause]).days[-1][0] == date(2026, 3, last)


def test_a_clock_stands_still_until_its_pause_is_over() -> None:
    clock = count(utc("2026-03-02 18:00"), 3, {}, [Pause(utc("2026-03-04 18:00"), None, "parts")])
    assert clock.deadline is None
    assert [day.day for day, _ in clock.days] == [3, 4]
    assert count(utc("2026-03-02 18:00"), 3, {}, [Pause(utc("2026-03-06 08:00"), None, "parts")]).deadline


def test_pauses_go_from_each_beginning_to_the_next_end() -> None:
    one, two, three = utc("2026-03-02 18:00"), utc("2026-03-03 18:00"), utc("2026-03-04 18:00")
    said = [(one, False), (one, True), (two, True), (two, False), (two, True), (three, False), (three, False)]
    assert pauses_of(said, "parts") == [Pause(one, two, "parts"), Pause(two, three, "parts")]


def test_force_majeure_counts_by_the_times_of_its_words_each_of_them_once() -> None:
    """PRO-11, GEN-2"""
    majeure = Majeure()
    for what, when in (("ended", 4), ("declared", 2), ("ended", 4), ("declared", 6), ("ended", 6)):
        data = SimpleNamespace(program="pro")
        majeure.take(SimpleNamespace(type=f"force_majeure.{what}.v1", time=utc(f"2026-03-0{when} 18:00"), data=data))
    assert [pause[:2] for pause in majeure.pauses()] == [
        (utc("2026-03-02 18:00"), utc("2026-03-04 18:00")), (utc("2026-03-06 18:00"), utc("2026-03-06 18:00")),
    ]  # fmt: skip
    assert len(majeure.said) == 4
