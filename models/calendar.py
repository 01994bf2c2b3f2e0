"""Days, months and business days in the programme zone: every date question of the rules is answered here.

Instants are aware datetimes, days are dates of the programme zone. "By the end of day D" is the instant 00:00 of
D + 1 there, whatever daylight saving does that night. Years and months are always counted from their anchor, never
chained: 31 Jan + 1 month = 28 Feb and + 2 months = 31 Mar.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta

_LAST_MS = 253_402_300_799_999
"""The end of the year 9999, in milliseconds."""
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


def record_time(timestamp_ms: int) -> datetime:
    """The time of a record, which is whatever its producer says; of one that no calendar has, the nearest that one has."""
    return datetime.fromtimestamp(min(max(timestamp_ms, 0), _LAST_MS) / 1000, UTC)


class CountedDay(NamedTuple):
    """One day of a business-day clock: counted, or skipped with the reason."""

    day: date
    skipped: str | None


class Pause(NamedTuple):
    """A time in which a clock stands still: each day that it touches is skipped."""

    since: datetime
    until: datetime | None
    """None: not over, as far as is known."""
    why: str


class Clock(NamedTuple):
    """REP-10 The working of a business-day clock: every day up to the last counted one, and the deadline."""

    days: tuple[CountedDay, ...]
    """Of one that stands still: up to the day since which it does."""
    last_day: date | None
    """None: it stands still, so nobody knows yet."""
    deadline: datetime | None
    """The first instant that is too late."""
    calendar: str
    """Version of the calendar it was counted with."""

    @property
    def fixed(self) -> tuple[date, datetime]:
        """Last day and deadline of a clock that nothing can stop."""
        if self.last_day is None or self.deadline is None:
            raise ValueError("a clock that stands still has no deadline")
        return self.last_day, self.deadline


class Closure(NamedTuple):
    """A day off besides weekends and holidays."""

    name: str
    announced: date = date.min
    """Clocks that started before this day count the closed day as a working day, as was promised then."""


class Calendar:
    """The programme's zone and working days: Monday to Friday without US federal holidays and own closures."""

    def __init__(self, zone: str, closures: Mapping[date, Closure]) -> None:
        """`zone` is an IANA name; `closures` are further days off."""
        self.zone = ZoneInfo(zone)
        self._closures = dict(closures)
        self._holidays = holidays.country_holidays("US")
        self._edition = version("holidays")

    def version_on(self, start: date) -> str:
        """What clocks that start on that day are counted with: the holidays' edition, and the closures announced by then."""
        known = sorted((day, closure.name) for day, closure in self._closures.items() if closure.announced <= start)
        mark = f" ({blake2b(repr(known).encode(), digest_size=4).hexdigest()})" if known else ""
        return f"US federal holidays {self._edition}, {len(known)} own closures{mark}"

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

    def why_off(self, day: date, as_of: date = date.max) -> str | None:
        """Why the day is no business day, as was known on `as_of`; None when it is one."""
        closure = self._closures.get(day)
        closed = closure.name if closure and closure.announced <= as_of else None
        return _WEEKEND.get(day.weekday()) or closed or self._holidays.get(day)

    def business_clock(self, start: datetime, count: int, pauses: Sequence[Pause] = ()) -> Clock:
        """`count` business days after the day of `start` (which is never counted), up to the end of the last.

        Days that a pause touches are skipped. In one that is not over the clock stands still: no deadline yet.
        """
        days: list[CountedDay] = []
        started_on = day = self.day_of(start)
        left, calendar = count, self.version_on(started_on)
        while left:
            day += timedelta(days=1)
            pause = self._pause_on(day, pauses)
            skipped = self.why_off(day, started_on) or (pause.why if pause else None)
            days.append(CountedDay(day, skipped))
            if pause and pause.until is None:
                return Clock(tuple(days), None, None, calendar)
            left -= skipped is None
        return Clock(tuple(days), day, self.end_of(day), calendar)

    def _pause_on(self, day: date, pauses: Sequence[Pause]) -> Pause | None:
        """The pause that the day is touched by; of several one that is not over."""
        start, end = self.start_of(day), self.end_of(day)
        found = [pause for pause in pauses if pause.since < end and (pause.until is None or pause.until > start)]
        return min(found, key=lambda pause: (pause.until is not None, pause.since, pause.why), default=None)
