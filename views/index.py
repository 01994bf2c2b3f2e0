"""The index of promises: whose are due when, over all members. It lies next to the documents and is written with them.

A promise is in it while somebody still has to act (`open`, `missed`), at the instant it is due; one whose clock stands still
(`stopped`) is at the end of time. What is kept, void, or has no deadline is not.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.values import joined

STOPPED_AT: Final = "inf"
"""The score of what has no instant as long as its clock stands still."""
_OWED: Final = frozenset({"open", "missed"})


class Entry(NamedTuple):
    """Which promise: whose, of what kind, about what."""

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


def lines(member_id: str, promises: Iterable[Mapping[str, Any]]) -> bytes:
    """A member's lines, as the feed's script reads them: `by score entry`. promises: as the document has them."""
    found = []
    for one in promises:
        due = _score(one)
        if due is not None:
            found.append(f"{one['by']} {due} {Entry(member_id, one['kind'], one['ref'])}")
    return "\n".join(found).encode()


def _score(one: Mapping[str, Any]) -> str | None:
    """Seconds since 1970, in words; None: it is not in the index."""
    if one["state"] == "stopped":
        return STOPPED_AT
    if one["due"] is None or one["state"] not in _OWED:
        return None
    return f"{datetime.fromisoformat(one['due']).timestamp():.6f}"
