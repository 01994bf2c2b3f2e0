"""What is remembered about Care: the section of the hot value, and one entry per purchase."""

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from models.care.lifecycle import TABLE
from models.fees.membership import Membership


class Purchase(Struct, array_like=True):
    """CARE-1 A purchase of Care, named by its invoice."""

    KIND: ClassVar[str] = "care"

    id: str
    content: bytes
    """Digest of its data: the same purchase under another event id is recognised."""
    source: str
    event_id: str
    """The event that brought it: the cause of a refund, whichever event completes that."""
    why_not: str | None = None
    """Code of the first reason why it is not accepted."""


class Care(Membership, array_like=True):
    """A Care membership."""

    TABLE: ClassVar[Mapping[tuple[str | None, str], str]] = TABLE

    purchase: str = ""
    """The one that opened it."""
