"""Days on which the depot is closed besides weekends and holidays, some of them announced only days before."""

from datetime import date, datetime
from typing import Final

from audit.service.days import Clock, count
from tests.simulation.dates import PACIFIC

CLOSURES: Final = {
    date(year, month, day): (name, date(year, *announced))
    for year in range(2026, 2037)
    for month, day, name, announced in (
        (3, 17, "stocktaking", (1, 1)),
        (6, 3, "a move", (6, 2)),
        (6, 4, "a move", (6, 2)),
        (8, 20, "works outing", (8, 18)),
        (8, 21, "works outing", (8, 18)),
        (10, 6, "stocktaking", (1, 1)),
        (11, 27, "day after Thanksgiving", (11, 24)),
        (12, 31, "New Year's Eve", (12, 29)),
    )
}


def business_days(start: datetime, days: int) -> Clock:
    """The depot's clock, with nothing that stops it."""
    return count(start, days, PACIFIC, CLOSURES)
