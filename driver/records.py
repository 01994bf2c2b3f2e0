"""What an agent sees, a batch of records, and what it leaves behind: outputs."""

import logging
from collections.abc import Sequence
from operator import methodcaller

from confluent_kafka import Message

log = logging.getLogger(__name__)
_headers = methodcaller("headers")
"""Not called as a method: the interpreter's shortcut for that would not see the error, and it would come up anywhere later."""

Headers = Sequence[tuple[str, bytes | None]]
Output = tuple[str, bytes | None, bytes | None, int, Headers]
"""topic, value, key, partition (-1: by the key's hash), headers."""


def headers_of(message: Message) -> Headers:
    """The headers of a record; none at all if the name of one is not UTF-8.

    The client cannot make text of such a name, and gives its list together with an error. Nobody may stop a partition by that.
    """
    try:
        return _headers(message) or ()
    except SystemError:
        log.warning("%s-%s@%s: headers without names in UTF-8", message.topic(), message.partition(), message.offset())
        return ()


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
