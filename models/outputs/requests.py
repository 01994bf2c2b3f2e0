"""What we ask payment, commerce and finance to do. Final once emitted (GEN-6)."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from models.outputs.base import Body, Cause
from models.outputs.words import Clause, Day, Id, Instant, Money
from models.values import PaidProgram


class Request(Body, frozen=True, kw_only=True, gc=False):
    """Base of the requests: why it is made (GEN-5)."""

    clause: Clause
    cause: Cause


class ChargeRequested(Request, frozen=True, kw_only=True, gc=False):
    """PAY-1 Charge this method for this invoice, once."""

    TYPE: ClassVar[str] = "charge.requested.v1"
    ADDED: ClassVar[frozenset[str]] = frozenset({"answer_by"})

    invoice_id: Id
    attempt_id: Id
    method_id: Id
    amount: Money
    program: PaidProgram
    round: Annotated[int, Meta(ge=0, le=100)]
    answer_by: Annotated[
        Instant | None, Meta(description="From this instant on silence counts as a failure; null in earlier releases.")
    ] = None


class RefundItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One step of the refund's arithmetic: the fee, or a benefit taken off it."""

    what: str
    amount: Money


class RefundRequested(Request, frozen=True, kw_only=True, gc=False):
    """CARE-7, REP-9 Give back a fee, or what is left of it after the benefits received."""

    TYPE: ClassVar[str] = "refund.requested.v1"
    ADDED: ClassVar[frozenset[str]] = frozenset({"program", "attempt_ids"})

    refund_id: Id
    invoice_id: Id
    amount: Money
    items: tuple[RefundItem, ...]
    program: Annotated[PaidProgram | None, Meta(description="Whose fee it is; null in earlier releases.")] = None
    attempt_ids: Annotated[
        tuple[Id, ...], Meta(description="The charges whose money goes back; money that was paid by hand has none.")
    ] = ()


class InvoiceIssued(Request, frozen=True, kw_only=True, gc=False):
    """LOAN-5 A loan that was not returned, or came back damaged, is to be paid."""

    TYPE: ClassVar[str] = "invoice.issued.v1"

    invoice_id: Id
    loan_id: Id
    amount: Money
    due_on: Day


class InvoiceCancelled(Request, frozen=True, kw_only=True, gc=False):
    """LOAN-6 The loan came back whole: its invoice is not to be paid."""

    TYPE: ClassVar[str] = "invoice.cancelled.v1"

    invoice_id: Id
    loan_id: Id


REQUESTS: tuple[type[Request], ...] = (ChargeRequested, RefundRequested, InvoiceIssued, InvoiceCancelled)
