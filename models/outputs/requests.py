"""What we ask payment, commerce and finance to do. Final once emitted (GEN-6)."""

from typing import Annotated, ClassVar

from pydantic import Field

from models.outputs.base import Cause, Named
from models.values import Clause, Date, Id, Model, Money, PaidProgram


class Request(Named):
    """Base of the requests: why it is made (GEN-5)."""

    clause: Clause
    cause: Cause


class ChargeRequested(Request):
    """PAY-1 Charge this method for this invoice, once."""

    TYPE: ClassVar = "charge.requested.v1"

    invoice_id: Id
    attempt_id: Id
    method_id: Id
    amount: Money
    program: PaidProgram
    round: Annotated[int, Field(ge=0, le=100)]


class RefundItem(Model):
    """One step of the refund's arithmetic: the fee, or a benefit taken off it."""

    what: str
    amount: Money


class RefundRequested(Request):
    """CARE-7, REP-9 Give back a fee, or what is left of it after the benefits received."""

    TYPE: ClassVar = "refund.requested.v1"

    refund_id: Id
    invoice_id: Id
    amount: Money
    items: tuple[RefundItem, ...]


class InvoiceIssued(Request):
    """LOAN-5 A loan that was not returned, or came back damaged, is to be paid."""

    TYPE: ClassVar = "invoice.issued.v1"

    invoice_id: Id
    loan_id: Id
    amount: Money
    due_on: Date


class InvoiceCancelled(Request):
    """LOAN-6 The loan came back whole: its invoice is not to be paid."""

    TYPE: ClassVar = "invoice.cancelled.v1"

    invoice_id: Id
    loan_id: Id


REQUESTS: tuple[type[Request], ...] = (ChargeRequested, RefundRequested, InvoiceIssued, InvoiceCancelled)
