"""The committed topics, read from given positions: a consumer that no rebalance can touch."""

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import ClusterMetadata

from agents.settings import Settings
from driver.errors import DENIED
from views.store import Place

_log = logging.getLogger(__name__)

GROUP: Final = "memberships-views"
POLL_RECORDS: Final = 4_000
POLL_SECONDS: Final = 0.1
"""A poll waits this long for its records: the views' delay at low load, and what lets a member's changes be joined."""
QUIET_SECONDS: Final = 10.0
"""Shortest time between two complaints about the broker."""
_PATIENCE: Final = 10.0


class TopicMadeAnew(Exception):  # noqa: N818 - a condition, not an error
    """A stored position is past a topic's end: the topic was made anew, and what was fed came from another one."""


class Record(NamedTuple):
    """One committed record; a ``value`` of None deletes its key."""

    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Batch:
    """What a poll brought of one topic partition, in offset order. ``end`` is where the next one starts."""

    place: Place
    end: int = 0
    records: list[Record] = field(default_factory=list)


class Source:
    """Reads all partitions of the given topics, committed records only. Use as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._quiet_until = 0.0
        self._waiting_for: str | None = None
        self._consumer = Consumer(
            settings.librdkafka()
            | {
                "group.id": f"{settings.topic_prefix}{GROUP}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # A position that does not exist must be noticed, not silently replaced.
                "auto.offset.reset": "error",
                # Tells positions behind transaction markers, which no record carries.
                "enable.partition.eof": True,
                "socket.timeout.ms": 10_000,  # a connection that died without a word is given up, not waited for
                "fetch.wait.max.ms": 100,  # the end of a partition is told by the first empty answer
                "queued.max.messages.kbytes": 32_768,
                "fetch.queue.backoff.ms": 50,
                "error_cb": self._complain,
                "log_level": 2,  # what librdkafka would log of a lost connection, the callback tells
                "logger": _log,
            }
        )
        self._started: dict[Place, int | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def places(self, topics: Collection[str], partitions: int) -> list[Place]:
        """All partitions of the topics; empty, with a warning once, while one is not as it must be.

        Raises KafkaException without a broker.
        """
        wrong = wrong_topic(topics, partitions, self._consumer.list_topics(timeout=_PATIENCE))
        if wrong != self._waiting_for and wrong is not None:
            _log.warning("waiting: %s", wrong)
        self._waiting_for = wrong
        return places_of(topics, partitions) if wrong is None else []

    def _complain(self, error: KafkaError) -> None:
        """Tell of a lost broker, but not of each try to reach it."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            _log.warning("Kafka: %s; going on when it is back", error.str())

    def start(self, positions: Mapping[Place, int | None]) -> None:
        """Read on from these offsets, None being the first there is; what was fetched before is forgotten."""
        self._started = dict(positions)
        self._consumer.assign([_at(place, offset) for place, offset in positions.items()])

    def poll(self) -> list[Batch]:
        """The next records by topic partition, after ``POLL_SECONDS`` at the latest. Raises TopicMadeAnew."""
        batches: dict[Place, Batch] = {}
        for message in self._consumer.consume(POLL_RECORDS, POLL_SECONDS):
            error, place, offset = message.error(), _place(message), message.offset() or 0
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                self._cope(error, place)
                continue
            batch = batches.get(place)
            if batch is None:
                batch = batches[place] = Batch(place)
            if error is None:
                batch.records.append(Record(offset, message.key(), message.value()))
                offset += 1
            batch.end = offset
        return list(batches.values())

    def _cope(self, error: KafkaError, place: Place) -> None:
        if error.code() != KafkaError._AUTO_OFFSET_RESET:
            if is_final(error):
                raise KafkaException(error)
            _log.warning("Kafka: %s", error.str())
            return
        first, end = self._consumer.get_watermark_offsets(_at(place, None), timeout=_PATIENCE)
        if (self._started.get(place) or 0) > end:
            raise TopicMadeAnew(f"{place.field} ends at {end}, before what was fed")
        _log.warning("%s: the records before offset %d are no longer kept; going on from there", place.field, first)
        # A partition that has failed so no longer heeds a seek.
        self._consumer.incremental_unassign([_at(place, None)])
        self._consumer.incremental_assign([_at(place, first)])

    def lag(self, positions: Mapping[Place, int | None]) -> int | None:
        """Offsets between these positions and the ends last heard of, in all; None while one was never heard of."""
        lag = 0
        for place, position in positions.items():
            _, end = self._consumer.get_watermark_offsets(_at(place, None), cached=True)
            if end < 0:
                return None
            lag += max(0, end - (position or 0))
        return lag

    def publish(self, positions: Mapping[Place, int | None]) -> None:
        """Commit to Kafka what Redis has: only so that ordinary tools can show the lag; nobody reads it back."""
        offsets = [_at(place, offset) for place, offset in positions.items() if offset]
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)


def is_final(error: KafkaError) -> bool:
    """Whether waiting cannot help: the client is broken for good, or its user lacks a right."""
    return error.fatal() or error.code() in DENIED


def places_of(topics: Collection[str], partitions: int) -> list[Place]:
    """All partitions of the topics."""
    return [Place(topic, number) for topic in topics for number in range(partitions)]


def wrong_topic(topics: Collection[str], partitions: int, known: ClusterMetadata) -> str | None:
    """The first of the topics that is missing or has another number of partitions, in a sentence."""
    for topic in topics:
        if topic not in known.topics:
            return f"topic {topic} is missing; run: memberships topics apply"
        if (found := len(known.topics[topic].partitions)) != partitions:
            return f"topic {topic} has {found} partitions, not {partitions} (MEMBERSHIPS_PARTITIONS)"
    return None


def _place(message: Message) -> Place:
    return Place(message.topic() or "", message.partition() or 0)


def _at(place: Place, offset: int | None) -> TopicPartition:
    return TopicPartition(place.topic, place.partition, OFFSET_BEGINNING if offset is None else offset)
