"""The worker's transactional producer: one transaction per poll, opened only to commit."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from driver.config import Config
from driver.errors import fencing, is_lasting, is_passing
from driver.failstop import CrashPoint, RefusedError, UnreachableError
from driver.records import Output

log = logging.getLogger(__name__)


class AbortedError(Exception):
    """The transaction was aborted for a passing reason: nothing of it counts, and the poll may be done again."""


@dataclass(slots=True)
class Work:
    """What one poll leaves behind."""

    changelogs: Sequence[tuple[str, int, Iterable[tuple[bytes, bytes | None]]]]
    """Topic, partition and the changed keys with their values."""
    outputs: list[Output]
    offsets: list[TopicPartition]
    group: Any
    """The consumer's group metadata as it was when the partitions were assigned."""


class Transactions:
    """Commits polls. All methods block and belong to the polling thread."""

    def __init__(self, config: Config, app_id: str, crash: CrashPoint) -> None:
        self._config = config
        self._crash = crash
        self._settings = {
            **config.client(),
            "transactional.id": f"{app_id}-{config.worker}",
            "transaction.timeout.ms": int(config.transaction_timeout * 1000),
            "socket.timeout.ms": int(min(config.session_timeout, config.transaction_timeout) * 1000),
            "partitioner": "murmur2_random",  # Java's: a key's partition is the same for every producer
            "compression.type": config.compression,
            "linger.ms": 5,
            "retry.backoff.ms": 10,  # the coordinator is often still finishing the transaction before this one
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1024 * 1024,
            "message.max.bytes": config.max_message_bytes,
        }
        self._producer = Producer(self._settings, logger=log)

    def start(self) -> None:
        """Fence whoever had this name before and end what it left open."""
        try:
            self._insist(self._producer.init_transactions, self._config.startup_timeout)
        except KafkaException as failure:
            error = failure.args[0]
            if is_lasting(error):
                raise RefusedError(
                    f"Kafka refuses this worker's transactions ({error.name()}): {error.str()}"
                ) from failure
            raise UnreachableError(
                f"no transaction coordinator answered at {self._config.bootstrap_servers}: {error.str()}"
            ) from failure

    def commit(self, work: Work) -> None:
        """Write all of a poll in one transaction.

        Raises:
            AbortedError: nothing was written; do the poll again.
            FencedError: another worker took over.
            RefusedError: Kafka does not take it, and would not a second time either.
            KafkaException: anything else; the transaction was aborted if that was possible.
        """
        patience = self._config.transaction_timeout * 2
        producer = self._producer
        try:
            producer.begin_transaction()
            self._crash.reach("before-produce")
            self._produce(work)
            self._crash.reach("before-offsets", producer.flush)
            self._insist(lambda left: producer.send_offsets_to_transaction(work.offsets, work.group, left), patience)
            self._crash.reach("before-commit", producer.flush)
            self._insist(producer.commit_transaction, patience)
            self._crash.reach("after-commit")
            producer.poll(0)
        except KafkaException as failure:
            self._undo(self._why(failure))

    def _why(self, failure: KafkaException) -> KafkaException:
        """The failure, or what is behind it: of a transaction that has failed, produce says no more than that.

        To begin another one is refused then, with the reason.
        """
        if failure.args[0].code() not in (KafkaError._STATE, KafkaError._FATAL):
            return failure
        try:
            self._producer.begin_transaction()
        except KafkaException as reason:
            return reason
        return failure

    def _produce(self, work: Work) -> None:
        for changelog, number, changed in work.changelogs:
            for name, content in changed:
                self._send(changelog, content, name, number)
        for topic, value, key, partition, headers in work.outputs:
            if headers:
                self._send(topic, value, key, partition, headers=list(headers))
            else:
                self._send(topic, value, key, partition)

    def _send(self, *args: Any, **kwargs: Any) -> None:
        while True:
            try:
                self._producer.produce(*args, **kwargs)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def _undo(self, failure: KafkaException) -> None:
        error = failure.args[0]
        if is_passing(error):
            self._renew()
            raise AbortedError(f"{error.name()}: {error.str()}") from failure
        try:
            self._producer.abort_transaction(1.0)  # else the successor waits for the transaction time-out
        except KafkaException as hopeless:
            log.info("not aborted: %s", hopeless.args[0])
        if is_lasting(error):
            raise RefusedError(f"Kafka refuses what the worker writes ({error.name()}): {error.str()}") from failure
        raise fencing(error, self._config.worker) or failure

    def _renew(self) -> None:
        """End the transaction, whatever its state, by starting over under the same name.

        Not by abort: librdkafka may go on with sequence numbers that the broker never saw, and a transaction whose commit was
        asked for cannot be aborted. The coordinator decides it either way before the new start is answered.
        """
        self._producer.purge()
        self._producer = Producer(self._settings, logger=log)
        try:
            self._insist(self._producer.init_transactions, self._config.startup_timeout)
        except KafkaException as failure:
            raise (fencing(failure.args[0], self._config.worker) or failure) from failure

    @staticmethod
    def _insist(call: Callable[[float], object], patience: float) -> None:
        """Repeat a call that says it may be repeated, while patience (seconds) lasts."""
        deadline = time.monotonic() + patience
        while True:
            left = deadline - time.monotonic()
            try:
                call(max(left, 0.1))
            except KafkaException as failure:
                if not failure.args[0].retriable() or left <= 0:
                    raise
                log.warning("transaction: %s, trying again", failure.args[0])
                time.sleep(0.05)
            else:
                return
