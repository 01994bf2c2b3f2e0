"""When a member's lots expire (MS-6) and when that is announced (MS-17): one deadline of each kind at a time.

A deadline names a day. Lots that are used up before leave it standing; it then finds nothing to do, and the next is set.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final

from models.case import Case
from models.points.lots import Lots
from models.points.state import Points

EXPIRE: Final = "points.expire"
REMIND: Final = "points.remind"


def plan(case: Case, points: Points, lots: Lots, day: int | None = None) -> None:
    """See to it that the deadlines come no later than lots with that last day (ordinal) need; None: than all lots do."""
    leads = case.policies.reminder_days
    first = lots.next_day(0) if day is None else day
    if day is None:
        found = [(lead, lots.next_day(points.reminded + lead)) for lead in leads]
        reminders = [day - lead for lead, day in found if day]
    else:
        reminders = [day - lead for lead in leads if day - lead > points.reminded]
    if first:
        _no_later(case, EXPIRE, first, case.calendar.end_of)
    if reminders:
        _no_later(case, REMIND, min(reminders), case.calendar.start_of)


def withdraw(case: Case, points: Points, lots: Lots, days: Iterable[int]) -> None:
    """MS-17 Withdraw the reminders of days on which nothing is left to expire (NTF-3)."""
    for day in sorted(points.reminders.keys() & days):
        if not any(lots.between(day, day)):
            case.retract("points", points.reminders.pop(day), "nothing is left to expire that day", "MS-17")


def _no_later(case: Case, what: str, day: int, instant: Callable[[date], datetime]) -> None:
    """Have the deadline on that day, unless it is on an earlier one."""
    due, on = case.deadline(what), date.fromordinal(day)
    if due is None or due.ref > on.isoformat():
        if due:
            case.unschedule(what, due.ref)
        case.schedule(instant(on), what, on.isoformat())
