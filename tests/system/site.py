"""An installation on the real broker: its topics, worker processes, and what lies in the topics at the end.

Topics are read with kafka-python, which shares no code with the workers' client.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import kafka

from agents import topics
from agents.settings import Settings
from cli.lines import Item
from cli.publisher import Publisher
from cli.wire import connected
from local.kafka import Kafka
from models.catalogue import OUTPUTS
from tests.support.processes import PATIENCE, ROOT, eventually
from tests.system import outcome
from tests.system.memory import Record
from tests.system.outcome import Told

PARTITIONS = 4
SESSION_MS = 6_000
"""Of sessions and transactions: long enough for a busy machine, short enough to wait for the end of a killed worker's."""
DECIDED_S = 300.0
"""How long workers may decide nothing, with all that befalls them, before publishing fails."""


class Worker:
    """One `memberships worker` process and what it says."""

    def __init__(self, name: str, log: Path, settings: Settings, crash_at: str | None) -> None:
        self.name, self._log = name, log
        chosen = {
            "BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "TOPIC_PREFIX": settings.topic_prefix,
            "PARTITIONS": str(settings.partitions),
            "CLOCK": settings.clock,
            "DATA": str(settings.data / name),
            "STORE": settings.store,
            "WORKER": name,
            "SESSION_TIMEOUT_MS": str(SESSION_MS),
            "TRANSACTION_TIMEOUT_MS": str(SESSION_MS),
        }
        if crash_at:
            chosen["CRASH_AT"] = crash_at
        others = {key: value for key, value in os.environ.items() if not key.startswith("MEMBERSHIPS_")}
        self._file = log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "worker"],
            cwd=ROOT,
            env=others | {f"MEMBERSHIPS_{name}": value for name, value in chosen.items()},
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
        )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def live(self) -> "Worker":
        """Wait until it has partitions."""
        assert eventually(lambda: "live: " in self.said or not self.alive), f"not live\n{self.said}"
        assert self.alive, self.said
        return self

    def ends(self) -> int:
        try:
            return self.process.wait(2 * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end\n{self.said}") from None

    def kill(self) -> None:
        """SIGKILL, and proof that it was that."""
        assert self.alive, f"{self.name} had ended by itself\n{self.said}"
        self.process.send_signal(signal.SIGKILL)
        assert self.ends() == -signal.SIGKILL

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.ends() == 0, self.said

    def clear(self) -> None:
        """Whatever state it is in, it is gone after this."""
        if self.alive:
            self.process.kill()
            self.process.wait()
        self._file.close()


class Site:
    """One installation under a prefix of its own. Use as a context manager: its workers end with it."""

    def __init__(
        self, broker: Kafka, folder: Path, *, clock: Literal["wall", "external"] = "external", **others: Any
    ) -> None:
        self.folder = folder
        self.settings = Settings(
            bootstrap_servers=broker.bootstrap_servers,
            topic_prefix=f"t{uuid4().hex[:12]}-",
            partitions=PARTITIONS,
            clock=clock,
            data=folder / "data",
            **others,
        )
        self.workers: list[Worker] = []
        topics.apply(self.settings)

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.clear()

    def worker(self, name: str = "w1", *, crash_at: str | None = None) -> Worker:
        """Start a worker; one that was killed comes back under its name."""
        log = self.folder / f"{len(self.workers):02}-{name}.log"
        self.workers.append(Worker(name, log, self.settings, crash_at))
        return self.workers[-1]

    def publish(self, items: Iterable[Item]) -> dict[str, Any]:
        """Publish in order and wait for the decisions; returns the publisher's summary."""
        with connected(self.settings) as wire:
            publisher = Publisher(wire, patience_s=DECIDED_S)
            publisher.publish(items)
        return publisher.summary()

    def read(self, role: str) -> list[Record]:
        """All committed records of a topic, by its contract name."""
        return self._read(role, self.settings.catalogue().name(role))

    def read_changelog(self, table: str) -> list[Record]:
        """All committed records of a table's changelog, older values of a key before newer ones."""
        return self._read(table, self.settings.catalogue().changelog(table))

    def _read(self, role: str, name: str) -> list[Record]:
        places = [kafka.TopicPartition(name, partition) for partition in range(self.settings.partitions)]
        found = []
        for place, records in self._fetched(places).items():
            for r in records:
                headers = tuple((header, value) for header, value in r.headers or ())
                found.append(Record(role, place.partition, r.offset, r.key, r.value, headers, r.timestamp))
        return found

    def _fetched(self, places: list[Any]) -> dict[Any, list[Any]]:
        consumer = kafka.KafkaConsumer(
            **self.settings.kafka_python(),
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_poll_records=20_000,
            max_partition_fetch_bytes=8 << 20,
            check_crcs=False,
        )
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        found: dict[Any, list[Any]] = {place: [] for place in places}
        while any(consumer.position(place) < end for place, end in ends.items()):
            for place, records in consumer.poll(500).items():
                found[place] += records
        consumer.close()
        return found

    @cached_property
    def outputs(self) -> dict[str, list[Record]]:
        """The output topics; read once, so at the end."""
        return {topic.role: self.read(topic.role) for topic in OUTPUTS}

    @property
    def members(self) -> dict[str, Told]:
        table: dict[bytes, bytes] = {}
        for record in self.read_changelog("members"):
            table.pop(record.key or b"", None)
            if record.value is not None:
                table[record.key or b""] = record.value
        return outcome.members(self.outputs, table)
