"""GEN-1 The event ids that were answered: 16 bytes of hash -> content digest and the day they arrived.

Remembered for `Policies.ids_remembered_days`, by the day of the partition's now when the event arrived. An id that
arrived before the partition's first tick has no day and is never forgotten: that is at most the first poll.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Literal

from models import state
from models.policies import Policies

_NO_DAY = 0


def key(source: str, event_id: str) -> bytes:
    """Key of an event in the `applied` table."""
    return blake2b(f"{source}\0{event_id}".encode(), digest_size=16).digest()


def value(content: bytes, now: datetime | None) -> bytes:
    """What is remembered: the content digest and, in 3 bytes, the day."""
    return content + (now.toordinal() if now else _NO_DAY).to_bytes(3, "big")


def expired(raw: bytes, now: datetime, policies: Policies) -> bool:
    """Whether the id counts as unknown again; such an entry can be deleted at any time."""
    day = int.from_bytes(raw[-3:], "big")
    return day != _NO_DAY and now.toordinal() - day > policies.ids_remembered_days


def known(
    at: Callable[[str, bytes], bytes | None], entry: bytes, content: bytes, now: datetime | None, policies: Policies
) -> Literal["duplicate", "conflict"] | None:
    """GEN-1 Whether the same id was answered before: with equal content a duplicate, else a conflict."""
    raw = at(state.APPLIED, entry)
    if raw is None or (now and expired(raw, now, policies)):
        return None
    return "duplicate" if raw[:-3] == content else "conflict"
