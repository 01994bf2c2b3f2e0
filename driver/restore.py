"""Bringing the tables of assigned partitions to what is committed, from their changelogs.

The order matters (see README): stable committed offsets first, then the high watermark, then reading up to it. Stopping at
the last stable offset would miss what was committed behind a hanging transaction of an earlier owner.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_INVALID,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from driver.config import Config
from driver.errors import is_passing
from driver.failstop import RefusedError
from driver.store import Offsets, Store, Stores

log = logging.getLogger(__name__)
T = TypeVar("T")
TP = tuple[str, int]

BULK = 10_000
"""Changelog records applied at once."""
REPORT_EVERY = 2.0
ANSWER = 2.0
"""Seconds to wait for an answer before asking again; a cancelled restore takes as long to end."""


class CancelledError(Exception):
    """The assignment changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Restored:
    """One partition, as committed."""

    partition: int
    store: Store
    offsets: Offsets
    """By source topic: the committed offset, ``OFFSET_INVALID`` where there is none yet."""
    kept: bool
    """The state was there already and still right."""


@dataclass(frozen=True, slots=True)
class Kept:
    """State that a partition had before a rebalance."""

    store: Store
    offsets: Offsets


class Restore(threading.Thread):
    """Restores a set of partitions beside the polling; ``ready`` gives them as they become right."""

    def __init__(
        self,
        *,
        config: Config,
        app_id: str,
        sources: Iterable[str],
        changelogs: Mapping[str, str],
        stores: Stores,
        partitions: Iterable[int],
        kept: Mapping[int, Kept],
        beat: Callable[[], None],
    ) -> None:
        """``changelogs`` maps topic to table; ``beat`` is called at each step forward."""
        super().__init__(name="restore", daemon=True)
        self._config = config
        self._app_id = app_id
        self._sources = tuple(sources)
        self._changelogs = changelogs
        self._stores = stores
        self._partitions = tuple(partitions)
        self.kept = dict(kept)
        """What is not looked at yet."""
        self._beat = beat
        self._cancelled = threading.Event()
        self._ready: queue.SimpleQueue[Restored] = queue.SimpleQueue()
        self._unfinished: dict[int, Store] = {}
        self._filled: set[int] = set()
        self.records = 0
        self.failure: BaseException | None = None

    def ready(self) -> list[Restored]:
        """Give the partitions that became right since the last call."""
        return [self._ready.get() for _ in range(self._ready.qsize())]

    def cancel(self) -> None:
        """Stop at the next step and drop what is unfinished; returns when the thread has ended."""
        self._cancelled.set()
        self.join()

    def run(self) -> None:
        """Restore all; what goes wrong is left in ``failure``."""
        try:
            self._restore()
        except CancelledError:
            pass
        except BaseException as failure:  # noqa: BLE001 - handed to the engine, which ends the process
            self.failure = failure
        finally:
            for store in self._unfinished.values():
                store.drop()

    def _restore(self) -> None:
        consumer = Consumer(
            {
                **self._config.client(),
                "group.id": self._app_id,  # only to read the group's offsets; it never joins
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "queued.min.messages": 1_000_000,
            },
            logger=log,
        )
        try:
            committed = self._committed(consumer)
            wanting = [partition for partition in self._partitions if not self._keep(partition, committed[partition])]
            if wanting:
                self._read(consumer, wanting)
            for partition in wanting:
                self._check_offsets(partition, committed[partition])
                store = self._unfinished.pop(partition)
                self._ready.put(Restored(partition, store, committed[partition], kept=False))
        finally:
            consumer.close()

    def _keep(self, partition: int, committed: Offsets) -> bool:
        """Keep state whose offsets are the committed ones: each commit of a partition moves an offset of it."""
        kept = self.kept.pop(partition, None)
        if kept is not None and kept.offsets == committed:
            self._ready.put(Restored(partition, kept.store, committed, kept=True))
            return True
        if kept is not None:
            kept.store.drop()
        reopened = self._stores.reopen(partition, committed)
        if reopened is not None:
            self._ready.put(Restored(partition, reopened, committed, kept=True))
            return True
        self._unfinished[partition] = self._stores.create(partition)
        return False

    def _check_offsets(self, partition: int, committed: Offsets) -> None:
        """Refuse tables without offsets: reading all input again on top of them would count it twice."""
        if partition in self._filled and all(offset == OFFSET_INVALID for offset in committed.values()):
            raise RefusedError(
                f"group {self._app_id} has no committed offsets for partition {partition}, yet its changelogs have content: the "
                "offsets were deleted or have expired. Restore the offsets, or start anew under another app id"
            )

    def _committed(self, consumer: Consumer) -> dict[int, Offsets]:
        """Ask for the group's offsets until they are stable: no open transaction may still move them."""
        wanted = [TopicPartition(topic, partition) for partition in self._partitions for topic in self._sources]
        found = self._persist("committed offsets", lambda: _without_errors(consumer.committed(wanted, ANSWER)))
        return {
            partition: {tp.topic: tp.offset for tp in found if tp.partition == partition}
            for partition in self._partitions
        }

    def _targets(self, partitions: Iterable[int]) -> dict[TP, int]:
        """Give the high watermark of each changelog partition, whatever transactions are open."""
        admin = AdminClient({**self._config.client(), "log_level": 5})
        wanted = {
            TopicPartition(topic, partition): OffsetSpec.latest()
            for partition in partitions
            for topic in self._changelogs
        }

        def ask() -> dict[TP, int]:
            futures: dict[TopicPartition, Future[Any]] = admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=ANSWER
            )
            return {(tp.topic, tp.partition): future.result().offset for tp, future in futures.items()}

        return self._persist("changelog ends", ask)

    def _read(self, consumer: Consumer, partitions: list[int]) -> None:
        targets = {tp: end for tp, end in self._targets(partitions).items() if end > 0}
        total = sum(targets.values())
        left = dict(targets)
        done: dict[TP, int] = {}
        self._persist("metadata", lambda: consumer.list_topics(timeout=ANSWER))  # without it, assign idles for a second
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in targets])
        reported = time.monotonic()
        while left:
            self._check()
            first = consumer.poll(0.2)
            if first is not None:
                self._apply([first, *consumer.consume(BULK, 0)], left, done)
                self._beat()
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                share = 100 * sum(done.values()) // max(total, 1)
                log.info("restoring %d partitions: %d records read, %d %%", len(partitions), self.records, share)

    def _apply(self, messages: list[Any], left: dict[TP, int], done: dict[TP, int]) -> None:
        """Take in a bulk of records and ends; strike out of ``left`` what is complete."""
        changes: dict[TP, dict[bytes, bytes | None]] = {}
        here: TP | None = None
        change: dict[bytes, bytes | None] = {}
        for message in messages:
            if message.error() is not None:
                self._end_of_partition(message, left, done)
                continue
            tp = (message.topic(), message.partition())
            if tp != here:  # records come in long runs of one partition
                here, change = tp, changes.setdefault(tp, {})
            change[message.key()] = message.value()
            done[tp] = message.offset() + 1
        for (topic, partition), change in changes.items():
            self._unfinished[partition].apply({self._changelogs[topic]: change})
            self._filled.add(partition)
            self.records += len(change)
            self._strike_out((topic, partition), left, done)

    def _end_of_partition(self, message: Any, left: dict[TP, int], done: dict[TP, int]) -> None:
        error = message.error()
        if error.code() == KafkaError._PARTITION_EOF:
            tp = (message.topic(), message.partition())
            done[tp] = message.offset()
            self._strike_out(tp, left, done)
        elif is_passing(error):
            log.warning("restore: %s", error)
        else:
            raise KafkaException(error)

    @staticmethod
    def _strike_out(tp: TP, left: dict[TP, int], done: dict[TP, int]) -> None:
        if tp in left and done[tp] >= left[tp]:
            del left[tp]

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError

    def _persist(self, what: str, ask: Callable[[], T]) -> T:
        """Ask until there is an answer; the watchdog limits how long."""
        while True:
            self._check()
            try:
                answer = ask()
            except KafkaException as failure:
                log.info("restore waits for %s: %s", what, failure.args[0])
                time.sleep(0.1)
            else:
                self._beat()
                return answer


def _without_errors(found: list[TopicPartition]) -> list[TopicPartition]:
    for tp in found:
        if tp.error is not None:
            raise KafkaException(tp.error)
    return found
