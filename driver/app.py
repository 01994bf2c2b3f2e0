"""The app: a Faust app whose batches, tables and outputs commit in one transaction per poll."""

import asyncio
import gc
import logging
from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn, cast

import faust
from confluent_kafka import KafkaError, KafkaException, Producer
from faust.app.base import BootStrategy as FaustBootStrategy
from mode import ServiceT

from driver.assignment import Assignment, Hook
from driver.checks import DataDirectory, check_descriptors, check_topics
from driver.config import Config
from driver.engine import Engine
from driver.errors import DENIED
from driver.failstop import CrashPoint, Exit, end, end_for
from driver.metrics import Metrics
from driver.source import Source
from driver.state import State
from driver.store import open_stores
from driver.table import Table as DriverTable
from driver.transaction import Transactions
from driver.transport import Agent, Conductor, Stream, TableManager, Transport
from driver.versions import check_versions
from driver.watchdog import Watchdog

log = logging.getLogger(__name__)


class BootStrategy(FaustBootStrategy):
    """Faust's services without its producer, leader election and replies: those are not transactional."""

    def kafka_producer(self) -> Iterable[ServiceT]:
        """None."""
        return []

    def kafka_consumer(self) -> Iterable[ServiceT]:
        """Only the consumer."""
        return [cast(ServiceT, self.app.consumer)]


