"""What the feeder does when Redis is not there, or has what it had before: the views converge.

Redis away, emptied, slow or refusing under the load of the whole product: tests/faults/test_redis.py.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from confluent_kafka import Consumer, TopicPartition

from agents.settings import Settings
from local.valkey import Valkey
from tests.support.processes import PATIENCE, eventually
from tests.views.conftest import PARTITIONS, StartFeeder, Writer, wait_until_fed
from views import query
from views.feeder import topics
from views.source import GROUP

pytestmark = pytest.mark.broker

MEMBERS = [f"m{number}" for number in range(7)]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server that the test may stop, pause or break."""
    server = Valkey(tmp_path / "valkey").start()
    yield server
    server.stop()


@pytest.fixture
def own(installation: Settings, valkey: Valkey) -> Settings:
    return installation.model_copy(update={"redis_url": valkey.url})


@pytest.fixture(autouse=True)
def _logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "views")


class Load:
    """Commits a state and a decision for some member again and again, in a thread."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._stop = threading.Event()
        self.count = 0

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            with self._writer.transaction():
                self.one()

    def one(self) -> None:
        member = MEMBERS[self.count % len(MEMBERS)]
        self._writer.state(member, self.count)
        self._writer.decision(member, f"e{self.count}")
        self.count += 1

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def check(self, settings: Settings) -> None:
        """Once fed, every member has its last state, and each of its decisions once, in order."""
        wait_until_fed(settings)
        assert self.count > len(MEMBERS)
        for place, member in enumerate(MEMBERS):
            expected = range(place, self.count, len(MEMBERS))
            document = query.member(settings, member)
            assert document is not None
            assert document["revision"] == expected[-1]
            assert [one["says"] for one in query.why(settings, member)] == [f"Said of e{n}." for n in expected]


@pytest.fixture
def load(writer: Writer) -> Load:
    load = Load(writer)
    with writer.transaction():
        for _ in range(3_000):
            load.one()
    return load


def wait_for_log(caplog: pytest.LogCaptureFixture, text: str) -> None:
    assert eventually(lambda: text in caplog.text), f"not in the log: {text}"


def test_flushed_while_nothing_comes(installation: Settings, load: Load, start_feeder: StartFeeder) -> None:
    start_feeder(installation)
    wait_until_fed(installation)
    with redis.Redis.from_url(installation.redis_url) as client:
        client.flushdb()
    load.check(installation)


def test_not_there_yet_when_the_feeder_starts(
    own: Settings, valkey: Valkey, load: Load, start_feeder: StartFeeder, caplog: pytest.LogCaptureFixture
) -> None:
    valkey.stop()
    start_feeder(own)
    wait_for_log(caplog, "next try in 0.4 s")
    valkey.start()
    load.check(own)


def committed(settings: Settings) -> int:
    """The sum of what the feeder has committed to Kafka for others to see."""
    consumer = Consumer(settings.librdkafka() | {"group.id": f"{settings.topic_prefix}{GROUP}"})
    try:
        places = [TopicPartition(topic, number) for topic in topics(settings) for number in range(PARTITIONS)]
        return sum(max(0, place.offset) for place in consumer.committed(places, timeout=PATIENCE))
    finally:
        consumer.close()


def test_kafka_is_told_only_what_redis_has(
    own: Settings, valkey: Valkey, load: Load, start_feeder: StartFeeder, caplog: pytest.LogCaptureFixture
) -> None:
    valkey.stop()
    start_feeder(own)
    wait_for_log(caplog, "next try in 0.8 s")
    assert committed(own) == 0
    valkey.start()
    load.check(own)
    wait_for_log(caplog, "the views have everything")
    with redis.Redis.from_url(own.redis_url) as client:
        fed = sum(int(offset) for offset in client.hvals(f"{own.topic_prefix}feed:1"))
    assert fed > 6_000
    assert eventually(lambda: committed(own) == fed)  # it is on its way when the line is written


def test_killed_and_back_with_its_data_goes_on_from_there(
    own: Settings, valkey: Valkey, load: Load, start_feeder: StartFeeder, caplog: pytest.LogCaptureFixture
) -> None:
    valkey.stop()
    valkey.append_only = True
    valkey.start()
    start_feeder(own)
    wait_until_fed(own)
    with load.going_on():
        time.sleep(0.2)
        caplog.clear()
        valkey.kill()
        wait_for_log(caplog, "cannot serve")
        valkey.start()
        wait_for_log(caplog, "serves again after")
    load.check(own)
    assert "positions known" in caplog.text
    assert "from the start of the topics" not in caplog.text


def test_put_back_to_an_older_snapshot(own: Settings, valkey: Valkey, load: Load, start_feeder: StartFeeder) -> None:
    feeder = start_feeder(own)
    wait_until_fed(own)
    feeder.stop()
    with redis.Redis.from_url(own.redis_url) as client:
        older = {name: client.dump(name) for name in client.scan_iter()}
    feeder = start_feeder(own)
    with load.going_on():
        time.sleep(0.3)
        with redis.Redis.from_url(own.redis_url) as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.flushdb()
            for name, value in older.items():
                pipeline.restore(name, 0, value)
            pipeline.execute()
        time.sleep(0.3)
    load.check(own)
