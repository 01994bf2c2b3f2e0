"""The fixed numbers of clean-and-check visits, and what is on their checklists."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from models.cleaning.events import ProductKind
from models.reasons import Reason

VISITS: Final = 3
"""CLN-1 Free visits in a membership year."""
PRODUCTS: Final = 2
"""CLN-1 How many products a visit is for."""

CHECKLIST: Final[Mapping[ProductKind, tuple[str, ...]]] = MappingProxyType(
    {
        "body": (
            *("sensor", "body_and_dials", "viewfinder", "proximity_sensor", "contact_pins", "shoe"),
            *("sample_image", "firmware", "general_function"),
        ),
        "lens": (
            *("front_and_rear_element", "filter_thread_and_contacts", "lens_body", "filter_removed"),
            *("sample_image", "firmware", "buttons"),
        ),
    }
)
"""CLN-3 What is looked at."""
INSTEAD: Final[Mapping[str, str]] = MappingProxyType({"firmware": "firmware_declined", "filter_removed": "no_filter"})
"""CLN-3 Item -> what is said in its place where the customer does not want it, or there is nothing to be done."""
REMARKS: Final[Mapping[ProductKind, tuple[str, ...]]] = MappingProxyType(
    {"body": ("eye_cup_missing",), "lens": ("missing_cap", "missing_hood", "extra_accessory")}
)
"""CLN-3 What is noted where it is so."""


def not_in_order(products: Mapping[str, ProductKind], checklist: Mapping[str, tuple[str, ...]]) -> Iterator[Reason]:
    """CLN-3 Everything that is missing or not understood, by serial number; nothing when the visit can be done.

    products: those of the visit, by serial number. checklist: what was looked at.
    """
    for serial, kind in products.items():
        told = checklist.get(serial, ())
        missing = [_name(item) for item in CHECKLIST[kind] if item not in told and INSTEAD.get(item) not in told]
        if missing:
            yield "checklist_incomplete", f"{serial} ({kind}) lacks {', '.join(missing)}"
        if strange := [item for item in told if item not in (*CHECKLIST[kind], *INSTEAD.values(), *REMARKS[kind])]:
            yield "unknown_items", f"{', '.join(strange)} of {serial} is on no checklist of a {kind}"
    if others := [serial for serial in checklist if serial not in products]:
        yield "not_in_visit", f"{', '.join(others)} was not booked"


def remarks(kind: ProductKind, told: tuple[str, ...]) -> list[str]:
    """What was noted of a product besides."""
    return [item for item in told if item in REMARKS[kind]]


def _name(item: str) -> str:
    return f"{item} (or {INSTEAD[item]})" if item in INSTEAD else item
