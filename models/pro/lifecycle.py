"""The life of a PRO membership as a table: (stage, what happens) -> stage. What is not in it does not happen.

Suspension is no stage but a set of causes over `active` (GEN-3).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Stage: TypeAlias = Literal["applied", "rejected", "active", "ending", "lapsed", "ended", "terminated"]
Happening: TypeAlias = Literal[
    "applied", "rejected", "opened", "renewed", "cancelled", "unpaid", "term_over", "taken_back", "terminated"
]

_TABLE: Final[Mapping[tuple[Stage | None, Happening], Stage]] = {
    (None, "applied"): "applied",
    (None, "rejected"): "rejected",
    ("rejected", "applied"): "applied",
    ("rejected", "rejected"): "rejected",
    ("applied", "rejected"): "rejected",
    ("applied", "opened"): "active",
    ("applied", "terminated"): "terminated",
    ("active", "renewed"): "active",
    ("active", "cancelled"): "ending",  # PRO-7
    ("active", "unpaid"): "lapsed",  # PRO-5, PAY-6
    ("active", "terminated"): "terminated",  # PRO-8
    ("ending", "renewed"): "ending",  # paid before it was cancelled, told after
    ("ending", "term_over"): "ended",
    ("ending", "terminated"): "terminated",
    ("lapsed", "applied"): "applied",
    ("lapsed", "renewed"): "active",  # paid in time, told late
    ("lapsed", "taken_back"): "active",  # what was said before the end, told late
    ("lapsed", "terminated"): "terminated",
    ("ended", "applied"): "applied",
    ("ended", "renewed"): "ending",
    ("ended", "terminated"): "terminated",
}
TABLE: Final[Mapping[tuple[str | None, str], str]] = MappingProxyType(
    {(before, what): after for (before, what), after in _TABLE.items()}
)
"""A terminated one stays so for good: nothing leads out of it (PRO-1, PRO-8)."""
