"""A fee, what was asked for it and what came for it; which round it is in (PAY-2), which charge is open (PAY-9)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tests.simulation.dates import later

FEES = {"pro": "100.00", "care": "179.99"}
ROUNDS, SILENCE, UNPAID = (0, 3, 7, 14), 7, 60


@dataclass
class Charge:
    id: str
    method: str
    round: int
    asked: datetime
    failed: datetime | None = None
    answered: bool = False
    declined: bool = False


class Stray(NamedTuple):
    """A failure of an attempt that nobody asked for: since the fee is due it counts for its method, in the round of its time."""

    id: str
    method: str
    at: datetime


@dataclass
class Fee:
    """An invoice: of an application or a purchase where `due` is None."""

    id: str
    due: datetime | None = None
    told_at: datetime | None = None
    charges: list[Charge] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    failed_rounds: list[int] = field(default_factory=list)
    failed_at: datetime | None = None
    """When the first round had failed."""
    final: int = 0
    paid: datetime | None = None
    price: int = 0
    """What paid it: the fee or more."""
    seen: set[Any] = field(default_factory=set)
    came: int = 0
    used: int = 0
    owed_back: int = 0
    refunded: int = 0

    @property
    def uncharged(self) -> bool:
        """CARE-5 Told of in less than 20 days before."""
        return bool(self.due and self.told_at and self.told_at >= later(self.due, -19))

    @property
    def first_failure(self) -> datetime | None:
        times = [charge.failed for charge in self.charges if charge.failed] + [stray.at for stray in self.counting]
        times += [self.failed_at] if self.failed_at else []
        return max(self.due, min(times)) if self.due and times else None

    @property
    def counting(self) -> list[Stray]:
        """Those since it is due: what failed before counts in no round."""
        return [stray for stray in self.strays if self.due and stray.at >= self.due]

    def round_at(self, now: datetime) -> int:
        """PAY-2 The last round that has begun."""
        first = self.first_failure
        return max(n for n, days in enumerate(ROUNDS) if not n or (first and later(first, days) <= now))

    def tries(self, number: int) -> list[tuple[str, datetime]]:
        """Method and time of what was asked or has failed unasked in a round."""
        asked = [(charge.method, charge.asked) for charge in self.charges if charge.round == number]
        return asked + [(stray.method, stray.at) for stray in self.counting if self.round_at(stray.at) == number]

    def failed_tries(self, number: int) -> list[tuple[str, datetime, datetime]]:
        """Method, when it was tried and when that failed, in a round."""
        asked = [(one.method, one.asked, one.failed) for one in self.charges if one.round == number and one.failed]
        return asked + [(one.method, one.at, one.at) for one in self.counting if self.round_at(one.at) == number]

    def open(self, at: datetime, counts: Counter[str]) -> list[Charge]:
        """PAY-9 Asked, and neither answered, nor its method known to have failed since, nor silent for 7 days."""
        waiting = [charge for charge in self.charges if not charge.answered and not charge.failed]
        waiting = [charge for charge in waiting if not self._failed_unasked(charge)]
        for charge in waiting:
            if later(charge.asked, SILENCE) <= at:
                charge.failed = later(charge.asked, SILENCE)
                counts["silence"] += 1
        return [charge for charge in waiting if not charge.failed]

    def _failed_unasked(self, charge: Charge) -> bool:
        return any(
            stray.method == charge.method and stray.at >= charge.asked and self.round_at(stray.at) == charge.round
            for stray in self.counting
        )
