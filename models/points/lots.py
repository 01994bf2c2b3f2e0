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
"""Lots in one page."""
MOST_BRANCHES: Final = 16
"""Branches in one page: unlike the lots they are looked at with each change."""
_END: Final = 10**7
"""After every day."""


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
        lots = _look(page)
        place, known = _find(lots, key)
        return lots[place].left if known else 0

    def change(self, key: LotKey, amount: int) -> None:
        """Put points into a lot (opening it if need be) or take them out; a lot with none left is gone."""
        if not amount:
            return
        root = self._root
        self._change(root, key, amount)
        if _is_too_full(root):
            low, high = _halves(root)
            root.branches = [self._new(low), self._new(high)]
            root.pack([])
            root.left = low.left + high.left
        while len(root.branches) == 1 and not _is_too_full(only := self._page(root.branches[0]), 2):
            self._drop(root.branches[0])
            root.packed, root.count, root.left, root.last = only.packed, only.count, only.left, only.last
            root.branches = only.branches

    def oldest(self, day: int) -> Lot | None:
        """MS-7 The lot earned first of those that can still be used on that day."""
        return self._oldest(self._root, day, None)

    def between(self, first: int, last: int) -> Iterator[Lot]:
        """The lots whose last day is one of these, in key order."""
        yield from self._between(self._root, first, last)

    def all(self) -> Iterator[Lot]:
        """Every lot, in key order."""
        yield from self._between(self._root, 0, _END)

    def next_day(self, after: int) -> int | None:
        """The first last day of use after that one; None if there is none."""
        return next((lot.expires for lot in self._between(self._root, after + 1, _END)), None)

    @property
    def total(self) -> int:
        """All points left."""
        return self._root.left

    def _oldest(self, page: Page, day: int, best: Lot | None) -> Lot | None:
        for branch, after in zip_longest(page.branches, page.branches[1:]):
            over = after is not None and after.first[0] < day
            if not over and (best is None or branch.oldest <= best.earned):
                best = self._oldest(self._page(branch), day, best)
        for lot in _look(page):
            if lot.expires >= day and (best is None or _age(lot) < _age(best)):
                best = lot
        return best

    def _between(self, page: Page, first: int, last: int) -> Iterator[Lot]:
        for branch, after in zip_longest(page.branches, page.branches[1:]):
            if branch.first[0] <= last and (after is None or after.first[0] >= first):
                yield from self._between(self._page(branch), first, last)
        for lot in _look(page):
            if first <= lot.expires <= last:
                yield lot

    def _change(self, page: Page, key: LotKey, amount: int) -> None:
        """Change a lot under a page."""
        if page.branches:
            self._change_in_branch(page, _child(page, key), key, amount)
        elif amount > 0 and (page.last is None or page.last < key):
            page.append(Lot(*key, amount))
        else:
            lots = _look(page)
            _change_in(lots, key, amount)
            page.pack(lots)

    def _change_in_branch(self, page: Page, place: int, key: LotKey, amount: int) -> None:
        branch = page.branches[place]
        child = self._page(branch)
        if child.left != branch.left:
            raise LotsDoNotAddUpError(f"page {branch.page} says {child.left} points, its parent {branch.left}")
        self._change(child, key, amount)
        page.left += amount
        if not (child.count or child.branches):
            self._drop(branch)
            del page.branches[place]
        elif _is_too_full(child):
            low, high = _halves(child)
            page.branches[place : place + 1] = [self._summary(branch.page, low), self._new(high)]
        elif amount < 0:
            page.branches[place] = self._summary(branch.page, child)
        else:  # known without a look at the page
            self._desk.put(str(branch.page), child)
            branch.first, branch.oldest = min(branch.first, key), min(branch.oldest, key[1])
            branch.left = child.left

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
        if page.branches:
            return Branch(number, page.branches[0].first, page.left, min(branch.oldest for branch in page.branches))
        lots = page.lots
        return Branch(number, lots[0].key, page.left, min(lot.earned for lot in lots))

    def _drop(self, branch: Branch) -> None:
        self._desk.drop(Page, str(branch.page))


def _look(page: Page) -> list[Lot]:
    """The lots of a page, once they are seen to add up."""
    lots = page.lots
    if not page.branches and sum([lot.left for lot in lots]) != page.left:
        raise LotsDoNotAddUpError(f"the lots of a page come to {sum(lot.left for lot in lots)} points, not {page.left}")
    return lots


def _find(lots: list[Lot], key: LotKey) -> tuple[int, bool]:
    """The lot's place, and whether it is there."""
    place = bisect_left(lots, key, key=_key)
    return place, place < len(lots) and lots[place].key == key


def _change_in(lots: list[Lot], key: LotKey, amount: int) -> None:
    place, known = _find(lots, key)
    left = amount + (lots[place].left if known else 0)
    if left < 0:
        raise LotsDoNotAddUpError(f"lot {key[2]} would hold {left} points")
    if not known:
        lots.insert(place, Lot(*key, left))
    elif left:
        lots[place].left = left
    else:
        del lots[place]


def _age(lot: Lot) -> tuple[int, int, str]:
    """Of lots earned at the same instant the one that expires first comes first."""
    return lot.earned, lot.expires, lot.id


def _key(lot: Lot) -> LotKey:
    return lot.key


def _child(page: Page, key: LotKey) -> int:
    return max(bisect_right(page.branches, key, key=_first) - 1, 0)


def _first(branch: Branch) -> LotKey:
    return branch.first


def _is_too_full(page: Page, times: int = 1) -> bool:
    return page.count * times > MOST or len(page.branches) * times > MOST_BRANCHES


def _halves(page: Page) -> tuple[Page, Page]:
    middle = (page.count or len(page.branches)) // 2
    low, high = Page(), Page()
    if page.branches:
        low.branches, high.branches = page.branches[:middle], page.branches[middle:]
        low.left, high.left = [sum(branch.left for branch in half.branches) for half in (low, high)]
    else:
        lots = _look(page)
        low.pack(lots[:middle])
        high.pack(lots[middle:])
    return low, high
