"""The shop's dates on another calendar: moved by whole weeks, so that every weekday, opening hour and date stays a real one."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

WEEK = timedelta(weeks=1)


def restated(first: datetime, years: int, stretch: int) -> Callable[[datetime], datetime]:
    """What to do with each date: move it by about `years` years, and put `stretch` weeks where one was.

    first: the earliest date there is; its week (from Monday) is the one that only moves.
    """
    monday = first.date() - timedelta(days=first.weekday())
    shift = round((monday + relativedelta(years=years) - monday) / WEEK)

    def restate(at: datetime) -> datetime:
        week = (at.date() - monday) // WEEK
        return at + (shift + week * (stretch - 1)) * WEEK

    return restate
