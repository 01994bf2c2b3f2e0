"""Expiry of points and the reminders before it, as deadlines (MS-6, MS-17)."""

from datetime import date

from models.case import Case
from models.points import expiry, terms
from models.points.books import Books


def expire(case: Case, ref: str) -> None:
    """MS-6 What is left of the lots whose last day is over expires: once, visibly, dated when it was due."""
    books = Books(case, ref, order=False)
    for lot in list(books.lots.between(0, date.fromisoformat(ref).toordinal())):
        books.expire(lot.key, lot.left)
    books.close()
    expiry.plan(case, books.points, books.lots)


def remind(case: Case, ref: str) -> None:
    """MS-17 Tell of points that expire soon: one notice for each day and lead, however many lots.

    When the day comes up late, leads for which a later one has come meanwhile are left out, and so is what has expired.
    Nothing is made up for where all lots of the day were earned only after the reminder was due.
    """
    books, on, today = Books(case, ref, order=False), date.fromisoformat(ref).toordinal(), expiry.today(case)
    points = books.points
    points.reminded = on
    for lead in case.policies.reminder_days:
        day = on + lead
        later = any(day - other <= today for other in case.policies.reminder_days if other < lead)
        lots = [] if later or day < today else books.lots.between(day, day)
        if any(lot.earned < terms.micros(case.at) for lot in lots):
            expiry.tell(case, points, books.lots, day, str(lead))
    expiry.plan(case, points, books.lots)
