"""The Faust app: one thin agent per topic, all on the one handling path, over one set of tables."""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import faust

from agents import clock
from agents.handle import PartitionHandler
from agents.settings import Settings
from agents.sources import BySource
from agents.sweep import Sweeper
from driver import App, Batch, Config, RefusedError
from models.catalogue import CLOCK, TABLES
from models.state import UnknownVersionError


class Worker:
    """One worker process's app, its tables, and a handler per live partition."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._catalogue = settings.catalogue()
        self._policies = settings.rules()
        self.handlers: dict[int, PartitionHandler] = {}
        self._sweepers: dict[int, Sweeper] = {}
        self.counts: Counter[tuple[str, str | None]] = Counter()
        """Of all handlers since the start of the process (``PartitionHandler.counts``)."""
        self.sources = BySource()
        self.app = App(settings.group, config=_config(settings))
        self.tables = {
            name: self.app.Table(name, partitions=settings.partitions, help=about) for name, about in TABLES.items()
        }
        for topic in self._catalogue.handled:
            source = self.app.topic(topic.name, partitions=topic.partitions, value_serializer="raw")
            self.app.agent(source, name=f"agents.{topic.role}")(self._agent(topic.role))
        self.app.on_restored(self._restored)
        self.app.on_revoked(self._revoked)
        if settings.clock == "wall":
            clock.start(self.app, self._catalogue.name(CLOCK.role))

    def _agent(self, role: str) -> Callable[[faust.types.StreamT[Batch]], Awaitable[None]]:
        """The agent of one topic."""
        ticks = role == CLOCK.role

        async def agent(batches: faust.types.StreamT[Batch]) -> None:
            async for batch in batches:
                with _newer_release_refused():
                    self.handlers[batch.partition].handle(batch.records, batch.emit)
                if ticks:
                    self._sweepers[batch.partition].sweep(self.handlers[batch.partition].now)

        return agent

    def _restored(self, partition: int) -> None:
        stores = {name: table.at(partition) for name, table in self.tables.items()}
        with _newer_release_refused():
            self.handlers[partition] = PartitionHandler(
                partition,
                stores,
                self._catalogue,
                self._policies,
                self._settings.clock,
                self.counts,
                self.sources,
            )
        self._sweepers[partition] = Sweeper(stores["applied"], self._policies)

    def _revoked(self, partition: int) -> None:
        self.handlers.pop(partition, None)
        self._sweepers.pop(partition, None)


@contextmanager
def _newer_release_refused() -> Iterator[None]:
    """State that a newer release wrote must not be guessed at, by any restart of this one."""
    try:
        yield
    except UnknownVersionError as error:
        raise RefusedError(f"the tables were written by a newer release: {error}") from error


def _config(settings: Settings) -> Config:
    connection = settings.librdkafka()
    return Config(
        bootstrap_servers=connection.pop("bootstrap.servers"),
        worker=worker_name(settings),
        security=connection,
        topic_order=tuple(topic.name for topic in settings.catalogue().handled),
        store=settings.store,
        data_dir=settings.data,
        session_timeout=settings.session_timeout_ms / 1000,
        transaction_timeout=settings.transaction_timeout_ms / 1000,
        crash_at=settings.crash_at or "",
    )


def worker_name(settings: Settings) -> str:
    """The stable unique name of this worker: the setting, else one made once in the data directory."""
    if settings.worker is not None:
        return settings.worker
    kept = settings.data / "worker-name"
    if not kept.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(".new")
        try:
            draft.write_text(f"worker-{secrets.token_hex(4)}\n")
        except OSError as error:  # a full disk, whose error does not say which
            raise OSError(error.errno, error.strerror, str(kept)) from error
        draft.replace(kept)
    return kept.read_text().strip()
