"""Days, months and ages, written a second time: nothing here is shared with the rules' calendar but the holidays' list."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

_SATURDAY: Final = 5


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


def business_days_later(start: date, count: int, closures: Mapping[date, tuple[str, date]]) -> date:
    """The ``count``-th day after ``start`` that is no weekend, federal holiday, or closure that had been announced by then."""
    day = start
    off = holidays.country_holidays("US", years=(day.year, day.year + 1))
    while count:
        day += timedelta(days=1)
        is_closed = day in closures and closures[day][1] <= start
        count -= day.weekday() < _SATURDAY and day not in off and not is_closed
    return day
