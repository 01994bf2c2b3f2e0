"""What is known of one member, as plain lists and dictionaries, and who waits for what."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audit.account.days import day_of
from audit.account.purchase import Purchase
from audit.account.purse import Purse
from models.policies import STANDARD, Policies

Partner = tuple[str, str]
"""What is waited for: ("order", id) and the like."""


@dataclass(slots=True)
class Return:
    """Pieces of an order that came back, while that stands."""

    order: Purchase
    pieces: dict[str, int]
    rejected: bool = False


@dataclass(slots=True)
class Adjustment:
    """MS-18 Goodwill that was told."""

    points: int
    actor: str
    booked: bool = False


@dataclass(slots=True)
class Waiting:
    """An event whose partner has not come, and when it is given up; None until the partition's first tick."""

    event: Any
    until: datetime | None


@dataclass(slots=True)
class Facts:
    """What is known of one member."""

    policies: Policies = STANDARD
    now: datetime | None = None
    """The partition's; None before its first tick."""
    purse: Purse | None = None
    """The membership that lasts, as far as it has been handled."""
    former: list[tuple[datetime, datetime]] = field(default_factory=list)
    """MS-16 From when to when earlier ones lasted."""
    orders: dict[str, Purchase] = field(default_factory=dict)
    returns: dict[str, Return] = field(default_factory=dict)
    disputes: dict[str, Purchase] = field(default_factory=dict)
    reservations: dict[str, datetime | None] = field(default_factory=dict)
    """MS-8 Until when each can be claimed; None: no more."""
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    by_order: Counter[str] = field(default_factory=Counter)
    """What each order has brought to available + reserved - debt, in all."""
    waiting: dict[Partner, list[Waiting]] = field(default_factory=dict)
    came: list[Partner] = field(default_factory=list)
    """What has become known just now, for the events that wait for it."""

    @property
    def zone(self) -> ZoneInfo:
        """The programme's."""
        return ZoneInfo(self.policies.zone)

    def day(self, instant: datetime) -> date:
        """The day in the programme's zone."""
        return day_of(instant, self.zone)

    @property
    def over_before(self) -> date:
        """MS-12 Lots whose last day is before this one are over, whatever an event says of its own time."""
        return self.day(self.now) if self.now else date.min

    def purse_at(self, at: datetime) -> Purse | None:
        """MS-4 The membership that lasts then: joined before, and not over."""
        purse = self.purse
        return purse if purse and purse.joined_at < at and not purse.over_by(at) else None

    def wait(self, partner: Partner, event: Any) -> None:
        """GEN-2 The event comes before what it is about."""
        until = self.now + timedelta(days=self.policies.hold_days) if self.now else None
        self.waiting.setdefault(partner, []).append(Waiting(event, until))

    def no_longer_waiting(self) -> list[Any]:
        """GEN-2 The events whose partner has come, first what happened first, without those given up before."""
        found = []
        for partner in self.came:
            waiting = self.waiting.pop(partner, [])
            waiting = [one for one in waiting if one.until is None or self.now is None or self.now < one.until]
            events = [one.event for one in waiting]
            found += sorted(events, key=lambda event: (event.time, event.source, event.id))
        self.came = []
        return found

    @contextmanager
    def on_account_of(self, order: Purchase) -> Iterator[None]:
        """Whatever the sum of the points changes by meanwhile is this order's."""
        before = self.purse.total if self.purse else 0
        yield
        self.by_order[order.id] += (self.purse.total if self.purse else 0) - before
