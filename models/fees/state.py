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
    """The money that pays it."""
    unused: list[Paid] = field(default_factory=list)
    """Money that came and pays nothing: less than the fee, or for what cannot be paid."""
    refunded: int = 0
    """Cents that were asked to be given back."""
    failed: list[str] = field(default_factory=list)
    """The latest attempts that were declined."""

    @property
    def free(self) -> bool:
        """Nothing but returned money is known of it: an application may still name it as its own."""
        return not (self.application_id or self.paid or self.failed)
