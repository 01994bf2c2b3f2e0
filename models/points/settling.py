"""Bringing a member's lots to what an order keeps by now.

All that the order's account had taken from lots is put back, and what the facts say is taken anew: first the points it is
paid with, from the very lots, then the earned points that are gone. Only each lot's difference is booked. So what lies where
in the end depends on the facts, not on the order in which they arrived (GEN-2).

A lot past its last day takes part like the others: what is put back there expires at once (MS-12), and what had expired
there is gone already and not taken a second time (MS-11).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from models.outputs.ledger import EntryKind
from models.points import keeping
from models.points.books import Books
from models.points.keeping import Gone
from models.points.state import LotKey, Order, Part

Reason: TypeAlias = Literal["redeemed", "taken_back"]
"""Why points are gone from a lot: they paid for the order, or the order did not keep what it had earned."""


class Settled(NamedTuple):
    """What the difference to before comes to, in points, and the arithmetic in words."""

    taken: int
    """How much more of the points earned is gone; negative: less."""
    restored: int
    """How much more of the points redeemed is back; negative: less."""
    working: list[str]


def settle(books: Books, order: Order, clause: str) -> Settled:
    """Move what the order's facts now say. The books are left open."""
    gone = keeping.gone(order)
    held, taken, lapsed = _sum(order.held), _taken(order), _lapsed(order)
    hand = _Hand(books, order.lot)
    hand.put_back("redeemed", order.held)
    hand.put_back("taken_back", order.taken)
    order.held = _redeem(hand, order, _sum(order.redeemed) - keeping.restored(order))
    order.taken = _take(hand, gone)
    hand.book(clause)
    working = [words for one in gone for words in one.working]
    if _lapsed(order) > lapsed:
        working.append(f"{_lapsed(order) - lapsed} had expired already and are not taken a second time")
    if taken + lapsed:
        working.append(f"{taken + lapsed} had gone before, {_sum(order.taken)} are gone now")
    return Settled(_taken(order) - taken, held - _sum(order.held), working)


def _redeem(hand: "_Hand", order: Order, amount: int) -> list[Part]:
    """MS-7, MS-12 The first `amount` of what the order was paid with, from the very lots, and what had been debt from the
    order's own lot, where it came back if it was paid. What is not there by now becomes debt (MS-10)."""
    parts: list[Part] = []
    short = 0
    for part in _first(order.redeemed, amount):
        found = hand.redeem(part.lot or order.lot, part.points)
        parts += found
        short += part.points - _sum(found)
    return [*parts, *hand.owe("redeemed", short)]


def _take(hand: "_Hand", gone: list[Gone]) -> list[Part]:
    """MS-11 From the lot they were earned in first, then from the oldest others, and what is left becomes debt."""
    total = sum(one.points for one in gone)
    parts = [part for lot, points, _ in gone for part in hand.take(lot, points)]
    parts += hand.take_again(total - _sum(parts))
    parts += hand.draw(total - _sum(parts))
    sums: Counter[tuple[LotKey | None, bool]] = Counter()
    for part in parts:
        sums[part.lot, part.lapsed] += part.points
    return [Part(lot, points, lapsed) for (lot, lapsed), points in sums.items()]


