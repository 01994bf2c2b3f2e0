"""The fixed numbers and pure arithmetic of My Sony points: nothing here knows of state or events."""

from datetime import date
from typing import Final

from models.calendar import add_months

POINTS_PER_DOLLAR: Final = 2
LIFETIME_MONTHS: Final = 24


def points_for(net_cents: int) -> int:
    """MS-3 Points of a line: two for each dollar of its net price, rounded down."""
    return net_cents * POINTS_PER_DOLLAR // 100


def expires_on(earned_on: date) -> date:
    """MS-6 The last day on which points earned that day can be used."""
    return add_months(earned_on, LIFETIME_MONTHS)


def gone(points: int, returned: int, bought: int) -> int:
    """MS-10 How many of a line's points are gone when that many pieces came back: with the last one none is left."""
    return points * returned // bought