class App(faust.App):
    """A Faust app, exactly once.

    Declare agents on topics and tables as usual. An agent gets batches (``async for batch in batches``), reads and writes
    ``table.at(batch.partition)`` and emits with ``batch.emit``; it must not await while it handles a batch. The consumer group
    is the app's id. Run it with ``faust.Worker``.
    """

    BootStrategy: ClassVar[Any] = BootStrategy

    def __init__(self, id: str, *, config: Config, **options: Any) -> None:  # noqa: A002 - Faust's name
        check_versions()
        self.config = config
        self.metrics = Metrics()
        self._on_restored: list[Hook] = []
        self._on_revoked: list[Hook] = []
        self._crash_point = CrashPoint(config.crash_at)
        self._watchdog = Watchdog(config.session_timeout)
        self._directory = DataDirectory(config.data_dir) if config.data_dir is not None else None
        self._engine: Engine | None = None
        self._running: asyncio.Task[None] | None = None
        self._state: State | None = None
        self._outside: Producer | None = None
        ours = {"Agent": Agent, "Stream": Stream, "Table": DriverTable, "TableManager": TableManager}
        theirs = {"web_enabled": False, "topic_allow_declare": False, "topic_disable_leader": True}
        broker = ";".join(f"kafka://{server}" for server in config.bootstrap_servers.split(","))
        super().__init__(id, **{**theirs, **options, **ours, "broker": broker, "stream_wait_empty": False})

    def on_restored(self, fn: Hook) -> Hook:
        """Call ``fn(partition)`` each time a partition's tables are as committed, before any delivery.

        Also after an aborted poll. It may read tables, not write them.
        """
        self._on_restored.append(fn)
        return fn

    def on_revoked(self, fn: Hook) -> Hook:
        """Call ``fn(partition)`` when a partition is taken away; its tables cannot be read any more."""
        self._on_revoked.append(fn)
        return fn

    def Table(self, name: str, **options: Any) -> DriverTable:  # noqa: N802 - Faust's name
        """Declare a table."""
        return cast(DriverTable, super().Table(name, **options))

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are restored and live."""
        return self._state.partitions if self._state is not None else frozenset()

    @property
    def working(self) -> bool:
        """The engine runs: batches may be on their way through agents."""
        return self._running is not None and not self._running.done()

    @property
    def changelogs(self) -> dict[str, str]:
        """The changelog topics this app needs, each with its table's name; to be created compacted."""
        return {cast(DriverTable, table).changelog: table.name for table in self.tables.values()}

    def send_outside(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        """Send a record at once and outside of any transaction; it may be lost or doubled by a crash.

        What Kafka would refuse a second time too (a right that is missing) ends the process: nobody waits for the answer.
        """
        if self._outside is None:
            self._outside = Producer({**self.config.client(), "enable.idempotence": True, "linger.ms": 0}, logger=log)
        try:
            self._outside.produce(topic, value, key, partition, on_delivery=_report)
        except KafkaException as failure:  # what the client knows already, it does not send
            _not_sent(topic, failure.args[0])
        self._outside.poll(0)

    def begin(self, sources: frozenset[str]) -> None:
        """Start the engine; called by the transport once agents and tables are known."""
        self._running = asyncio.get_running_loop().create_task(self._run(sources))

    async def _run(self, sources: frozenset[str]) -> None:
        try:
            await self._build(sources)
            if self._engine is not None:
                await self._engine.run()
        except asyncio.CancelledError:
            raise
        except BaseException as failure:  # noqa: BLE001 - fail-stop: a worker that cannot go on ends
            end_for(failure, "the worker failed")

    async def _build(self, sources: frozenset[str]) -> None:
        config, app_id, changelogs = self.config, self.conf.id, self.changelogs
        if self._directory is not None:
            self._directory.lock()
        check_descriptors(config, await asyncio.to_thread(check_topics, config, sources, changelogs))
        gc.set_threshold(100_000, 20, 50)  # batches are many small objects that die young and hold no cycles
        limits, watchdog = config.limits, self._watchdog
        watchdog.watch("loop", limits.loop, "the event loop did not turn")
        watchdog.watch("poll", limits.poll, "a poll, its work or its commit did not finish")
        watchdog.watch("restore", limits.restore, "a restore got no further")
        watchdog.watch("group", limits.group, "the group gave no assignment")
        watchdog.watch("broker", limits.broker, "no broker answered")
        source = Source(config, app_id)
        state = self._state = State(cast(Iterable[DriverTable], self.tables.values()))
        assignment = Assignment(
            config=config,
            app_id=app_id,
            sources=sources,
            changelogs=changelogs,
            source=source,
            state=state,
            stores=open_stores(config, app_id, changelogs.values()),
            watchdog=watchdog,
            metrics=self.metrics,
            on_restored=self._on_restored,
            on_revoked=self._on_revoked,
        )
        self._engine = Engine(
            config=config,
            sources=sources,
            changelogs=changelogs,
            source=source,
            transactions=Transactions(config, app_id, self._crash_point),
            assignment=assignment,
            state=state,
            deliver=cast(Conductor, self.topics).deliver,
            watchdog=watchdog,
            metrics=self.metrics,
            crash=self._crash_point,
        )
        pinger = Producer(config.client(), logger=log)
        watchdog.start(lambda: pinger.list_topics(min(sources), timeout=5.0))
        self.add_future(self._turn())

    async def _turn(self) -> None:
        while not self.should_stop:
            self._watchdog.beat("loop")
            await asyncio.sleep(1.0)

    async def _stop_consumer(self) -> None:
        """Finish the poll in hand, leave the group, put the state aside."""
        if self._engine is not None and self._running is not None:
            self._engine.stop()
            await self._running
        elif self._running is not None:
            self._running.cancel()
        if self._outside is not None:
            await asyncio.to_thread(self._outside.flush, 5.0)
        self._watchdog.stop()
        if self._directory is not None:
            self._directory.release()

    def _new_transport(self) -> Any:
        return Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """None of Faust's own: ``Config.data_dir`` is the only place written to."""

    async def maybe_start_producer(self) -> NoReturn:
        """Refuse ``topic.send`` and the like.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("outputs go by batch.emit, or app.send_outside for what is not transactional")


def _report(error: Any, message: Any) -> None:
    if error is not None:
        _not_sent(message.topic(), error)


def _not_sent(topic: str, error: KafkaError) -> None:
    """End for a right that we lack. For nothing else: what goes outside may be lost, and a broker on its way up may not know the topic."""
    if error.code() in DENIED:
        end(Exit.REFUSED, f"Kafka refuses what the worker sends to {topic} ({error.name()}): {error.str()}")
    log.warning("not sent to %s: %s", topic, error)
