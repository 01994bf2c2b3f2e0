"""The index over all members: whose promises are due when, and what support has to look at. It lies next to the documents
and is written with them.

A promise is in it while somebody still has to act (`open`, `missed`), at the instant it is due; one whose clock stands still
(`stopped`) is at the end of time. What is kept, void, or has no deadline is not. A flag is in it at the time it was raised.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.values import joined

FLAGS: Final = "flags"
"""The set of what support has to look at."""
STOPPED_AT: Final = "inf"
"""The score of what has no instant as long as its clock stands still."""
_OWED: Final = frozenset({"open", "missed"})


class Entry(NamedTuple):
    """Which promise or flag: whose, of what kind (of a flag: its code), about what."""

    member_id: str
    kind: str
    ref: str

    def __str__(self) -> str:
        return joined(*self)

    @classmethod
    def read(cls, text: bytes) -> "Entry":
        """What `str` wrote."""
        member_id, kind, ref = text.decode().split("|")
        return cls(*(part.replace("%7C", "|").replace("%25", "%") for part in (member_id, kind, ref)))


def rows(
    entries: Iterable[Entry], documents: Iterable[Mapping[str, Any]], part: str, kind: str, ref: str
) -> list[dict[str, Any]]:
    """The entries' rows in that part of their members' documents, by the names that kind and ref have there, with `member`.

    Without those of documents that have been written since the index was read, and have them no more.
    """
    found = (
        (entry, next((row for row in document.get(part, ()) if (row[kind], row[ref]) == (entry.kind, entry.ref)), None))
        for entry, document in zip(entries, documents, strict=True)
    )
    return [{"member": entry.member_id, **row} for entry, row in found if row is not None]


def lines(member_id: str, promises: Iterable[Mapping[str, Any]], flags: Iterable[Mapping[str, Any]] = ()) -> bytes:
    """A member's lines, as the feed's script reads them: `set score entry`. promises, flags: as the document has them."""
    found = []
    for one in promises:
        due = _score(one)
        if due is not None:
            found.append(f"{one['by']} {due} {Entry(member_id, one['kind'], one['ref'])}")
    found += [f"{FLAGS} {_seconds(one['at'])} {Entry(member_id, one['code'], one['about'])}" for one in flags]
    return "\n".join(found).encode()


def _score(one: Mapping[str, Any]) -> str | None:
    """Seconds since 1970, in words; None: it is not in the index."""
    if one["state"] == "stopped":
        return STOPPED_AT
    if one["due"] is None or one["state"] not in _OWED:
        return None
    return _seconds(one["due"])


def _seconds(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).timestamp():.6f}"
