"""Days, months, ages and holidays, written a second time: nothing here is shared with the rules' calendar."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_JUNETEENTH_SINCE: Final = 2021


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day it is in the zone at that instant."""
    return instant.astimezone(zone).date()


@lru_cache(maxsize=4096)
def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Midnight after the day."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def years_later(day: date, years: int) -> date:
    """The same day of a later year; 29 February becomes the 28th where there is no 29th."""
    return date(day.year + years, day.month, min(day.day, monthrange(day.year + years, day.month)[1]))


@lru_cache(maxsize=128)
def federal_days_off(year: int) -> frozenset[date]:
    """The days of a year on which a federal holiday is observed: one on a Saturday the day before, one on a Sunday the day after.

    By the law as it is since 2021 (5 U.S.C. 6103). Inauguration Day is one for the capital's offices alone.
    """
    fixed = [(1, 1), (7, 4), (11, 11), (12, 25), *([(6, 19)] if year >= _JUNETEENTH_SINCE else [])]
    days = [
        *(date(year, month, day) for month, day in fixed),
        date(year + 1, 1, 1),  # on a Saturday it is observed this year
        _nth(year, 1, 3, _MONDAY),
        _nth(year, 2, 3, _MONDAY),
        _nth(year, 6, 1, _MONDAY) - timedelta(days=7),  # the last of May
        _nth(year, 9, 1, _MONDAY),
        _nth(year, 10, 2, _MONDAY),
        _nth(year, 11, 4, _THURSDAY),
    ]
    return frozenset(day for day in map(_observed, days) if day.year == year)


def _nth(year: int, month: int, number: int, weekday: int) -> date:
    """The first, second... Monday or whichever of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    return day + timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def business_days_later(start: date, count: int, closures: Mapping[date, tuple[str, date]]) -> date:
    """The ``count``-th day after ``start`` that is no weekend, federal holiday, or closure that had been announced by then."""
    day = start
    while count:
        day += timedelta(days=1)
        is_closed = day in closures and closures[day][1] <= start
        count -= day.weekday() < _SATURDAY and day not in federal_days_off(day.year) and not is_closed
    return day
