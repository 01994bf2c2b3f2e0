"""Orders as Care looks at them: what was bought, what came back, what came with it (CARE-1, CARE-2, CARE-7)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tests.simulation.dates import cents, instant
from tests.simulation.partition import Json


class Return(NamedTuple):
    """Pieces that came back, by line."""

    at: datetime
    pieces: dict[str, int]
    in_window: bool


@dataclass
class Line:
    id: str
    quantity: int
    protected: bool
    """A qualifying product, neither a warranty nor Care itself."""
    serials: list[str]
    benefits: tuple[int, int]
    """CARE-7 Cents that a member price saved on it, and its discount."""


@dataclass
class Order:
    id: str
    placed: datetime
    signed_in: bool
    lines: list[Line]
    extras: list[int]
    """CARE-7 Cents of a faster shipment and of what was given with it."""
    returns: dict[str, Return] = field(default_factory=dict)
    cancelled: tuple[datetime, bool] | None = None
    """When, and whether before it was shipped."""
    suspended: bool = False
    """CARE-2 Care was suspended when it was placed."""
    bought_with: str | None = None
    """CARE-1 The fee of Care that was bought with it."""

    @classmethod
    def of(cls, data: Json) -> "Order":
        lines = [
            Line(
                line["line_id"],
                line["quantity"],
                line["qualifying"] and line["category"] not in ("warranty", "care"),
                line["serial_numbers"],
                (cents(line["promo_price_saving"]), cents(line["discount"])),
            )
            for line in data["lines"]
        ]
        extras = [
            cents(data["shipping_upgrade_value"]),
            *[cents(item["value"]) for item in data["complimentary_items"]],
        ]
        return cls(data["order_id"], instant(data["placed_at"]), data["signed_in"], lines, extras)

    @property
    def protects(self) -> list[Line]:
        return [line for line in self.lines if line.protected]

    def undone(self, before: datetime) -> bool:
        """CARE-7 Cancelled before shipment: nothing of it was received."""
        return self.cancelled is not None and self.cancelled[0] < before and self.cancelled[1]

    def back(self, line: Line, before: datetime, *, in_window: bool = False) -> int:
        """Pieces that came back."""
        back = [one for one in self.returns.values() if one.at < before and (one.in_window or not in_window)]
        return sum(one.pieces.get(line.id, 0) for one in back)

    def kept(self, line: Line, before: datetime) -> int:
        if self.cancelled and self.cancelled[0] < before:
            return 0
        return line.quantity - self.back(line, before)

    def qualifies(self, at: datetime) -> bool:
        """CARE-1"""
        return any(self.kept(line, at) for line in self.protects)

    def received(self, before: datetime) -> list[int]:
        """CARE-7 What the benefits that stayed with the member come to, in cents."""
        if self.undone(before):
            return []
        found = [amount - amount * (line.quantity - self.kept(line, before)) // line.quantity
                 for line in self.lines for amount in line.benefits]  # fmt: skip
        return [amount for amount in [*found, *self.extras] if amount]


@dataclass
class Claim:
    id: str
    at: datetime
    serial: str
    order_id: str
    by_member: bool
    active: bool
    """Whether Care was, as was known when it was opened."""
    reasons: set[str] = field(default_factory=set)
    """Why it is refused; none: it is accepted."""
    told: set[str] | None = None
    """The same, as the notices have it."""


@dataclass
class Window:
    """CARE-7 The 30 days in which a fee can be asked back, and what was bought and used in them."""

    fee: str
    since: datetime
    until: datetime
    orders: list[Order] = field(default_factory=list)
    claims: set[str] = field(default_factory=set)
    asked: datetime | None = None
    granted: bool | None = None
    """None: nobody asked, or it waits."""
    reasons: set[str] = field(default_factory=set)
    benefits: list[int] = field(default_factory=list)
    ended: datetime | None = None
    """Once granted: when Care ended with it."""
    told: list[str] = field(default_factory=list)
    """The notices of the answer."""

    def holds(self, at: datetime) -> bool:
        return self.since <= at < (self.ended or self.until)


@dataclass
class Care:
    """What the member has bought, claimed and asked back."""

    orders: dict[str, Order] = field(default_factory=dict)
    returns: dict[str, Order] = field(default_factory=dict)
    """The order of each return that was told of."""
    claims: dict[str, Claim] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    granted: str = ""
    """The fee that was given back last."""
