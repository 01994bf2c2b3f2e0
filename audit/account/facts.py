"""What is known of one member's points, as plain lists and dictionaries."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from audit.account.known import Known
from audit.account.purchase import Purchase
from audit.account.purse import Purse
from audit.account.waiting import Partner, order_of


@dataclass(slots=True)
class Return:
    """Pieces of an order that came back, while that stands."""

    order: Purchase
    pieces: dict[str, int]
    rejected: bool = False


@dataclass(slots=True)
class Refused:
    """MS-10 A return of more than was left, which counts if a rejection makes room before ``until`` (None: at any time)."""

    order: Purchase
    event: Any
    until: datetime | None


@dataclass(slots=True)
class Adjustment:
    """MS-18 Goodwill that was told."""

    points: int
    actor: str
    purse: Purse
    """MS-16 Of the membership in which it was asked for."""
    booked: bool = False


@dataclass(slots=True)
class Facts(Known):
    """What is known of one member."""

    purse: Purse | None = None
    """The membership that lasts, as far as it has been handled."""
    former: list[tuple[datetime, datetime]] = field(default_factory=list)
    """MS-16 From when to when earlier ones lasted."""
    orders: dict[str, Purchase] = field(default_factory=dict)
    returns: dict[str, Return] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)
    """Returns as last told, while they do not count."""
    turned_down: set[Partner] = field(default_factory=set)
    """What else was refused as last told: whoever waits for it has the answer."""
    disputes: dict[str, Purchase] = field(default_factory=dict)
    reservations: dict[str, datetime | None] = field(default_factory=dict)
    """MS-8 Until when each can be claimed; None: no more."""
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    by_order: Counter[str] = field(default_factory=Counter)
    """What each order has brought to available + reserved - debt, in all."""

    @property
    def over_before(self) -> date:
        """MS-12 Lots whose last day is before this one are over, whatever an event says of its own time."""
        return self.day(self.now) if self.now else date.min

    def purse_at(self, at: datetime) -> Purse | None:
        """MS-4 The membership that lasts then: joined before. What is behind its end waits for that."""
        return self.purse if self.purse and self.purse.joined_at < at else None

    def refused_of(self, order: Purchase) -> list[Any]:
        """MS-10 The returns of an order that were refused and may still count, first what happened first."""
        found = [one for one in self.refused.values() if one.order is order]
        events = [one.event for one in found if not (one.until and self.now and one.until <= self.now)]
        return sorted(events, key=order_of)

    @contextmanager
    def on_account_of(self, order: Purchase) -> Iterator[None]:
        """Whatever the sum of the points changes by meanwhile is this order's."""
        before = self.purse.total if self.purse else 0
        yield
        self.by_order[order.id] += (self.purse.total if self.purse else 0) - before
