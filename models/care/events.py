"""Care: bought with a product, claimed on products (CARE)."""

from datetime import datetime
from typing import Annotated, ClassVar, Self

from pydantic import Field

from models.fees.events import PaymentFailed, PaymentSucceeded
from models.outputs.base import Cause
from models.payload import Payload
from models.values import Date, Id, Instant, Model, Sha256, State, Subject


class CarePurchased(Payload):
    """CARE-1, CARE-3 Care was bought; by a guest if the subject is `guest:<email_hash>`."""

    TYPE: ClassVar = "care.purchased.v1"
    PERSONAL: ClassVar = True
    order_id: Id | None = None
    email_hash: Sha256
    birth_date: Date
    state: State
    purchased_at: Instant
    invoice_id: Id

    @property
    def happened_at(self) -> datetime:
        """When it was bought."""
        return self.purchased_at


class CareCancelRequested(Payload):
    """CARE-6, CARE-7 The member wants to stop, with or without the fee back."""

    TYPE: ClassVar = "care.cancel_requested.v1"
    refund_requested: bool


class CareAutoRenewChanged(Payload):
    """CARE-6 Renewal switched on or off."""

    TYPE: ClassVar = "care.auto_renew_changed.v1"
    on: bool


class CareClaimOpened(Payload):
    """CARE-9 Somebody wants a product mended."""

    TYPE: ClassVar = "care.claim_opened.v1"
    claim_id: Id
    serial: Id
    order_id: Id
    filed_by: Subject


class Origin(Model):
    """The event that a transfer comes from, by its name at the key that sends it: what follows elsewhere is traced to it."""

    source: Annotated[Id, Field(max_length=256)]
    id: Id

    @classmethod
    def of(cls, cause: Cause) -> Self:
        """The same of a cause."""
        return cls(source=cause.source, id=cause.id)

    @property
    def cause(self) -> Cause:
        """As a cause."""
        return Cause(source=self.source, id=self.id)


class GuestAccountOpened(Payload):
    """Internal, CARE-3: tells the guest's key that a member opened an account with the guest's email."""

    TYPE: ClassVar = "guest.account_opened.v1"
    origin: Origin
    email_hash: Sha256
    member_id: Subject
    opened_at: Instant

    @property
    def happened_at(self) -> datetime:
        """When the account was opened."""
        return self.opened_at


class GuestCareClaimed(Payload):
    """Internal, CARE-3: hands a guest's purchase over to the member who claimed it in time."""

    TYPE: ClassVar = "guest.care_claimed.v1"
    PERSONAL: ClassVar = True
    origin: Origin
    """The purchase."""
    guest: Subject
    purchase: CarePurchased

    @property
    def happened_at(self) -> datetime:
        """When it was bought: the account has what was bought then (CARE-2)."""
        return self.purchase.purchased_at


class GuestPaymentSucceeded(Payload):
    """Internal, CARE-3: hands on money that the guest's key is told of, for a purchase that a member has claimed."""

    TYPE: ClassVar = "guest.payment_succeeded.v1"
    origin: Origin
    guest: Subject
    payment: PaymentSucceeded

    @property
    def happened_at(self) -> datetime:
        """When the money came."""
        return self.payment.paid_at


class GuestPaymentFailed(Payload):
    """Internal, CARE-3: hands on a failure likewise."""

    TYPE: ClassVar = "guest.payment_failed.v1"
    origin: Origin
    guest: Subject
    payment: PaymentFailed


EVENTS: tuple[type[Payload], ...] = (CarePurchased, CareCancelRequested, CareAutoRenewChanged, CareClaimOpened)
TRANSFERS: tuple[type[Payload], ...] = (
    GuestAccountOpened,
    GuestCareClaimed,
    GuestPaymentSucceeded,
    GuestPaymentFailed,
)
"""What one key's decision sends to another key; never accepted from outside."""
