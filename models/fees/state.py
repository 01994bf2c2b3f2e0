"""What is remembered of fees: the payment methods on file, and one entry per invoice with the facts known of it."""

from datetime import date, datetime
from typing import ClassVar, Final, Self

from msgspec import Struct, field

from models.fees.events import PaymentSucceeded
from models.values import PaidProgram

METHODS: Final = 32
"""The most that is kept of a member's methods, removed ones included: they are part of the hot value."""


class Paid(Struct, array_like=True):
    """The money that came for an invoice; `amount` in cents."""

    at: datetime
    amount: int
    attempt_id: str | None = None
    """The charge that brought it; None: paid by hand."""

    @classmethod
    def told(cls, data: PaymentSucceeded) -> Self:
        """What an event says that came."""
        return cls(data.paid_at, data.amount, data.attempt_id)

    def same(self, other: "Paid") -> bool:
        """Whether it is the same money told again: one charge brings money once, and two bring other money."""
        if self.attempt_id and other.attempt_id:
            return self.attempt_id == other.attempt_id
        return (self.at, self.amount) == (other.at, other.amount)


class Method(Struct, array_like=True):
    """PAY-1 A payment method. What is known of it is the latest word on each part, by the time in the events.

    A removed one stays as a mark, so that an older word that comes late does not bring it back.
    """

    id: str
    kind: str
    position: int
    placed_at: datetime
    """When its position was said last."""
    expires: str | None
    """`YYYY-MM`: good through this month."""
    dated_at: datetime
    """When that was said last."""
    renewed_at: datetime
    """When it was added or replaced last."""
    on_file: bool
    since: datetime
    """When it was added or removed last."""
    declined_hard_at: datetime | None = None
    """The latest hard decline."""

    @property
    def retired(self) -> bool:
        """PAY-1 A hard decline retires it until it is replaced."""
        return self.declined_hard_at is not None and self.declined_hard_at >= self.renewed_at

    def good_on(self, day: date) -> bool:
        """Whether it can be asked on that day."""
        return self.on_file and not self.retired and (self.expires is None or f"{day:%Y-%m}" <= self.expires)


class Declined(Struct, array_like=True):
    """PAY-1 The latest hard decline of a method that is not known yet."""

    KIND: ClassVar[str] = "declined"

    at: datetime


class Attempt(Struct, array_like=True):
    """A charge of one method for an invoice: asked for by us, or known by its failure alone."""

    id: str
    method_id: str
    round: int | None
    """PAY-2 The round it was asked in; None: not asked by us, its time says which round it counts in."""
    asked_at: datetime | None
    failed_at: datetime | None = None
    reason: str | None = None
    """Why it failed; `no_answer` is silence (PAY-1)."""

    @property
    def at(self) -> datetime:
        """When the method was tried, as far as is known."""
        found = self.asked_at or self.failed_at
        if found is None:
            raise ValueError(f"attempt {self.id} was neither asked nor has it failed")
        return found


class Invoice(Struct, array_like=True):
    """A fee: an application's or a purchase's, or a renewal's where `application_id` is None."""

    KIND: ClassVar[str] = "invoice"

    id: str
    program: PaidProgram = "pro"
    application_id: str | None = None
    paid: Paid | None = None
    """The money that pays it."""
    unused: list[Paid] = field(default_factory=list)
    """Money that came and pays nothing: less than the fee, once too often, or for what cannot be paid."""
    refunded: int = 0
    """Cents that were asked to be given back."""
    reimbursed: str | None = None
    """REP-9 The repair for which the fee itself was given back; what pays nothing is `refunded`."""
    attempts: list[Attempt] = field(default_factory=list)
    due_on: date | None = None
    """Of a renewal: the end of the term that it follows."""
    collecting: bool = False
    """PAY-1 It is due and is being asked for."""
    round: int = 0
    """PAY-2 The round at hand."""
    failed_rounds: list[int] = field(default_factory=list)
    failed_at: datetime | None = None
    """When the first of them had failed."""
    expiring: dict[str, str] = field(default_factory=dict)
    """PAY-7 Method -> the notice that it expires before the charge."""

    @property
    def is_named(self) -> bool:
        """Whether somebody has said what it is for; else nothing but money that went back is known of it."""
        return self.application_id is not None or self.due_on is not None

    @property
    def to_give_back(self) -> list[Paid]:
        """The money that came, pays nothing and was not given back yet: it goes back in the order in which it came."""
        gone, left = self.refunded, list[Paid]()
        for paid in self.unused:
            if gone <= 0:
                left.append(paid)
            gone -= paid.amount
        return left

    def knows(self, money: Paid) -> bool:
        """Whether that money pays nothing, and was told of before."""
        return any(known.same(money) for known in self.unused)
