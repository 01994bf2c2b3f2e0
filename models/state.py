"""The state's values and their one codec: a version byte, then msgpack.

Four tables hold it. `members`: one hot value per member, read and written with each of its events, hence small.
`entries`: what an event must name to matter (orders, returns, invoices, closed repairs, held events), keyed
`kind|member|id`. `lots`: pages of open lots, keyed likewise, of members who have too many for the hot value; the read side
follows this table too. `applied`: the event ids already answered (models/applied.py).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from msgspec import Struct, field

from models.care.state import Care, Guest
from models.cleaning.state import Cleanings
from models.fees.state import Method
from models.loans.state import Loan
from models.points.state import Former, Points
from models.pro.state import Pro
from models.repairs.state import Repair

VERSION = 2
"""Schema version of every value written."""

MEMBERS, ENTRIES, LOTS, APPLIED = "members", "entries", "lots", "applied"

T = TypeVar("T", bound=Struct)


class UnknownVersionError(Exception):
    """A value was written by a newer release; this one must not guess what it means."""


UNREADABLE: Final = (msgspec.DecodeError, UnknownVersionError)
"""What `decode` raises."""


class Due(Struct, array_like=True, order=True):
    """GEN-4 A deadline as data: when, what is to be done, about which thing."""

    at: datetime
    what: str
    ref: str


class Flag(Struct, array_like=True):
    """GEN-6 What a person of support has to look at: a fact that came too late to change what is final, and the like."""

    at: datetime
    """When it was raised."""
    code: str
    about: str
    """The id of what it is about."""
    clause: str
    says: str


FLAGS: Final = 10
"""The most that is kept of them, the latest: the member's story has all of them."""


class Quarantine(Struct, array_like=True):
    """Why a member's events are set aside: an entry, which counts, and in the hot value, where that can be read, to be shown.

    Once lifted, the entry moves from `STANDING` to its own number: the audit replays from it what had failed then.
    """

    KIND: ClassVar[str] = "quarantine"
    STANDING: ClassVar[str] = ""

    reason: str
    seq: int
    since: datetime | None


class Member(Struct, array_like=True):
    """The hot value: everything of a member that a decision or the read side needs at any time."""

    revision: int = 0
    """`seq` of the last change: orders the versions of this value."""
    changed_at: datetime | None = None
    as_of: dict[str, int] = field(default_factory=dict)
    """`topic-partition` -> offset of the last event decided."""
    ledger_head: str | None = None
    """Hash of the member's last ledger entry."""
    due: list[Due] = field(default_factory=list)
    """Sorted: the first is when the member next wants to be woken."""
    held: int = 0
    points: Points | None = None
    former: list[Former] = field(default_factory=list)
    """MS-16 Points memberships that have ended, the latest last."""
    pro: Pro | None = None
    repairs: dict[str, Repair] = field(default_factory=dict)
    """The open ones, and a few closed ones that the member still wants to see."""
    quarantined: Quarantine | None = None
    methods: list[Method] = field(default_factory=list)
    """PAY-1 On file; removed ones are kept as marks."""
    care: Care | None = None
    guest: Guest | None = None
    """CARE-3 Of keys that are an email's."""
    flags: list[Flag] = field(default_factory=list)
    """GEN-6 The latest, oldest first; one for each thing that is wrong with each thing."""
    cleanings: Cleanings = field(default_factory=Cleanings)
    heard: int = 0
    """PRO-11 How many of the words on force majeure the member's deadlines take into account."""
    may_leave: datetime | None = None
    """PRO-11 Since when the force majeure had lasted for which it was decided last whether the member may leave."""
    loans: dict[str, Loan] = field(default_factory=dict)
    """LOAN-7 Those that are out or owed for, and the latest others."""
    erased_at: datetime | None = None
    """GEN-7 Since when nothing personal is kept, nor taken in any more."""

    def schedule(self, due: Due) -> None:
        """Add a deadline, in place of the one for the same thing."""
        self.unschedule(due.what, due.ref)
        self.due.append(due)
        self.due.sort()

    def unschedule(self, what: str, ref: str) -> None:
        """Drop the deadline of that thing, if there is one."""
        self.due = [due for due in self.due if due.what != what or due.ref != ref]


UPCASTS: Final[Mapping[tuple[type[Struct], int], Callable[[Any], Any]]] = {
    (Member, 1): lambda content: [*content, None],  # erased_at
}
"""For each type whose shape changed after a version: its plain msgpack content of that version -> of the next."""

_encoder = msgspec.msgpack.Encoder()
WRITTEN: Final = bytes([VERSION])
"""What every value that this release writes begins with."""


@lru_cache(maxsize=64)
def _decoder(kind: type[Struct]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


def encode(value: Struct) -> bytes:
    """A state value as table bytes."""
    return WRITTEN + _encoder.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """Table bytes as a fresh value of `kind`, upcast if an older release wrote them.

    Raises UnknownVersionError for a newer release's value, msgspec.DecodeError for what is none (`UNREADABLE`).
    """
    if not raw:
        raise msgspec.DecodeError("an empty value")
    if raw[0] == VERSION:
        value: T = _decoder(kind).decode(raw[1:])
        return value
    if raw[0] > VERSION:
        raise UnknownVersionError(f"{kind.__name__} of schema version {raw[0]}; this release knows {VERSION}")
    content = msgspec.msgpack.decode(raw[1:])
    for version in range(raw[0], VERSION):
        content = UPCASTS.get((kind, version), lambda same: same)(content)
    return msgspec.convert(content, kind)


def member_key(member_id: str) -> bytes:
    """Key of the hot value."""
    return member_id.encode()


def entry_key(kind: str, member_id: str, entry_id: str) -> bytes:
    """Key of an entry. `|` and `%` in a member id are escaped, so no member can name another's entry."""
    if "|" in member_id or "%" in member_id:
        member_id = member_id.replace("%", "%25").replace("|", "%7C")
    return f"{kind}|{member_id}|{entry_id}".encode()
