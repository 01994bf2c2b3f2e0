"""Loaned equipment (LOAN)."""

from typing import ClassVar, Literal

from models.payload import Payload
from models.values import Date, Id, Label, Money, State, Text

LoanKind = Literal["evaluation", "repair"]
LoanCategory = Literal["camera", "lens", "accessory"]


class LoanPayload(Payload):
    """A step of one loan."""

    loan_id: Id


class LoanRequested(LoanPayload):
    """LOAN-1, LOAN-2 The member asks for a product; a repair loan names the repair or the cleaning it is for."""

    TYPE: ClassVar = "loan.requested.v1"
    PERSONAL: ClassVar = True
    kind: LoanKind
    model: Label
    category: LoanCategory
    retail_value: Money
    needed_on: Date
    repair_id: Id | None = None
    cleaning_id: Id | None = None
    ship_to_state: State


class LoanApproved(LoanPayload):
    """LOAN-1 Sony lends."""

    TYPE: ClassVar = "loan.approved.v1"
    reason: Text | None = None


class LoanDeclined(LoanPayload):
    """LOAN-1 Sony does not lend."""

    TYPE: ClassVar = "loan.declined.v1"
    reason: Text | None = None


class LoanInsuranceProved(LoanPayload):
    """LOAN-3 All-risk insurance naming Sony was shown."""

    TYPE: ClassVar = "loan.insurance_proved.v1"


class LoanShipped(LoanPayload):
    """LOAN-1, LOAN-2 The product is on its way to the member."""

    TYPE: ClassVar = "loan.shipped.v1"


class LoanRecalled(LoanPayload):
    """LOAN-4 Sony wants it back."""

    TYPE: ClassVar = "loan.recalled.v1"


class LoanReturned(LoanPayload):
    """LOAN-5 It is back, whole or damaged."""

    TYPE: ClassVar = "loan.returned.v1"
    damaged: bool
    insurance_paid: Money | None = None


class LoanInvoicePaid(Payload):
    """LOAN-6 The invoice of a loan that was not returned is paid."""

    TYPE: ClassVar = "loan_invoice.paid.v1"
    invoice_id: Id
    amount: Money


EVENTS: tuple[type[Payload], ...] = (
    LoanRequested,
    LoanApproved,
    LoanDeclined,
    LoanInsuranceProved,
    LoanShipped,
    LoanRecalled,
    LoanReturned,
    LoanInvoicePaid,
)
