"""A paid membership by its dates: what is paid up to when, is the renewal wanted, when is it over (PRO, CARE, PAY-6)."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from tests.simulation.dates import NEVER, anniversary, cents, day_of, later, start_of
from tests.simulation.fees import FEES, UNPAID, Fee
from tests.simulation.partition import Json


class Year(NamedTuple):
    """A paid term, and the id of the fee that paid it."""

    first: date
    end: date
    fee: str

    def holds(self, at: datetime) -> bool:
        return start_of(self.first) <= at < start_of(self.end)


class Membership:
    """A member's PRO or Care."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.fee = cents(FEES[program])
        self.stage: str | None = None
        """`applied`, `rejected`, `open` (also when that is over), `terminated`, `refunded`."""
        self.anchor = date.min
        self.years: list[Year] = []
        self.word: tuple[datetime, bool] = (NEVER, True)
        self.cancelled: datetime | None = None
        self.over_was = NEVER
        """When an earlier membership was over."""
        self.terminated: datetime | None = None
        self.fees: dict[str, Fee] = {}
        self.at_hand = Fee("")
        self.applications: dict[str, Json] = {}
        self.current = ""
        self.anchor_before = date.min
        """That of the year before the last."""
        self.default: datetime | None = None
        """LOAN-6 Since when loaned equipment is neither back nor paid for."""

    @property
    def end(self) -> date:
        return self.years[-1].end

    @property
    def due(self) -> datetime:
        return start_of(self.end)

    @property
    def stop_by(self) -> datetime:
        """CARE-4 15 days before, PRO-7 the day before is the last day to stop a renewal."""
        return start_of(self.end - timedelta(days=14 if self.program == "care" else 0))

    @property
    def wanted(self) -> bool:
        """PAY-1 Whether the renewal at hand is to be charged."""
        if self.at_hand.uncharged or (self.cancelled and not self.stop_by <= self.cancelled < self.due):
            return False
        said, on = self.word
        return on or said >= self.stop_by

    @property
    def collecting(self) -> bool:
        """Due, wanted, unpaid."""
        return self.stage == "open" and self.wanted

    def over(self) -> tuple[datetime, str] | None:
        """When it is over by what is known, and as what."""
        if self.terminated:
            return self.terminated, "terminated"
        if self.cancelled and not self.wanted:
            return max(self.due, self.cancelled), "ended"
        if not self.wanted:
            return self.due, "lapsed"
        if self.at_hand.failed_at:
            return later(self.at_hand.failed_at, UNPAID), "ended" if self.cancelled else "lapsed"
        return None

    def is_over(self, at: datetime) -> bool:
        over = self.over() if self.stage == "open" else None
        return over is not None and over[0] <= at

    def status(self, now: datetime) -> str | None:
        of_fees = self.status_of_fees(now)
        return "suspended" if of_fees == "active" and self.default else of_fees

    def causes(self, now: datetime) -> dict[str, datetime]:
        """GEN-3 Of suspension, and since when. Loans are owed for whatever the membership is."""
        unpaid = self.at_hand.failed_at if self.status_of_fees(now) == "suspended" else None
        return {cause: since for cause, since in (("loan", self.default), ("payment", unpaid)) if since}

    def status_of_fees(self, now: datetime) -> str | None:
        """What it is if no loans are looked at."""
        if self.stage != "open":
            return self.stage
        over = self.over()
        if over and over[0] <= now:
            return over[1]
        return "suspended" if self.at_hand.failed_at else "active"

    def stood(self, at: datetime, now: datetime) -> str | None:
        """What it was at a time, by what is known now: `active`, `suspended` or None."""
        if self.terminated and at >= self.terminated:
            return None
        is_open = self.stage == "open" and not self.is_over(at)
        since = min([cause for cause in (self.at_hand.failed_at, self.default) if cause], default=None)
        if is_open and since and since <= at and not self.is_over(now):
            return "suspended"
        if any(year.holds(at) for year in self.years):
            return "active"
        return "active" if is_open and at >= self.due and not self.is_over(now) else None

    def open(self, paid_on: date, at: datetime, fee: str, *, renews: bool) -> None:
        """PRO-4, CARE-2 A first year."""
        self.stage, self.cancelled, self.word = "open", None, (at, renews)
        self.begin(paid_on, fee)

    def begin(self, first: date, fee: str) -> None:
        """A year with an anchor of its own."""
        self.anchor = first
        self.years.append(Year(first, anniversary(first, first.year + 1), fee))

    def renew(self, paid_at: datetime, fee: str, *, late_moves: bool) -> None:
        """PRO-6, CARE-4"""
        paid_on, self.anchor_before = day_of(paid_at), self.anchor
        if late_moves and paid_on > self.end:
            self.begin(paid_on, fee)
        else:
            self.years.append(Year(self.end, anniversary(self.anchor, self.end.year + 1), fee))

    def follow(self, name: str) -> bool:
        """The renewal that follows the last year is the one at hand. Whether its year begins on a 29 Feb, or would."""
        self.at_hand = Fee(f"{self.program}-{name}-{self.end}", self.due)
        self.fees[self.at_hand.id] = self.at_hand
        return (self.anchor.month, self.anchor.day) == (2, 29)
