"""What is remembered about a repair: open ones and the latest closed ones in the hot value, the others in entries."""

from datetime import date, datetime
from typing import ClassVar, Literal

from msgspec import Struct, field

from models.repairs.terms import STEPS


class Turnaround(Struct, array_like=True):
    """REP-4 The clock of a repair, with its working (REP-10) as it was when the clock started."""

    start: datetime
    source: str
    event_id: str
    """The event that started it."""
    deadline: datetime
    """The first instant that is too late."""
    days: list[tuple[date, str | None]]
    """Each day after the start: counted (None), or why it was skipped."""
    calendar: str
    """Version of the calendar used."""
    state: Literal["running", "met", "missed", "extended"] = "running"
    """REP-7 `extended`: there is no deadline."""


class Repair(Struct, array_like=True):
    """One repair. `steps`: when each known step happened; a later one implies the earlier (REP-1)."""

    KIND: ClassVar[str] = "repair"

    id: str
    content: bytes
    """Digest of the request's data."""
    serial: str
    model: str
    shipment_id: str
    requested_at: datetime
    why_refused: str | None = None
    steps: dict[str, datetime] = field(default_factory=dict)
    turnaround: Turnaround | None = None
    tracking: str | None = None
    extended: bool = False
    """REP-7 More pieces came with it than the turnaround is promised for."""
    notices: list[str] = field(default_factory=list)
    """Ids of notices about a state that a later one replaces."""

    @property
    def status(self) -> str:
        """The furthest step known; `requested` before the first."""
        if self.why_refused:
            return "refused"
        return next((step for step in reversed(STEPS) if step in self.steps), "requested")

    @property
    def closed(self) -> bool:
        """Handed over, with no clock left to decide."""
        running = self.turnaround is not None and self.turnaround.state == "running"
        return bool(self.why_refused) or (self.on_its_way and not running)

    @property
    def on_its_way(self) -> bool:
        """Handed to the carrier, as far as known or implied."""
        return "handed_to_carrier" in self.steps or "delivered" in self.steps
