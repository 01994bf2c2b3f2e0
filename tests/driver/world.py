"""One test's topics, load and worker processes, and the independent recomputation of what must be in the topics."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kafka
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from local.kafka import Kafka
from tests.support.processes import PATIENCE, ROOT, eventually

PARTITIONS = 4
SOURCES = ("deposits", "withdrawals")
ACCOUNTS = 40
UNHURRIED = {"session_timeout": 30.0, "transaction_timeout": 30.0}
"""A busy machine is no reason to lose the group or a transaction."""
EXPIRING = {"session_timeout": 6.0, "transaction_timeout": 6.0}
"""For workers that end or stop without a word, and whose partitions another one is to get."""


class Worker:
    """One worker process and what it says."""

    def __init__(self, log: Path, spec: Mapping[str, Any]) -> None:
        self.name = spec["worker"]
        self._log = log
        self._file = log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("app.py")), json.dumps(spec)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
        )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def live(self) -> set[int]:
        """The partitions it said are live last."""
        told = re.findall(r"(?:live|revoked): \[([\d, ]*)\]( after)?", self.said)
        return {int(number) for number in told[-1][0].split(",") if number.strip()} if told and told[-1][1] else set()

    @property
    def restored(self) -> list[int]:
        """The records that each of its restores read."""
        return [int(count) for count in re.findall(r"live: .* (\d+) records read", self.said)]

    @property
    def reason(self) -> str:
        """Why it says it ended."""
        return self._told(r"worker ended \(.+")

    @property
    def metrics(self) -> str:
        """What it counted, told at a clean end."""
        return self._told(r"Metrics\(.+")

    def _told(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found, self.said
        return found[0]

    def says(self, words: str) -> "Worker":
        assert eventually(lambda: words in self.said or not self.alive), f"not said: {words}\n{self.said}"
        assert words in self.said, f"ended without saying: {words}\n{self.said}"
        return self

    def has(self, partitions: int) -> "Worker":
        """Wait until it has so many live partitions."""
        assert eventually(lambda: len(self.live) == partitions or not self.alive), self.said
        assert self.alive, self.said
        return self

    def ends(self) -> int:
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end\n{self.said}") from None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        assert self.ends() == -signal.SIGKILL

    def stop(self) -> None:
        """End it cleanly."""
        self.send(signal.SIGTERM)
        assert self.ends() == 0, self.said

    def clear(self) -> None:
        """Whatever state it is in, it is gone after this."""
        if self.alive:
            self._process.kill()
            self._process.wait()
        self._file.close()


class World:
    """Topics with a prefix, a load, and workers on it."""

    def __init__(self, broker: Kafka, prefix: str, folder: Path, seed: int) -> None:
        self.broker, self.prefix, self.folder = broker, prefix, folder
        self.random = random.Random(seed)
        self.workers: list[Worker] = []
        self.published = 0
        self._load: threading.Thread | None = None
        self._stop_load = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": broker.bootstrap_servers,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "enable.idempotence": True,
                "log_level": 0,
            }
        )

    # Topics.

    def create(self, topics: Mapping[str, int]) -> None:
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap_servers})
        new = [
            NewTopic(
                self.prefix + name, count, 1, config={"cleanup.policy": "compact" if "changelog" in name else "delete"}
            )
            for name, count in topics.items()
        ]
        for done in admin.create_topics(new).values():
            done.result(PATIENCE)
        assert eventually(lambda: {entry.topic for entry in new} <= admin.list_topics(timeout=PATIENCE).topics.keys())

    def create_all(self) -> "World":
        changelogs = ("app-balances-changelog", "app-totals-changelog")
        self.create(dict.fromkeys((*SOURCES, "out", *changelogs), PARTITIONS))
        return self

    # Load.

    def publish(self, count: int) -> None:
        for _ in range(count):
            topic = self.prefix + self.random.choice(SOURCES)
            key, value = f"account-{self.random.randrange(ACCOUNTS)}", str(self.random.randint(1, 9))
            self._producer.produce(topic, value, key)
            self._producer.poll(0)
        self.published += count
        assert self._producer.flush(2 * PATIENCE) == 0

    def publish_bad(self) -> None:
        self._producer.produce(f"{self.prefix}deposits", b"bad", b"account-0")
        assert self._producer.flush(PATIENCE) == 0

    def load(self, per_second: int, chunk: int = 25) -> None:
        """Publish in the background until `end_load`."""

        def run() -> None:
            while not self._stop_load.wait(chunk / per_second):
                self.publish(chunk)

        self._load = threading.Thread(target=run, daemon=True)
        self._load.start()

    def end_load(self) -> None:
        self._stop_load.set()
        if self._load is not None:
            self._load.join()
            self._load = None

    # Workers.

    def worker(self, name: str = "w1", **spec: Any) -> Worker:
        given = {"bootstrap_servers": self.broker.bootstrap_servers, "worker": name, "prefix": self.prefix}
        worker = Worker(self.folder / f"{name}-{len(self.workers)}.log", {**UNHURRIED, **given, **spec})
        self.workers.append(worker)
        return worker

    def clear(self) -> None:
        self.end_load()
        for worker in self.workers:
            worker.clear()

    # What came of it.

    def read(self, name: str, level: str = "read_committed") -> list[tuple[int, int, bytes, bytes | None]]:
        """All records of a topic: partition, offset, key, value; by another client library than the driver's."""
        topic = self.prefix + name
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=self.broker.bootstrap_servers, isolation_level=level, enable_auto_commit=False
        )
        tps = [kafka.TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(tps)
        ends = consumer.end_offsets(tps)
        consumer.seek_to_beginning(*tps)
        found = []
        while any(consumer.position(tp) < end for tp, end in ends.items()):
            for records in consumer.poll(200).values():
                found += [(record.partition, record.offset, record.key, record.value) for record in records]
        consumer.close()
        return found

    def count(self, name: str) -> int:
        return len(self.read(name))

    def progresses(self) -> None:
        """Wait until more is handled than now."""
        before = self.count("out")
        assert eventually(lambda: self.count("out") > before), self._told

    def handled(self) -> "World":
        """Wait until each published record has an output."""
        assert eventually(lambda: self.count("out") >= self.published, 2 * PATIENCE), self._told
        return self

    @property
    def _told(self) -> str:
        said = "\n".join(worker.said for worker in self.workers)
        return f"{self.count('out')} of {self.published} handled\n{said}"

    def audit(self) -> None:
        """Recompute everything from the inputs and compare."""
        inputs = {
            (name, partition, offset): (key, sign * int(value or 0))
            for name, sign in zip(SOURCES, (1, -1), strict=True)
            for partition, offset, key, value in self.read(name)
        }
        assert len(inputs) == self.published
        balances: Counter[bytes] = Counter()
        causes: Counter[tuple[str, int, int]] = Counter()
        seen: dict[tuple[str, int], int] = {}
        for _partition, _offset, key, value in sorted(self.read("out")):
            told = json.loads(value or b"")
            topic, partition, offset = told["cause"]
            assert offset > seen.get((topic, partition), -1), "outputs out of the inputs' order"
            seen[topic, partition] = offset
            causes[topic, partition, offset] += 1
            owner, amount = inputs[topic, partition, offset]
            assert owner == key
            balances[key] += amount
            assert told["after"] == balances[key], "a running balance is not that of the order of the outputs"
        assert causes == Counter(dict.fromkeys(inputs, 1)), "an input without its output, or with two"
        assert self.table("app-balances-changelog") == {key: value for key, value in balances.items() if value}
        assert sum(self.table("app-totals-changelog", by_partition=True).values()) == len(inputs)

    def table(self, name: str, *, by_partition: bool = False) -> dict[Any, int]:
        """What the changelog says the table is."""
        table: dict[Any, int] = {}
        for partition, _offset, key, value in sorted(self.read(name)):
            place = (partition, key) if by_partition else key
            if value is None:
                table.pop(place, None)
            else:
                table[place] = int(value)
        return table


def pause(low: float, high: float, chance: random.Random) -> None:
    time.sleep(chance.uniform(low, high))
