"""The embedded broker keeps what it acknowledged, on the port it had; its settings are those the project needs."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from local.kafka import Kafka
from local.process import Identity
from tests.support.processes import PATIENCE

pytestmark = pytest.mark.xdist_group("own-broker")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


def produce(kafka: Kafka, topic: str, value: bytes, **others: int) -> KafkaError | None:
    answers: list[KafkaError | None] = []
    settings = {"message.max.bytes": 10_000_000, "log_level": 0, **others}
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, **settings})
    producer.produce(topic, value, on_delivery=lambda error, _: answers.append(error))
    assert producer.flush(PATIENCE) == 0
    return answers[0]


def create(kafka: Kafka, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1)])[topic].result(PATIENCE)


def values(kafka: Kafka, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "reader"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        return [message.value() for message in consumer.consume(count, timeout=PATIENCE)]
    finally:
        consumer.close()


def test_acknowledged_records_survive_a_kill_and_a_restart(own: Kafka, prefix: str) -> None:
    """given acknowledged records, when the broker is killed or restarted, then it has them, at the same address."""
    topic, address = f"{prefix}kept", own.bootstrap_servers
    create(own, topic)
    assert produce(own, topic, b"one") is None
    first = Identity.of(own.pid)
    own.kill()
    assert not first.alive
    own.start()
    assert produce(own, topic, b"two") is None
    own.restart()
    assert own.bootstrap_servers == address
    assert values(own, topic, 2) == [b"one", b"two"]


def test_a_dead_letter_of_the_largest_input_fits(broker: Kafka, prefix: str) -> None:
    """contract, dead-letters: 1 MiB of input and 64 KiB of headers pass; a message beyond is refused."""
    limit = 1024 * 1024 + 64 * 1024
    create(broker, f"{prefix}letters")
    assert produce(broker, f"{prefix}letters", b"x" * limit) is None
    refusal = produce(broker, f"{prefix}letters", b"x" * (limit + 8192))
    assert refusal is not None
    assert refusal.code() == KafkaError.MSG_SIZE_TOO_LARGE


def test_no_topic_comes_into_being_by_itself(broker: Kafka, prefix: str) -> None:
    soon = {"topic.metadata.propagation.max.ms": 500}  # a producer waits half a minute for a topic just created
    refusal = produce(broker, f"{prefix}misspelt", b"x", **soon)
    assert refusal is not None
    assert refusal.code() in (KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART)


def test_the_broker_listens_on_the_loopback_address_alone(broker: Kafka) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    resource = ConfigResource(ResourceType.BROKER, "1")
    settings = admin.describe_configs([resource])[resource].result(PATIENCE)
    hosts = {part.split("://")[1].rsplit(":", 1)[0] for part in settings["listeners"].value.split(",")}
    assert hosts == {"127.0.0.1"}
