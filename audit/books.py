"""Layer 3a: the ledger by itself. Each member's chain is whole, every balance follows from the one before, lots explain it.

Reads plain JSON; shares no code with what writes the ledger.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import orjson

from audit.report import Findings
from audit.shard import Output

CHAIN, BALANCES, MEANING = "chain", "balances", "meaning"

SIGNS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "earn": (1, 1),
        "bonus": (1, 1),
        "redeem": (-1, -1),
        "reserve": (0, 0),
        "release": (0, 0),
        "restore": (1, 1),
        "take_back": (-1, -1),
        "expire": (-1, 1),
        "forfeit": (-1, 1),
        "adjust": (-1, 1),
    }
)
"""Which way each kind of entry moves the sum: the least and the most, as signs. Expiry can be undone, and debt be forfeited."""
RESERVED_SIGN: Final[Mapping[str, int]] = MappingProxyType({"reserve": 1, "release": -1})
"""Which way an entry moves what is set aside; all other kinds do not."""

QUESTIONS = {
    CHAIN: "each ledger entry carries the hash of the member's entry before it, and its own",
    BALANCES: "MS-20: after every entry, available + reserved - debt is the sum of the entries, and the lots hold it",
    MEANING: "each entry moves points the way its kind does, and no more than its lot has to give",
}


@dataclass
class Book:
    """One member's ledger, added up: in all, per lot, and per order."""

    head: str | None = None
    points: int = 0
    reserved: int = 0
    lots: Counter[str] = field(default_factory=Counter)
    """Points left in each lot, reserved ones included."""
    in_lots: int = 0
    """Their sum."""
    set_aside: Counter[str] = field(default_factory=Counter)
    """MS-8 Of these, the reserved ones."""
    expired: Counter[str] = field(default_factory=Counter)
    """MS-6 Points of each lot that have expired."""
    orders: Counter[str] = field(default_factory=Counter)
    """What each order has brought in all."""
    kinds: set[str] = field(default_factory=set)
    last: Mapping[str, int] = field(default_factory=lambda: {"available": 0, "reserved": 0, "debt": 0})

    @property
    def free(self) -> dict[str, int]:
        """Points left in each lot that are not set aside."""
        return {lot: points - self.set_aside[lot] for lot, points in self.lots.items()}


def read(entries: list[Output], books: dict[str, Book], findings: Findings) -> None:
    """Add a partition's ledger to the books by member, and check each entry against the ones before it."""
    for entry in entries:
        book = books.setdefault(entry.subject, Book())
        findings.compared(CHAIN)
        findings.compared(BALANCES)
        findings.compared(MEANING)
        findings.all_differ(CHAIN, (f"{entry.place} {what}" for what in _chain(entry, book)))
        _add(entry.data, book)
        findings.all_differ(BALANCES, (f"{entry.place} {what}" for what in _balance(book)))
        findings.all_differ(MEANING, (f"{entry.place} {what}" for what in _meaning(entry.data, book)))


def _chain(entry: Output, book: Book) -> Iterator[str]:
    data = entry.data
    content = {name: value for name, value in data.items() if name != "hash"}
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if data.get("hash") != digest:
        yield f"was changed: its hash is {data.get('hash')}, its content's is {digest}"
    if data.get("previous") != book.head:
        yield f"follows {data.get('previous')}, but the member's entry before it is {book.head}"
    if data.get("entry_id") != entry.id:
        yield f"calls itself {data.get('entry_id')}"
    book.head = data.get("hash")


def _add(data: dict[str, Any], book: Book) -> None:
    points, reserved = int(data.get("points", 0)), int(data.get("reserved", 0))
    book.points += points
    book.reserved += reserved
    if data.get("lot_id") is not None:
        book.lots[data["lot_id"]] += points
        book.in_lots += points
        book.set_aside[data["lot_id"]] += reserved
        if data.get("kind") == "expire":
            book.expired[data["lot_id"]] -= points
    if data.get("order_id") is not None:
        book.orders[data["order_id"]] += points
    book.kinds.add(str(data.get("kind")))
    book.last = data.get("balance_after") or {}


def _balance(book: Book) -> Iterator[str]:
    available, reserved, debt = (book.last.get(name) for name in ("available", "reserved", "debt"))
    if available is None or reserved is None or debt is None or min(available, reserved, debt) < 0:
        yield f"has no balance that can be: {dict(book.last)}"
        return
    if available + reserved - debt != book.points:
        yield f"leaves {available} + {reserved} - {debt}, but the entries come to {book.points}"
    if reserved != book.reserved:
        yield f"leaves {reserved} reserved, but the entries reserve {book.reserved}"
    if book.in_lots != available + reserved:
        yield f"leaves {available + reserved} points, but the lots hold {book.in_lots}"


def _meaning(data: dict[str, Any], book: Book) -> Iterator[str]:
    kind, lot, points, reserved = (data.get(name) for name in ("kind", "lot_id", "points", "reserved"))
    least, most = SIGNS.get(str(kind), (0, 0))
    if not least <= _sign(points) <= most:
        yield f"is a {kind} of {points} points"
    if _sign(reserved) != RESERVED_SIGN.get(str(kind), 0):
        yield f"is a {kind} that sets {reserved} points aside"
    if lot is None:
        if reserved or kind in ("expire", "release"):
            yield f"is a {kind} without a lot"
        return
    if kind == "forfeit" and _sign(points) > 0:
        yield f"gives {points} points of lot {lot} as forfeited"
    if book.set_aside[lot] < 0:
        yield f"frees more of lot {lot} than was set aside"
    if book.lots[lot] < book.set_aside[lot]:
        yield f"takes more from lot {lot} than it holds: {book.lots[lot] - book.set_aside[lot]} are left"
    if book.expired[lot] < 0:
        yield f"brings back more of lot {lot} than had expired"


def _sign(number: Any) -> int:
    return (int(number or 0) > 0) - (int(number or 0) < 0)
