"""The life of a Care membership as a table: (stage, what happens) -> stage. What is not in it does not happen.

Suspension is no stage but a set of causes over `active` (GEN-3).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Stage: TypeAlias = Literal["active", "ending", "ended", "lapsed", "refunded"]
Happening: TypeAlias = Literal["bought", "renewed", "cancelled", "unpaid", "term_over", "taken_back", "refunded"]

_TABLE: Final[Mapping[tuple[Stage | None, Happening], Stage]] = {
    (None, "bought"): "active",
    ("active", "renewed"): "active",
    ("active", "cancelled"): "ending",  # CARE-6
    ("active", "refunded"): "refunded",  # CARE-7
    ("active", "unpaid"): "lapsed",
    ("ending", "renewed"): "ending",  # CARE-4: cancelled too late for the renewal at hand
    ("ending", "unpaid"): "ended",  # CARE-4: the same, and that one was not paid
    ("ending", "refunded"): "refunded",
    ("ending", "term_over"): "ended",
    ("lapsed", "bought"): "active",
    ("lapsed", "renewed"): "active",  # paid in time, told late
    ("lapsed", "taken_back"): "active",  # what was said before the end, told late
    ("ended", "bought"): "active",
    ("ended", "renewed"): "ending",
    ("refunded", "bought"): "active",
}
TABLE: Final[Mapping[tuple[str | None, str], str]] = MappingProxyType(
    {(before, what): after for (before, what), after in _TABLE.items()}
)
