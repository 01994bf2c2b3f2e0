"""One call of decide or wake: fresh working copies of what it reads, and everything it produces.

Nothing leaves the desk before the call has ended well, so a rule that raises has done nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from msgspec import Struct, field

from models import state
from models.events import EVERYBODY, Event
from models.follow import FollowUp
from models.outputs.base import Output
from models.outputs.decisions import Decided
from models.outputs.ledger import LedgerEntry
from models.outputs.notifications import Notification
from models.outputs.requests import Request
from models.points.state import Page
from models.policies import Policies
from models.state import Member

At: TypeAlias = Callable[[str, bytes], bytes | None]
"""Reads a keyed entry of the partition, committed or pending: (table, key) -> value."""

S = TypeVar("S", bound=Struct)

Followers: TypeAlias = Mapping[type[FollowUp], Sequence[Callable[[Any, Any], str]]]
"""Who wants to know of what: (case, follow-up) -> words for the answer, or none."""
NO_FOLLOWERS: Final[Followers] = MappingProxyType({})


class Record(NamedTuple):
    """The coordinates of an input record."""

    topic: str
    partition: int
    offset: int


class Moment(NamedTuple):
    """Where and when the partition is: its sequence, its now (None before the first tick), the record being decided."""

    seq: int
    now: datetime | None
    topic: str
    partition: int
    offset: int


class Decision(Struct):
    """What one call produced. The caller writes `changes` and emits the outputs, in one transaction."""

    changes: dict[str, dict[bytes, bytes | None]] = field(default_factory=dict)
    """Table -> key -> new value; None deletes."""
    decisions: list[Output[Decided]] = field(default_factory=list)
    """The event's own answer first; after it those of held events that it settled."""
    notifications: list[Output[Notification]] = field(default_factory=list)
    ledger: list[Output[LedgerEntry]] = field(default_factory=list)
    requests: list[Output[Request]] = field(default_factory=list)
    transfers: list[Event[Any]] = field(default_factory=list)
    """What it means for other keys: events to them, on partitions that may be other workers'."""
    everybody: bool = False
    """Every member of the partition is to hear of it: who has not (`majeure.has_to_hear`) is to be woken."""
    due: datetime | None = None
    """When this member next wants to be woken; None: not at all."""


class EntryTwiceError(Exception):
    """A rule of ours gave two ledger entries one id: nothing of it may be published."""


class Desk:
    """Working copies and outputs of one call for one member."""

    __slots__ = (
        "_at", "_changed", "_seen", "arrivals", "depth", "followers", "is_forgotten", "member", "member_id", "moment", "out",
        "policies",
    )  # fmt: skip

    def __init__(
        self, member_id: str, at: At, moment: Moment, policies: Policies, followers: Followers = NO_FOLLOWERS
    ) -> None:
        raw = at(state.MEMBERS, state.member_key(member_id))
        self.member = state.decode(raw, Member) if raw is not None else Member()
        self.member_id = member_id
        self.moment = moment
        self.policies = policies
        self.out = Decision()
        self.arrivals: list[tuple[str, str]] = []
        """What became known in this call, for the events held for it: (kind, id)."""
        self.followers, self.depth = followers, 0
        self.is_forgotten = False
        """GEN-7 Whether the hot value itself is deleted when the call ends."""
        self._at = at
        self._seen: dict[bytes, Any] = {}
        self._changed: dict[str, dict[bytes, Struct | None]] = {}

    def find(self, kind: type[S], entry_id: str) -> S | None:
        """The call's working copy of an entry; None if there is none."""
        return self._look(kind, self._key(kind, entry_id))

    def shared(self, kind: type[S], entry_id: str) -> S | None:
        """What is kept once for everybody in the partition; to be read only."""
        return self._look(kind, state.entry_key(kind.KIND, EVERYBODY, entry_id))  # type: ignore[attr-defined]

    def put(self, entry_id: str, value: Struct) -> None:
        """Write an entry when the call ends; what is done to the value until then counts."""
        key = self._key(type(value), entry_id)
        self._seen[key] = self._changed.setdefault(_table(type(value)), {})[key] = value

    def drop(self, kind: type[Struct], entry_id: str) -> None:
        """Delete an entry when the call ends."""
        key = self._key(kind, entry_id)
        self._seen[key] = self._changed.setdefault(_table(kind), {})[key] = None

    def finish(self) -> Decision:
        """Encode the working copies into the decision's changes."""
        member, out = self.member, self.out
        if len(out.ledger) > 1 and len({entry.id for entry in out.ledger}) < len(out.ledger):
            raise EntryTwiceError("two ledger entries of this decision have the same id")
        member.revision, member.changed_at = self.moment.seq, self.moment.now
        kept = None if self.is_forgotten else state.encode(member)
        out.changes[state.MEMBERS] = {state.member_key(self.member_id): kept}
        for table, changed in self._changed.items():
            out.changes[table] = {key: None if value is None else state.encode(value) for key, value in changed.items()}
        out.due = member.due[0].at if member.due else None
        return out

    def _look(self, kind: type[S], key: bytes) -> S | None:
        if key not in self._seen:
            raw = self._at(_table(kind), key)
            self._seen[key] = state.decode(raw, kind) if raw is not None else None
        found: S | None = self._seen[key]
        return found

    def _key(self, kind: type[Struct], entry_id: str) -> bytes:
        return state.entry_key(kind.KIND, self.member_id, entry_id)  # type: ignore[attr-defined]


def _table(kind: type[Struct]) -> str:
    """The table in which values of that kind are kept."""
    return state.LOTS if kind is Page else state.ENTRIES
