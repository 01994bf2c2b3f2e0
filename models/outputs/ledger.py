"""The points ledger: append-only, each member's entries chained by hash, so that a gap or a change shows."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import orjson
from pydantic import ConfigDict, Field

from models.outputs.base import Cause, Output
from models.values import SHA256_PATTERN, Clause, Id, Instant, Model, PermanentId, Sha256, SignedPoints, once

EntryKind = Literal[
    "earn", "bonus", "redeem", "reserve", "release", "restore", "take_back", "expire", "forfeit", "adjust"
]


class Balance(Model):
    """MS-19 What the member has after an entry."""

    available: Annotated[int, Field(ge=0)]
    debt: Annotated[int, Field(ge=0)]
    reserved: Annotated[int, Field(ge=0)]


def _with_hash(schema: dict[str, Any]) -> None:
    schema["properties"]["hash"] = {"type": "string", "pattern": SHA256_PATTERN}
    schema["required"].append("hash")


class LedgerEntry(Output):
    """MS-20 One movement of points.

    The hash is SHA-256 over the entry's canonical JSON: keys sorted, no spaces, all fields but `hash`. The fields,
    those of Balance and Cause too, are declared in alphabetical order, so that what pydantic writes is canonical.
    """

    model_config = ConfigDict(json_schema_extra=_with_hash)
    TYPE: ClassVar = "ledger_entry.v1"

    at: Instant
    """Business time of the cause."""
    balance_after: Balance
    booked_at: Instant | None
    """The partition's now; None before its first tick."""
    cause: Cause
    clause: Clause
    entry_id: PermanentId
    kind: EntryKind
    line_id: Id | None = None
    lot_id: Id | None = None
    """None: the part of a movement that became or paid debt."""
    order_id: Id | None = None
    points: SignedPoints
    """What the entry does to available + reserved - debt; 0 for reserve and release."""
    previous: Sha256 | None
    """Hash of the member's entry before; None for the first."""
    reserved: SignedPoints = 0
    """What reserve and release do to the reserved points."""

    @property
    def event_id(self) -> str:
        """The `entry_id`."""
        return self.entry_id

    @once
    def _canonical(self) -> bytes:
        return self.__pydantic_serializer__.to_json(self)

    @once
    def hash(self) -> str:
        """What the member's next entry carries as `previous`."""
        return hashlib.sha256(self._canonical).hexdigest()

    def body(self) -> bytes:
        """The `data`: the canonical JSON and the hash."""
        return b'%s,"hash":"%s"}' % (self._canonical[:-1], self.hash.encode())

    @classmethod
    def from_parts(cls, event_id: str, member_id: str, time: str | None, data: dict[str, Any]) -> Self:
        """From a parsed envelope's attributes and data. Raises ValueError if the hash is not the entry's own."""
        data = dict(data)
        stated = data.pop("hash")
        entry = super().from_parts(event_id, member_id, time, data)
        if stated != entry.hash:
            raise ValueError(f"ledger entry {entry.entry_id}: its hash is not that of its content")
        return entry


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
