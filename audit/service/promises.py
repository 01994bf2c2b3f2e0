"""What facts of a repair come to: an offer, and clocks."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """REP-5, REP-6 The latest estimate: what it comes to in cents, and where its answer stands."""

    estimate: str
    price: int
    asks: bool
    """Whether it needs an answer."""
    since: datetime
    answer_by: datetime
    """From when the days for an answer count; the first instant that is too late."""
    approved_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What a clock comes to; ``state`` as in the member's document."""

    state: str
    start: datetime
    due: datetime | None
    """The first instant that is too late."""
    days: list[tuple[date, frozenset[str]]]
    """Each day up to there, with all reasons for which it is skipped."""
