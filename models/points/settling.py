"""Bringing a member's lots to what an order keeps by now.

All that an order's account had taken from lots is put back, and what the facts say is taken anew: first the points it is
paid with, from the very lots, then the earned points that are gone. Only the difference of each lot is booked. So what lies
where in the end depends on the facts, not on the order in which they arrived (GEN-2). Parts from lots that are past their
last day stay as they are: put back, they would be lost.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from models.outputs.ledger import EntryKind
from models.points import books as bookkeeping
from models.points import keeping
from models.points.books import Books
from models.points.keeping import Gone
from models.points.state import LotKey, Order, Part

Booked: TypeAlias = "Counter[LotKey | None]"
"""Lot, or None for debt -> points to be booked for it."""


class Settled(NamedTuple):
    """How much more is gone than before of the points earned (negative: less), how much more is restored of those
    redeemed, what debt grew by, and the arithmetic in words."""

    taken: int
    restored: int
    debt: int
    working: list[str]


def settle(books: Books, order: Order, clause: str) -> Settled:
    """Move what the order's facts now say."""
    gone = keeping.gone(order)
    held, taken = _sum(order.held), _sum(order.taken)
    redeemed = _Account(books, order, order.held, "redeemed", "redeem", "MS-12")
    earned = _Account(books, order, order.taken, "taken_back", "take_back", clause)
    redeemed.unwind()
    earned.unwind()
    order.held = _redeem(redeemed, _sum(order.redeemed) - keeping.restored(order))
    order.taken = _take(earned, gone)
    for more in (True, False):  # what comes back before what goes
        redeemed.book(more=more)
        earned.book(more=more)
    working = [words for one in gone for words in one.working]
    if taken:
        working.append(f"{taken} had gone before")
    return Settled(_sum(order.taken) - taken, held - _sum(order.held), books.close(), working)


class _Account:
    """What one reason holds of a member's points on an order's account, while it is put back and taken anew."""

    def __init__(
        self, books: Books, order: Order, parts: list[Part], counter: bookkeeping.Counter, kind: EntryKind, clause: str
    ) -> None:
        self.books, self.order, self.clause = books, order, clause
        self._counter: Final = counter
        self._kind: Final = kind
        self._booked: Booked = Counter()
        own_is_past = self._is_past(order.lot)
        self.fixed = [p for p in parts if p.lapsed or (self._is_past(p.lot) if p.lot else own_is_past)]
        self._loose = [p for p in parts if p not in self.fixed]

    def unwind(self) -> None:
        """Put back what is not fixed. Debt that was paid since comes back as points of the order's own lot."""
        for part in reversed(self._loose):
            forgiven = min(self.books.open_debt, part.points) if part.lot is None else 0
            self.books.open_debt -= forgiven
            self._note(None, forgiven)
            self._put(part.lot or self.order.lot, part.points - forgiven)

    def release(self, surplus: int) -> None:
        """Give back the last of what is fixed, where it expires at once."""
        kept = _sum(self.fixed) - surplus
        back = [part for part in _first(reversed(self.fixed), surplus) if not part.lapsed]
        self.books.put_back(back, self.order.lot, self.clause, self._counter)
        self.fixed = _first(self.fixed, kept)

    def take(self, lot: LotKey, most: int) -> list[Part]:
        """Take what is there of a lot, up to `most`."""
        amount = min(self.books.lots.left(lot), most)
        self._put(lot, -amount)
        return [Part(lot, amount)] if amount else []

    def draw(self, amount: int) -> list[Part]:
        """Take from the oldest usable lots, and what is not there as debt."""
        parts = self.books.draw(amount)
        for part in parts:
            self._note(part.lot, -part.points)
        return parts

    def owe(self, amount: int) -> list[Part]:
        """Let it become debt."""
        self._note(None, -amount)
        return [Part(None, amount)] if amount else []

    def book(self, *, more: bool) -> None:
        """Book the difference to before: what came back (`more`), or what went."""
        for lot, amount in self._booked.items():
            if amount > 0 and more:
                self.books.enter("restore", amount, lot, self.clause, counter=self._counter)
            elif amount < 0 and not more:
                self.books.enter(self._kind, amount, lot, self.clause)

    def _is_past(self, lot: LotKey) -> bool:
        return lot[0] < self.books.today

    def _put(self, lot: LotKey, amount: int) -> None:
        self.books.lots.change(lot, amount)
        self._note(lot, amount)

    def _note(self, lot: LotKey | None, amount: int) -> None:
        self._booked[lot] += amount


def _redeem(account: _Account, amount: int) -> list[Part]:
    """MS-7, MS-12 Let `amount` be redeemed, the first of what the order was paid with, from the very lots.

    What is spent there by now becomes debt (MS-10); what was debt from the start is taken from the order's own lot, where
    it came back if it had been paid.
    """
    books, order = account.books, account.order
    surplus = _sum(account.fixed) - amount
    if surplus > 0:
        account.release(surplus)
    parts, short = list(account.fixed), 0
    for part in _first(order.redeemed, amount):
        wanted = part.points - _sum(p for p in account.fixed if p.lot == part.lot)
        if wanted <= 0:
            continue
        lot = part.lot or order.lot
        missing = wanted - books.lots.left(lot)
        if part.lot and missing > 0:
            books.unexpire(lot, missing)
        found = account.take(lot, wanted)
        parts += found
        short += wanted - _sum(found)
    return _merged([*parts, *account.owe(short)])


def _take(account: _Account, gone: list[Gone]) -> list[Part]:
    """MS-11 From the lot they were earned in first, then from the oldest others, and what is left becomes debt."""
    surplus = _sum(account.fixed) - sum(one.points for one in gone)
    if surplus > 0:
        account.release(surplus)
    parts, amount = list(account.fixed), max(-surplus, 0)
    for lot, points, _ in gone:
        here = [part for part in account.fixed if part.lot == lot]
        wanted = min(max(points - _sum(here), 0), amount)
        found = account.take(lot, wanted)
        amount -= _sum(found)
        wanted -= _sum(found)
        if wanted:  # what has expired there is gone already
            lapsed = account.books.lapsed(lot) - _sum(part for part in here if part.lapsed)
            lapsed = min(wanted, max(lapsed, 0))
            found += [Part(lot, lapsed, lapsed=True)] if lapsed else []
            amount -= lapsed
        parts += found
    return _merged([*parts, *account.draw(amount)])


def _sum(parts: Iterable[Part]) -> int:
    return sum(part.points for part in parts)


def _merged(parts: list[Part]) -> list[Part]:
    """Each lot once, in the order in which they come."""
    sums: Counter[tuple[LotKey | None, bool]] = Counter()
    for part in parts:
        sums[part.lot, part.lapsed] += part.points
    return [Part(lot, points, lapsed) for (lot, lapsed), points in sums.items()]


def _first(parts: Iterable[Part], amount: int) -> list[Part]:
    """The first `amount` points of these."""
    found = []
    for part in parts:
        take = min(part.points, amount)
        amount -= take
        if take:
            found.append(Part(part.lot, take, part.lapsed))
    return found
