"""A clean-and-check visit by its facts (CLN)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

VISITS, PRODUCTS = 3, 2
"""CLN-1 A membership year's, and of a visit."""
CHECKLIST: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
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
)
"""CLN-3"""
INSTEAD: Final = MappingProxyType({"firmware_declined": "firmware", "no_filter": "filter_removed"})
BESIDES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"body": frozenset({"eye_cup_missing"}), "lens": frozenset({"missing_cap", "missing_hood", "extra_accessory"})}
)


@dataclass(slots=True)
class Visit:
    """A visit that was asked for."""

    id: str
    at: datetime
    products: dict[str, str]
    """Serial -> kind."""
    refused: list[str] = field(default_factory=list)
    fee: str = ""
    """Invoice of the membership year in which it was booked."""
    free: bool = False
    """It was given a place in that year's allowance."""
    cancelled: datetime | None = None
    done: datetime | None = None

    @property
    def status(self) -> str:
        """CLN-2 Of a cancellation and a visit the earlier counts; of the same time the visit."""
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

    def checked(self, checklist: Mapping[str, Sequence[str]]) -> bool:
        """CLN-3 Whether all of it was looked at, and nothing else was."""
        if set(checklist) != set(self.products):
            return False
        for serial, kind in self.products.items():
            known = CHECKLIST[kind] | set(INSTEAD) | BESIDES[kind]
            looked_at = {INSTEAD.get(item, item) for item in checklist[serial]}
            if not (CHECKLIST[kind] <= looked_at and set(checklist[serial]) <= known):
                return False
        return True
