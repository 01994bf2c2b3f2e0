"""An installation in memory: the workers' handling path over dictionaries, with Kafka's topics as lists.

It has what matters of Kafka and of the driver and nothing else: order within a topic partition, polls of any size, a
transaction per poll, crashes that drop what is not committed. Runs on it are the reference for runs on a real broker.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from agents.handle import PartitionHandler
from cli.lines import CLOUDEVENT, Message, Tick
from cli.wire import Decided, Sent
from models.catalogue import CLOCK, OUTPUTS, TABLES, Catalogue
from models.partitioning import partition_of
from models.policies import STANDARD, Policies

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Headers = tuple[tuple[str, bytes | None], ...]
Place = tuple[str, int]
"""A topic's contract name and a partition."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic, as the handling path and the comparisons read it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int = 0


@dataclass
class Store:
    """A table's keys of one partition: what is committed, and what the poll at hand wrote (None deletes)."""

    committed: dict[bytes, bytes] = field(default_factory=dict)
    pending: dict[bytes, bytes | None] = field(default_factory=dict)

    def get(self, key: bytes, /) -> bytes | None:
        return self.pending[key] if key in self.pending else self.committed.get(key)

    def put(self, key: bytes, value: bytes, /) -> None:
        self.pending[key] = value

    def delete(self, key: bytes, /) -> None:
        self.pending[key] = None

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        for key in self.committed.keys() | self.pending.keys():
            if (value := self.get(key)) is not None:
                yield key, value

    def commit(self) -> None:
        for key, value in self.pending.items():
            self.committed.pop(key, None)
            if value is not None:
                self.committed[key] = value
        self.pending.clear()


class CrashError(Exception):
    """The worker died before its transaction was committed."""


class Installation:
    """Topics, tables and one worker that has every partition."""

    def __init__(
        self,
        partitions: int = 4,
        *,
        clock: Literal["wall", "external"] = "external",
        policies: Policies = STANDARD,
    ) -> None:
        self.catalogue = Catalogue("", partitions)
        self.partitions = range(partitions)
        self.handled = tuple(topic.role for topic in self.catalogue.handled)
        """Contract names of what the worker reads, in handling order."""
        self.topics: dict[Place, list[Record]] = defaultdict(list)
        self.offsets: dict[Place, int] = defaultdict(int)
        """The next record to handle, as committed."""
        self.tables = {partition: {name: Store() for name in TABLES} for partition in self.partitions}
        self.handlers = {
            partition: PartitionHandler(partition, stores, self.catalogue, policies, clock)
            for partition, stores in self.tables.items()
        }
        self._collected: list[tuple[Place, bytes | None, bytes | None, Headers]] = []

    # Upstream.

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] = CLOUDEVENT,
        at: datetime = EPOCH,
    ) -> Record:
        """Append a record; `at` is the instant the broker got it."""
        where = partition_of(key or b"", len(self.partitions)) if partition is None else partition
        records = self.topics[topic, where]
        stamp = int(at.timestamp() * 1000)
        records.append(Record(topic, where, len(records), key, value, tuple(headers), stamp))
        return records[-1]

    def send(self, message: Message) -> Record:
        """Append an event where it belongs."""
        return self.append(message.topic, message.subject.encode(), message.value)

    def tick(self, tick: Tick) -> None:
        """Append a tick for each partition."""
        for partition in self.partitions:
            self.append(CLOCK.role, None, orjson.dumps({"at": tick.at}), partition=partition)

    # The worker.

    def poll(self, take: Callable[[int], int] = lambda there: there, *, crash: bool = False) -> int:
        """Handle what is there, topic by topic in catalogue order, and commit it; returns the number of records.

        take: says how many of a topic partition's waiting records this poll gets. crash: die before the commit.
        """
        done: dict[Place, int] = {}
        for topic in self.handled:
            for partition in self.partitions:
                place = (topic, partition)
                waiting = self.topics[place][self.offsets[place] :]
                if batch := waiting[: take(len(waiting)) if waiting else 0]:
                    self.handlers[partition].handle(batch, self._emit)
                    done[place] = batch[-1].offset + 1
        if crash:
            self._die()
            raise CrashError
        for place, key, value, headers in self._collected:
            self.append(place[0], key, value, partition=place[1], headers=headers)
        self._collected.clear()
        for stores in self.tables.values():
            for store in stores.values():
                store.commit()
        handled = sum(end - self.offsets[place] for place, end in done.items())
        self.offsets.update(done)
        return handled

    @property
    def waiting(self) -> bool:
        """Whether some record is not handled yet."""
        return any(
            len(self.topics[topic, partition]) > self.offsets[topic, partition]
            for topic in self.handled
            for partition in self.partitions
        )

    def work(self) -> "Installation":
        """Poll until there is nothing left, the worker's own ticks included."""
        while self.poll():
            pass
        return self

    def _die(self) -> None:
        """What a kill leaves: committed tables, and handlers that know only those."""
        self._collected.clear()
        for partition, stores in self.tables.items():
            for store in stores.values():
                store.pending.clear()
            self.handlers[partition].load()

    def _emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        assert partition is not None, "outputs stay on the partition of their cause"
        self._collected.append(((topic, partition), key, value, tuple(headers)))

    # What came of it.

    def read(self, topic: str) -> list[Record]:
        """All records of a topic, partition by partition."""
        return [record for partition in self.partitions for record in self.topics[topic, partition]]

    def table(self, name: str) -> dict[bytes, bytes]:
        """All committed keys of a table that belongs to members (their keys lie on one partition each)."""
        return {key: value for stores in self.tables.values() for key, value in stores[name].committed.items()}

    def everything(self) -> dict[str, Any]:
        """Every output record and every table, byte for byte."""
        roles = [topic.role for topic in OUTPUTS]
        tables = {
            (partition, name): store.committed
            for partition, stores in self.tables.items()
            for name, store in stores.items()
        }
        return {"tables": tables} | {role: self.read(role) for role in roles}


class MemoryWire:
    """What a publisher needs of Kafka, on an installation in memory: each poll of the publisher is one of the worker.

    poll: how the worker polls, where that is to be out of the ordinary.
    """

    def __init__(self, installation: Installation, poll: Callable[[], object] | None = None) -> None:
        self._installation = installation
        self._handle = poll or installation.poll
        roles = [topic.role for topic in (*installation.catalogue.handled, *installation.catalogue.outputs)]
        self.partitions = dict.fromkeys(roles, len(installation.partitions))
        self._reports: list[Sent] = []
        self._read: dict[int, int] = defaultdict(int)

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        tag: str | None = None,
    ) -> None:
        record = self._installation.append(topic, key, value, partition=partition, headers=headers)
        self._reports.append(Sent((topic, record.partition, record.offset), tag))

    def poll(self, wait_s: float) -> list[Sent | Decided]:
        del wait_s  # nothing to wait for
        self._handle()
        reports, self._reports = self._reports, []
        return [*reports, *self._decisions()]

    def behind(self, topic: str) -> dict[int, int]:
        offsets = {p: self._installation.offsets[topic, p] for p in self._installation.partitions}
        return {p: offset for p, offset in offsets.items() if offset < len(self._installation.topics[topic, p])}

    def _decisions(self) -> Iterator[Decided]:
        for partition in self._installation.partitions:
            decisions = self._installation.topics["decisions", partition]
            for record in decisions[self._read[partition] :]:
                data = orjson.loads(record.value or b"")["data"]
                at = data["event"]["topic"], data["event"]["partition"], data["event"]["offset"]
                yield Decided(at, (data["outcome"], data["reason"] or ""))
            self._read[partition] = len(decisions)
