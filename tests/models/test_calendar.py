"""Days, months, business days in the programme zone: every boundary in a pair."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import Calendar, Closure, add_months, add_years, age_on
from models.policies import STANDARD
from tests.models.facts import at

PACIFIC = STANDARD.calendar


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-01-15 07:59:59", "2026-01-14"),
        ("2026-01-15 08:00:00", "2026-01-15"),
        ("2026-07-15 06:59:59", "2026-07-14"),
        ("2026-07-15 07:00:00", "2026-07-15"),
        ("2026-03-08 07:59:59", "2026-03-07"),  # summer time begins that day
        ("2026-03-09 06:59:59", "2026-03-08"),
        ("2026-11-01 06:59:59", "2026-10-31"),  # and ends that day
        ("2026-11-02 07:59:59", "2026-11-01"),
    ],
)
def test_the_day_of_an_instant(instant: str, expected: str) -> None:
    assert PACIFIC.day_of(at(instant)) == day(expected)


@pytest.mark.parametrize(
    ("on", "end"),
    [
        ("2026-01-15", "2026-01-16 08:00"),
        ("2026-07-15", "2026-07-16 07:00"),
        ("2026-03-07", "2026-03-08 08:00"),
        ("2026-03-08", "2026-03-09 07:00"),  # 23 hours long
        ("2026-11-01", "2026-11-02 08:00"),  # 25 hours long
        ("2026-12-31", "2027-01-01 08:00"),
    ],
)
def test_by_the_end_of_a_day_means_before_the_next_begins(on: str, end: str) -> None:
    assert PACIFIC.end_of(day(on)) == at(end)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 30)))
def test_a_day_is_what_lies_between_its_ends(on: date) -> None:
    tick = timedelta(microseconds=1)
    assert PACIFIC.day_of(PACIFIC.start_of(on)) == on == PACIFIC.day_of(PACIFIC.end_of(on) - tick)
    assert PACIFIC.day_of(PACIFIC.end_of(on)) == on + timedelta(days=1)


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-08-31", 24, "2028-08-31"),
        ("2026-02-28", 24, "2028-02-28"),
    ],
)
def test_months_keep_their_anchor(anchor: str, months: int, expected: str) -> None:
    assert add_months(day(anchor), months) == day(expected)


@pytest.mark.parametrize(("years", "expected"), [(1, "2029-02-28"), (4, "2032-02-29"), (72, "2100-02-28")])
def test_years_keep_their_anchor(years: int, expected: str) -> None:
    assert add_years(day("2028-02-29"), years) == day(expected)


@pytest.mark.parametrize(
    ("birth", "on", "age"),
    [
        ("2008-03-10", "2026-03-09", 17),
        ("2008-03-10", "2026-03-10", 18),
        ("2008-02-29", "2026-02-27", 17),
        ("2008-02-29", "2026-02-28", 18),
        ("2008-02-29", "2028-02-28", 19),
        ("2008-02-29", "2028-02-29", 20),
    ],
)
def test_age(birth: str, on: str, age: int) -> None:
    assert age_on(day(birth), day(on)) == age


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("2026-07-02", None),
        ("2026-07-03", "Independence Day (observed)"),
        ("2026-07-04", "Saturday"),
        ("2027-06-18", "Juneteenth National Independence Day (observed)"),
        ("2027-12-31", "New Year's Day (observed)"),
        ("2026-11-26", "Thanksgiving Day"),
        ("2026-11-27", None),
        ("2026-10-12", "Columbus Day"),
    ],
)
def test_federal_holidays_on_their_observed_dates(on: str, why: str | None) -> None:
    assert PACIFIC.why_off(day(on)) == why


def test_own_closures_are_days_off_with_their_names() -> None:
    own = Calendar("America/Los_Angeles", {day("2026-11-27"): Closure("Depot inventory")})
    clock = own.business_clock(at("2026-11-25 20:00"), 1)
    assert [why for _, why in clock.days] == ["Thanksgiving Day", "Depot inventory", "Saturday", "Sunday", None]
    assert clock.last_day == day("2026-11-30")
    assert clock.calendar != PACIFIC.business_clock(at("2026-11-25 20:00"), 1).calendar


@pytest.mark.parametrize(("started", "last_day"), [("2026-11-22", "2026-11-27"), ("2026-11-23", "2026-12-01")])
def test_a_closure_counts_for_clocks_that_start_once_it_was_announced(started: str, last_day: str) -> None:
    own = Calendar("America/Los_Angeles", {day("2026-11-27"): Closure("Depot inventory", day("2026-11-23"))})
    clock = own.business_clock(own.start_of(day(started)), 4)
    assert str(clock.last_day) == last_day


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(1, 10))
def test_a_business_clock_counts_just_the_working_days_after_the_start(start: date, count: int) -> None:
    clock = PACIFIC.business_clock(PACIFIC.start_of(start), count)
    assert sum(skipped is None for _, skipped in clock.days) == count
    assert clock.days[-1].skipped is None
    assert clock.days[0].day > start
    assert all(PACIFIC.why_off(on) == skipped for on, skipped in clock.days)


def test_the_pinned_holidays_are_what_they_were_when_clocks_were_counted_with_them() -> None:
    """REP-10 Weekdays from 2020 to 2040 that are no business days. What differs would move promises that were made."""
    golden = Path(__file__).parent / "golden" / "federal_days_off.txt"
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range((date(2041, 1, 1) - date(2020, 1, 1)).days)]
    found = [f"{on} {why}" for on in days if on.weekday() < 5 and (why := PACIFIC.why_off(on))]
    assert found == golden.read_text().splitlines()
