"""The peer: a plain confluent-kafka loop that does the same handling with no guarantee at all.

It polls, handles each record by the very same code on dictionaries, produces the outputs and commits its offsets now and
then. No transaction, no changelog, no restore: what it has in memory is gone with it, and a crash loses or doubles.
"""

import signal
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from confluent_kafka import Consumer, Producer

from agents.handle import PartitionHandler
from agents.settings import Settings
from driver import Record
from models.catalogue import TABLES

POLL = 4000


class Table:
    """A dictionary with the manners of a table."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self.get = self._values.get
        self.put = self._values.__setitem__

    def delete(self, key: bytes) -> None:
        """Forget the key."""
        self._values.pop(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All of it."""
        return iter(self._values.items())


def run(settings: Settings) -> None:
    """Poll, handle, produce, commit; until SIGTERM."""
    going = True

    def stop(*_: Any) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    catalogue = settings.catalogue()
    connection = settings.librdkafka()
    consumer = Consumer(
        connection
        | {
            "group.id": settings.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "partition.assignment.strategy": "range",
        }
    )
    producer = Producer(
        connection
        | {
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
        }
    )

    def emit(
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        producer.produce(topic, value, key, -1 if partition is None else partition, headers=list(headers))

    handlers: dict[int, PartitionHandler] = {}
    consumer.subscribe([topic.name for topic in catalogue.handled])
    while going:
        batches: defaultdict[tuple[int, str], list[Record]] = defaultdict(list)
        for record in map(_record, consumer.consume(POLL, 0.1)):
            batches[record.partition, record.topic].append(record)
        for (partition, _), records in batches.items():
            if partition not in handlers:
                tables = {name: Table() for name in TABLES}
                handlers[partition] = PartitionHandler(partition, tables, catalogue, settings.rules(), settings.clock)
            handlers[partition].handle(records, emit)
        producer.poll(0)
        if batches:
            consumer.commit(asynchronous=True)
    producer.flush()
    consumer.close()


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.key(),
        message.value(),
        message.headers() or (),
        message.timestamp(),
    )


if __name__ == "__main__":
    run(Settings())
