"""What is remembered about a member's points: the section of the hot value, and one entry per order and return."""

from datetime import date, datetime
from typing import ClassVar, Literal

from msgspec import Struct, field


class Lot(Struct, array_like=True):
    """Points earned together. In the hot value while something is left, then in an entry of its own."""

    KIND: ClassVar[str] = "lot"

    id: str
    earned_at: datetime
    expires_on: date
    """MS-6: the last day, programme zone, on which the points can be used."""
    left: int = 0
    reserved: int = 0
    expired: int = 0


class Points(Struct, array_like=True):
    """A My Sony membership. `lots` are the open ones, oldest first."""

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
    lots: list[Lot] = field(default_factory=list)


class Taken(Struct, array_like=True):
    """A part of what was taken back from a grant; `lot` None is the part that became debt."""

    lot: str | None
    points: int


class Grant(Struct, array_like=True):
    """Points an order brought into one lot, and where those that went again were taken from, in order."""

    kind: Literal["earn", "bonus"]
    lot: str
    points: dict[int, int]
    """By the line's place in the order, from 0: line ids are long, and the order has them already."""
    taken: list[Taken] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The points of all its lines."""
        return sum(self.points.values())

    @property
    def gone(self) -> int:
        """How many of the points have been taken back so far."""
        return sum([part.points for part in self.taken])


class Line(Struct, array_like=True):
    """A line of an order as far as points depend on it."""

    id: str
    quantity: int
    returned: int = 0


class Order(Struct, array_like=True):
    """An order that was decided; its answer stands (MS-4)."""

    KIND: ClassVar[str] = "order"

    id: str
    content: bytes
    """Digest of the order's data: the same order under another event id is recognised."""
    placed_at: datetime
    lines: list[Line] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    why_zero: str | None = None
    """Code of the reason why it earned nothing."""
    cancelled: bool = False
    notices: list[str] = field(default_factory=list)
    """Ids of what was told about its returns: a cancellation replaces them."""

    def line(self, line_id: str) -> Line | None:
        """The line with that id, if the order has it."""
        return next((line for line in self.lines if line.id == line_id), None)


class Return(Struct, array_like=True):
    """A completed return: how much of which line. `rejected` ones count no more (MS-10)."""

    KIND: ClassVar[str] = "return"

    id: str
    content: bytes
    order_id: str
    quantities: dict[str, int]
    rejected: bool = False
    notices: list[str] = field(default_factory=list)
    """Ids of what was told about it: its rejection replaces them."""
