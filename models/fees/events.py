"""Fee payments, their failures, and the cards on file (PAY)."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from models.payload import Payload
from models.values import Id, Instant, Label, Money, Month, PaidProgram

DeclineReason = Literal["expired", "insufficient_funds", "do_not_honor", "stolen", "closed", "processor_error", "other"]
Position = Annotated[int, Field(ge=0, le=1_000)]
"""Place in the member's order of methods; the lowest is the primary one."""


class PaymentSucceeded(Payload):
    """PAY-5 A fee was paid. Without `attempt_id` it answers no charge of ours (a first or a manual payment)."""

    TYPE: ClassVar = "payment.succeeded.v1"
    invoice_id: Id
    attempt_id: Id | None = None
    method_id: Id
    program: PaidProgram
    amount: Money
    paid_at: Instant

    @property
    def happened_at(self) -> datetime:
        """When the money came."""
        return self.paid_at


class PaymentFailed(Payload):
    """PAY-1 A charge was declined. `hard` true makes any reason a hard decline."""

    TYPE: ClassVar = "payment.failed.v1"
    invoice_id: Id
    attempt_id: Id
    method_id: Id
    program: PaidProgram
    reason: DeclineReason
    hard: bool | None = None


class MethodAdded(Payload):
    """PAY-1 A payment method is on file from now on."""

    TYPE: ClassVar = "method.added.v1"
    method_id: Id
    kind: Label
    expires: Month | None = None
    """Good through this month."""
    position: Position


class MethodRemoved(Payload):
    """PAY-1 A payment method is gone."""

    TYPE: ClassVar = "method.removed.v1"
    method_id: Id


class MethodUpdated(Payload):
    """PAY-1 A payment method was replaced or moved; what is absent stays as it was."""

    TYPE: ClassVar = "method.updated.v1"
    method_id: Id
    expires: Month | None = None
    position: Position | None = None


EVENTS: tuple[type[Payload], ...] = (PaymentSucceeded, PaymentFailed, MethodAdded, MethodRemoved, MethodUpdated)
