"""What lies in an installation in memory, as the commands read it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from kafka import TopicPartition

from audit.topics import Snapshot, Stored
from cli import reading
from tests.system.memory import Installation, MemoryWire


class ReaderInMemory:
    """`audit.topics.TopicReader` over an installation in memory."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def partitions(self, _topic: str) -> int:
        return len(self._installation.partitions)

    def starts(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    def ends(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: len(self._records(place)) for place in places}

    def since(self, instants: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        return dict.fromkeys(instants, 0)

    def stream(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> Iterator[tuple[TopicPartition, list[Stored]]]:
        for place, start in starts.items():
            yield place, self._records(place)[start : ends[place]]

    def snapshot(self, places: Iterable[TopicPartition], _patience: float, _quiet_seconds: float) -> Snapshot:
        found = list(places)
        return Snapshot(self.starts(found), self.ends(found), {})

    def committed(self) -> dict[TopicPartition, int]:
        return {TopicPartition(*place): offset for place, offset in self._installation.offsets.items()}

    def _records(self, place: TopicPartition) -> list[Stored]:
        records = self._installation.topics[place.topic, place.partition]
        found = [Stored(*place, r.offset, r.timestamp_ms, 0, r.key, r.value, r.headers) for r in records]
        for name, table in self._installation.tables[place.partition].items():
            if place.topic == self._installation.catalogue.changelog(name):  # what was appended to it came before
                last = enumerate(table.committed.items(), len(found))
                found += [Stored(*place, offset, 0, 0, key, value, ()) for offset, (key, value) in last]
        return found


def serve(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands read and send here."""

    @contextmanager
    def opened(_settings: object) -> Iterator[ReaderInMemory]:
        yield ReaderInMemory(installation)

    @contextmanager
    def connected(_settings: object) -> Iterator[MemoryWire]:
        yield MemoryWire(installation)

    monkeypatch.setattr(reading, "opened", opened)
    monkeypatch.setattr("cli.wire.connected", connected)
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", str(len(installation.partitions)))
