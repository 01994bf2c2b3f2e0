"""The points ledger: append-only, each member's entries chained by hash, so that a gap or a change shows."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

import orjson
from msgspec import UNSET, Meta, Struct
from msgspec.structs import force_setattr, replace

from models.outputs.base import Body, Cause, encode
from models.outputs.words import Clause, Count, Id, Instant, PermanentId, Sha256, SignedPoints

EntryKind = Literal[
    "earn", "bonus", "redeem", "reserve", "release", "restore", "take_back", "expire", "forfeit", "adjust"
]


class Balance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """MS-19 What the member has after an entry."""

    available: Count
    debt: Count
    reserved: Count


class LedgerEntry(Body, frozen=True, kw_only=True, gc=False):
    """MS-20 One movement of points.

    The hash is SHA-256 over the entry's canonical JSON: keys sorted, no spaces, all fields but `hash`.
    """

    # The fields, those of Balance and Cause too, are in alphabetical order, so that what is encoded while the hash is
    # unset is canonical.

    TYPE: ClassVar[str] = "ledger_entry.v1"

    at: Annotated[Instant, Meta(description="Business time of the cause.")]
    balance_after: Balance
    booked_at: Annotated[Instant | None, Meta(description="The partition's now; null before its first tick.")]
    cause: Cause
    clause: Clause
    entry_id: PermanentId
    kind: EntryKind
    line_id: Id | None = None
    lot_id: Annotated[Id | None, Meta(description="Null: the part of a movement that became or paid debt.")] = None
    order_id: Id | None = None
    points: Annotated[
        SignedPoints,
        Meta(description="What the entry does to available + reserved - debt; 0 for reserve and release."),
    ]
    previous: Annotated[Sha256 | None, Meta(description="Hash of the member's entry before; null for the first.")]
    reserved: Annotated[SignedPoints, Meta(description="What reserve and release do to the reserved points.")] = 0
    hash: Sha256 = UNSET  # type: ignore[assignment]  # never seen unset: an entry is sealed as it is made

    def __post_init__(self) -> None:
        """Seal the entry. Raises ValueError if it was read with another hash than its own."""
        if not self.hash:
            force_setattr(self, "hash", hashlib.sha256(encode(self)).hexdigest())
        elif self.hash != replace(self, hash=UNSET).hash:
            raise ValueError(f"ledger entry {self.entry_id}: its hash is not that of its content")


def verify(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """What is wrong with one member's entries (parsed `data`, oldest first), in a sentence; None if nothing is.

    Works on plain JSON, not on LedgerEntry: an account of its own.
    """
    previous, total = None, 0
    for place, entry in enumerate(entries):
        name = f"entry {place} ({entry.get('entry_id')})"
        rest = {key: value for key, value in entry.items() if key != "hash"}
        if entry.get("previous") != previous:
            return f"{name} does not follow the entry before it"
        if hashlib.sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).hexdigest() != entry.get("hash"):
            return f"{name} was changed: its hash is not that of its content"
        total += entry["points"]
        after = entry["balance_after"]
        if after["available"] + after["reserved"] - after["debt"] != total:
            return f"{name} does not add up: the entries come to {total} points"
        previous = entry["hash"]
    return None
