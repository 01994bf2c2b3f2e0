"""Who does the work: our worker, and the plain loop. Each is a process of its own, measured from outside."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from agents import topics
from agents.settings import Settings
from bench.load import CLOUDEVENT, Load, Message

GLANCE = 0.05
PATIENCE = 300.0
COMMANDS = {
    "memberships, exactly once": "from agents.run import run_worker as run",
    "plain loop, no guarantee": "from bench.plain import run",
}


class StalledError(RuntimeError):
    """A contender ended or stopped making progress; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One run: events per second between the first and the last commit, and the process's memory at the end."""

    events_per_second: float
    megabytes: float
    cpu_us_per_event: float


def measure(name: str, load: Load, settings: Settings, environment: dict[str, str], log: Path) -> Measure:
    """Fill fresh topics, let the contender work through them, and take its figures.

    The joins are handled first and not counted. Then the process stands still while the events are sent, so that it
    shares the processors with the broker alone and not with whoever sends.
    """
    topics.apply(settings)
    _send(settings, load.joins)
    with _process(name, environment, log) as process, _watching(settings) as progress:
        _until(process, progress, len(load.joins), log)
        process.suspend()
        _send(settings, load.events)
        process.resume()
        goal = len(load.joins) + len(load.events)
        begun_at = _until(process, progress, len(load.joins) + 1, log)
        began, cpu = time.monotonic(), _cpu(process)
        _until(process, progress, goal, log)
        took, counted = time.monotonic() - began, goal - begun_at
        return Measure(counted / took, process.memory_info().rss / 2**20, (_cpu(process) - cpu) / counted * 1e6)


class _Progress:
    """How many records a group has committed, over all topics."""

    def __init__(self, settings: Settings) -> None:
        catalogue = settings.catalogue()
        self._consumer = Consumer(settings.librdkafka() | {"group.id": settings.group, "enable.auto.commit": False})
        self._places = [
            TopicPartition(topic.name, number) for topic in catalogue.handled for number in range(topic.partitions)
        ]

    def __call__(self) -> int:
        try:
            return sum(max(0, place.offset) for place in self._consumer.committed(self._places, timeout=10))
        except KafkaException:  # the group's coordinator is still being set up
            return 0

    def close(self) -> None:
        self._consumer.close()


@contextmanager
def _watching(settings: Settings) -> Iterator[_Progress]:
    progress = _Progress(settings)
    try:
        yield progress
    finally:
        progress.close()


@contextmanager
def _process(name: str, environment: dict[str, str], log: Path) -> Iterator[psutil.Popen]:
    code = f"from agents.settings import Settings\n{COMMANDS[name]}\nrun(Settings())"
    with log.open("ab") as output:
        process = psutil.Popen([sys.executable, "-c", code], env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _until(process: psutil.Popen, progress: _Progress, goal: int, log: Path) -> int:
    """Wait until that many records are committed; returns how many are."""
    deadline = time.monotonic() + PATIENCE
    while (reached := progress()) < goal:
        if process.poll() is not None or time.monotonic() > deadline:
            raise StalledError(f"a contender stands at {reached} of {goal} records; see {log}")
        time.sleep(GLANCE)
    return reached


def _send(settings: Settings, messages: list[Message]) -> None:
    producer = Producer(
        settings.librdkafka()
        | {
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 2_000_000,
            "queue.buffering.max.kbytes": 2_000_000,
        }
    )
    prefix = settings.topic_prefix
    for number, message in enumerate(messages):
        producer.produce(prefix + message.topic, message.value, message.key, headers=list(CLOUDEVENT))
        if number % 1000 == 0:
            producer.poll(0)
    producer.flush()


def _cpu(process: psutil.Popen) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
