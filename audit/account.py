"""A second account of points, kept the naive way: what is known of each order, and one sum at the end.

The rules (``models/points``) move points with every event and keep lots, grants and what was taken from where. This
account keeps no balance at all. It notes facts (joined, ordered, returned, rejected, cancelled) and answers from the
whole set what each order line keeps. It shares only the reader of events with the rules, by design: the arithmetic, the
states, ages, days and amounts are written here a second time.

Arrival order counts where a clause says so, and nowhere else: MS-4 (was the buyer a member when the order was handled)
and MS-10 (a return of more than is left is refused whole).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

PROGRAMME_ZONE: Final = ZoneInfo("America/Los_Angeles")
_STATES: Final = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY "
    "OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
)
RESIDENT: Final = frozenset(_STATES.split())


@dataclass(slots=True)
class Bought:
    """One line: pieces, what it earned when bought, what of that was a bonus, and the pieces that came back."""

    pieces: int
    earned: int
    bonus: int
    back: int = 0


@dataclass(slots=True)
class Purchase:
    """One order; ``lines`` earned nothing where the order did not earn."""

    lines: dict[str, Bought]
    cancelled: bool = False


@dataclass(slots=True)
class Return:
    """Pieces of an order that came back, while that stands."""

    order_id: str
    pieces: dict[str, int]
    rejected: bool = False


@dataclass(slots=True)
class Waiting:
    """An event whose partner has not come, and when it is given up; None until the partition's first tick."""

    event: Any
    until: datetime | None


@dataclass(slots=True)
class Account:
    """What is known of one member."""

    joined_at: datetime | None = None
    purchases: dict[str, Purchase] = field(default_factory=dict)
    returns: dict[str, Return] = field(default_factory=dict)
    waiting: dict[tuple[str, str], list[Waiting]] = field(default_factory=dict)
    waiting_for: timedelta = timedelta(days=30)
    """GEN-2: how long a partner is waited for."""
    seen: set[tuple[str, str]] = field(default_factory=set)

    def note(self, event: Any, now: datetime | None) -> None:
        """Take notice of an event as it was handled. ``now``: the partition's, None before its first tick.

        The same (source, id) again changes nothing, whatever it says now (GEN-1).
        """
        name = (event.source, event.id)
        if name in self.seen:
            return
        self.seen.add(name)
        self._apply(event, now)

    def first_tick(self, now: datetime) -> None:
        """The partition's time begins: what has been waiting so far waits from now on."""
        for waiting in self.waiting.values():
            for one in waiting:
                one.until = one.until or now + self.waiting_for

    def kept(self) -> Iterator[tuple[str, int]]:
        """Points that each order keeps now, line by line: MS-10, and MS-13 for cancelled orders."""
        for order_id, purchase in self.purchases.items():
            total = 0
            for line in purchase.lines.values():
                back = line.pieces if purchase.cancelled else line.back
                for points in (line.earned, line.bonus):
                    total += points - points * back // line.pieces
            yield order_id, total

    @property
    def balance(self) -> int:
        """What the member has: the sum of what all orders keep."""
        return sum(points for _, points in self.kept())

    def _apply(self, event: Any, now: datetime | None) -> None:
        handle = _HANDLERS.get(event.type)
        if handle:
            handle(self, event, now)

    def _join(self, event: Any, _now: datetime | None) -> None:
        """MS-1: a resident of a state or DC, 18 on that day, 19 in Alabama and Nebraska. MS-2: once."""
        needed = 19 if event.data.state in ("AL", "NE") else 18
        day = event.time.astimezone(PROGRAMME_ZONE).date()
        old_enough = _birthday(event.data.birth_date, needed) <= day
        if self.joined_at is None and event.data.state in RESIDENT and old_enough:
            self.joined_at = event.time

    def _buy(self, event: Any, now: datetime | None) -> None:
        """MS-3, MS-4, MS-5: the first telling of an order counts."""
        order = event.data
        if order.order_id in self.purchases:
            return
        member = order.signed_in and self.joined_at is not None and self.joined_at < order.placed_at
        lines = {
            line.line_id: Bought(line.quantity, *(_earned(line) if member and line.qualifying else (0, 0)))
            for line in order.lines
        }
        self.purchases[order.order_id] = Purchase(lines)
        self._came(("order", order.order_id), now)

    def _bring_back(self, event: Any, now: datetime | None) -> None:
        """MS-10: all of it or, where it is more than is left of a line, nothing."""
        told = event.data
        if told.return_id in self.returns:
            return
        purchase = self.purchases.get(told.order_id)
        if purchase is None:
            self._wait(("order", told.order_id), event, now)
            return
        pieces = {part.line_id: part.quantity for part in told.lines}
        if any(
            line_id not in purchase.lines or count > purchase.lines[line_id].pieces - purchase.lines[line_id].back
            for line_id, count in pieces.items()
        ):
            return
        for line_id, count in pieces.items():
            purchase.lines[line_id].back += count
        self.returns[told.return_id] = Return(told.order_id, pieces)
        self._came(("return", told.return_id), now)

    def _reject(self, event: Any, now: datetime | None) -> None:
        """MS-10: a rejected return never was."""
        undone = self.returns.get(event.data.return_id)
        if undone is None:
            self._wait(("return", event.data.return_id), event, now)
        elif not undone.rejected:
            undone.rejected = True
            for line_id, count in undone.pieces.items():
                self.purchases[undone.order_id].lines[line_id].back -= count

    def _cancel(self, event: Any, now: datetime | None) -> None:
        """MS-13."""
        purchase = self.purchases.get(event.data.order_id)
        if purchase is None:
            self._wait(("order", event.data.order_id), event, now)
        else:
            purchase.cancelled = True

    def _wait(self, partner: tuple[str, str], event: Any, now: datetime | None) -> None:
        until = now + self.waiting_for if now else None
        self.waiting.setdefault(partner, []).append(Waiting(event, until))

    def _came(self, partner: tuple[str, str], now: datetime | None) -> None:
        """GEN-2: what waited for this one is noted now, first what happened first, unless it has been given up."""
        came = self.waiting.pop(partner, [])
        for waiting in sorted(came, key=lambda one: (one.event.time, one.event.source, one.event.id)):
            if waiting.until is None or now is None or now < waiting.until:
                self._apply(waiting.event, now)


def _earned(line: Any) -> tuple[int, int]:
    """Points and bonus points of a qualifying line: one for every full 50 cents."""
    net = line.unit_price * line.quantity - (line.discount or 0)
    return net // 50, line.bonus.points if line.bonus else 0


def _birthday(born: date, years: int) -> date:
    """The day one becomes that old; born on 29 February, the 28th in a year that has no 29th."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 2, 28)


_HANDLERS: Final[dict[str, Callable[[Account, Any, datetime | None], None]]] = {
    "points.joined.v1": Account._join,
    "order.placed.v1": Account._buy,
    "order.cancelled.v1": Account._cancel,
    "return.completed.v1": Account._bring_back,
    "return.rejected.v1": Account._reject,
}
