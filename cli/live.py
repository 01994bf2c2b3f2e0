"""Reads the state of one member as the workers have it: from the changelogs of their tables, committed records only.

Redis has views of it and not the state. What is read is a cut between two transactions: a member is never seen in parts.
What is kept is the member's alone, however many members share the partition.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kafka import TopicPartition

from agents.handle import STATE_KEY
from agents.settings import Settings
from audit.topics import NoQuietMomentError, TopicReader
from cli import reading
from cli.errors import check_failed
from models import state
from models.catalogue import TABLES
from models.events import EVERYBODY
from models.partitioning import partition_of
from models.state import Member
from views.trial import Live

PATIENCE_S: Final = 15.0
"""Longer than a dead worker's transaction can stay open."""
PAUSE_S: Final = 0.02
TAIL: Final = 1_000
"""A partition's own state is written with every poll: its last value is among the last records of its changelog."""
PARTITIONS: Final = "partitions"


@dataclass(frozen=True)
class Found:
    """The member's state, and how fresh it is."""

    live: Live
    ends: Mapping[str, int]
    """Changelog -> the offset up to which it was read, in the member's partition."""
    waiting: int
    """Records of the member that no worker has handled yet: they are not in the state."""


@contextmanager
def connected(settings: Settings) -> Iterator[TopicReader]:
    """A reader of this installation. Kafka is away: CommandError (exit 3) within seconds."""
    from cli.wire import demand_broker

    demand_broker(settings)
    with TopicReader(settings.kafka_python(), settings.group) as reader:
        yield reader


def read(settings: Settings, member_id: str, ids: Collection[bytes]) -> Found:
    """The member's state now. ids: keys of the table `applied` that matter.

    Raises CommandError: exit 1 where the topics are not as they must be, or are written to all the time.
    """
    with connected(settings) as reader:
        return _Reading(settings, reader, member_id).state(ids)


class _Reading:
    def __init__(self, settings: Settings, reader: TopicReader, member_id: str) -> None:
        self._catalogue = catalogue = settings.catalogue()
        self._reader = reader
        self._member_id, self._key = member_id, state.member_key(member_id)
        self._partition = partition_of(self._key, catalogue.partitions)
        self._inputs = {topic.role: self._at(topic.name) for topic in catalogue.handled}
        self._changelogs = {table: self._at(catalogue.changelog(table)) for table in TABLES}
        names = [place.topic for place in (*self._inputs.values(), *self._changelogs.values())]
        reading.demand(reader, names, catalogue.partitions)

    def state(self, ids: Collection[bytes]) -> Found:
        handled = (
            self._reader.committed()
        )  # before the state: what is handled meanwhile is known by the member's `as_of`
        try:
            cut = self._reader.snapshot(self._changelogs.values(), PATIENCE_S, PAUSE_S)
        except NoQuietMomentError as error:
            hint = "ask again in a moment; if it stays so, look at the workers' logs"
            raise check_failed(
                "state_moving", f"the state of {self._member_id} cannot be read: {error}", hint
            ) from error
        tables = self._tables(_wanted(self._member_id, ids), cut.starts, cut.ends)
        ends = self._reader.ends(self._inputs.values())
        offsets = {role: ends[place] for role, place in self._inputs.items()}
        waiting = self._waiting(tables[state.MEMBERS].get(self._key), handled, ends)
        read_to = {table: cut.ends[place] for table, place in self._changelogs.items()}
        return Found(Live(self._member_id, self._partition, tables, offsets), read_to, waiting)

    def _at(self, topic: str) -> TopicPartition:
        return TopicPartition(topic, self._partition)

    def _tables(
        self,
        wanted: Mapping[str, Callable[[bytes], bool]],
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> dict[str, dict[bytes, bytes]]:
        own = self._changelogs[PARTITIONS]
        tail = max(starts[own], ends[own] - TAIL)
        from_ = {self._changelogs[table]: starts[self._changelogs[table]] for table in wanted} | {own: tail}
        tables = self._last_values(wanted, from_, ends)
        if not tables[PARTITIONS] and tail > starts[own]:  # nothing but what was aborted
            tables |= self._last_values({PARTITIONS: wanted[PARTITIONS]}, {own: starts[own]}, ends)
        return tables

    def _last_values(
        self,
        wanted: Mapping[str, Callable[[bytes], bool]],
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> dict[str, dict[bytes, bytes]]:
        """The last value of each key that is wanted, by table."""
        tables: dict[str, dict[bytes, bytes]] = {table: {} for table in wanted}
        table_of = {self._changelogs[table].topic: table for table in wanted}
        for record in reading.read(self._reader, "reading the member's state", starts, ends):
            table, key = table_of[record.topic], record.key or b""
            if not wanted[table](key):
                continue
            if record.value is None:
                tables[table].pop(key, None)
            else:
                tables[table][key] = record.value
        return tables

    def _waiting(
        self, raw: bytes | None, handled: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> int:
        decided = _as_of(raw)
        first = self._reader.starts(self._inputs.values())
        starts = {place: max(handled.get(place, 0), start) for place, start in first.items()}
        unread = reading.read(self._reader, "reading what is not handled yet", starts, ends)
        roles = {place.topic: role for role, place in self._inputs.items()}
        return sum(
            record.key == self._key and record.offset > decided.get(f"{roles[record.topic]}-{self._partition}", -1)
            for record in unread
        )


def _wanted(member_id: str, ids: Collection[bytes]) -> Mapping[str, Callable[[bytes], bool]]:
    """Table -> whether a key of it matters. Without ids `applied`, by far the longest, is not read."""
    entries = state.entry_key("", member_id, ""), state.entry_key("", EVERYBODY, "")

    def is_entry(key: bytes) -> bool:
        return key[key.find(b"|") :].startswith(entries)

    keys: dict[str, Callable[[bytes], bool]] = {
        state.MEMBERS: state.member_key(member_id).__eq__,
        state.ENTRIES: is_entry,
        state.LOTS: is_entry,
        PARTITIONS: STATE_KEY.__eq__,
    }
    if ids:
        keys[state.APPLIED] = frozenset(ids).__contains__
    return MappingProxyType(keys)


def _as_of(raw: bytes | None) -> Mapping[str, int]:
    """The last record of each topic that was decided for the member; nothing where that cannot be read."""
    try:
        return state.decode(raw, Member).as_of if raw is not None else {}
    except state.UNREADABLE:
        return {}
