"""What is remembered about a member's points: a section of the hot value, and entries for what an event must name.

Days are proleptic ordinals and instants whole microseconds since 1970 (UTC) where there are many of them: a member's
lots are read and written with each of its events.
"""

from datetime import date, datetime
from typing import ClassVar, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct, field

from models.calendar import CountedDay
from models.outputs.base import Brought

LotKey: TypeAlias = tuple[int, int, str]
"""(last day of use as ordinal, microseconds when earned, id): names a lot for good, also once nothing is left in it."""


class Lot(Struct, array_like=True, gc=False):
    """Points earned together, while some are left."""

    expires: int
    """MS-6 Ordinal of the last day, programme zone, on which they can be used."""
    earned: int
    """Microseconds since 1970 of when they were earned: the order in which they are used (MS-7)."""
    id: str
    left: int

    @property
    def key(self) -> LotKey:
        """What names the lot."""
        return self.expires, self.earned, self.id

    @property
    def expires_on(self) -> date:
        """The last day of use."""
        return date.fromordinal(self.expires)


class Branch(Struct, array_like=True):
    """A page as its parent knows it."""

    page: int
    first: LotKey
    """No lot of the page comes before it."""
    left: int
    """Sum over the page."""
    oldest: int
    """The earliest `earned` of the page."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_LOTS: Final = msgspec.msgpack.Decoder(list[Lot])
_ARRAY: Final = b"\xdc"
"""Msgpack's head of an array whose length is in the two bytes after it; the elements follow, one after the other."""


class Page(Struct, array_like=True):
    """A node of the tree of lots: either lots or branches, in key order.

    The lots stay packed until somebody looks at them: most events only add one at the end, which needs no look.
    """

    KIND: ClassVar[str] = "lots"

    packed: bytes = b""
    """The lots in msgpack, one after the other."""
    count: int = 0
    left: int = 0
    """Sum over the page and all under it."""
    last: LotKey | None = None
    """The last lot's name."""
    branches: list[Branch] = field(default_factory=list)

    @property
    def lots(self) -> list[Lot]:
        """The lots, as copies: `pack` keeps a change."""
        return _LOTS.decode(_ARRAY + self.count.to_bytes(2, "big") + self.packed)

    def pack(self, lots: list[Lot]) -> None:
        """Hold these lots."""
        self.packed, self.count = b"".join([_ENCODER.encode(lot) for lot in lots]), len(lots)
        self.left, self.last = sum([lot.left for lot in lots]), lots[-1].key if lots else None

    def append(self, lot: Lot) -> None:
        """Hold one more lot, which comes after all others."""
        self.packed += _ENCODER.encode(lot)
        self.count += 1
        self.left += lot.left
        self.last = lot.key


class Leaving(Brought, Struct, array_like=True):
    """MS-16 A cancellation that was asked for and can still be withdrawn, with the working of its clock (REP-10)."""

    requested_at: datetime
    effect_at: datetime
    notice: str
    source: str
    event_id: str
    """The event that asked for it."""
    days: list[CountedDay]
    calendar: str
    """Version of the calendar used."""


class Points(Struct, array_like=True):
    """A My Sony membership."""

    joined_at: datetime
    available: int = 0
    reserved: int = 0
    debt: int = 0
    booked: int = 0
    """MS-20 The running sum of all ledger entries."""
    earned: int = 0
    taken_back: int = 0
    redeemed: int = 0
    expired: int = 0
    forfeited: int = 0
    adjusted: int = 0
    lots: Page = field(default_factory=Page)
    """The root of the tree of lots (see `lots.py`)."""
    pages: int = 0
    """Pages ever made: the number of the last one."""
    expires_next: int = 0
    """MS-6 The day (ordinal) whose expiry is the next deadline; 0: none is set."""
    reminds_next: int = 0
    """MS-17 The day (ordinal) whose reminders are the next deadline; 0: none is set."""
    reminded: int = 0
    """MS-17 Ordinal of the last day whose reminders were sent."""
    reminders: dict[int, str] = field(default_factory=dict)
    """MS-17 Expiry day (ordinal) -> the standing reminder's id."""
    leaving: Leaving | None = None


class Former(Struct, array_like=True):
    """MS-16 A membership that has ended: what happened while it lasted is decided by its own time."""

    joined_at: datetime
    ended_at: datetime


class Part(Struct, array_like=True, gc=False):
    """Points that one cause took from one lot; `lot` None: they became debt."""

    lot: LotKey | None
    points: int
    lapsed: bool = False
    """They had expired in that lot before, so nothing was taken (MS-11)."""


class Bonus(Struct, array_like=True):
    """MS-5 Promotion points of a line."""

    line: int
    points: int
    lot: LotKey


class Line(Struct, array_like=True, gc=False):
    """A line of an order as far as points and Care depend on it. Money in cents."""

    id: str
    quantity: int
    price: int
    """Of one piece, as last told (MS-14)."""
    discount: int
    qualifying: bool
    earned: int = 0
    """MS-3 When it was bought, without bonuses."""
    share: int = 0
    """MS-12 Of the points redeemed with the order: as many cents of this line were paid with points."""
    returned: int = 0
    goods: bool = False
    """CARE-2 A product, not a warranty or a membership."""
    serials: tuple[str, ...] = ()
    saving: int = 0
    """CARE-7 What a member price saved on the whole line."""

    @property
    def net(self) -> int:
        """What the line costs now."""
        net = self.price * self.quantity - self.discount
        return net if net > 0 else 0

    @property
    def paid(self) -> int:
        """What of it is paid in money."""
        paid = self.price * self.quantity - self.discount - self.share
        return paid if paid > 0 else 0


