"""The depot's calendar, against days worked out by hand."""

from datetime import UTC, date, datetime

import pytest

from tests.simulation.service.days import Closure, Pause, count, federal_holidays, pauses_of


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"),  # 4 July is a Saturday
        (
            2027,
            "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
        ),  # as are Christmas and New Year
        (2028, "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25"),  # New Year was observed in 2027
        (2033, "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26"),  # Sundays on the Mondays after
    ],
)
def test_federal_holidays(year: int, days: str) -> None:
    assert sorted(federal_holidays(year)) == [date.fromisoformat(f"{year}-{day}") for day in days.split()]


def test_three_business_days_over_a_weekend_and_a_holiday() -> None:
    """Friday 16 January 2026, 17:00 Pacific: Tuesday, Wednesday, Thursday count; Monday is Martin Luther King Day."""
    clock = count(utc("2026-01-17 01:00"), 3, {})
    assert [(day.day, set(why)) for day, why in clock.days] == [
        (17, {"weekend"}), (18, {"weekend"}), (19, {"holiday"}), (20, set()), (21, set()), (22, set()),
    ]  # fmt: skip
    assert clock.deadline == utc("2026-01-23 08:00")


@pytest.mark.parametrize(("announced", "last"), [("2026-03-02", 6), ("2026-03-03", 5)])
def test_a_closure_counts_for_clocks_that_start_once_it_is_announced(announced: str, last: int) -> None:
    closures = {date(2026, 3, 4): Closure("stocktaking", date.fromisoformat(announced))}
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


def test_what_was_told_of_pauses_counts_by_its_time() -> None:
    one, two, three = utc("2026-03-02 18:00"), utc("2026-03-03 18:00"), utc("2026-03-04 18:00")
    told = [(three, False), (two, True), (one, True), (two, False)]
    assert pauses_of(told, "parts") == [Pause(one, two, "parts"), Pause(two, three, "parts")]
