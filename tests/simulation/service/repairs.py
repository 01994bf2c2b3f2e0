"""A repair by what is known of it: its price, its clocks, and what its deadlines have decided (REP).

Everything is worked out anew from the facts each time that it is asked for, so their order cannot matter; only what a
deadline has decided is remembered, as that stands whatever is told afterwards (GEN-6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from tests.simulation.dates import NEVER
from tests.simulation.partition import Json
from tests.simulation.service.days import Clock, Closure, Pause, count, end_of_day_after, pauses_of

DIAGNOSIS, TURNAROUND, ANSWER = 2, 3, 30
"""REP-2, REP-4 business days; REP-6 calendar days."""
PIECES: Final = 3
"""REP-7 The most in a shipment for which a turnaround is promised."""
STEPS: Final = ("received", "diagnosed", "completed", "delivered")


@dataclass(frozen=True)
class Promise:
    """What a clock comes to; `state` as in the member's document."""

    state: str
    start: datetime
    clock: Clock

    @property
    def due(self) -> datetime | None:
        return None if self.state == "extended" else self.clock.deadline


@dataclass
class Repair:
    """One repair that was asked for. Amounts in cents."""

    id: str
    at: datetime
    serial: str
    model: str
    shipment: str
    pieces: int
    preapproved: int
    refused: set[str] = field(default_factory=set)
    """Why it is not done at member terms."""
    steps: dict[str, datetime] = field(default_factory=dict)
    handed: tuple[datetime, bool] | None = None
    """When it was first handed to the carrier, and whether repaired."""
    words: list[tuple[datetime, bool]] = field(default_factory=list)
    """REP-3 What was said of the proof of warranty."""
    parts: list[tuple[datetime, bool]] = field(default_factory=list)
    """REP-7 Whether parts were missing from then on."""
    estimates: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """REP-5 The standard fee of each."""
    answers: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    """REP-6 The first answer to each."""
    payments: list[tuple[datetime, int]] = field(default_factory=list)
    loaner_answered: bool = False
    """REP-8 One was asked for, sent, or there is none."""
    noted: int = 0
    """How many facts."""
    missed: Promise | None = None
    """REP-4 The turnaround as it was when its deadline found nothing handed over."""
    undiagnosed: Promise | None = None
    unanswered: int | None = None
    """REP-6 Its price, once the time for an answer was over."""

    def note(self, kind: str, data: Json, at: datetime, amount: int = 0) -> None:
        """A fact. `amount`: of an estimate or a payment."""
        self.noted += 1
        what = kind.partition(".")[2]
        if what in STEPS:
            self.steps[what] = min(at, self.steps.get(what, at))
        elif what == "handed_to_carrier":
            self.handed = min((at, data["repaired"]), self.handed or (at, data["repaired"]))
        elif what == "warranty_validated":
            self.words.append((at, data["proof"]))
        elif what in ("parts_unavailable", "parts_available"):
            self.parts.append((at, what == "parts_unavailable"))
        elif what == "estimate_issued":
            self.estimates.setdefault(data["estimate_id"], (at, amount))
        elif what == "estimate_answered":
            said = (at, data["approved"])
            self.answers[data["estimate_id"]] = min(said, self.answers.get(data["estimate_id"], said))
        elif what == "payment_accepted":
            self.payments.append((at, amount))

    @property
    def in_warranty(self) -> bool:
        """REP-3 The latest word on it; without one it is out."""
        return max(self.words)[1] if self.words else False

    @property
    def price(self) -> int | None:
        """REP-5 Of the latest estimate: 20 % less out of warranty, to the cent, half up."""
        if self.unanswered is not None or not self.estimates:
            return self.unanswered
        fee = self.estimates[self._latest][1]
        return fee if self.in_warranty else (fee * 8 + 5) // 10

    @property
    def _latest(self) -> str:
        return max(self.estimates, key=lambda which: self.estimates[which], default="")

    @property
    def needs_approval(self) -> bool:
        """REP-4, REP-5"""
        return self.price is not None and self.price > self.preapproved

    @property
    def approved_at(self) -> datetime | None:
        """When as much as it costs now was approved first."""
        enough = [at for which, (at, yes) in self.answers.items() if yes and self._covers(which)]
        return min(enough, default=None)

    def _covers(self, which: str) -> bool:
        known = which in self.estimates
        return known and self.estimates[which][1] >= self.estimates[self._latest][1] and self._in_time(which)

    def _in_time(self, which: str) -> bool:
        return self.answers[which][0] < self._answer_by(which)

    @property
    def declined(self) -> bool:
        """REP-6 The member said no to the latest estimate, and what was done does not say otherwise."""
        latest = self._latest
        said_no = latest in self.answers and not self.answers[latest][1]
        return said_no and self._in_time(latest) and not self._overtaken

    @property
    def _overtaken(self) -> bool:
        """REP-1 What was done, or paid for, was agreed to."""
        return "completed" in self.steps or self.back is not None or self._paid_at is not None

    @property
    def received_at(self) -> datetime | None:
        """REP-1 A later step implies it."""
        return self.steps.get("received") or min(self._after_receipt, default=None)

    @property
    def _after_receipt(self) -> list[datetime]:
        steps = [at for step, at in self.steps.items() if step != "received"]
        words = [at for at, _ in self.words] + [at for at, _ in self.estimates.values()]
        return steps + words + ([self.handed[0]] if self.handed else [])

    def _answer_by(self, which: str) -> datetime:
        """REP-6 The first instant that is too late; what is issued after that has as many days of its own."""
        issued = self.estimates[which][0]
        end = end_of_day_after(self.received_at or issued, ANSWER)
        return end if issued < end else end_of_day_after(issued, ANSWER)

    @property
    def answer_by(self) -> datetime | None:
        """That of the latest estimate, while it waits for its answer."""
        answered = self.approved_at or self.declined or self._overtaken or self.unanswered is not None
        return self._answer_by(self._latest) if self.needs_approval and not answered else None

    @property
    def start(self) -> datetime | None:
        """REP-4 What set the turnaround going; who has paid it all has approved of it (REP-1)."""
        if self.unanswered is not None or self.declined:
            return None
        since = self._proved_at if self.in_warranty else self._paid_at
        if since is None or not self.needs_approval:
            return since
        agreed = self.approved_at or self._paid_at
        return max(since, agreed) if agreed else None

    @property
    def _proved_at(self) -> datetime:
        denied = max([at for at, proof in self.words if not proof], default=NEVER)
        return min(at for at, proof in self.words if proof and at > denied)

    @property
    def _paid_at(self) -> datetime | None:
        """REP-4 Payments add up."""
        left = self.price
        for at, amount in sorted(self.payments):
            if left is not None and (left := left - amount) <= 0:
                return at
        return None

    @property
    def gone(self) -> bool:
        """On its way back, repaired or not."""
        return self.handed is not None or "delivered" in self.steps

    @property
    def back(self) -> datetime | None:
        """When the repaired product was handed over; the delivery implies that, unless it was told to be unrepaired."""
        if self.handed and not self.handed[1]:
            return None
        handed = [self.handed[0]] if self.handed else []
        return min([*handed, *[at for step, at in self.steps.items() if step == "delivered"]], default=None)

    def turnaround(self, shipped: int, closures: Mapping[date, Closure], majeure: list[Pause]) -> Promise | None:
        """REP-4. shipped: pieces in its shipment (REP-7)."""
        if self.missed:
            return self.missed
        if self.start is None:
            return None
        if shipped > PIECES:
            return Promise("extended", self.start, count(self.start, TURNAROUND, closures))
        pauses = [*pauses_of(self.parts, "parts"), *majeure]
        return _running(self.start, TURNAROUND, closures, pauses, self.back)

    def diagnosis(self, closures: Mapping[date, Closure], majeure: list[Pause]) -> Promise | None:
        """REP-2"""
        if self.undiagnosed:
            return self.undiagnosed
        received = self.steps.get("received")
        if received is None:
            return None
        done = min([at for at in self._after_receipt if at >= received], default=None)
        return _running(received, DIAGNOSIS, closures, majeure, done)


def _running(
    start: datetime, days: int, closures: Mapping[date, Closure], pauses: list[Pause], done: datetime | None
) -> Promise:
    """Once it is done, no later pause matters."""
    clock = count(start, days, closures, [pause for pause in pauses if done is None or pause.since < done])
    kept = done and (clock.deadline is None or done < clock.deadline)
    return Promise("kept" if kept else "open" if clock.deadline else "stopped", start, clock)
