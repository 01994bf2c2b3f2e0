"""The worker's loop: poll, let the agents work, commit all of it in one transaction, take it in."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from confluent_kafka import TopicPartition

from driver.assignment import Assignment
from driver.config import Config
from driver.failstop import CrashPoint
from driver.metrics import Metrics
from driver.records import Batch, Output, Record, headers_of
from driver.source import TP, Source
from driver.state import State
from driver.transaction import AbortedError, Transactions, Work
from driver.watchdog import Watchdog

log = logging.getLogger(__name__)
T = TypeVar("T")
Deliver = Callable[[str, list[Batch]], Awaitable[None]]
"""Gives the batches of one topic to its agents and returns when they are done with all of them."""
WAIT = 0.1
"""Seconds a poll waits for a first record."""
WAIT_UNSETTLED = 0.02
"""The same while the group or a restore may answer at any moment."""
MOST_REWINDS = 20
"""Polls aborted in a row (about half a minute), before it is taken for an error that does not pass."""
LONGEST_PAUSE = 2.0
"""Seconds between two attempts; the first pauses are shorter."""


class Engine:
    """Joins the parts. Everything blocking runs in one thread of its own; the rest in the event loop; never both."""

    def __init__(
        self,
        *,
        config: Config,
        sources: Iterable[str],
        changelogs: Mapping[str, str],
        source: Source,
        transactions: Transactions,
        assignment: Assignment,
        state: State,
        deliver: Deliver,
        watchdog: Watchdog,
        metrics: Metrics,
        crash: CrashPoint,
    ) -> None:
        self._sources = in_order(config.topic_order, sources)
        self._changelog_of = {table: topic for topic, table in changelogs.items()}
        self._source, self._transactions = source, transactions
        self._assignment, self._state = assignment, state
        self._deliver, self._watchdog, self._metrics, self._crash = deliver, watchdog, metrics, crash
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka")
        self._stopping = False
        self._rewinds = 0

    async def run(self) -> None:
        """Work until ``stop``."""
        await self._blocking(self._transactions.start)
        self._source.subscribe(self._sources)
        self._watchdog.beat("group")
        while not self._stopping:
            self._watchdog.beat("poll")
            wait = WAIT if self._assignment.settled else WAIT_UNSETTLED
            messages = await self._blocking(partial(self._source.poll, wait))
            if await self._assignment.follow():
                positions = self._assignment.positions()
                await self._blocking(partial(self._source.fetch_from, positions))
            elif messages and not self._stopping:
                await self._work(messages)
        await self._blocking(self._source.close)
        await self._assignment.close()
        self._watchdog.rest("poll")
        self._thread.shutdown()

    def stop(self) -> None:
        """Ask ``run`` to return after the poll in hand."""
        self._stopping = True

    async def _blocking(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def _work(self, messages: list[Any]) -> None:
        started = time.monotonic()
        if self._state.changes():
            raise RuntimeError("a table was written outside of a batch: that change belongs to no transaction")
        outbox: list[Output] = []
        batches, offsets = self._group(messages, outbox)
        for topic in self._sources:
            if topic in batches:
                await self._deliver(topic, batches[topic])
        self._crash.reach("after-decide")
        seconds = time.monotonic() - started
        self._metrics.work_seconds += seconds
        self._metrics.observe("work", seconds)
        if offsets:
            await self._commit(outbox, offsets, len(messages))

    def _group(self, messages: list[Any], outbox: list[Output]) -> tuple[dict[str, list[Batch]], dict[TP, int]]:
        """Make a batch per topic partition, and tell where each then stands."""
        groups: dict[TP, list[Any]] = {}
        for message in messages:
            tp = (message.topic(), message.partition())
            group = groups.get(tp)
            if group is None:
                groups[tp] = [message]
            else:
                group.append(message)
        positions = self._assignment.positions()
        batches: dict[str, list[Batch]] = {}
        offsets: dict[TP, int] = {}
        for tp in sorted(groups):
            position = positions.get(tp)
            if position is None:
                continue  # not live: fetched before an abort or a rebalance
            topic, partition = tp
            records = [
                Record(topic, partition, m.offset(), m.key(), m.value(), headers_of(m), m.timestamp())
                for m in groups[tp]
                if m.offset() >= position
            ]
            if records:
                batches.setdefault(topic, []).append(Batch(topic, partition, records, outbox))
                offsets[tp] = records[-1].offset + 1
        return batches, offsets

    async def _commit(self, outbox: list[Output], offsets: dict[TP, int], records: int) -> None:
        changes = self._state.changes()
        strange = changes.keys() - {partition for _, partition in offsets}
        if strange:
            raise RuntimeError(f"tables of partitions {sorted(strange)} were written by batches of other partitions")
        changelogs = [
            (self._changelog_of[table], partition, pending.items())
            for partition, tables in changes.items()
            for table, pending in tables.items()
        ]
        positions = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        work = Work(changelogs, outbox, positions, self._assignment.group)
        started = time.monotonic()
        try:
            await self._blocking(partial(self._transactions.commit, work))
        except AbortedError as aborted:
            await self._do_again(aborted)
            return
        self._crash.reach("before-local")
        self._state.merge()
        self._assignment.advance(offsets)
        self._count(records, len(outbox), sum(len(changed) for _, _, changed in changelogs), time.monotonic() - started)

    async def _do_again(self, aborted: AbortedError) -> None:
        self._rewinds += 1
        self._metrics.aborts += 1
        if self._rewinds > MOST_REWINDS:
            raise aborted
        log.warning("transaction aborted (%s): the poll is done again", aborted)
        await asyncio.sleep(min(0.05 * 2**self._rewinds, LONGEST_PAUSE))
        await self._assignment.rewind()

    def _count(self, records: int, outputs: int, changes: int, seconds: float) -> None:
        self._rewinds = 0
        metrics = self._metrics
        metrics.polls += 1
        metrics.commits += 1
        metrics.records += records
        metrics.outputs += outputs
        metrics.changes += changes
        metrics.commit_seconds += seconds
        metrics.last_commit = time.monotonic()
        metrics.observe("commit", seconds)


def in_order(order: Iterable[str], topics: Iterable[str]) -> tuple[str, ...]:
    """Sort topics into the given order; those it does not name come last, by name."""
    rank = {topic: place for place, topic in enumerate(order)}
    return tuple(sorted(topics, key=lambda topic: (rank.get(topic, len(rank)), topic)))
