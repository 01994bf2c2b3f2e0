"""The steps of a repair, and the loaner that makes up for a slow one (REP)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from models.payload import Payload
from models.values import Id, Label, Money, State, Text

SentBy = Literal["member", "third_party", "dealer"]


class RepairPayload(Payload):
    """A step of one repair."""

    repair_id: Id


class RepairRequested(RepairPayload):
    """REP-1 A product is announced to the depot."""

    TYPE: ClassVar = "repair.requested.v1"
    PERSONAL: ClassVar = True
    serial: Id
    model: Label
    issue: Text
    shipment_id: Id
    pieces: Annotated[int, Field(ge=1, le=1_000)]
    """Pieces in the shipment, as stated (REP-7)."""
    preapproved_amount: Money | None = None
    sent_by: SentBy
    ship_to_state: State
    next_day_shipping: bool


class RepairReceived(RepairPayload):
    """REP-2 Delivered to the depot."""

    TYPE: ClassVar = "repair.received.v1"


class RepairDiagnosed(RepairPayload):
    """REP-2 Diagnosed."""

    TYPE: ClassVar = "repair.diagnosed.v1"


class RepairWarrantyValidated(RepairPayload):
    """REP-3 The warranty was looked at; without proof the repair is out of warranty."""

    TYPE: ClassVar = "repair.warranty_validated.v1"
    proof: bool


class RepairPartsUnavailable(RepairPayload):
    """REP-7 Parts are missing: the clock stops."""

    TYPE: ClassVar = "repair.parts_unavailable.v1"


class RepairPartsAvailable(RepairPayload):
    """REP-7 Parts are there: the clock goes on."""

    TYPE: ClassVar = "repair.parts_available.v1"


class RepairEstimateIssued(RepairPayload):
    """REP-5 What the repair costs before the member's discount."""

    TYPE: ClassVar = "repair.estimate_issued.v1"
    estimate_id: Id
    standard_fee: Money


class RepairEstimateAnswered(RepairPayload):
    """REP-6 The member's yes or no."""

    TYPE: ClassVar = "repair.estimate_answered.v1"
    estimate_id: Id
    approved: bool


class RepairPaymentAccepted(RepairPayload):
    """REP-4 The approved repair is paid."""

    TYPE: ClassVar = "repair.payment_accepted.v1"
    amount: Money


class RepairCompleted(RepairPayload):
    """REP-1 The work is done."""

    TYPE: ClassVar = "repair.completed.v1"


class RepairHandedToCarrier(RepairPayload):
    """REP-4 The product, repaired or not, is on its way back."""

    TYPE: ClassVar = "repair.handed_to_carrier.v1"
    repaired: bool
    tracking: Label | None = None


class RepairDelivered(RepairPayload):
    """REP-11 The product is back with the member."""

    TYPE: ClassVar = "repair.delivered.v1"


class LoanerRequested(RepairPayload):
    """REP-8 The member wants a loaner for this repair."""

    TYPE: ClassVar = "loaner.requested.v1"


class LoanerUnavailable(RepairPayload):
    """REP-8 There is none."""

    TYPE: ClassVar = "loaner.unavailable.v1"


EVENTS: tuple[type[Payload], ...] = (
    RepairRequested,
    RepairReceived,
    RepairDiagnosed,
    RepairWarrantyValidated,
    RepairPartsUnavailable,
    RepairPartsAvailable,
    RepairEstimateIssued,
    RepairEstimateAnswered,
    RepairPaymentAccepted,
    RepairCompleted,
    RepairHandedToCarrier,
    RepairDelivered,
    LoanerRequested,
    LoanerUnavailable,
)
