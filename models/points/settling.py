"""Bringing a member's lots to what an order keeps by now.

What was taken back on an order's account is put back and taken anew each time, and only the difference is booked: so
what lies where in the end depends on the facts, not on the order in which they arrived (GEN-2). Parts from lots that are
past their last day stay as they are: put back, they would be lost.
"""

from collections import Counter
from typing import NamedTuple, TypeAlias

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
    """Move what the order's facts now say. Redeemed points come back before earned ones go, and go after those came."""
    gone = keeping.gone(order)
    before = sum(part.points for part in order.taken)
    restored = keeping.restored(order) - order.restored
    if restored > 0:
        books.put_back(_last(order.redeemed, order.restored, restored), order.lot, "MS-12", "redeemed")
    _take(books, order, gone, clause)
    if restored < 0:
        _redeem_again(books, _last(order.redeemed, order.restored + restored, -restored))
    order.restored += restored
    working = [words for one in gone for words in one.working]
    if before:
        working.append(f"{before} had gone before")
    return Settled(sum(one.points for one in gone) - before, restored, books.close(), working)


def _take(books: Books, order: Order, gone: list[Gone], clause: str) -> None:
    """MS-11 From the lot they were earned in first, then from the oldest others, and what is left becomes debt."""
    total = sum(one.points for one in gone)
    over = order.lot[0] < books.today
    fixed = [part for part in order.taken if part.lapsed or (part.lot[0] < books.today if part.lot else over)]
    booked = _unwind(books, order, [part for part in order.taken if part not in fixed])
    surplus = sum(part.points for part in fixed) - total
    if surplus > 0:
        back = _last(fixed, 0, surplus)
        books.put_back([part for part in back if not part.lapsed], order.lot, clause, "taken_back")
        fixed = _first(fixed, total)
    order.taken = [*fixed, *_take_anew(books, gone, fixed, max(-surplus, 0), booked)]
    for lot, amount in sorted(booked.items(), key=lambda one: one[1] < 0):  # stable; what comes in first
        if amount > 0:
            books.enter("restore", amount, lot, clause, counter="taken_back")
        elif amount < 0:
            books.enter("take_back", amount, lot, clause)


def _unwind(books: Books, order: Order, parts: list[Part]) -> Booked:
    """Put parts back into their lots, unbooked. Debt that was paid since comes back as points of the order's own lot."""
    booked: Booked = Counter()
    for part in parts:
        forgiven = min(books.points.debt - booked[None], part.points) if part.lot is None else 0
        booked[None] += forgiven
        lot = part.lot or order.lot
        books.lots.change(lot, part.points - forgiven)
        booked[lot] += part.points - forgiven
    return booked


def _take_anew(books: Books, gone: list[Gone], fixed: list[Part], amount: int, booked: Booked) -> list[Part]:
    """Take `amount` more than what is fixed, unbooked but for the sums per lot."""
    parts: list[Part] = []
    for lot, points, _ in gone:
        here = [part for part in fixed if part.lot == lot]
        wanted = min(max(points - sum(part.points for part in here), 0), amount)
        taken = min(wanted, books.lots.left(lot))
        books.lots.change(lot, -taken)
        lapsed = 0
        if wanted > taken:
            lapsed = books.lapsed(lot) - sum(part.points for part in here if part.lapsed)
            lapsed = min(wanted - taken, max(lapsed, 0))
        parts += [part for part in (Part(lot, taken), Part(lot, lapsed, lapsed=True)) if part.points]
        amount -= taken + lapsed
    parts += books.draw(amount)
    for part in parts:
        if not part.lapsed:
            booked[part.lot] -= part.points
    return parts


def _redeem_again(books: Books, parts: list[Part]) -> None:
    """MS-10 A rejected return: what was restored is redeemed once more from the same lots; what is spent becomes debt."""
    short = 0
    for part in reversed(parts):
        there = 0
        if part.lot:
            there = min(books.lots.left(part.lot), part.points)
            there += books.unexpire(part.lot, part.points - there)
            if there:
                books.move("redeem", -there, part.lot, "MS-10")
        short += part.points - there
    if short:
        books.enter("redeem", -short, None, "MS-10")


def _last(parts: list[Part], skip: int, amount: int) -> list[Part]:
    """The last `amount` points of what was taken, but for the very last `skip`; latest first."""
    found = []
    for part in reversed(parts):
        passed = min(part.points, skip)
        take = min(part.points - passed, amount)
        skip, amount = skip - passed, amount - take
        if take:
            found.append(Part(part.lot, take, part.lapsed))
    return found


def _first(parts: list[Part], amount: int) -> list[Part]:
    """The first `amount` points of what was taken."""
    total = sum(part.points for part in parts)
    return list(reversed(_last(parts, total - amount, amount)))
