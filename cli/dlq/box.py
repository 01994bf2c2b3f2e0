"""Reads what is known of dead letters: the letters, the decisions about them, and who is set aside now.

Only committed records, with kafka-python, which shares no code with the workers' client.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson
from kafka import TopicPartition

from agents.settings import Settings
from audit.topics import Reader, Stored
from cli import reading
from cli.dlq.letters import Chains, Letter, Place, Selection
from models import state
from models.partitioning import partition_of
from models.state import Quarantine

DEAD_LETTERS: Final = "dead-letters"
PORTION, PORTION_BYTES = 1_000, 16 << 20
"""Letters that are in memory with all that came with them, and their values."""
SLACK_MS: Final = 60_000
"""A letter's own decision is written in the same transaction; it may lie that much earlier."""


class Broken(NamedTuple):
    """A member's state that cannot be read: where it lies and why, and where the last one that can be, if it is kept."""

    place: str
    why: str
    readable: str | None


@dataclass
class Fate:
    """What the `decisions` topic says about a letter: `data` of decisions, and when they were written."""

    decision: dict[str, Any] | None = None
    """The one that set it aside; None for a deadline's, which has none."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Later ones about the same event (source and id) that are not `dead_lettered`, in their order."""

    @property
    def answer(self) -> dict[str, Any] | None:
        """The last word; that the event came once more after it says nothing new."""
        told = [answer for answer in self.answers if answer["outcome"] != "duplicate"] or self.answers
        return told[-1] if told else None


class _Trace:
    """What is found about one letter while decisions are read: in order within a partition, in any order between them."""

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self._decision: dict[str, Any] | None = None
        self._answers: list[tuple[int, int, dict[str, Any]]] = []

    def set_aside(self, decision: dict[str, Any]) -> None:
        """The letter's own decision: what its partition said of the event before is no answer to it."""
        self._decision = decision
        self._answers = [answer for answer in self._answers if answer[1] != self.letter.partition]

    def answered(self, stored: Stored, decision: dict[str, Any]) -> None:
        """A decision about the same event; another partition's counts from the letter's time on."""
        if stored.partition == self.letter.partition or stored.timestamp_ms >= self.letter.timestamp_ms:
            self._answers.append((stored.timestamp_ms, stored.partition, decision))

    @property
    def fate(self) -> Fate:
        return Fate(self._decision, [data for _, _, data in sorted(self._answers, key=lambda answer: answer[0])])


