"""The fixed numbers and pure arithmetic of My Sony points: nothing here knows of state or events."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from models.calendar import add_months

POINTS_PER_DOLLAR: Final = 2
LIFETIME_MONTHS: Final = 24
CENTS_PER_POINT: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def points_for(cents: int) -> int:
    """MS-3 Points of a line: two for each dollar of it paid in money, rounded down."""
    return cents * POINTS_PER_DOLLAR // 100


def expires_on(earned_on: date) -> date:
    """MS-6 The last day on which points earned that day can be used."""
    return add_months(earned_on, LIFETIME_MONTHS)


def lot_key(earned_at: datetime, earned_on: date, lot_id: str) -> tuple[int, int, str]:
    """The name of a lot that lasts as points usually do (`state.LotKey`); `earned_on` is the day in the programme zone."""
    return expires_on(earned_on).toordinal(), micros(earned_at), lot_id


def part_of(points: int, returned: int, bought: int) -> int:
    """MS-10 What of a line's points goes with the pieces that came back: with the last one nothing is left."""
    return points * returned // bought


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """MS-12 Shares of `total` in proportion to the weights, rounded so that they add up: largest remainder first.

    Equal remainders: the earlier one first. All zero where there is nothing to weigh by.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def spread_within(total: int, weights: Sequence[int], most: Sequence[int]) -> list[int]:
    """As `spread`, but no share above its `most`: what is over goes to the others, in the same way."""
    shares, places = [0] * len(weights), set(range(len(weights)))
    while total and any(weights[place] for place in places):
        for place, share in enumerate(spread(total, [w if n in places else 0 for n, w in enumerate(weights)])):
            taken = min(share, most[place] - shares[place])
            shares[place] += taken
            total -= taken
        places = {place for place in places if shares[place] < most[place]}
    return shares


def micros(instant: datetime) -> int:
    """Whole microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND
