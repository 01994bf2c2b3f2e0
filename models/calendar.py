"""Days, months and business days in the programme zone: every date question of the rules is answered here.

Instants are aware datetimes, days are dates of the programme zone. "By the end of day D" is the instant 00:00 of
D + 1 there, whatever daylight saving does that night. Years and months are always counted from their anchor, never
chained: 31 Jan + 1 month = 28 Feb and + 2 months = 31 Mar.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta

_WEEKEND = {5: "Saturday", 6: "Sunday"}


@lru_cache(maxsize=4096)
def add_months(anchor: date, months: int) -> date:
    """The same day of the month `months` later, clamped to the month's length."""
    return anchor + relativedelta(months=months)


@lru_cache(maxsize=4096)
def add_years(anchor: date, years: int) -> date:
    """The same day `years` later; 29 Feb becomes 28 Feb where the year has none."""
    return anchor + relativedelta(years=years)


def age_on(birth: date, day: date) -> int:
    """Whole years lived on that day; one born on 29 Feb is a year older on 28 Feb of common years."""
    return relativedelta(day, birth).years


def rfc3339(instant: datetime) -> str:
    """A UTC instant as the contract writes it."""
    return instant.isoformat().replace("+00:00", "Z")


class CountedDay(NamedTuple):
    """One day of a business-day clock: counted, or skipped with the reason."""

    day: date
    skipped: str | None


class Clock(NamedTuple):
    """REP-10 The working of a business-day clock: every day up to the last counted one, and the deadline."""

    days: tuple[CountedDay, ...]
    last_day: date
    deadline: datetime


class Calendar:
    """The programme's zone and working days: Monday to Friday without US federal holidays and own closures."""

    def __init__(self, zone: str, closures: Mapping[date, str]) -> None:
        """`zone` is an IANA name; `closures` are further days off, each with the name it is explained by."""
        self.zone = ZoneInfo(zone)
        self._closures = dict(closures)
        self._holidays = holidays.country_holidays("US")
        self.version = f"US federal holidays {version('holidays')}, {len(self._closures)} own closures"

    def day_of(self, instant: datetime) -> date:
        """The day an instant falls on in the programme zone."""
        return instant.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """00:00 of the day in the programme zone, as UTC."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """The first instant that is no longer that day: what happens before it happened in time."""
        return self.start_of(day + timedelta(days=1))

    def days_after(self, instant: datetime, days: int) -> datetime:
        """The same time of day in the programme zone that many days later, as UTC."""
        return (instant.astimezone(self.zone) + timedelta(days=days)).astimezone(UTC)

    def why_off(self, day: date) -> str | None:
        """Why the day is no business day; None when it is one."""
        return _WEEKEND.get(day.weekday()) or self._closures.get(day) or self._holidays.get(day)

    def business_clock(self, start: datetime, count: int) -> Clock:
        """`count` business days after the day of `start` (which is never counted), up to the end of the last."""
        days: list[CountedDay] = []
        day, left = self.day_of(start), count
        while left:
            day += timedelta(days=1)
            skipped = self.why_off(day)
            days.append(CountedDay(day, skipped))
            left -= skipped is None
        return Clock(tuple(days), day, self.end_of(day))
