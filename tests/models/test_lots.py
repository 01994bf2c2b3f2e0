"""The tree of lots against a plain dictionary of lots: with small pages, so that a few dozen lots are a deep tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.desk import Desk, Moment
from models.points import lots as tree
from models.points.lots import Lots, LotsDoNotAddUpError
from models.points.state import Lot, LotKey, Page, Points
from models.policies import STANDARD
from models.state import LOTS, decode, encode
from tests.models.facts import at

DAYS = 12


@contextmanager
def small_pages(lots: int = 4, branches: int = 3) -> Iterator[None]:
    with mock.patch.object(tree, "MOST", lots), mock.patch.object(tree, "MOST_BRANCHES", branches):
        yield


class Shelf:
    """The lots of one member over a table of pages; each `touch` is a decision of its own, written when it ends."""

    def __init__(self) -> None:
        self.points = Points(at("2026-03-01 20:00"))
        self.table: dict[bytes, bytes] = {}
        self.touched = 0
        """Pages read or written by the last decision."""

    @contextmanager
    def touch(self) -> Iterator[Lots]:
        self.touched = 0
        desk = Desk("m-1", self._read, Moment(1, None, "orders", 0, 0), STANDARD)
        points = decode(encode(self.points), Points)
        yield Lots(desk, points)
        self.points = points
        for key, value in desk.finish().changes.get(LOTS, {}).items():
            self.table.pop(key, None)
            if value is not None:
                self.table[key] = value

    def change(self, key: LotKey, amount: int) -> None:
        with self.touch() as lots:
            lots.change(key, amount)

    def _read(self, table: str, key: bytes) -> bytes | None:
        self.touched += table == LOTS
        return self.table.get(key) if table == LOTS else None

    def page(self, number: int) -> Page:
        return decode(self.table[f"lots|m-1|{number}".encode()], Page)

    def check(self, expected: dict[LotKey, int]) -> None:
        """Every sum, bound and page of the tree, then what it holds."""
        seen: list[int] = []
        found = list(self._walk(self.points.lots, seen))
        assert [lot.key for lot in found] == sorted(expected)
        assert {lot.key: lot.left for lot in found} == expected
        assert sorted(f"lots|m-1|{number}".encode() for number in seen) == sorted(self.table), "an orphan page"
        assert self.points.pages >= len(seen)

    def _walk(self, page: Page, seen: list[int]) -> Iterator[Lot]:
        lots = page.lots
        assert page.count == len(lots) <= tree.MOST
        assert len(page.branches) <= tree.MOST_BRANCHES
        assert not (lots and page.branches), "lots or branches, not both"
        assert page.left == sum(lot.left for lot in lots) + sum(branch.left for branch in page.branches)
        if lots:
            assert page.last == lots[-1].key
        assert all(low.first < high.first for low, high in pairwise(page.branches))
        yield from lots
        for branch in page.branches:
            seen.append(branch.page)
            child = self.page(branch.page)
            below = list(self._walk(child, seen))
            assert below, "an empty page is dropped"
            assert branch.left == child.left
            assert branch.first <= below[0].key
            assert branch.oldest == min(lot.earned for lot in below)
            yield from below


keys = st.tuples(st.integers(1, DAYS), st.integers(1, 6), st.sampled_from("abc"))
"""Few days and instants, so that lots share them."""
moves = st.lists(
    st.tuples(keys, st.integers(1, 5), st.sampled_from([False, False, True]), st.booleans()), min_size=30, max_size=120
)
"""(lot, points, whether they are taken, whether all of them)"""


def ask_everything(shelf: Shelf, expected: dict[LotKey, int]) -> None:
    """Every question of the tree, answered by looking at all lots."""
    with shelf.touch() as lots:
        assert lots.total == sum(expected.values())
        assert [lot.key for lot in lots.all()] == sorted(expected)
        for key in [*expected, (1, 1, "zz"), (DAYS + 1, 0, "")]:
            assert lots.left(key) == expected.get(key, 0)
        for day in range(DAYS + 2):
            usable = [key for key in expected if key[0] >= day]
            first = min(usable, key=lambda key: (key[1], key[0], key[2]), default=None)
            oldest = lots.oldest(day)
            assert (oldest and oldest.key) == first
            assert oldest is None or expected[oldest.key] == oldest.left
            assert lots.next_day(day) == min((key[0] for key in expected if key[0] > day), default=None)
            between = [key for key in sorted(expected) if day <= key[0] <= day + 3]
            assert [lot.key for lot in lots.between(day, day + 3)] == between


@settings(max_examples=80, deadline=None)
@given(moves)
def test_ms_20_the_tree_is_what_a_dictionary_of_lots_is(story: list[tuple[LotKey, int, bool, bool]]) -> None:
    expected: dict[LotKey, int] = {}
    with small_pages():
        shelf = Shelf()
        for key, amount, take, all_of_it in story:
            if take and expected:
                key = min(expected, key=lambda known: (abs(known[0] - key[0]), known))  # one that is there
                amount = -(expected[key] if all_of_it else min(amount, expected[key]))
            shelf.change(key, amount)
            expected[key] = expected.get(key, 0) + amount
            expected = {key: left for key, left in expected.items() if left}
            shelf.check(expected)
        ask_everything(shelf, expected)
        for key, left in sorted(expected.items(), key=lambda one: one[0][::-1]):
            shelf.change(key, -left)
        shelf.check({})
        assert shelf.table == {}


@settings(max_examples=40, deadline=None)
@given(moves)
def test_several_changes_of_one_decision_are_as_good_as_one_each(story: list[tuple[LotKey, int, bool, bool]]) -> None:
    with small_pages():
        at_once, one_by_one = Shelf(), Shelf()
        expected: dict[LotKey, int] = {}
        with at_once.touch() as lots:
            for key, amount, take, _ in story:
                amount = -expected[key] if take and key in expected else amount
                lots.change(key, amount)
                one_by_one.change(key, amount)
                expected[key] = expected.get(key, 0) + amount
                expected = {key: left for key, left in expected.items() if left}
        at_once.check(expected)
        one_by_one.check(expected)


def key_of(number: int) -> LotKey:
    return 740_000 + number // 4, number, f"o{number}"


def test_thousands_of_lots_with_pages_as_they_are() -> None:
    shelf, expected = Shelf(), {}
    for number in range(5_000):
        place = number * 2_741 % 5_000  # each once, all over the place
        expected[key_of(place)] = place + 1
        shelf.change(key_of(place), place + 1)
    shelf.check(expected)
    assert max(len(raw) for raw in shelf.table.values()) < 4_000
    assert len(encode(shelf.points)) < 2_000
    for number in (0, 2_500, 4_999):
        shelf.change(key_of(number), -1)
        assert shelf.touched <= 4, "an event touches as many pages as the tree is deep"
        expected[key_of(number)] -= 1
    with shelf.touch() as lots:
        oldest = lots.oldest(0)
    assert oldest
    assert oldest.key == key_of(1)  # lot 0 had one point
    assert shelf.touched <= 4
    expected.pop(key_of(0))
    shelf.check(expected)
    with shelf.touch() as lots:
        for key, left in expected.items():
            lots.change(key, -left)
    shelf.check({})


def test_ms_7_the_oldest_may_be_on_any_page() -> None:
    with small_pages():
        shelf = Shelf()
        for day in range(30):
            shelf.change((day + 1, 100 - day, f"o{day}"), 1)
        with shelf.touch() as lots:
            for day in (0, 1, 15, 30):
                oldest = lots.oldest(day)
                assert oldest
                assert oldest.id == "o29"
            assert lots.oldest(31) is None


def test_a_used_up_lot_opens_again_under_its_own_name() -> None:
    with small_pages():
        shelf = Shelf()
        for number in range(20):
            shelf.change(key_of(number), 5)
        shelf.change(key_of(7), -5)
        shelf.change(key_of(7), 3)
        shelf.check({key_of(number): 3 if number == 7 else 5 for number in range(20)})


def test_no_change_is_none() -> None:
    shelf = Shelf()
    shelf.change(key_of(1), 0)
    shelf.check({})


@pytest.mark.parametrize("paged", [False, True])
@pytest.mark.parametrize(("key", "amount"), [(key_of(3), -6), (key_of(99), -1)])
def test_ms_20_a_lot_never_holds_less_than_nothing(paged: bool, key: LotKey, amount: int) -> None:
    with small_pages(4 if paged else 64):
        shelf = Shelf()
        for number in range(10):
            shelf.change(key_of(number), 5)
        assert bool(shelf.table) == paged
        with pytest.raises(LotsDoNotAddUpError, match="would hold"):
            shelf.change(key, amount)


def paged_shelf() -> Shelf:
    """Given ten lots on several pages."""
    shelf = Shelf()
    for number in range(10):
        shelf.change(key_of(number), 5)
    return shelf


def write(shelf: Shelf, number: int, page: Page) -> None:
    shelf.table[f"lots|m-1|{number}".encode()] = encode(page)


def test_ms_20_a_page_that_does_not_hold_what_its_parent_says_is_found() -> None:
    with small_pages():
        shelf = paged_shelf()
        first = shelf.points.lots.branches[0].page
        page = shelf.page(first)
        page.pack([Lot(*lot.key, lot.left + 1) for lot in page.lots])
        write(shelf, first, page)
        with pytest.raises(LotsDoNotAddUpError, match=r"page \d+ says"):
            shelf.change(key_of(0), 1)


def test_ms_20_a_page_whose_lots_are_not_its_sum_is_found() -> None:
    with small_pages(branches=16):
        shelf = paged_shelf()
        first = shelf.points.lots.branches[0].page
        page = shelf.page(first)
        left = page.left
        page.pack(page.lots[1:])
        page.left = left
        write(shelf, first, page)
        for look in (lambda lots: lots.left(key_of(0)), lambda lots: lots.oldest(0), lambda lots: list(lots.all())):
            with pytest.raises(LotsDoNotAddUpError, match="the lots of a page come to"), shelf.touch() as lots:
                look(lots)


def test_ms_20_a_missing_page_is_found() -> None:
    with small_pages():
        shelf = paged_shelf()
        shelf.table.clear()
        with pytest.raises(LotsDoNotAddUpError, match="is missing"):
            shelf.change(key_of(0), 1)
