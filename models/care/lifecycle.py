"""The lives of a Care membership and of a guest's purchase as tables: (stage, what happens) -> stage. What is not in it does not happen.

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

GuestStage: TypeAlias = Literal["unclaimed", "claimed", "missed", "refused"]
GuestHappening: TypeAlias = Literal["bought", "refused", "claimed", "not_claimed"]

GUEST_TABLE: Final[Mapping[tuple[GuestStage | None, GuestHappening], GuestStage]] = MappingProxyType(
    {
        (None, "bought"): "unclaimed",
        ("unclaimed", "refused"): "refused",  # CARE-1
        ("unclaimed", "claimed"): "claimed",  # CARE-3
        ("unclaimed", "not_claimed"): "missed",
        ("missed", "claimed"): "claimed",  # opened in time, told late, and nothing had gone back
    }
)
"""CARE-3 The same of what a guest bought."""
