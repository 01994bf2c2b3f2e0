"""A world's records on a real broker, as workers leave them, or with a worker that works on them."""

import signal
import subprocess
import sys
from typing import Any

import orjson
import redis
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from agents.settings import Settings
from models import state
from models.state import Member
from models.view import view
from tests.audit.world import Place, World
from tests.support.processes import ROOT

PARTITIONS = 2


class worker:  # noqa: N801 - reads as a word in a with statement
    """A worker process with this environment."""

    def __enter__(self) -> subprocess.Popen[bytes]:
        program = "from agents.run import run_worker; from agents.settings import Settings; run_worker(Settings())"
        self._process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def write(settings: Settings, records: dict[Place, list[Any]], *, within: str = "", abort: bool = False) -> None:
    """Write records to their partitions; ``within``: in a transaction of that id."""
    properties = settings.librdkafka() | {"enable.idempotence": True, "linger.ms": 5, "log_level": 2}
    producer = Producer(properties | ({"transactional.id": settings.topic_prefix + within} if within else {}))
    if within:
        producer.init_transactions(20)
        producer.begin_transaction()
    for (topic, partition), some in records.items():
        for record in some:
            producer.produce(
                topic,
                key=record.key,
                value=record.value,
                partition=partition,
                headers=list(record.headers),
                timestamp=record.timestamp_ms,
            )
    producer.flush(20)
    if abort:
        producer.abort_transaction(20)
    elif within:
        producer.commit_transaction(20)


def commit(settings: Settings, offsets: dict[Place, int]) -> None:
    """Commit for the workers' group."""
    consumer = Consumer(settings.librdkafka() | {"group.id": settings.group, "log_level": 2})
    consumer.commit(offsets=[TopicPartition(*place, offset) for place, offset in offsets.items()], asynchronous=False)
    consumer.close()


def committed(settings: Settings, world: World) -> dict[Place, int]:
    """What the workers' group has committed, where it has."""
    consumer = Consumer(settings.librdkafka() | {"group.id": settings.group, "log_level": 2})
    places = [TopicPartition(t.name, p) for t in world.catalogue.handled for p in range(PARTITIONS)]
    try:
        found = {(place.topic, place.partition): place.offset for place in consumer.committed(places, 10)}
    except KafkaException:  # the group's coordinator is not there yet
        found = {}
    consumer.close()
    return {place: offset for place, offset in found.items() if offset > 0}


def feed(settings: Settings, world: World) -> None:
    """Put every member's document into Redis."""
    with redis.Redis.from_url(settings.redis_url) as server:
        for shard in world.shards():
            for key, raw in shard.tables["members"].items():
                document = view(key.decode(), state.decode(raw, Member), settings.generation)
                server.set(f"{settings.topic_prefix}member:{key.decode()}", orjson.dumps(document))
