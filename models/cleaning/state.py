"""What is remembered of clean-and-check visits: those at hand and the counts of each year in the hot value, the others as entries."""

from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from msgspec import Struct, field

from models.cleaning.events import ProductKind
from models.outputs.base import Brought
from models.reasons import Reasons

YEARS = 3
"""How many membership years are counted, the latest."""


class Over(NamedTuple):
    """How a visit ended, and when."""

    how: Literal["done", "cancelled"]
    at: datetime


class Done(Brought, Struct, array_like=True):
    """CLN-3 That it took place, with a complete checklist."""

    at: datetime
    source: str
    event_id: str
    remarks: dict[str, list[str]]
    """What was noted besides, by serial number."""

    @property
    def order(self) -> tuple[datetime, str, str]:
        """By which the earliest of several is found."""
        return self.at, self.source, self.event_id


class Visit(Brought, Struct, array_like=True):
    """A visit: how it was booked, and the facts since. Of one step told twice the earliest is kept."""

    KIND: ClassVar[str] = "cleaning"

    id: str
    content: bytes
    """Digest of the booking's data."""
    source: str
    event_id: str
    """The event that booked it."""
    requested_at: datetime
    """When it was booked."""
    products: dict[str, ProductKind]
    """By serial number."""
    year: str | None = None
    """Invoice of the membership year in which it counts; None while it is refused."""
    why_not: Reasons = field(default_factory=list)
    """Why it is refused; none: it is not."""
    is_further: bool = False
    """CLN-1 The year's free visits were taken: the visit is charged."""
    extra: list[str] = field(default_factory=list)
    """CLN-1 Serial numbers of the products that are charged, being more than a visit is for."""
    cancelled_at: datetime | None = None
    done: Done | None = None
    notices: list[str] = field(default_factory=list)
    """Ids of what was told and still holds."""

    @property
    def over(self) -> Over | None:
        """CLN-2 How it ended: of a cancellation and a visit the earlier counts; of the same time the visit."""
        cancelled, done = self.cancelled_at, self.done
        if done and (cancelled is None or done.at <= cancelled):
            return Over("done", done.at)
        return Over("cancelled", cancelled) if cancelled else None

    @property
    def status(self) -> Literal["refused", "booked", "done", "cancelled"]:
        """Where it stands."""
        if self.why_not:
            return "refused"
        return self.over.how if self.over else "booked"

    @property
    def is_running(self) -> bool:
        """Whether it is still to come."""
        return self.status == "booked"

    @property
    def is_charged(self) -> bool:
        """Whether any of it is."""
        return self.is_further or bool(self.extra)


class Year(Struct, array_like=True):
    """CLN-2 The visits booked in one membership year."""

    free: int = 0
    """Free ones, booked or done."""
    booked: int = 0
    done: int = 0

    def count(self, visit: Visit, over: Over | None, by: Literal[1, -1]) -> None:
        """Add a visit that ended so, or take it out; a cancelled one is none."""
        if over is None:
            self.booked += by
        elif over.how == "done":
            self.done += by
        if not visit.is_further and (over is None or over.how == "done"):
            self.free += by


class Cleanings(Struct, array_like=True):
    """The section of the hot value."""

    visits: dict[str, Visit] = field(default_factory=dict)
    """Those booked, and the latest of the others."""
    years: dict[str, Year] = field(default_factory=dict)
    """Invoice of a membership year -> its counts."""
