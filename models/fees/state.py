"""What is remembered about a membership fee: one entry per invoice."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct, field


class Paid(Struct, array_like=True):
    """The money that came for an invoice; `amount` in cents."""

    at: datetime
    amount: int


class Invoice(Struct, array_like=True):
    """A fee. It is an application's, or a renewal's where `application_id` is None."""

    KIND: ClassVar[str] = "invoice"

    id: str
    application_id: str | None = None
    paid: Paid | None = None
    refunded: bool = False
    failed: list[str] = field(default_factory=list)
    """Attempts that were declined, sorted."""
