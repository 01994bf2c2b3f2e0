"""What is remembered about a repair: the facts, what follows from them as it was worked out last, what deadlines decided."""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct, field

from models.calendar import CountedDay
from models.outputs.base import Brought, Cause
from models.promises import State
from models.repairs.facts import Estimate, Loaner, Payment, Step, Word
from models.repairs.terms import PIECES, STEPS


class Offer(Brought, Struct, array_like=True):
    """REP-5 What the latest estimate comes to, in cents, and where the answer stands."""

    estimate_id: str
    source: str
    event_id: str
    """The event that brought the estimate."""
    fee: int
    discount: int
    shipping: int | None
    """REP-11 Nothing by the default service; None: for the next day, at a current price that is not known here."""
    to_pay: int
    asks: bool
    """Whether it needs approval."""
    since: datetime
    answer_by: datetime
    """REP-6 From when the days for an answer are counted, and the first instant that is too late."""
    days: int
    """How many they are."""
    state: Literal["awaiting", "approved", "declined", "not_answered", "moot"]
    """`moot`: what is known besides has overtaken the question."""
    mark: str
    """Of the facts that it was worked out from: what tells of it is named after that."""
    approval: Word | None = None
    """REP-4 The earliest that covers an amount above the pre-approved one."""


class Clock(Brought, Struct, array_like=True):
    """REP-2, REP-4 A business-day clock with its working (REP-10)."""

    start: datetime
    source: str
    event_id: str
    """The event that started it."""
    deadline: datetime | None
    """The first instant that is too late; None while it stands still."""
    days: list[CountedDay]
    calendar: str
    state: State
    mark: str
    """As in `Offer`."""
    remedy: str | None = None
    """REP-9 What the miss has led to, in words."""
    by_loaner: bool = False
    """REP-9 Whether a loaner in time was known when it was decided."""


class Shipment(Struct, array_like=True):
    """REP-7 What one parcel holds: as stated, and as counted among accepted repairs, up to one more than matters."""

    KIND: ClassVar[str] = "shipment"

    stated: int = 0
    repairs: list[str] = field(default_factory=list)

    @property
    def is_crowded(self) -> bool:
        """Whether it has more pieces than the turnaround is promised for."""
        return max(self.stated, len(self.repairs)) > PIECES


class Awaiting(Struct, array_like=True):
    """PRO-10 The repairs refused only for what was known of their product, by its serial; the latest."""

    KIND: ClassVar[str] = "repair_awaiting"

    repairs: list[str] = field(default_factory=list)


class Repair(Brought, Struct, array_like=True):
    """One repair."""

    KIND: ClassVar[str] = "repair"

    id: str
    content: bytes
    """Digest of the request's data."""
    source: str
    event_id: str
    requested_at: datetime
    serial: str
    model: str
    shipment_id: str
    pieces: int
    """In the shipment, as stated."""
    preapproved: int | None
    """In cents."""
    next_day: bool
    """REP-11 Next-day shipping is asked for."""
    why_refused: str | None = None

    steps: dict[str, Step] = field(default_factory=dict)
    """Of each the earliest that was told."""
    warranty: list[Word] = field(default_factory=list)
    parts: list[Word] = field(default_factory=list)
    estimates: dict[str, Estimate] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    loaner: Loaner = field(default_factory=Loaner)
    extended: bool = False
    """REP-7 More pieces came with it than the turnaround is promised for."""

    in_warranty: bool = False
    offer: Offer | None = None
    turnaround: Clock | None = None
    diagnosis: Clock | None = None
    """What follows from the facts; of a clock that is `missed` and an estimate `not_answered` what was decided then."""

    at_risk: datetime | None = None
    """REP-8 The deadline of which the risk was told."""
    reminded: datetime | None = None
    """REP-6 The date of the last reminder that was due."""
    notices: dict[str, str] = field(default_factory=dict)
    """What was told of and still stands, by what it is about (`telling.py`)."""

    @property
    def name(self) -> Cause:
        """What its notices are named after, whichever message completes what they tell (GEN-2, NTF-1)."""
        return repair_named(self.id)

    @property
    def facts(self) -> int:
        """How many of those facts are known that can be told ever again."""
        return len(self.warranty) + len(self.parts) + len(self.estimates) + len(self.payments)

    @property
    def way_back(self) -> Step | None:
        """The hand-over, as told or else as implied by the delivery; repaired or not."""
        return self.steps.get("handed_to_carrier") or self.steps.get("delivered")

    @property
    def repaired(self) -> Step | None:
        """REP-4 The earliest step that says that the repaired product was with the carrier."""
        handed, delivered = self.steps.get("handed_to_carrier"), self.steps.get("delivered")
        if handed and not handed.repaired:
            return None
        return min([step for step in (handed, delivered) if step], default=None)

    def has_loaner_by(self, deadline: datetime) -> bool:
        """REP-9 Whether a loaner was handed to a carrier before that."""
        return self.loaner.shipped is not None and self.loaner.shipped.at < deadline

    @property
    def is_returning(self) -> bool:
        """REP-6 Declined or not answered: it goes back unrepaired."""
        return self.offer is not None and self.offer.state in ("declined", "not_answered")

    @property
    def status(self) -> str:
        """REP-1 The furthest that is known."""
        if self.why_refused:
            return "refused"
        done = next((step for step in reversed(STEPS) if step in self.steps), "requested")
        if done in STEPS[2:]:
            return done
        if self.is_returning:
            return "returning_unrepaired"
        if self.offer and self.offer.state == "awaiting":
            return "awaiting_approval"
        if self.turnaround:
            return "in_repair"
        if self.offer and self.offer.state == "approved" and not self.in_warranty:
            return "awaiting_payment"
        return "diagnosed" if self.warranty or self.offer else done

    @property
    def is_running(self) -> bool:
        """Whether the product is at the depot, or a clock has yet to be decided; not while it is only announced."""
        clocks = [clock.state for clock in (self.turnaround, self.diagnosis) if clock]
        is_here = self.way_back is None and bool(self.steps or self.warranty or self.estimates)
        return not self.why_refused and (is_here or "open" in clocks or "stopped" in clocks)


def repair_named(repair_id: str) -> Cause:
    """The name of a repair, as a cause of what is told of it."""
    return Cause(source="/memberships/repairs", id=repair_id)
