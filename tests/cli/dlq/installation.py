"""What lies in an installation in memory as the commands read it, and a member whose events are set aside."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from kafka import TopicPartition

from audit.topics import Stored
from tests.agents.partition import Partition
from tests.system.memory import Installation

Run = Callable[..., tuple[int, Any]]
SIGNED = ("--yes", "--actor", "kim", "--because", "mended")


class ReaderInMemory:
    """`audit.topics.Reader` over an installation in memory."""

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

    def _records(self, place: TopicPartition) -> list[Stored]:
        records = self._installation.topics[place.topic, place.partition]
        found = [Stored(*place, r.offset, r.timestamp_ms, 0, r.key, r.value, r.headers) for r in records]
        for name, table in self._installation.tables[place.partition].items():
            if place.topic == self._installation.catalogue.changelog(name):  # what was appended to it came before
                last = enumerate(table.committed.items(), len(found))
                found += [Stored(*place, offset, 0, 0, key, value, ()) for offset, (key, value) in last]
        return found


class BrokenRuleError(Exception):
    """What the rules of these tests raise."""


def set_aside(partition: Partition) -> None:
    """Ann's A1 fails; then A2, its return and A3 are set aside, bob's order between them is applied."""
    partition.ordered("ann", "A1")
    partition.work()
    for member, order in (("ann", "A2"), ("bob", "B1")):
        partition.ordered(member, order)
        partition.work()
    partition.returned("ann", "A2")
    partition.work()
    partition.ordered("ann", "A3")
    partition.work()


def earned(partition: Partition, member: str) -> dict[str, int]:
    """Points booked for each order when it was placed."""
    ledger = partition.told(member).ledger
    return {entry["data"]["order_id"]: entry["data"]["points"] for entry in ledger if entry["data"]["kind"] == "earn"}
