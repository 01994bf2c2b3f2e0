"""Expiry of points and the reminders before it, as deadlines (MS-6, MS-17)."""

from datetime import date

from models.case import Case
from models.outputs.base import Fact
from models.points import expiry, terms
from models.points.books import Books


def expire(case: Case, ref: str) -> None:
    """MS-6 What is left of the lots whose last day is over expires: once, visibly, dated when it was due."""
    books = Books(case, ref, order=False)
    for lot in list(books.lots.between(0, date.fromisoformat(ref).toordinal())):
        books.points.reminders.pop(lot.expires, None)  # it has come true
        books.expire(lot.key, lot.left)
    books.close()
    expiry.plan(case, books.points, books.lots)


def remind(case: Case, ref: str) -> None:
    """MS-17 Tell of points that expire soon: one notice for each day and lead, however many lots.

    When the day comes up late, leads for which a later one has come meanwhile are left out, and so is what has expired.
    Nothing is made up for where all lots of the day were earned only after the reminder was due.
    """
    books, now = Books(case, ref, order=False), case.desk.moment.now
    on, today = date.fromisoformat(ref).toordinal(), case.calendar.day_of(now).toordinal() if now else 0
    points = books.points
    points.reminded = on
    for lead in case.policies.reminder_days:
        day = on + lead
        later = any(day - other <= today for other in case.policies.reminder_days if other < lead)
        lots = [] if later or day < today else list(books.lots.between(day, day))
        if any(lot.earned < terms.micros(case.at) for lot in lots):
            left = sum(lot.left for lot in lots)
            last_day = str(date.fromordinal(day))
            facts: dict[str, Fact] = {"points": left, "expires_on": last_day, "days_left": day - today}
            before = [points.reminders[day]] if day in points.reminders else []
            about = f"{last_day}|{lead}"
            points.reminders[day] = case.notify("points", "points.expiring", about, "MS-17", facts, replaces=before)
    expiry.plan(case, points, books.lots)
