"""Reads what the sources have sent side by side with what the workers decided about it.

One partition after the other: decisions lie in the order of handling, and those on one topic's records in the order of
their offsets. So it is enough to walk along the decisions and to take from each input topic the record that each is about;
nothing is kept but what the clients have fetched ahead.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from kafka import TopicPartition

from agents.settings import Settings
from audit.topics import Reader, Stored
from cli import reading, talk
from cli.dlq.letters import REDRIVEN_FROM
from cli.producers.health import Health
from cli.producers.judge import Decided, Judge, Tolerance
from models.catalogue import CLOCK

DECISIONS: Final = "decisions"
SLACK_MS: Final = 3_600_000
"""Decisions are read from that much earlier than the records: a record's stamp may be ahead of the workers' clocks."""
FETCH: Final[Mapping[str, int]] = {"max_poll_records": 1_000, "max_partition_fetch_bytes": 1 << 20}
"""There are as many clients as topics."""


class Producers:
    """The input topics of an installation, with a reader for each (one cannot read two topics in turns)."""

    def __init__(self, settings: Settings, readers: Mapping[str, Reader]) -> None:
        self._catalogue = settings.catalogue()
        self._readers = readers
        self._inputs = _inputs(settings)
        for topic, reader in readers.items():
            reading.demand(reader, [self._catalogue.name(topic)], self._catalogue.partitions)

    def examine(
        self, only: str | None = None, since: datetime | None = None, tolerance: Tolerance | None = None
    ) -> Health:
        """The health of every source, or of one; of records stamped since then."""
        health = Health(only)
        judge = Judge(self._catalogue.partitions, tolerance or Tolerance())
        inputs = {topic: self._window(topic, since) for topic in self._inputs}
        decisions = self._window(DECISIONS, since, SLACK_MS)  # after the inputs: so that few of those are undecided
        total = sum(end - start for window in inputs.values() for start, end in window.values())
        with talk.progress("reading what was sent", total) as advance:
            count = _Count(advance)
            for partition in range(self._catalogue.partitions):
                tapes = {
                    topic: _Tape(self._records(topic, partition, window, count)) for topic, window in inputs.items()
                }
                for stored in self._records(DECISIONS, partition, decisions):
                    _match(stored, tapes, judge, health)
                health.undecided += sum(tape.rest() for tape in tapes.values())
        return health

    def _window(self, topic: str, since: datetime | None, slack_ms: int = 0) -> dict[int, tuple[int, int]]:
        """First offset and end of each partition."""
        reader, name = self._readers[topic], self._catalogue.name(topic)
        places = [TopicPartition(name, partition) for partition in range(self._catalogue.partitions)]
        if since is None:
            starts = reader.starts(places)
        else:
            at = max(0, int(since.timestamp() * 1000) - slack_ms)
            starts = reader.since(dict.fromkeys(places, at))
        ends = reader.ends(places)
        return {place.partition: (starts[place], max(starts[place], ends[place])) for place in places}

    def _records(
        self, topic: str, partition: int, window: Mapping[int, tuple[int, int]], count: "_Count | None" = None
    ) -> Iterator[Stored]:
        place = TopicPartition(self._catalogue.name(topic), partition)
        start, end = window[partition]
        for _, records in self._readers[topic].stream({place: start}, {place: end}):
            yield from records
            if count:
                count.add(len(records))


@dataclass
class _Count:
    """How many input records were read."""

    advance: talk.Advance
    done: int = 0

    def add(self, count: int) -> None:
        self.done += count
        self.advance(self.done)


@dataclass
class _Tape:
    """The records of one topic partition, taken one by one in their order."""

    records: Iterator[Stored]
    head: Stored | None = None
    passed: int = 0
    """Records that were left without a decision."""

    def take(self, offset: int) -> Stored | None:
        """The record at an offset. None: it is not there, or was taken before."""
        while True:
            if self.head is None:
                self.head = next(self.records, None)
            if self.head is None or self.head.offset > offset:
                return None
            taken, self.head = self.head, None
            if taken.offset == offset:
                return taken
            self.passed += 1

    def rest(self) -> int:
        """How many records have no decision, those to the end counted."""
        return self.passed + int(self.head is not None) + sum(1 for _ in self.records)


def _match(stored: Stored, tapes: Mapping[str, _Tape], judge: Judge, health: Health) -> None:
    data: dict[str, Any] = orjson.loads(stored.value or b"")["data"]
    event = data["event"]
    tape = tapes.get(event["topic"])
    record = tape.take(event["offset"]) if tape else None
    if record is None:  # what workers tell each other, ticks, and what was held and has settled
        return
    if any(name == REDRIVEN_FROM for name, _ in record.headers):
        health.redriven += 1
    else:
        decided = Decided.of(data, stored.timestamp_ms)
        health.add(decided.source, event["topic"], record, judge.judge(event["topic"], record, decided))


def _inputs(settings: Settings) -> tuple[str, ...]:
    """What sources write. The clock has no source: its ticks are the workers', or an outside clock's."""
    return tuple(topic.role for topic in settings.catalogue().inputs if topic.role != CLOCK.role)


@contextmanager
def opened(settings: Settings) -> Iterator[Producers]:
    """The input topics of the installation; Kafka is away: CommandError (exit 3) within seconds."""
    from cli.wire import demand_broker

    demand_broker(settings)
    with ExitStack() as stack:
        topics = (*_inputs(settings), DECISIONS)
        readers = {topic: stack.enter_context(Reader(settings.kafka_python(), **FETCH)) for topic in topics}
        yield Producers(settings, readers)
