"""The workers' own handling path, on copies of one member's state: what it emits is kept here and goes nowhere."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from agents.dictionary import Dictionary
from agents.handle import PartitionHandler
from models import state
from models.catalogue import CLOCK, TABLES, TRANSFER, Catalogue
from models.envelope import STRUCTURED
from models.points.state import Page
from models.points.view import with_pages
from models.policies import Policies
from models.state import Due, Member
from models.view import view
from views.timeline import Line, line

DEAD_LETTERS: Final = "dead-letters"


class Supposed(NamedTuple):
    """A record that is supposed to come: the contract's name of its topic, and its value. Its key is the member's, or
    none for a tick."""

    topic: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Live:
    """The state of a member, as the workers have it."""

    member_id: str
    partition: int
    """The member's."""
    tables: Mapping[str, Mapping[bytes, bytes]]
    """Of each table what concerns the member; of `applied`, the ids that are supposed to come."""
    offsets: Mapping[str, int]
    """Contract name of a topic -> where its next record will lie: names that follow from it come out as they would be."""


@dataclass
class Trace:
    """What was emitted about one record."""

    tick: bool
    due: list[Due] = field(default_factory=list)
    """The deadlines that a tick made due."""
    now: datetime | None = None
    """The partition's, with it."""
    emitted: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    """Contract name of the topic -> lines; of dead letters `reason` and `error`, of transfers `to` and `event`."""


class _Record(NamedTuple):
    """As the handling path takes it (``agents.ports.Record``)."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = (STRUCTURED,)
    timestamp_ms: int = 0


class Trial:
    """Takes records; `traces` says what came of each. Raises `state.UNREADABLE` as `whatif` does."""

    def __init__(self, live: Live, catalogue: Catalogue, policies: Policies) -> None:
        self._member_id = live.member_id
        self._catalogue = catalogue
        self._tables = {table: dict(live.tables.get(table, {})) for table in TABLES}
        stores = {table: Dictionary(content) for table, content in self._tables.items()}
        # No clock bounds what somebody supposes.
        self._handler = PartitionHandler(live.partition, stores, catalogue, policies, clock="external")
        self._offsets = Counter(live.offsets)
        self._further: list[Supposed] = []
        self.traces: list[Trace] = []

    @property
    def now(self) -> datetime | None:
        """The partition's now; None before its first tick."""
        return self._handler.now

    @property
    def member(self) -> Member | None:
        """The hot value; None while nothing is known of the member."""
        raw = self._tables[state.MEMBERS].get(state.member_key(self._member_id))
        return state.decode(raw, Member) if raw is not None else None

    @property
    def document(self) -> dict[str, Any] | None:
        """The member as the read side shows one, but for the generation, which is the views' own."""
        member = self.member
        if member is None:
            return None
        shown = view(self._member_id, member)
        del shown["generation"]
        if member.points and member.points.lots.branches:
            pages = [state.decode(raw, Page) for raw in self._tables[state.LOTS].values()]
            shown["points"] = with_pages(shown["points"], pages)
        return shown

    def take(self, record: Supposed) -> None:
        """Let one record come, and whatever further ticks the workers would send themselves because of it."""
        self._handle(record)
        while self._further:
            self._handle(self._further.pop(0))

    def pass_time(self, until: datetime) -> None:
        """Tick as a clock does that never stood still: for each deadline once, when it is due. until: in UTC."""
        while (due := self._first_due()) is not None and due <= until:
            self._tick(max(due, self.now or due))
            if self._first_due() == due:  # the member is set aside: nobody works it off
                break
        self._tick(until)

    def _tick(self, at: datetime) -> None:
        self.take(Supposed(CLOCK.role, orjson.dumps({"at": at})))

    def _first_due(self) -> datetime | None:
        member = self.member
        return member.due[0].at if member and member.due else None

    def _handle(self, supposed: Supposed) -> None:
        topic, is_tick = supposed.topic, supposed.topic == CLOCK.role
        key = None if is_tick else self._member_id.encode()
        record = _Record(self._catalogue.name(topic), self._offsets[topic], key, supposed.value)
        self._offsets[topic] += 1
        before = self.member
        trace = Trace(is_tick)
        self.traces.append(trace)
        self._handler.handle([record], self._emit)
        trace.now = self.now
        if is_tick and before and self.now:
            trace.due = [due for due in before.due if due.at <= self.now]

    def _emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        del partition  # it goes nowhere
        role, raw, emitted = self._catalogue.role(topic), value or b"", self.traces[-1].emitted
        if role == CLOCK.role:
            self._further.append(Supposed(role, raw))
        elif role == DEAD_LETTERS:
            ours = {name: (text or b"").decode() for name, text in headers}
            emitted[role].append({"reason": ours["dl_error_class"], "error": ours["dl_error"]})
        elif role == TRANSFER.role:
            emitted[role].append({"to": (key or b"").decode(), "event": orjson.loads(raw)})
        else:
            emitted[role].append(line(role, orjson.loads(raw)))