class Box:
    """The dead letters of an installation."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._catalogue = settings.catalogue()
        self._reader = reader
        name = self._catalogue.name
        topics = (name(DEAD_LETTERS), name("decisions"), self._catalogue.changelog(state.ENTRIES))
        reading.demand(reader, topics, self._catalogue.partitions)
        self.foreign = 0
        """Records among the letters that no worker of this installation wrote."""

    def letters(self, wanted: Selection) -> tuple[list[Letter], Chains]:
        """The wanted letters in brief, oldest first (of a partition: as they lie), and how all of them hang together."""
        chains, found = Chains(), list[Letter]()
        starts = self._reader.starts(self._places(DEAD_LETTERS, range(self._catalogue.partitions)))
        for stored in self._read("reading dead letters", starts):
            letter = Letter.of(stored, self._catalogue)
            if letter is None:
                self.foreign += 1
                continue
            chains.add([letter])
            if letter in wanted:
                found.append(letter.brief)
        return _by_time(found), chains

    def whole(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        """The same letters with all that came with them, in the order given; read in portions, so that few are in memory."""
        for portion in _portions(letters):
            places = {letter.place for letter in portion}
            name, starts, ends = self._catalogue.name(DEAD_LETTERS), {}, {}
            for partition, group in groupby(sorted(places), key=attrgetter("partition")):
                offsets = [place.offset for place in group]
                where = TopicPartition(name, partition)
                starts[where], ends[where] = offsets[0], offsets[-1] + 1
            found: dict[Place, Letter] = {}
            for _, records in self._reader.stream(starts, ends):
                for stored in records:
                    if (stored.partition, stored.offset) in places and (letter := Letter.of(stored, self._catalogue)):
                        found[letter.place] = letter
            yield from (found[letter.place] for letter in portion)

    def fates(self, letters: Collection[Letter]) -> list[Fate]:
        """What became of each letter, in the order given."""
        traces = [_Trace(letter) for letter in letters]
        by_record = {(t.letter.topic, t.letter.partition, t.letter.offset): t for t in traces}
        by_event: dict[tuple[str | None, str | None], list[_Trace]] = defaultdict(list)
        for trace in traces:
            by_event[trace.letter.names[:2]].append(trace)
        for stored in self._read("reading decisions", self._decisions_since(letters)):
            data = orjson.loads(stored.value or b"")["data"]
            event = data["event"]
            if data["outcome"] == "dead_lettered":
                if own := by_record.get((event["topic"], event["partition"], event["offset"])):
                    own.set_aside(data)
            elif event["id"] is not None:
                for trace in by_event.get((event["source"], event["id"]), ()):
                    trace.answered(stored, data)
        return [trace.fate for trace in traces]

    def _decisions_since(self, letters: Iterable[Letter]) -> dict[TopicPartition, int]:
        """Where the decisions about the letters begin: on their partitions, and where the events belong."""
        name = self._catalogue.name("decisions")
        since: dict[TopicPartition, int] = {}
        for letter in letters:
            for place in {TopicPartition(name, letter.partition), TopicPartition(name, letter.home)}:
                since[place] = max(0, min(since.get(place, letter.timestamp_ms), letter.timestamp_ms - SLACK_MS))
        return self._reader.since(since) if since else {}

    def quarantined(self, members: Iterable[str]) -> dict[str, Quarantine]:
        """Those of the members who are set aside now, and why: read from the workers' own table."""
        keys = {state.entry_key(Quarantine.KIND, member, Quarantine.STANDING): member for member in members}
        where = {partition_of(member.encode(), self._catalogue.partitions) for member in keys.values()}
        name = self._catalogue.changelog("entries")
        standing: dict[str, Quarantine] = {}
        starts = self._reader.starts([TopicPartition(name, partition) for partition in where]) if where else {}
        for stored in self._read("reading who is quarantined", starts):
            member = keys.get(stored.key or b"")
            if member is not None:
                standing.pop(member, None)
                if stored.value is not None:
                    standing[member] = state.decode(stored.value, Quarantine)
        return standing

    def broken(self, member: str) -> Broken | None:
        """What is wrong with the member's hot value in the workers' own table; None: it can be read."""
        key, name = state.member_key(member), self._catalogue.changelog(state.MEMBERS)
        place = TopicPartition(name, partition_of(key, self._catalogue.partitions))
        readable, broken = None, None
        for stored in self._read("reading the member's state", self._reader.starts([place])):
            if stored.key != key:
                continue
            try:
                state.decode(stored.value, state.Member) if stored.value is not None else None
            except state.UNREADABLE as error:
                broken = Broken(stored.place, str(error), readable)
            else:
                readable, broken = stored.place, None
        return broken

    def _places(self, topic: str, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._catalogue.name(topic), partition) for partition in partitions]

    def _read(self, what: str, starts: Mapping[TopicPartition, int]) -> Iterator[Stored]:
        return reading.read(self._reader, what, starts, self._reader.ends(starts) if starts else {})


@contextmanager
def opened(settings: Settings) -> Iterator[Box]:
    """The box of the installation; Kafka is away: CommandError (exit 3) within seconds."""
    with reading.opened(settings) as reader:
        yield Box(settings, reader)


def _portions(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    portion: list[Letter] = []
    size = 0
    for letter in letters:
        if portion and (len(portion) == PORTION or size + letter.bytes > PORTION_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(letter)
        size += letter.bytes
    if portion:
        yield portion


def _by_time(letters: list[Letter]) -> list[Letter]:
    """Oldest first, but never against the order within a partition: clocks of workers differ."""
    latest: dict[int, int] = {}
    keys: dict[Place, tuple[int, Place]] = {}
    for letter in letters:
        partition = letter.place.partition
        latest[partition] = max(letter.timestamp_ms, latest.get(partition, 0))
        keys[letter.place] = latest[partition], letter.place
    return sorted(letters, key=lambda letter: keys[letter.place])
