"""An installation on the real broker: its topics, worker processes, and what lies in the topics at the end.

Topics are read with kafka-python, which shares no code with the workers' client.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from uuid import uuid4

import kafka
from pydantic import SecretStr

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

MEMBERSHIPS = [sys.executable, "-m", "cli"]
PARTITIONS = 4
SESSION_MS = 6_000
"""Of sessions and transactions: long enough for a busy machine, short enough to wait for the end of a killed worker's."""
DECIDED_S = 300.0
"""How long workers may decide nothing, with all that befalls them, before publishing fails."""


P = TypeVar("P", bound="Program")
Level = Literal["read_committed", "read_uncommitted"]


class Program:
    """One process of an installation (`memberships worker`, `memberships views`) and what it says."""

    def __init__(self, name: str, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.name, self._log = name, log
        others = {key: value for key, value in os.environ.items() if not key.startswith("MEMBERSHIPS_")}
        self._file = log.open("wb")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=others | environment,
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

    def says(self, words: str, seconds: float = PATIENCE) -> Self:
        """Wait until it says this; it may have ended since."""
        assert eventually(lambda: words in self.said or not self.alive, seconds), f"not said: {words}\n{self.said}"
        assert words in self.said, f"ended without saying: {words}\n{self.said}"
        return self

    def ends(self, seconds: float = 2 * PATIENCE) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end\n{self.said}") from None

    def send(self, number: signal.Signals) -> None:
        assert self.alive, f"{self.name} had ended by itself\n{self.said}"
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and proof that it was that."""
        self.send(signal.SIGKILL)
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


class Worker(Program):
    """One `memberships worker`."""

    @property
    def partitions(self) -> set[int]:
        """The partitions it said are live last."""
        told = re.findall(r"(?:live|revoked): \[([\d, ]*)\]( after)?", self.said)
        return {int(number) for number in told[-1][0].split(",") if number.strip()} if told and told[-1][1] else set()

    def live(self) -> Self:
        """Wait until it has partitions."""
        assert eventually(lambda: bool(self.partitions) or not self.alive), f"not live\n{self.said}"
        assert self.alive, self.said
        return self

    def has(self, partitions: set[int]) -> Self:
        """Wait until it has exactly these."""
        assert eventually(lambda: self.partitions == partitions or not self.alive), self.said
        assert self.alive, self.said
        return self


def shared(*workers: Worker, partitions: int = PARTITIONS) -> None:
    """Wait until each of them has some of the partitions, none has another's, and together they have all."""
    wanted = list(range(partitions))
    assert eventually(
        lambda: (
            all(worker.partitions for worker in workers)
            and sorted(number for worker in workers for number in worker.partitions) == wanted
        )
    ), "\n".join(worker.said for worker in workers)


def environment(settings: Settings) -> dict[str, str]:
    """What a process is told to have these settings."""
    chosen = settings.model_dump(exclude_unset=True)
    plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else v for name, v in chosen.items()}
    return {f"MEMBERSHIPS_{name.upper()}": str(value) for name, value in plain.items() if value is not None}


class Site:
    """One installation under a prefix of its own. Use as a context manager: its workers end with it."""

    def __init__(
        self, broker: Kafka, folder: Path, *, clock: Literal["wall", "external"] = "external", **others: Any
    ) -> None:
        self.folder = folder
        chosen = {
            "bootstrap_servers": broker.bootstrap_servers,
            "topic_prefix": f"t{uuid4().hex[:12]}-",
            "partitions": PARTITIONS,
            "clock": clock,
            "data": folder / "data",
        }
        self.settings = Settings(**chosen | others)
        self.programs: list[Program] = []
        topics.apply(self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in self.programs:
            program.clear()

    @property
    def workers(self) -> list[Worker]:
        """All that were ever started, the dead ones too."""
        return [program for program in self.programs if isinstance(program, Worker)]

    def worker(self, name: str = "w1", *, command: list[str] | None = None, **others: Any) -> Worker:
        """Start a worker; one that was killed comes back under its name.

        `others` are settings of its own (`crash_at`, `store`, ...). `command` is what to run instead of
        `memberships worker`.
        """
        session = {"session_timeout_ms": SESSION_MS, "transaction_timeout_ms": SESSION_MS}
        own = {"worker": name, "data": self.settings.data / name, **session, **others}
        return self._start(Worker, name, command or [*MEMBERSHIPS, "worker"], own)

    def views(self) -> Program:
        """Start a feeder of Redis."""
        return self._start(Program, "views", [*MEMBERSHIPS, "views"], {"data": self.settings.data / "views"})

    def _start(self, kind: type[P], name: str, command: list[str], own: dict[str, Any]) -> P:
        log = self.folder / f"{len(self.programs):03}-{name}.log"
        program = kind(name, command, log, environment(self.settings.model_copy(update=own)))
        self.programs.append(program)
        return program

    def publish(self, items: Iterable[Item]) -> dict[str, Any]:
        """Publish in order and wait for the decisions; returns the publisher's summary."""
        with connected(self.settings) as wire:
            publisher = Publisher(wire, patience_s=DECIDED_S)
            publisher.publish(items)
        return publisher.summary()

    def ends(self, role: str) -> int:
        """How far a topic's committed records go, its partitions added up, with the marks of transactions, so it tells
        of progress and counts nothing; -1 while no broker answers."""
        name = self.settings.catalogue().name(role)
        places = [kafka.TopicPartition(name, partition) for partition in range(self.settings.partitions)]
        try:
            with closing(self._consumer()) as consumer:
                return sum(consumer.end_offsets(places).values())
        except kafka.errors.KafkaError:
            return -1

    def read(self, role: str) -> list[Record]:
        """All committed records of a topic, by its contract name."""
        return self._read(role, self.settings.catalogue().name(role))

    def read_changelog(self, table: str, level: Level = "read_committed") -> list[Record]:
        """All records of a table's changelog, older values of a key before newer ones."""
        return self._read(table, self.settings.catalogue().changelog(table), level)

    def _read(self, role: str, name: str, level: Level = "read_committed") -> list[Record]:
        places = [kafka.TopicPartition(name, partition) for partition in range(self.settings.partitions)]
        found = []
        for place, records in self._fetched(places, level).items():
            for r in records:
                headers = tuple((header, value) for header, value in r.headers or ())
                found.append(Record(role, place.partition, r.offset, r.key, r.value, headers, r.timestamp))
        return found

    def _fetched(self, places: list[Any], level: Level) -> dict[Any, list[Any]]:
        consumer = self._consumer(level)
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        found: dict[Any, list[Any]] = {place: [] for place in places}
        while any(consumer.position(place) < end for place, end in ends.items()):
            for place, records in consumer.poll(500).items():
                found[place] += records
        consumer.close()
        return found

    def _consumer(self, level: Level = "read_committed") -> Any:
        return kafka.KafkaConsumer(
            **self.settings.kafka_python(),
            isolation_level=level,
            enable_auto_commit=False,
            max_poll_records=20_000,
            max_partition_fetch_bytes=8 << 20,
            check_crcs=False,
        )

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
