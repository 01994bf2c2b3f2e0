"""Layer 3a: the ledger by itself. Each member's chain is whole, every balance follows from the one before, lots explain it.

Reads plain JSON; shares no code with what writes the ledger.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from audit.report import Findings
from audit.shard import Output

CHAIN, BALANCES = "chain", "balances"

QUESTIONS = {
    CHAIN: "each ledger entry carries the hash of the member's entry before it, and its own",
    BALANCES: "MS-20: after every entry, available + reserved - debt is the sum of the entries, and the lots hold it",
}


@dataclass
class Book:
    """One member's ledger, added up: in all, per lot, and per order."""

    head: str | None = None
    points: int = 0
    reserved: int = 0
    lots: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Points left in each lot, reserved ones included."""
    in_lots: int = 0
    """Their sum."""
    orders: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What each order has brought in all."""
    kinds: set[str] = field(default_factory=set)
    last: Mapping[str, int] = field(default_factory=lambda: {"available": 0, "reserved": 0, "debt": 0})


def read(entries: list[Output], findings: Findings) -> dict[str, Book]:
    """Add up a partition's ledger by member, and check each entry against the ones before it."""
    books: dict[str, Book] = defaultdict(Book)
    for entry in entries:
        book = books[entry.subject]
        findings.compared(CHAIN)
        findings.compared(BALANCES)
        findings.all_differ(CHAIN, (f"{entry.place} {what}" for what in _chain(entry, book)))
        _add(entry.data, book)
        findings.all_differ(BALANCES, (f"{entry.place} {what}" for what in _balance(entry.data, book)))
    return books


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
    if data.get("order_id") is not None:
        book.orders[data["order_id"]] += points
    book.kinds.add(str(data.get("kind")))
    book.last = data.get("balance_after") or {}


def _balance(data: dict[str, Any], book: Book) -> Iterator[str]:
    available, reserved, debt = (book.last.get(name) for name in ("available", "reserved", "debt"))
    if available is None or reserved is None or debt is None or min(available, reserved, debt) < 0:
        yield f"has no balance that can be: {dict(book.last)}"
        return
    if available + reserved - debt != book.points:
        yield f"leaves {available} + {reserved} - {debt}, but the entries come to {book.points}"
    if reserved != book.reserved:
        yield f"leaves {reserved} reserved, but the entries reserve {book.reserved}"
    lot = data.get("lot_id")
    if lot is not None and book.lots[lot] < 0:
        yield f"takes more from lot {lot} than it holds: {book.lots[lot]}"
    if book.in_lots != available + reserved:
        yield f"leaves {available + reserved} points, but the lots hold {book.in_lots}"
