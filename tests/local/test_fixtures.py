"""The shared fixtures: one real broker per run, one empty database and one prefix per test."""

import pytest
import redis
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from local.kafka import Kafka
from tests.support.processes import PATIENCE


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_its_own_topics_on_the_broker(broker: Kafka, prefix: str, turn: int) -> None:
    """given the run's broker, when a test produces to a topic under its prefix, then it is the first to do so."""
    topic = f"{prefix}orders"
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1)])[topic].result(PATIENCE)
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    offsets: list[int | None] = []
    producer.produce(topic, b"x", on_delivery=lambda _, message: offsets.append(message.offset()))
    assert producer.flush(PATIENCE) == 0
    assert offsets == [0]


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_database(redis_url: str, turn: int) -> None:
    """given a database, when another test wrote to its own, then nothing of that is seen here."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("written", turn)
