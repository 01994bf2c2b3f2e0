"""The consumer of the source topics: group membership and polls.

All methods belong to the polling thread unless said otherwise. Rebalance callbacks run inside a poll, and the engine polls
only when nothing is in flight, so a revoke never meets half-done work. The callbacks assign nothing: partitions are
fetched from only once their tables are restored, at offsets told explicitly (``fetch_from``). Until then the poll keeps the
membership alive without reading ahead.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from driver.config import Config
from driver.errors import HOPELESS, fencing
from driver.failstop import RefusedError

log = logging.getLogger(__name__)

TP = tuple[str, int]
CHUNK = 500
"""Records taken between two looks at the size of the poll."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """The group took the whole assignment back (the range assignor is not incremental)."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The group gave this assignment; ``group`` is the metadata that proves it in a transaction."""

    partitions: frozenset[TP]
    group: Any


class Source:
    """One consumer in the group."""

    def __init__(self, config: Config, app_id: str) -> None:
        self._config = config
        self._changes: list[Revoked | Assigned] = []
        session = int(config.session_timeout * 1000)
        membership = {"group.instance.id": config.worker} if config.static_membership else {}
        self._consumer = Consumer(
            {
                **config.client(),
                **membership,
                "group.id": app_id,
                "partition.assignment.strategy": "range",  # equal counts: all topics' partition n on one worker
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",  # a committed offset that is gone is lost input, not a new start
                "session.timeout.ms": session,
                "heartbeat.interval.ms": max(session // 5, 100),
                "max.poll.interval.ms": max(session, 300_000),
                "queued.max.messages.kbytes": max(config.max_poll_bytes // 1024, 1024),
                "fetch.wait.max.ms": 100,
            },
            logger=log,
        )

    def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group."""
        self._consumer.subscribe(
            list(topics), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def poll(self, wait: float) -> list[Message]:
        """Take what has arrived, up to the limits of one poll; nothing while the assignment is changing.

        ``wait`` is for the first record, in seconds.
        """
        first = self._consumer.poll(wait)
        if first is None:
            return []
        messages = [first]
        size = len(first)
        most, most_bytes = self._config.max_poll_records, self._config.max_poll_bytes
        while len(messages) < most and size < most_bytes:
            more = self._consumer.consume(min(CHUNK, most - len(messages)), 0)
            if not more:
                break
            messages += more
            size += sum(map(len, more))
        if self._changes:
            return []
        return [message for message in messages if not self._is_error(message)]

    def changes(self) -> list[Revoked | Assigned]:
        """Hand over what happened to the assignment since the last call. For the event loop, between polls."""
        changes, self._changes = self._changes, []
        return changes

    def fetch_from(self, positions: Mapping[TP, int]) -> None:
        """Fetch exactly these topic partitions, starting at exactly these offsets.

        Not to be called with none: after a revoke an empty assignment would cut into the group's joining.
        """
        self._consumer.assign(
            [TopicPartition(topic, partition, offset) for (topic, partition), offset in positions.items()]
        )

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        consumer.assign([])
        partitions = frozenset((tp.topic, tp.partition) for tp in assigned)
        self._changes.append(Assigned(partitions, consumer.consumer_group_metadata()))

    def _on_revoke(self, consumer: Consumer, _revoked: list[TopicPartition]) -> None:
        consumer.unassign()
        self._changes.append(Revoked())

    def _on_lost(self, consumer: Consumer, lost: list[TopicPartition]) -> None:
        # Most likely the broker was away for a while. Nothing is in flight here, and what is kept is compared with the
        # committed offsets, so joining again is as safe as after a revoke.
        log.warning("the group was lost; joining again")
        self._on_revoke(consumer, lost)

    def _is_error(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        fenced = fencing(error, self._config.worker)
        if fenced is not None:
            raise fenced
        if error.code() in HOPELESS:
            raise RefusedError(f"the source topics cannot be read: {error.str()}")
        if error.fatal():
            raise KafkaException(error)
        log.warning("consumer: %s", error)
        return True
