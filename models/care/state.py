"""What is remembered about Care: the section of the hot value, and entries per purchase, fee, order and claim; and what a guest's key holds."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Final, Literal

from msgspec import Struct, field

from models.care.lifecycle import GUEST_TABLE, TABLE, GuestHappening, GuestStage
from models.fees.membership import Membership
from models.outputs.base import Brought, Cause

SHOWN: Final = 10
"""The most products, and the most claims, that the hot value keeps to be shown: the latest."""


class Purchase(Brought, Struct, array_like=True):
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


class Request(Brought, Struct, array_like=True):
    """CARE-7 That a fee was asked back."""

    source: str
    event_id: str
    at: datetime


class Benefit(Struct, array_like=True):
    """CARE-7 Something received for a fee, and its value in cents."""

    what: str
    value: int


class Window(Struct, array_like=True):
    """CARE-7 The 30 days in which a fee can be asked back, and what was made of it in them. Named by the fee's invoice."""

    KIND: ClassVar[str] = "care_window"

    id: str
    since: datetime
    """What is bought or used from here on is bought or used under this fee."""
    until: datetime
    """The first instant that is too late."""
    own: str | None = None
    """The order that Care was bought with."""
    orders: list[str] = field(default_factory=list)
    """Placed in it by a member signed in, with products that Care protects or benefits."""
    claims: list[str] = field(default_factory=list)
    """Accepted in it."""
    asked: Request | None = None
    answer: Literal["granted", "refused"] | None = None
    """Final (GEN-6); None: nobody asked, or it waits."""
    benefits: list[Benefit] = field(default_factory=list)
    """Once granted: what the refund is less by."""
    ended_at: datetime | None = None
    """Once granted: when Care ended with it."""

    def lasts(self, at: datetime) -> bool:
        """Whether what happens then happens in it."""
        return self.since <= at < (self.ended_at or self.until)


class Cover(Struct, array_like=True):
    """What Care knows of an order that is out of the ordinary: Care was bought with it or suspended then, or there are claims."""

    KIND: ClassVar[str] = "care_cover"

    id: str
    bought_with: str | None = None
    """CARE-1 The invoice of Care that was bought with it."""
    suspended: bool = False
    """CARE-2 Care was suspended when it was placed."""
    claims: list[str] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)
    """CARE-9 Serial numbers by which claims were accepted for pieces that the order names none of."""


class Claim(Brought, Struct, array_like=True):
    """CARE-9 A claim. Its answer is that of its own time, and follows what is told late of its order (GEN-2)."""

    KIND: ClassVar[str] = "care_claim"

    id: str
    content: bytes
    source: str
    event_id: str
    at: datetime
    serial: str
    order_id: str
    filed_by: str
    active: bool
    """Whether Care was active at its time, as was known when it was opened, or when the purchase of Care was told."""
    reasons: list[str] = field(default_factory=list)
    """Codes of why it is refused; none: it is accepted."""
    about: str = ""
    """What the answer rests on, which names the notice of it."""
    notice: str | None = None
    """The one that told the answer; another answer replaces it."""

    @property
    def accepted(self) -> bool:
        """Its answer."""
        return not self.reasons


class Product(Struct, array_like=True):
    """CARE-2 A product as it is shown: known by its serial number, else by the line of its order."""

    last_day: date
    """Of the two years."""
    order_id: str
    line_id: str
    serial: str | None


class Filed(Struct, array_like=True):
    """CARE-9 A claim as it is shown."""

    at: datetime
    id: str
    serial: str
    order_id: str
    accepted: bool


class Care(Membership, array_like=True):
    """A Care membership."""

    TABLE: ClassVar[Mapping[tuple[str | None, str], str]] = TABLE

    purchase: str = ""
    """The one that opened it."""
    products: list[Product] = field(default_factory=list)
    claims: list[Filed] = field(default_factory=list)
    asked: Request | None = None
    """CARE-7 The request for a refund that waits."""
    asked_until: datetime | None = None
    """When it is decided at the latest."""
    refunded: str | None = None
    """CARE-7 The invoice of the fee that was given back last."""


class Kept(Struct, array_like=True):
    """A payment or a failure that a guest's key was told of, as it is handed on: by which event, when, and its data."""

    source: str
    id: str
    at: datetime
    type: str
    data: bytes
    """JSON."""

    @property
    def cause(self) -> Cause:
        """That event."""
        return Cause(source=self.source, id=self.id)


class GuestPurchase(Brought, Struct, array_like=True):
    """CARE-3 What a guest bought, named by its invoice. The one at hand is in the hot value, earlier ones are entries."""

    KIND: ClassVar[str] = "guest"

    stage: GuestStage
    id: str
    data: bytes
    """What was said of it, as JSON: the account gets it whole."""
    source: str
    event_id: str
    """The event that brought it."""
    at: datetime
    until: datetime
    """The first instant at which it is too late to open an account."""
    kept: list[Kept] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """What the guest was told and stands."""
    gone_back: bool = False
    """GEN-6 Money of it was asked to be given back: that is final."""

    def happens(self, what: GuestHappening) -> None:
        """Move to the next stage. KeyError says that a rule has not asked before whether it can."""
        self.stage = GUEST_TABLE[self.stage, what]


class Guest(Struct, array_like=True):
    """CARE-3 What the key of an email remembers for ever."""

    account: str | None = None
    """The member who opened an account with this email."""
    opened_at: datetime | None = None
    """When, by the earliest word."""
    purchase: GuestPurchase | None = None
    """The latest that was accepted."""
