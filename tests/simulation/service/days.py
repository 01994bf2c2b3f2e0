"""The depot's days, worked out from the law: federal holidays, own closures, and clocks that count between them (REP-10).

Shares nothing with the rules' calendar, whose holidays are a package's list. 5 U.S.C. 6103: eleven days, one of them on a
Saturday is observed on the Friday before it, one on a Sunday on the Monday after.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from tests.simulation.dates import day_of, start_of

DAY: Final = timedelta(days=1)
FIXED: Final = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
"""New Year's Day, Juneteenth, Independence Day, Veterans Day, Christmas Day."""
MONDAYS: Final = ((1, 3), (2, 3), (9, 1), (10, 2))
"""The third of January and February, the first of September, the second of October."""


class Closure(NamedTuple):
    """A day off of the depot's own; clocks that started before it was announced count it."""

    name: str
    announced: date = date.min


class Pause(NamedTuple):
    """A time in which a clock stands still; `until` None: it is not over."""

    since: datetime
    until: datetime | None
    why: str


@dataclass(frozen=True)
class Clock:
    """Each day after the start, with every reason for which it is skipped: none, it is counted."""

    days: tuple[tuple[date, frozenset[str]], ...]
    deadline: datetime | None
    """The first instant that is too late; None: it stands still."""


@lru_cache
def federal_holidays(year: int) -> frozenset[date]:
    """Those observed in the year; New Year's Day of the next one may be."""
    days = [date(year, month, day) for month, day in FIXED] + [date(year + 1, 1, 1)]
    days = [day + DAY * {5: -1, 6: 1}.get(day.weekday(), 0) for day in days]
    days += [_nth(date(year, month, 1), 0, nth) for month, nth in MONDAYS]
    days += [_nth(date(year, 11, 1), 3, 4), _nth(date(year, 6, 1), 0, 1) - 7 * DAY]  # Thanksgiving, Memorial Day
    return frozenset(day for day in days if day.year == year)


def _nth(first: date, weekday: int, nth: int) -> date:
    """The n-th such weekday from a first of a month on."""
    return first + DAY * ((weekday - first.weekday()) % 7 + 7 * (nth - 1))


def why_off(day: date, started: date, closures: Mapping[date, Closure]) -> set[str]:
    """Why nothing is done on that day, as was known on the day on which the clock started."""
    reasons = set[str]()
    if day.weekday() > 4:
        reasons.add("weekend")
    if day in federal_holidays(day.year):
        reasons.add("holiday")
    if day in closures and closures[day].announced <= started:
        reasons.add(closures[day].name)
    return reasons


def count(start: datetime, days: int, closures: Mapping[date, Closure], pauses: Iterable[Pause] = ()) -> Clock:
    """So many business days after the day of the start. A day that a pause touches is skipped; none follows one in
    which the clock stands still for good."""
    started = day = day_of(start)
    shown = []
    pauses = [pause for pause in pauses if pause.until is None or pause.until > start]
    while days:
        day += DAY
        touching = [pause for pause in pauses if _touches(pause, day)]
        reasons = why_off(day, started, closures) | {pause.why for pause in touching}
        shown.append((day, frozenset(reasons)))
        if any(pause.until is None for pause in touching):
            return Clock(tuple(shown), None)
        days -= not reasons
    return Clock(tuple(shown), start_of(day + DAY))


def _touches(pause: Pause, day: date) -> bool:
    return pause.since < start_of(day + DAY) and (pause.until is None or pause.until > start_of(day))


def end_of_day_after(instant: datetime, days: int) -> datetime:
    """The end of the day that many days after that of the instant."""
    return start_of(day_of(instant) + (days + 1) * DAY)


def pauses_of(said: Iterable[tuple[datetime, bool]], why: str) -> list[Pause]:
    """What begins and what ends, in whatever order it was told: from each beginning to the next end."""
    found: list[Pause] = []
    for at, begins in sorted(said):
        if begins and not (found and found[-1].until is None):
            found.append(Pause(at, None, why))
        elif not begins and found and found[-1].until is None:
            found[-1] = found[-1]._replace(until=at)
    return found
