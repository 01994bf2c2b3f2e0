"""What an agent sees, a batch of records, and what it leaves behind: outputs."""

from collections.abc import Sequence

Headers = Sequence[tuple[str, bytes | None]]
Output = tuple[str, bytes | None, bytes | None, int, Headers]
"""topic, value, key, partition (-1: by the key's hash), headers."""


class Record:
    """One source record, as it is in the topic. ``timestamp_type`` is confluent_kafka's ``TIMESTAMP_*``."""

    __slots__ = ("headers", "key", "offset", "partition", "timestamp_ms", "timestamp_type", "topic", "value")

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        timestamp: tuple[int, int],
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp_type, self.timestamp_ms = timestamp

    def __repr__(self) -> str:
        return f"<Record {self.topic}-{self.partition}@{self.offset}>"


class Batch:
    """One poll's records of one topic partition, in offset order."""

    __slots__ = ("_outbox", "partition", "records", "topic")

    def __init__(self, topic: str, partition: int, records: list[Record], outbox: list[Output]) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records
        self._outbox: list[Output] | None = outbox

    def emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Add an output to the poll's transaction.

        A plain call: nothing is awaited between reading and writing a key. Outputs of one topic partition keep the order
        of their calls. Without a partition the key's murmur2 hash decides, as in Java.
        """
        if self._outbox is None:
            raise RuntimeError(f"emit to {topic} after the batch was done: its transaction is gone")
        self._outbox.append((topic, value, key, -1 if partition is None else partition, headers))

    def seal(self) -> None:
        """The agents are done with this batch."""
        self._outbox = None
