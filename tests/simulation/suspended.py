"""How long memberships are suspended: by what members are told, and by what the state shows (PAY-3, PAY-5, PAY-6).

An interval is from business time to business time; one that takes no time is none. A suspension that is withdrawn because of
what was said before it has never been, unless the membership was over at once: then it has lasted until that.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.care.state import Care
from models.pro.state import Pro
from tests.simulation.dates import instant
from tests.simulation.partition import Json

ENDED_BY = ("pro.renewed", "membership.reinstated", "pro.lapsed", "pro.ended", "pro.terminated", "care.ended")
Interval = tuple[datetime, datetime]


@dataclass
class Told:
    """By the notices."""

    intervals: list[Interval] = field(default_factory=list)
    since: datetime | None = None
    _withdrawn: datetime | None = None
    """When that had begun which was withdrawn in the decision at hand."""

    def notice(self, data: Json, failed_at: datetime | None) -> None:
        """A notice, in its order. failed_at: when the fee at hand had failed; what was known then may be told by a deadline
        of an earlier date."""
        kind, at = data["notification"], instant(data["not_before"])
        if kind == "membership.suspended":
            assert self.since is None, "PAY-3: told of the suspension twice"
            assert failed_at is not None, "PAY-3: nothing has failed"
            assert at <= failed_at, "PAY-3: told with a date after the failure"
            self.since = failed_at
        elif kind in ENDED_BY:
            since = self.since or self._withdrawn
            self.intervals += [(since, at)] if since and since < at else []
            self.since = None

    def withdrawn(self) -> None:
        """The notice of the suspension was."""
        self._withdrawn, self.since = self.since, None

    def decided(self, failed_at: datetime | None) -> None:
        """Nothing more comes of the message at hand. failed_at: as above; an earlier failure may have been told."""
        self._withdrawn = None
        if self.since and failed_at:
            self.since = min(self.since, failed_at)


@dataclass
class Seen:
    """By the state, looked at after each message."""

    intervals: list[Interval] = field(default_factory=list)
    since: datetime | None = None
    _paid_by: str = ""
    """The fee of the last year."""

    def look(self, found: Pro | Care, at: datetime) -> None:
        """at: the time of the message, which is that of the money if the fee was paid by it."""
        since = found.suspended_at if found.status == "suspended" else None
        paid_by = found.terms[-1].invoice_id if found.terms else ""
        if self.since and since != self.since:
            end = found.over_at or (at if paid_by != self._paid_by else None)
            self.intervals += [(self.since, end)] if end and self.since < end else []
        self.since, self._paid_by = since, paid_by


@dataclass
class Suspensions:
    """Both, of one membership."""

    told: Told = field(default_factory=Told)
    seen: Seen = field(default_factory=Seen)

    def check(self) -> None:
        """They agree to the instant, and so in sum."""
        assert self.told.since == self.seen.since, "PAY-3: notices and state disagree on whether it is suspended"
        told, seen = self.told.intervals, self.seen.intervals
        assert told == seen, f"PAY-3: told to be suspended {_words(told)}, in the state {_words(seen)}"

    @property
    def lasted(self) -> timedelta:
        return sum([end - begin for begin, end in self.seen.intervals], timedelta())


def _words(intervals: list[Interval]) -> str:
    return ", ".join([f"{begin:%Y-%m-%d %H:%M:%S.%f} to {end:%Y-%m-%d %H:%M:%S.%f}" for begin, end in intervals])
