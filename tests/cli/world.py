"""The workers' handling path on plain dictionaries: one handler for each partition, and what one tells another."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from agents.dictionary import Dictionary
from agents.handle import PartitionHandler
from cli import lines
from models.catalogue import TABLES, TRANSFER, Catalogue
from models.partitioning import partition_of
from models.policies import STANDARD


@dataclass
class InMemory:
    """One input record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int = 0


@dataclass
class World:
    """Takes the publisher's items in order; `outcomes` counts, `written` has each output topic's events."""

    partitions: int = 1
    written: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        catalogue = Catalogue("", self.partitions)
        self._offsets: Counter[tuple[str, int]] = Counter()
        self._handlers = [
            PartitionHandler(number, {name: Dictionary({}) for name in TABLES}, catalogue, STANDARD, "external")
            for number in range(self.partitions)
        ]

    def take(self, items: Iterable[lines.Item]) -> None:
        for item in items:
            match item:
                case lines.Tick(at):
                    for partition in range(self.partitions):
                        self._handle("clock", partition, None, orjson.dumps({"at": at}))
                case lines.Raw(topic, key, value, partition):
                    home = partition_of(key, self.partitions) if key else 0
                    self._handle(topic, home if partition is None else partition, key, value)
                case lines.Message(topic, subject, value):
                    key = subject.encode()
                    self._handle(topic, partition_of(key, self.partitions), key, value)

    @property
    def outcomes(self) -> Counter[tuple[str, str | None]]:
        return sum((handler.counts for handler in self._handlers), Counter())

    @property
    def kinds(self) -> Counter[str]:
        return Counter(event["data"]["notification"] for event in self.written["notifications"])

    def _handle(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        offset = self._offsets[topic, partition]
        self._offsets[topic, partition] += 1
        told: list[tuple[bytes | None, bytes | None]] = []

        def emit(topic: str, key: bytes | None, value: bytes | None, **_: Any) -> None:
            self._emit(topic, value)
            if topic == TRANSFER.role:
                told.append((key, value))

        self._handlers[partition].handle([InMemory(topic, partition, offset, key, value)], emit)
        for to, event in told:
            self._handle(TRANSFER.role, partition_of(to or b"", self.partitions), to, event)

    def _emit(self, topic: str, value: bytes | None) -> None:
        self.written[topic].append({} if topic == "dead-letters" else orjson.loads(value or b"{}"))
