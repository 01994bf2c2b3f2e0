"""Who does the work: our worker, and the plain loop. Each is a process of its own, measured from outside."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from agents import topics
from agents.settings import Settings
from bench.load import CLOUDEVENT, Load, Message

GLANCE = 0.05
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to do the work: the code of one process, and how many such processes share the partitions."""

    name: str
    code: str
    processes: int = 1


WORKER = "from agents.run import run_worker as run"
OURS = Contender("one worker, exactly once", WORKER)
PEER = Contender("plain loop, no guarantee", "from bench.plain import run")
CONTENDERS = (OURS, Contender("two workers, exactly once", WORKER, 2), PEER)


class StalledError(RuntimeError):
    """A contender ended or stopped making progress; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One run: events per second between the first and the last commit, memory at the end, processor time."""

    events_per_second: float
    megabytes: float
    cpu_us_per_event: float


def measure(who: Contender, load: Load, settings: Settings, environment: dict[str, str], log: Path) -> Measure:
    """Fill fresh topics, let the contender work through them, and take its figures (of its processes together).

    The joins are handled first and not counted. Then the processes stand still while the events are sent, so that they
    share the processors with the broker alone and not with whoever sends.
    """
    topics.apply(settings)
    _send(settings, load.joins)
    with _processes(who, settings, environment, log) as processes, _watching(settings) as progress:
        _until(processes, progress, len(load.joins), log)
        for process in processes:
            process.suspend()
        _send(settings, load.events)
        for process in processes:
            process.resume()
        goal = len(load.joins) + len(load.events)
        begun_at = _until(processes, progress, len(load.joins) + 1, log)
        began, cpu = time.monotonic(), _cpu(processes)
        _until(processes, progress, goal, log)
        took, counted = time.monotonic() - began, goal - begun_at
        memory = sum(process.memory_info().rss for process in processes) / 2**20
        return Measure(counted / took, memory, (_cpu(processes) - cpu) / counted * 1e6)


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
def _processes(
    who: Contender, settings: Settings, environment: dict[str, str], log: Path
) -> Iterator[list[psutil.Popen]]:
    code = f"from agents.settings import Settings\n{who.code}\nrun(Settings())"
    with ExitStack() as stack:
        processes = []
        for number in range(who.processes):
            output = stack.enter_context(log.with_suffix(f".{number}.log").open("ab"))
            own = {"MEMBERSHIPS_DATA": f"{settings.data}-{number}"}
            process = psutil.Popen([sys.executable, "-c", code], env=environment | own, stdout=output, stderr=output)
            stack.callback(_end, process)
            processes.append(process)
        if who.processes > 1:
            _shared_out(settings, processes, log)
        yield processes


def _end(process: psutil.Popen) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()


def _shared_out(settings: Settings, processes: list[psutil.Popen], log: Path) -> None:
    """Wait until every process has its part of the partitions."""
    admin, deadline = AdminClient(settings.librdkafka()), time.monotonic() + PATIENCE
    while True:
        _alive(processes, deadline, "joined the group", log)
        [group] = admin.describe_consumer_groups([settings.group]).values()
        members = group.result(10).members
        if len(members) == len(processes) and all(member.assignment.topic_partitions for member in members):
            return
        time.sleep(GLANCE)


def _until(processes: list[psutil.Popen], progress: "_Progress", goal: int, log: Path) -> int:
    """Wait until that many records are committed; returns how many are."""
    deadline = time.monotonic() + PATIENCE
    while (reached := progress()) < goal:
        _alive(processes, deadline, f"{reached} of {goal} records", log)
        time.sleep(GLANCE)
    return reached


def _alive(processes: list[psutil.Popen], deadline: float, stands: str, log: Path) -> None:
    if any(process.poll() is not None for process in processes) or time.monotonic() > deadline:
        raise StalledError(f"a contender ended or stands still ({stands}); see {log.with_suffix('')}.*.log")


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


def _cpu(processes: list[psutil.Popen]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(time.user + time.system for time in times))