class _Hand:
    """Puts points back and takes them anew, unbooked; then books the difference of each lot."""

    def __init__(self, books: Books, own: LotKey) -> None:
        self._books: Final = books
        self._own: Final = own
        self._net: Final[dict[Reason, Counter[LotKey | None]]] = {"redeemed": Counter(), "taken_back": Counter()}
        self._dead: Final[Counter[LotKey]] = Counter()
        """Points that came into each lot past its last day, and expire there; negative: that are taken of those expired."""
        self._were_taken: Final[Counter[LotKey]] = Counter()
        """Of those that came: how many had been taken back there. They need not expire if they are taken again."""

    def put_back(self, reason: Reason, parts: list[Part]) -> None:
        """Put points back where they came from, what was taken last first. Debt is forgiven; what of it has been paid since
        comes back as points of the order's own lot."""
        books, net = self._books, self._net[reason]
        for part in reversed(parts):
            if part.lapsed:
                continue
            forgiven = min(books.open_debt, part.points) if part.lot is None else 0
            books.open_debt -= forgiven
            net[None] += forgiven
            lot, back = part.lot or self._own, part.points - forgiven
            net[lot] += back
            if books.is_past(lot):
                self._dead[lot] += back
                self._were_taken[lot] += back if reason == "taken_back" else 0
            else:
                books.lots.change(lot, back)

    def redeem(self, lot: LotKey, most: int) -> list[Part]:
        """Take what is there of a lot, and then of what expired there, up to `most`."""
        found = self._alive("redeemed", lot, most)
        if found < most:
            expired = min(self._expired(lot), most - found)
            self._dead[lot] -= expired
            self._net["redeemed"][lot] -= expired
            found += expired
        return [Part(lot, found)] if found else []

    def take(self, lot: LotKey, most: int) -> list[Part]:
        """MS-11 Take what is there of a lot, up to `most`; what expired there before is gone already."""
        found = self._alive("taken_back", lot, most)
        lapsed = min(self._expired(lot), most - found) if found < most else 0
        return [part for part in (Part(lot, found), Part(lot, lapsed, lapsed=True)) if part.points]

    def take_again(self, most: int) -> list[Part]:
        """MS-10 Nothing goes twice: what had been taken back from lots that are past by now is taken from there again."""
        parts = []
        for lot, points in sorted(self._were_taken.items()):
            found = min(points, max(self._dead[lot], 0), most)
            self._dead[lot] -= found
            self._net["taken_back"][lot] -= found
            most -= found
            parts += [Part(lot, found)] if found else []
        return parts

    def draw(self, amount: int) -> list[Part]:
        """Take back from the oldest lots there are, and what is not there as debt."""
        parts = self._books.draw(amount, past=True)
        for part in parts:
            self._net["taken_back"][part.lot] -= part.points
        return parts

    def owe(self, reason: Reason, amount: int) -> list[Part]:
        """Let it become debt."""
        self._net[reason][None] -= amount
        return [Part(None, amount)] if amount else []

    def _alive(self, reason: Reason, lot: LotKey, most: int) -> int:
        """Take points that are left, and points that came back just now into a lot past its last day."""
        left = min(self._books.lots.left(lot), most)
        self._books.lots.change(lot, -left)
        back = min(max(self._dead[lot], 0), most - left)
        self._dead[lot] -= back
        self._net[reason][lot] -= left + back
        return left + back

    def _expired(self, lot: LotKey) -> int:
        """How many of a lot's points have expired by now and were not taken again."""
        return self._books.lapsed(lot) + self._dead[lot]

    def book(self, clause: str) -> None:
        """Book what came back before what goes; what expired there comes alive before it is taken, or expires after it came."""
        clauses: dict[Reason, str] = {"redeemed": "MS-12", "taken_back": clause}
        for reason, lots in self._net.items():
            for lot, amount in lots.items():
                if amount > 0:
                    self._books.enter("restore", amount, lot, clauses[reason], counter=reason)
        self._lapse(-1)
        for reason, lots in self._net.items():
            kind: EntryKind = "redeem" if reason == "redeemed" else "take_back"
            for lot, amount in lots.items():
                if amount < 0:
                    self._books.enter(kind, amount, lot, clauses[reason])
        self._lapse(1)

    def _lapse(self, sign: int) -> None:
        for lot, amount in self._dead.items():
            if amount * sign > 0:
                self._books.lapse(lot, amount)


def _taken(order: Order) -> int:
    """How many of the points it earned are taken back."""
    return _sum(part for part in order.taken if not part.lapsed)


def _lapsed(order: Order) -> int:
    """MS-11 How many of those that are gone had expired before."""
    return _sum(part for part in order.taken if part.lapsed)


def _sum(parts: Iterable[Part]) -> int:
    return sum(part.points for part in parts)


def _first(parts: list[Part], amount: int) -> list[Part]:
    """The first `amount` points of what was taken."""
    found = []
    for part in parts:
        take = min(part.points, amount)
        amount -= take
        if take:
            found.append(Part(part.lot, take))
    return found
