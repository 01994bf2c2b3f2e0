"""Clean-and-check visits: places in a year's allowance, in the order in which bookings are told of (CLN)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

VISITS, PRODUCTS = 3, 2
"""CLN-1 A membership year's, and of a visit."""
CHECKLIST: Final = {
    "body": frozenset(
        [
            "sensor",
            "body_and_dials",
            "viewfinder",
            "proximity_sensor",
            "contact_pins",
            "shoe",
            "sample_image",
            "firmware",
            "general_function",
        ]
    ),
    "lens": frozenset(
        [
            "front_and_rear_element",
            "filter_thread_and_contacts",
            "lens_body",
            "filter_removed",
            "sample_image",
            "firmware",
            "buttons",
        ]
    ),
}
"""CLN-3"""


@dataclass
class Visit:
    """A visit that was asked for."""

    id: str
    at: datetime
    products: dict[str, str]
    """Serial -> kind."""
    refused: set[str] = field(default_factory=set)
    fee: str = ""
    """Of the membership year in which it was booked."""
    free: bool = False
    """It has a place in the allowance."""
    cancelled: datetime | None = None
    done: datetime | None = None

    @property
    def status(self) -> str:
        """CLN-2 Of a cancellation and a visit the earlier counts."""
        if self.refused:
            return "refused"
        if self.done and not (self.cancelled and self.cancelled < self.done):
            return "done"
        return "cancelled" if self.cancelled else "booked"

    @property
    def over_at(self) -> datetime | None:
        """When it ended, one way or the other."""
        return min([at for at in (self.done, self.cancelled) if at], default=None)

    @property
    def charged_products(self) -> list[str]:
        """CLN-1 Those that are more than a visit is for."""
        return list(self.products)[PRODUCTS:]

    def checked(self, checklist: dict[str, list[str]]) -> bool:
        """CLN-3 Whether all of it was looked at."""
        return all(CHECKLIST[kind] <= set(checklist.get(serial, ())) for serial, kind in self.products.items())


@dataclass
class Cleanings:
    """A member's."""

    visits: dict[str, Visit] = field(default_factory=dict)

    def of(self, fee: str, *statuses: str) -> list[Visit]:
        """Those of a membership year that are in one of these states."""
        return [visit for visit in self.visits.values() if visit.fee == fee and visit.status in statuses]

    def left(self, fee: str) -> int:
        """CLN-2 Free visits of a year that nobody has taken."""
        return max(0, VISITS - sum(visit.free for visit in self.of(fee, "booked", "done")))

    def accept(self, visit: Visit, fee: str) -> None:
        """CLN-2 Reserve a place, if one is left."""
        visit.free, visit.refused = self.left(fee) > 0, set()
        visit.fee = fee