class Cancellation(Struct, array_like=True, gc=False):
    """MS-13 That an order is off, all that is left of it."""

    at: datetime
    before_shipment: bool


class Gift(Struct, array_like=True, gc=False):
    """CARE-7 What came with an order for nothing, and its value in cents."""

    description: str
    value: int


class Order(Struct, array_like=True):
    """An order that was decided; its answer stands (MS-4), what it keeps follows from what became of it since."""

    KIND: ClassVar[str] = "order"

    id: str
    content: bytes
    """Digest of the order's data: the same order under another event id is recognised."""
    placed_at: datetime
    lot: LotKey
    """Where its points are, if it earned any."""
    lines: list[Line] = field(default_factory=list)
    since: datetime | None = None
    """When the membership was joined under which it was placed; None: it was under none."""
    why_zero: str | None = None
    """Code of the reason why it earned nothing."""
    bonuses: list[Bonus] = field(default_factory=list)
    redeemed: list[Part] = field(default_factory=list)
    """MS-7 Where the points it was paid with came from, in the order they were taken."""
    held: list[Part] = field(default_factory=list)
    """MS-12 Where those that are still redeemed are taken from now."""
    taken: list[Part] = field(default_factory=list)
    """MS-11 Where the earned points that are gone were taken from, in the order they were taken."""
    disputed: int = 0
    """MS-15 Cents that the bank took back and that were not won back."""
    cancellation: Cancellation | None = None
    notices: list[str] = field(default_factory=list)
    """Ids of what was told about its undoing and stands, of very many the latest: a cancellation replaces them."""
    matches: dict[int, list[str]] = field(default_factory=dict)
    """MS-14 Line -> ids of what was told about its last price match: the next one replaces it."""
    refused: list[str] = field(default_factory=list)
    """MS-10 Ids of the returns that were refused: they count when the rejection of another one makes room."""
    signed_in: bool = True
    shipping_upgrade: int = 0
    """CARE-7 What it would have cost, in cents."""
    gifts: tuple[Gift, ...] = ()
    returns: tuple[str, ...] = ()
    """Sorted ids of the returns that count or were rejected."""

    @property
    def cancelled(self) -> bool:
        """MS-13 Whether it is off."""
        return self.cancellation is not None

    @property
    def earned_points(self) -> bool:
        """Whether it brought any points."""
        return self.why_zero is None

    @property
    def moved_points(self) -> bool:
        """Whether any points moved on its account when it was placed."""
        return self.earned_points or bool(self.redeemed)

    def place(self, line_id: str) -> int | None:
        """The place of the line with that id, from 0; None if the order has no such line."""
        return next((place for place, line in enumerate(self.lines) if line.id == line_id), None)


class Refused(Brought, Struct, array_like=True):
    """MS-10 What a return counts as if there is room for it after all: its event's name and time."""

    source: str
    event_id: str
    at: datetime
    until: datetime | None
    """GEN-2 By the partition's now: from then on it stays refused; None: it came before the first tick."""


class Return(Struct, array_like=True):
    """A completed return: how much of which line. `rejected` ones count no more, `refused` ones not yet (MS-10)."""

    KIND: ClassVar[str] = "return"

    id: str
    content: bytes
    order_id: str
    quantities: dict[str, int]
    at: datetime
    """When it was completed."""
    in_window: bool
    """CARE-7 Within the store's return window."""
    rejected: bool = False
    notices: list[str] = field(default_factory=list)
    """Ids of what was told about it: its rejection replaces them."""
    refused: Refused | None = None


Ended: TypeAlias = Literal["claimed", "released", "expired", "forfeited", "refused"]
"""How a reservation ended; a refused one is told anew with the same id, and counts as it is told then."""


class Reservation(Struct, array_like=True):
    """MS-8 Points set aside at checkout."""

    KIND: ClassVar[str] = "reservation"

    content: bytes | None
    """Digest of the event's data; None: an order claimed it before it was told."""
    until: datetime | None
    parts: list[Part] = field(default_factory=list)
    """Where the points came from, while they are set aside."""
    ended: Ended | None = None


class Dispute(Struct, array_like=True):
    """MS-15 Money that the bank took back."""

    KIND: ClassVar[str] = "dispute"

    content: bytes
    order_id: str
    amount: int
    won: bool = False
    notices: list[str] = field(default_factory=list)


class Adjustment(Struct, array_like=True):
    """MS-18 A goodwill adjustment, booked or waiting for the second actor."""

    KIND: ClassVar[str] = "adjustment"

    content: bytes
    points: int
    actor: str
    since: datetime | None = None
    """When the membership was joined in which it was asked for: it counts in no other (MS-16). None: it was refused; told
    anew with the same id, it counts as it is told then."""
    approved_by: str | None = None
    booked: bool = False


class Lapsed(Struct, array_like=True):
    """MS-11 How many points of a lot have expired: they are not taken a second time."""

    KIND: ClassVar[str] = "lapsed"

    points: int
