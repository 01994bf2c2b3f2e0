"""The shop's dates on another calendar: real dates, the same weekdays and hours, whatever the years and the stretch."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.restated import restated
from samples.retail_rows import ZONE

FIRST = datetime(2010, 12, 1, 8, 26, tzinfo=ZONE)
"""A Wednesday."""

moments = st.integers(0, 400 * 1440).map(lambda minutes: FIRST + timedelta(minutes=minutes))


def test_without_years_and_stretch_nothing_moves() -> None:
    assert restated(FIRST, 0, 1)(FIRST) == FIRST


@pytest.mark.parametrize(
    ("at", "moved"),
    [
        ("2010-12-01T08:26", "2025-12-03T08:26"),  # fifteen years, to the nearest Wednesday
        ("2010-12-05T23:59", "2025-12-07T23:59"),  # the Sunday of the first week
        ("2010-12-06T00:00", "2026-01-05T00:00"),  # the Monday after: five weeks after that Monday, not one
        ("2011-03-28T09:00", "2027-07-19T09:00"),  # summer time by then
    ],
)
def test_a_week_becomes_five(at: str, moved: str) -> None:
    restate = restated(FIRST, 15, 5)
    assert restate(datetime.fromisoformat(at).replace(tzinfo=ZONE)) == datetime.fromisoformat(moved).replace(
        tzinfo=ZONE
    )


@given(moments, moments, st.integers(-10, 80), st.integers(1, 52))
def test_weekday_hour_and_order_stay(one: datetime, other: datetime, years: int, stretch: int) -> None:
    restate = restated(FIRST, years, stretch)
    moved = restate(one)
    assert (moved.weekday(), moved.time()) == (one.weekday(), one.time())
    assert (restate(other).replace(tzinfo=None) > moved.replace(tzinfo=None)) == (
        other.replace(tzinfo=None) > one.replace(tzinfo=None)
    )
    assert abs((restate(FIRST) - FIRST).days / 365.2425 - years) < 5 / 365
