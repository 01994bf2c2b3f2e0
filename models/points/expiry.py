"""When a member's lots expire (MS-6) and when that is announced (MS-17): one deadline of each kind at a time.

A deadline names a day. Lots that are used up before leave it standing; it then finds nothing to do, and the next is set.
"""

from collections.abc import Callable, Iterable, Set
from datetime import date, datetime
from typing import Final

from models.case import Case
from models.outputs.base import Fact
from models.points import terms
from models.points.lots import Lots
from models.points.state import Points

EXPIRE: Final = "points.expire"
REMIND: Final = "points.remind"


def plan(case: Case, points: Points, lots: Lots) -> None:
    """Set both deadlines to what the lots need next."""
    _expire_on(case, points, lots.next_day(0) or 0)
    found = [(lead, lots.next_day(points.reminded + lead)) for lead in case.policies.reminder_days]
    _remind_on(case, points, min([day - lead for lead, day in found if day], default=0))


def plan_for(case: Case, points: Points, day: int) -> None:
    """See to it that both deadlines come no later than lots with that last day (ordinal) need."""
    if not points.expires_next or day < points.expires_next:
        _expire_on(case, points, day)
    for lead in case.policies.reminder_days:
        on = day - lead
        if on > points.reminded and (not points.reminds_next or on < points.reminds_next):
            _remind_on(case, points, on)


def withdraw(case: Case, points: Points, lots: Lots, days: Iterable[int]) -> None:
    """MS-17 Withdraw the reminders of days on which nothing is left to expire (NTF-3)."""
    for day in sorted(points.reminders.keys() & days):
        if not any(lots.between(day, day)):
            case.retract("points", points.reminders.pop(day), "nothing is left to expire that day", "MS-17")


def tell_again(case: Case, points: Points, lots: Lots, days: Set[int]) -> None:
    """MS-17 Remind of days to which points have come back in time, if a reminder was due meanwhile and none stands."""
    now_day = today(case)
    for day in sorted(days - points.reminders.keys()):
        missed = [day - lead for lead in case.policies.reminder_days if day - lead <= now_day]
        if day >= now_day and missed:
            due = terms.micros(case.calendar.start_of(date.fromordinal(max(missed))))
            if any(lot.earned < due for lot in lots.between(day, day)):
                tell(case, points, lots, day, "again")


def tell(case: Case, points: Points, lots: Lots, day: int, why: str) -> None:
    """MS-17 Tell what will expire that day, in place of the reminder that stands. `why` tells a cause's notices apart."""
    last_day, standing = str(date.fromordinal(day)), points.reminders.get(day)
    left = sum(lot.left for lot in lots.between(day, day))
    facts: dict[str, Fact] = {"points": left, "expires_on": last_day, "days_left": day - today(case)}
    before = [standing] if standing else []
    about, until = f"{last_day}|{why}", case.calendar.end_of(date.fromordinal(day))
    told = case.notify("points", "points.expiring", about, "MS-17", facts, not_after=until, replaces=before)
    case.standing.remove(told)  # what is told of an order replaces no reminder
    points.reminders[day] = told


def today(case: Case) -> int:
    """Ordinal of the day it is by the partition's now; 0 before its first tick."""
    now = case.desk.moment.now
    return case.calendar.day_of(now).toordinal() if now else 0


def _expire_on(case: Case, points: Points, day: int) -> None:
    _move(case, EXPIRE, points.expires_next, day, case.calendar.end_of)
    points.expires_next = day


def _remind_on(case: Case, points: Points, day: int) -> None:
    _move(case, REMIND, points.reminds_next, day, case.calendar.start_of)
    points.reminds_next = day


def _move(case: Case, what: str, before: int, day: int, instant: Callable[[date], datetime]) -> None:
    """Move a deadline from one day to another; 0 is none."""
    if before:
        case.unschedule(what, date.fromordinal(before).isoformat())
    if day:
        on = date.fromordinal(day)
        case.schedule(instant(on), what, on.isoformat())
