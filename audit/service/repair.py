"""A repair by its facts: what was told, with when and by which event, and nothing that follows from it.

What a deadline has decided is kept beside them, as that stands whatever is told afterwards (GEN-6).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from audit.service.promises import Offer, Promise

Told = tuple[datetime, str, str]
"""When something happened, and the event that said so: (source, id)."""

STEPS: Final = ("received", "diagnosed", "completed", "handed_to_carrier", "delivered")
"""REP-1 In their order."""


@dataclass(slots=True)
class Repair:
    """One repair that was asked for. Amounts in cents."""

    id: str
    at: datetime
    serial: str
    model: str
    shipment: str
    pieces: int
    preapproved: int
    next_day: bool
    refused: list[str] = field(default_factory=list)
    """Why it is not done at member terms."""
    steps: dict[str, Told] = field(default_factory=dict)
    unrepaired: bool = False
    """What the hand-over said."""
    words: list[tuple[Told, bool]] = field(default_factory=list)
    """REP-3 What was said of the proof of warranty."""
    parts: list[tuple[Told, bool]] = field(default_factory=list)
    """REP-7 Whether parts were missing from then on."""
    estimates: dict[str, tuple[Told, int]] = field(default_factory=dict)
    """REP-5 The standard fee of each."""
    answers: dict[str, tuple[Told, bool]] = field(default_factory=dict)
    """REP-6 The first answer to each."""
    payments: list[tuple[datetime, int]] = field(default_factory=list)
    """REP-4 The same amount at the same time is the same money."""
    loaner_asked: bool = False
    """REP-8 One was asked for, or there is none."""
    loaners: list[datetime] = field(default_factory=list)
    """REP-9 When one was shipped."""

    missed: Promise | None = None
    """REP-4 The turnaround as it was when its deadline found nothing handed over."""
    by_loaner: bool = False
    """REP-9 A loaner was shipped before that."""
    remedy: str = ""
    """REP-9 What came of that: the invoice whose fee went back, or why none did."""
    undiagnosed: Promise | None = None
    unanswered: Offer | None = None
    """REP-6 The estimate as it was when the time for an answer was over."""
    risk: datetime | None = None
    """REP-8 The deadline whose last day has begun."""
    reminded: datetime | None = None
    """REP-6 When the last reminder was due."""
    stands: set[str] = field(default_factory=set)
    """What deadlines have told and still is so: ``at_risk``, ``loaner_offered``, ``estimate_reminder``."""
    reminded_of: list[Any] = field(default_factory=list)
    """The facts that the estimate at hand follows from."""

    def note(self, event: Any) -> bool:
        """A fact; of what happens once the earliest counts. Returns whether it is news."""
        data, told, what = event.data, (event.time, event.source, event.id), event.type.split(".")[1]
        match what:
            case "warranty_validated":
                return _add(self.words, told, data.proof)
            case "parts_unavailable" | "parts_available":
                return _add(self.parts, told, what == "parts_unavailable")
            case "estimate_issued":
                return _earliest(self.estimates, data.estimate_id, told, data.standard_fee)
            case "estimate_answered":
                return _earliest(self.answers, data.estimate_id, told, data.approved)
            case "payment_accepted":
                is_new = (event.time, data.amount) not in self.payments
                self.payments += [(event.time, data.amount)] if is_new else []
                return is_new
            case "requested" | "unavailable":  # a loaner
                self.loaner_asked = True
                return True
        if what in self.steps and self.steps[what] <= told:
            return False
        self.steps[what] = told
        if what == "handed_to_carrier":
            self.unrepaired = not data.repaired
        return True

    @property
    def in_warranty(self) -> bool:
        """REP-3 The latest word on it; without one it is out."""
        return max(self.words)[1] if self.words else False

    @property
    def proof(self) -> Told | None:
        """REP-3 While it is in warranty: the first proof after the last denial."""
        if not self.in_warranty:
            return None
        denied = [told for told, proof in self.words if not proof]
        return min(told for told, proof in self.words if proof and (not denied or told > max(denied)))

    @property
    def implies_receipt(self) -> list[Told]:
        """REP-1, REP-2 All that implies that it was received, and diagnosed."""
        steps = [told for step, told in self.steps.items() if step != "received"]
        return [*steps, *[told for told, _ in self.words], *[told for told, _ in self.estimates.values()]]

    @property
    def receipt(self) -> Told | None:
        """REP-1 As told, or else as implied."""
        return self.steps.get("received") or min(self.implies_receipt, default=None)

    @property
    def gone(self) -> bool:
        """On its way back, repaired or not."""
        return "handed_to_carrier" in self.steps or "delivered" in self.steps

    @property
    def back(self) -> datetime | None:
        """REP-4 When the repaired product was handed over; the delivery implies that, unless it was told to be unrepaired."""
        if "handed_to_carrier" in self.steps and self.unrepaired:
            return None
        return min(
            [self.steps[step][0] for step in ("handed_to_carrier", "delivered") if step in self.steps], default=None
        )

    def paid_at(self, price: int) -> datetime | None:
        """REP-4 When the payments came to that."""
        paid = 0
        for at, amount in sorted(self.payments):
            paid += amount
            if paid >= price:
                return at
        return None


def _add(words: list[tuple[Told, bool]], told: Told, yes: bool) -> bool:
    """A word; the same at the same time is the same word, however often it is told."""
    same = next((word for word in words if word[0][0] == told[0] and word[1] == yes), None)
    if same and same[0] <= told:
        return False
    if same:
        words.remove(same)
    words.append((told, yes))
    return True


def _earliest(known: dict[str, tuple[Told, Any]], which: str, told: Told, what: Any) -> bool:
    if which in known and known[which][0] <= told:
        return False
    known[which] = told, what
    return True
