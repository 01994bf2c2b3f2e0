"""A member's lots: a tree of pages, sorted by the last day of use, whose root is part of the hot value.

Nearly every member's lots fit into the root. A member with thousands has the others in pages of their own, of which an
event touches as many as the tree is deep: what an event costs does not grow with the number of lots. Each branch
carries the sum and the oldest of its page, so the lot to use next is found without looking at all of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from models.desk import Desk
from models.points.state import Branch, Lot, LotKey, Page, Points

MOST: Final = 64
"""Lots or branches in one page."""
_END: Final[LotKey] = (10**7, 0, "")


class LotsDoNotAddUpError(Exception):
    """A lot would hold less than nothing, or a page does not hold what its branch says (MS-20)."""


class Lots:
    """The lots of one member, as one cause finds and changes them."""

    __slots__ = ("_desk", "_points", "_root")

    def __init__(self, desk: Desk, points: Points) -> None:
        self._desk = desk
        self._points = points
        self._root = points.lots

    def left(self, key: LotKey) -> int:
        """Points left in a lot; 0 for one that is used up."""
        page = self._root
        while page.branches:
            page = self._page(page.branches[_child(page, key)])
        place = bisect_left(page.lots, key, key=_key)
        found = place < len(page.lots) and page.lots[place].key == key
        return page.lots[place].left if found else 0

    def change(self, key: LotKey, amount: int) -> None:
        """Put points into a lot (opening it if need be) or take them out; a lot with none left is gone."""
        if not amount:
            return
        root = self._root
        _Change(self, key, amount).apply(root)
        if _size(root) > MOST:
            halves = [self._new(half) for half in _halves(root)]
            root.lots, root.branches = [], halves
        while len(root.branches) == 1 and _size(only := self._page(root.branches[0])) <= MOST // 2:
            self._drop(root.branches[0])
            root.lots, root.branches = only.lots, only.branches

    def oldest(self, day: int) -> Lot | None:
        """MS-7 The lot earned first of those that can still be used on that day."""
        return self._oldest(self._root, day, None)

    def between(self, first: int, last: int) -> Iterator[Lot]:
        """The lots whose last day is one of these, in key order."""
        yield from self._between(self._root, first, last)

    def all(self) -> Iterator[Lot]:
        """Every lot, in key order."""
        yield from self._between(self._root, 0, _END[0])

    def next_day(self, after: int) -> int | None:
        """The first last day of use after that one; None if there is none."""
        return next((lot.expires for lot in self._between(self._root, after + 1, _END[0])), None)

    @property
    def total(self) -> int:
        """All points left."""
        return total(self._root)

    def _oldest(self, page: Page, day: int, best: Lot | None) -> Lot | None:
        for lot in page.lots:
            if lot.expires >= day and (best is None or (lot.earned, lot.id) < (best.earned, best.id)):
                best = lot
        for branch, after in zip_longest(page.branches, page.branches[1:]):
            over = after is not None and after.first[0] < day
            if not over and (best is None or branch.oldest <= best.earned):
                best = self._oldest(self._page(branch), day, best)
        return best

    def _between(self, page: Page, first: int, last: int) -> Iterator[Lot]:
        for lot in page.lots:
            if first <= lot.expires <= last:
                yield lot
        for branch, after in zip_longest(page.branches, page.branches[1:]):
            if branch.first[0] <= last and (after is None or after.first[0] >= first):
                yield from self._between(self._page(branch), first, last)

    def _page(self, branch: Branch) -> Page:
        page = self._desk.find(Page, str(branch.page))
        if page is None:
            raise LotsDoNotAddUpError(f"page {branch.page} of the lots is missing")
        return page

    def _new(self, page: Page) -> Branch:
        self._points.pages += 1
        return self._summary(self._points.pages, page)

    def _summary(self, number: int, page: Page) -> Branch:
        """Keep a page, and say what its parent must know of it."""
        self._desk.put(str(number), page)
        first = page.lots[0].key if page.lots else page.branches[0].first
        oldest = min(lot.earned for lot in page.lots) if page.lots else min(b.oldest for b in page.branches)
        return Branch(number, first, total(page), oldest)

    def _drop(self, branch: Branch) -> None:
        self._desk.drop(Page, str(branch.page))


class _Change:
    """One change on its way down the tree and up again."""

    __slots__ = ("amount", "key", "lots")

    def __init__(self, lots: Lots, key: LotKey, amount: int) -> None:
        self.lots, self.key, self.amount = lots, key, amount

    def apply(self, page: Page) -> None:
        if page.branches:
            self._in_branch(page, _child(page, self.key))
        else:
            self._in_lot(page.lots)

    def _in_lot(self, lots: list[Lot]) -> None:
        place = bisect_left(lots, self.key, key=_key)
        known = place < len(lots) and lots[place].key == self.key
        left = self.amount + (lots[place].left if known else 0)
        if left < 0:
            raise LotsDoNotAddUpError(f"lot {self.key[2]} would hold {left} points")
        if not known:
            lots.insert(place, Lot(*self.key, left))
        elif left:
            lots[place].left = left
        else:
            del lots[place]

    def _in_branch(self, page: Page, place: int) -> None:
        lots, branch = self.lots, page.branches[place]
        child = lots._page(branch)
        if total(child) != branch.left:
            raise LotsDoNotAddUpError(f"page {branch.page} holds {total(child)} points, its parent says {branch.left}")
        self.apply(child)
        size = _size(child)
        if not size:
            lots._drop(branch)
            del page.branches[place]
        elif size <= MOST:
            page.branches[place] = lots._summary(branch.page, child)
        else:
            low, high = _halves(child)
            page.branches[place : place + 1] = [lots._summary(branch.page, low), lots._new(high)]


def total(page: Page) -> int:
    """All points in a page and under it."""
    return sum([lot.left for lot in page.lots]) + sum([branch.left for branch in page.branches])


def _key(lot: Lot) -> LotKey:
    return lot.key


def _child(page: Page, key: LotKey) -> int:
    return max(bisect_right(page.branches, key, key=_first) - 1, 0)


def _first(branch: Branch) -> LotKey:
    return branch.first


def _size(page: Page) -> int:
    return len(page.lots) + len(page.branches)


def _halves(page: Page) -> tuple[Page, Page]:
    lots, branches = page.lots, page.branches
    middle = _size(page) // 2
    return Page(lots[:middle], branches[:middle]), Page(lots[middle:], branches[middle:])
