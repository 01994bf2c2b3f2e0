"""Reads topics with kafka-python: a client implementation that shares no code with the workers' librdkafka."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.record.default_records import DefaultRecordBatch

Headers = tuple[tuple[str, bytes | None], ...]

QUIET_SECONDS: Final = 0.15
"""Two equal readings of ends and commits this far apart make a snapshot."""
STALL_SECONDS: Final = 30.0
"""A read that gets nothing for this long before its end is an error and not an end."""

_CONNECT: Final[dict[str, Any]] = {"client_id": "memberships-audit", "bootstrap_timeout_ms": 10_000}
_FETCH: Final[dict[str, Any]] = _CONNECT | {
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "auto_offset_reset": "none",
    # The broker proves checksums when a batch is written; doing it again in plain Python takes longer than the audit.
    "check_crcs": False,
    "max_partition_fetch_bytes": 8 << 20,
    "fetch_max_bytes": 64 << 20,
    "max_poll_records": 20_000,
    "fetch_max_wait_ms": 100,
}


class TopicsUnreadableError(RuntimeError):
    """The topics cannot be read as a consistent whole; the message says which and why."""


class NoQuietMomentError(TopicsUnreadableError):
    """There was writing all the time: try again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One committed record as it lies in a topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> str:
        """Where it lies, for people: ``topic[partition]@offset``."""
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of the log: first and stable end offset per topic partition, and what the group had committed."""

    starts: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]
    committed: Mapping[TopicPartition, int]


class Reader:
    """Reads committed records up to ends that are known before. Use as a context manager.

    fetch: what is to be fetched otherwise than all topics at once, in kafka-python's words.
    """

    def __init__(self, connection: Mapping[str, Any], **fetch: Any) -> None:
        self._consumer = KafkaConsumer(**connection, **(_FETCH | fetch))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close(autocommit=False)

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; 0 if it does not exist."""
        return len(self._consumer.partitions_for_topic(topic) or ())

    def starts(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset of each partition."""
        return dict(self._consumer.beginning_offsets(list(places)))

    def ends(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The stable end of each partition: the first offset that is not committed yet."""
        return dict(self._consumer.end_offsets(list(places)))

    def since(self, instants: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The first offset of each partition with a timestamp (ms) of that instant or later; its end if there is none."""
        found = self._consumer.offsets_for_times(dict(instants))
        ends = self.ends(instants)
        return {place: at.offset if (at := found.get(place)) else ends[place] for place in instants}

    def stream(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> Iterator[tuple[TopicPartition, list[Stored]]]:
        """Every committed record of the partitions in `starts`, from there to its end, as it comes; in order within each."""
        open_ = {place for place, start in starts.items() if ends[place] > start}
        if not open_:
            return
        self._consumer.assign(sorted(open_))
        for place in open_:
            self._consumer.seek(place, starts[place])
        progress_at = time.monotonic()
        reached: dict[TopicPartition, int] = {}
        while open_:
            for place, records in self._consumer.poll(timeout_ms=500).items():
                yield place, [_stored(record) for record in records if record.offset < ends[place]]
            now = {place: self._consumer.position(place) for place in open_}
            if now != reached:
                reached, progress_at = now, time.monotonic()
            elif time.monotonic() - progress_at > STALL_SECONDS:
                raise TopicsUnreadableError(f"reading stopped at {now} before {[ends[place] for place in now]}")
            done = {place for place, position in now.items() if position >= ends[place]}
            if done:
                self._consumer.pause(*done)
                open_ -= done
        self._consumer.unsubscribe()


class TopicReader(Reader):
    """Reads whole partitions up to a snapshot."""

    def __init__(self, connection: Mapping[str, Any], group: str) -> None:
        super().__init__(connection)
        self._group = group
        self._uncommitted = KafkaConsumer(**connection, **(_FETCH | {"isolation_level": "read_uncommitted"}))
        self._admin = KafkaAdminClient(**connection, **_CONNECT)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._uncommitted.close(autocommit=False)
        self._admin.close()

    def snapshot(
        self, places: Iterable[TopicPartition], patience: float, quiet_seconds: float = QUIET_SECONDS
    ) -> Snapshot:
        """A moment with no transaction under way in these places: two equal readings that far apart, stable ends equal
        to the high watermarks.

        A worker that only ticks leaves such moments between its commits. One under load leaves none in all places; in few
        there are short ones. NoQuietMomentError after ``patience`` seconds.
        """
        everything = list(places)
        deadline = time.monotonic() + patience
        before = self._moment(everything)
        while True:
            time.sleep(quiet_seconds)
            after = self._moment(everything)
            if before == after and after[0] == self._uncommitted.end_offsets(everything):
                ends, committed = after
                return Snapshot(self.starts(everything), ends, committed)
            if time.monotonic() > deadline:
                moving = sorted(
                    {partition.topic for partition in everything if before[0][partition] != after[0][partition]}
                )
                why = f"still moving: {', '.join(moving)}" if moving else "a transaction is open or a commit unfinished"
                raise NoQuietMomentError(f"no quiet moment within {patience:.0f} s ({why})")
            before = after

    def cluster_id(self) -> str | None:
        """The name of the brokers' cluster, which it has got for good."""
        found: str | None = self._admin.describe_cluster().get("cluster_id")
        return found

    def read(self, snapshot: Snapshot, wanted: Iterable[TopicPartition]) -> dict[TopicPartition, list[Stored]]:
        """Every committed record of the wanted partitions from their first offset to the snapshot's end, in order."""
        found: dict[TopicPartition, list[Stored]] = {partition: [] for partition in wanted}
        for partition, records in self.stream(
            {partition: snapshot.starts[partition] for partition in found}, snapshot.ends
        ):
            found[partition] += records
        return found

    def _moment(self, everything: list[TopicPartition]) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        ends, committed = self.ends(everything), self.committed()
        return ends, {place: committed[place] for place in everything if place in committed}

    def committed(self) -> dict[TopicPartition, int]:
        """The group's next offsets, where it has any."""
        found = self._admin.list_group_offsets(self._group).get(self._group, {})
        return {place: at.offset for place, at in found.items() if at.offset >= 0}


def _stored(record: Any) -> Stored:
    return Stored(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        record.value,
        _headers(record.headers or ()),
    )


def _headers(found: Iterable[tuple[str, bytes | None]]) -> Headers:
    """As the workers' client has them: none if a name is not UTF-8, and names end where a NUL is."""
    headers = tuple(found)
    if any(isinstance(name, _NoText) for name, _ in headers):
        return ()
    return tuple((name.partition("\0")[0], value) for name, value in headers)


class _NoText(str):
    """A name that is not UTF-8, as well as it can be told."""

    __slots__ = ()


class _Lenient(bytes):
    """Bytes of a batch whose text need not be UTF-8."""

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        return _Lenient(part) if isinstance(at, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        try:
            return super().decode(encoding, errors)
        except UnicodeDecodeError:
            return _NoText(super().decode(encoding, "replace"))


def _read_msg(batch: DefaultRecordBatch) -> Any:
    """The next record of a batch. The library takes a header's name that is not UTF-8 for a corrupt topic."""
    try:
        return _read_strictly(batch)
    except UnicodeDecodeError:
        batch._buffer = _Lenient(batch._buffer)
        return _read_strictly(batch)


_read_strictly: Final = DefaultRecordBatch._read_msg
DefaultRecordBatch._read_msg = _read_msg
