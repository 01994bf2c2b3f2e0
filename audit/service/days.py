"""REP-10 The depot's days: clocks that count business days, and the times in which they stand still."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from audit.account.days import day_of, end_of, federal_days_off

DAY: Final = timedelta(days=1)
Closures = Mapping[date, tuple[str, date]]
"""The depot's own days off: name, and when it was announced; clocks that had started by then count the day."""


class Pause(NamedTuple):
    """A time in which a clock stands still; ``until`` None: it is not over."""

    since: datetime
    until: datetime | None
    why: str


class Clock(NamedTuple):
    """Each day after that of the start, with every reason for which it is skipped: none, it is counted."""

    days: list[tuple[date, frozenset[str]]]
    deadline: datetime | None
    """The first instant that is too late; None: it stands still."""


def why_off(day: date, started: date, closures: Closures) -> set[str]:
    """Why nothing is done on that day, as was known on the day on which the clock started."""
    reasons = set[str]()
    if day.weekday() > 4:
        reasons.add("weekend")
    if day in federal_days_off(day.year):
        reasons.add("holiday")
    if day in closures and closures[day][1] <= started:
        reasons.add(closures[day][0])
    return reasons


def count(start: datetime, days: int, zone: ZoneInfo, closures: Closures, pauses: Iterable[Pause] = ()) -> Clock:
    """So many business days after the day of the start. A day that a pause touches is skipped; none follows one in
    which the clock stands still for good."""
    started = day = day_of(start, zone)
    shown: list[tuple[date, frozenset[str]]] = []
    pauses = [pause for pause in pauses if pause.until is None or pause.until > start]
    while days:
        day += DAY
        touching = [pause for pause in pauses if _touches(pause, day, zone)]
        reasons = why_off(day, started, closures) | {pause.why for pause in touching}
        shown.append((day, frozenset(reasons)))
        if any(pause.until is None for pause in touching):
            return Clock(shown, None)
        days -= not reasons
    return Clock(shown, end_of(day, zone))


def _touches(pause: Pause, day: date, zone: ZoneInfo) -> bool:
    return pause.since < end_of(day, zone) and (pause.until is None or pause.until > end_of(day - DAY, zone))


def end_of_day_after(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The end of the day that many days after that of the instant."""
    return end_of(day_of(instant, zone) + days * DAY, zone)


def pauses_of(said: Iterable[tuple[datetime, bool]], why: str) -> list[Pause]:
    """What begins (true) and what ends, in the order in which it happened: from each beginning to the next end."""
    found: list[Pause] = []
    for at, begins in said:
        if begins and not (found and found[-1].until is None):
            found.append(Pause(at, None, why))
        elif not begins and found and found[-1].until is None:
            found[-1] = found[-1]._replace(until=at)
    return found
