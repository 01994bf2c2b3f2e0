"""A second account of points, kept the naive way: facts in lists, lots in a list, and sums at the end.

Written from the terms and from the decision on how points move (docs/adr/0006-points.md), to be compared with the rules in
``models/points``. It shares the reader of events, the settings' values and the names of lots with them, and nothing else:
the arithmetic, the days, ages and states are written here a second time. There is no running balance, no tree, no
schedule: what is due is found by looking through all there is, and lifetime counts are sums over the orders.

Arrival order counts where a clause says so: MS-4 and MS-9 (what is known when the order is handled), MS-10 (of returns of more
than was bought, which come first), and in which lots points were found when they were taken.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from audit.account import membership, orders
from audit.account.days import end_of
from audit.account.facts import Facts
from audit.account.purse import Purse
from audit.account.seen import Seen, happened
from models.policies import STANDARD, Policies

HANDLERS: Final[Mapping[str, Callable[[Facts, Any], None]]] = MappingProxyType(
    {
        "points.joined.v1": membership.join,
        "points.cancel_requested.v1": membership.ask_to_end,
        "points.cancel_withdrawn.v1": membership.stay,
        "points.adjusted.v1": membership.adjust,
        "redemption.reserved.v1": membership.reserve,
        "redemption.released.v1": membership.release,
        "order.placed.v1": orders.buy,
        "order.cancelled.v1": orders.cancel,
        "order.price_matched.v1": orders.match_price,
        "return.completed.v1": orders.bring_back,
        "return.rejected.v1": orders.reject,
        "payment.disputed.v1": orders.dispute,
        "payment.dispute_won.v1": orders.win,
    }
)
"""What each event means; all others mean nothing to points."""


@dataclass(init=False, eq=False)
class Account:
    """One member's account. Events and ticks are told in the order in which they were handled."""

    facts: Facts
    _seen: Seen

    def __init__(self, policies: Policies = STANDARD, seen: Seen | None = None) -> None:
        """``seen``: the ids that are spent, where several accounts share them."""
        self.facts = Facts(policies)
        self._seen = Seen(policies) if seen is None else seen

    def note(self, event: Any, now: datetime | None) -> None:
        """Take notice of an event as it came, perhaps once more. ``now``: the partition's, None before its first tick."""
        if self._seen.is_news(event, now):
            self.take(event, now)

    def take(self, event: Any, now: datetime | None) -> None:
        """Take notice of news."""
        self.facts.now = now
        self._apply(event, now)

    def _apply(self, event: Any, at: datetime | None, patience: datetime | None = None) -> None:
        """``patience``: when it is given up, if it has waited already."""
        facts = self.facts
        facts.room.patience = patience
        if handle := HANDLERS.get(event.type):
            if facts.purse and facts.purse.over_by(happened(event)) and handle is not membership.stay:
                facts.wait(membership.END, event)
            else:
                handle(facts, event)
        self._settle(at)

    def _settle(self, at: datetime | None) -> None:
        """GEN-2 Apply what has waited for what came by then."""
        for one in self.facts.room.no_longer_waiting(at):
            self._apply(one.event, at, one.until)

    def tick(self, now: datetime) -> None:
        """GEN-4 The partition's time has come to ``now``: what is due happens, in the order in which it was due."""
        facts = self.facts
        facts.room.start_counting(now)
        while facts.purse and (due := self._next_due(facts.purse)) and due[0] <= now:
            facts.now, what, which = due
            if what == "expiry":
                facts.purse.expire(date.fromisoformat(which))
            elif what == "leaving":
                membership.end(facts)
                facts.now = now  # what has waited is decided now, not when the end was due
                self._settle(due[0])
            else:
                membership.free(facts, which)
        facts.now = now

    def _next_due(self, purse: Purse) -> tuple[datetime, str, str] | None:
        """The first of all there are: (when, what, which)."""
        days = [lot.last_day for lot in purse.lots.values() if lot.left]
        due = [(end_of(min(days), self.facts.zone), "expiry", min(days).isoformat())] if days else []
        due += [(until, "timeout", name) for name in purse.set_aside if (until := self.facts.reservations[name])]
        due += [(purse.ends, "leaving", "")] if purse.ends else []
        return min(due, default=None)

    @property
    def since(self) -> datetime | None:
        """When the member joined; None for one who is none."""
        return self.facts.purse.joined_at if self.facts.purse else None

    @property
    def balance(self) -> dict[str, int]:
        """MS-19 Available, reserved and debt."""
        purse = self.facts.purse
        if purse is None:
            return {"available": 0, "reserved": 0, "debt": 0}
        return {"available": purse.available, "reserved": purse.reserved, "debt": purse.debt}

    @property
    def lots(self) -> dict[str, int]:
        """Points left by lot."""
        return {lot.id: lot.left for lot in self.facts.purse.lots.values() if lot.left} if self.facts.purse else {}

    @property
    def expiry_days(self) -> dict[date, int]:
        """MS-19 Points by the last day on which they can be used."""
        days: Counter[date] = Counter()
        for lot in self.facts.purse.lots.values() if self.facts.purse else ():
            days[lot.last_day] += lot.left
        return dict(+days)

    @property
    def by_order(self) -> Mapping[str, int]:
        """What each order has brought to available + reserved - debt, in all."""
        return self.facts.by_order

    @property
    def lifetime(self) -> dict[str, int]:
        """MS-19 What happened since the member joined, added up from what stands now."""
        purse = self.facts.purse
        mine = [order for order in self.facts.orders.values() if purse and order.purse is purse]
        return {
            "earned": sum(line.earned + line.bonus for order in mine for line in order.lines.values()),
            "taken_back": sum(part.points for order in mine for part in order.gone if not part.expired),
            "redeemed": sum(sum(part.points for part in order.held) for order in mine),
            "expired": sum(lot.expired for lot in purse.lots.values()) if purse else 0,
            "adjusted": purse.adjusted if purse else 0,
        }
