"""Puts a recording on a broker, under an installation's own prefix: the same offsets, timestamps and group as it was left.

What a transaction's mark took is taken by a mark again: records up to a gap are one transaction.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import zip_longest

import kafka
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from agents import topics
from agents.settings import Settings
from models.catalogue import CLOCK
from tests.releases.recording import PREFIXED, Headers, Kept, Log, Recording
from tests.support.processes import PATIENCE

AS_TOLD = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
"""Timestamps are taken as they are, whatever the broker's clock says."""


def put_back(recording: Recording, settings: Settings) -> None:
    """Fill an installation's empty topics and set the group's offsets. Raises AssertionError if a record came elsewhere."""
    catalogue = settings.catalogue()
    with closing(kafka.KafkaAdminClient(**settings.kafka_python())) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, catalogue.name(CLOCK.role), AS_TOLD)
        others = {"message.timestamp.after.max.ms": AS_TOLD["message.timestamp.after.max.ms"]}
        names = [topic.name for topic in catalogue.topics if topic.role != CLOCK.role]
        admin.alter_configs([resource, *[ConfigResource(ConfigResourceType.TOPIC, name, others) for name in names]])
    places = {
        (settings.topic_prefix + role, partition): log
        for role, logs in recording.topics.items()
        for partition, log in enumerate(logs)
    }
    _write(places, settings)
    offsets = [TopicPartition(*place, log.committed) for place, log in places.items() if log.committed is not None]
    with closing(Consumer(settings.librdkafka() | {"group.id": settings.group})) as consumer:
        consumer.commit(offsets=offsets, asynchronous=False)
    topics.apply(settings)


def _write(places: dict[tuple[str, int], Log], settings: Settings) -> None:
    connection = settings.librdkafka() | {"enable.idempotence": True, "linger.ms": 0}
    plain, within = (
        Producer(connection),
        Producer(connection | {"transactional.id": f"{settings.topic_prefix}put-back"}),
    )
    within.init_transactions(PATIENCE)
    runs = {place: list(_runs(log)) for place, log in places.items()}
    marked = [[(place, run) for run, is_marked in found if is_marked] for place, found in runs.items()]
    for transaction in zip_longest(*marked):
        within.begin_transaction()
        for place, run in filter(None, transaction):
            _produce(within, place, run, settings.topic_prefix)
        within.commit_transaction(PATIENCE)
    for place, found in runs.items():
        for run, is_marked in found:
            if not is_marked:
                _produce(plain, place, run, settings.topic_prefix)
    assert plain.flush(PATIENCE) == 0


def _runs(log: Log) -> Iterator[tuple[list[Kept], bool]]:
    """Records without a gap between them, and whether a mark follows. Only the last run can be without one."""
    run: list[Kept] = []
    for record in log.records:
        if run and record.offset != run[-1].offset + 1:
            yield run, True
            run = []
        run.append(record)
    if run:
        yield run, log.end > run[-1].offset + 1


def _produce(producer: Producer, place: tuple[str, int], run: Sequence[Kept], prefix: str) -> None:
    for record in run:

        def reported(error: object, message: object, offset: int = record.offset) -> None:
            assert error is None, error
            assert message.offset() == offset, f"{place}: {message.offset()}, recorded at {offset}"  # type: ignore[attr-defined]

        topic, partition = place
        headers = list(_prefixed(record.headers, prefix))
        stamp = record.timestamp_ms
        producer.produce(topic, record.value, record.key, partition, reported, headers=headers, timestamp=stamp)
    producer.poll(0)


def _prefixed(headers: Headers, prefix: str) -> Headers:
    return tuple(
        (name, prefix.encode() + value if name == PREFIXED and value is not None else value) for name, value in headers
    )
