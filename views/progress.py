"""Whether Redis has everything: asked by the demo, the tests and the audit."""

import logging
import time
from collections.abc import Collection, Mapping
from typing import Final

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from redis.exceptions import RedisError

from agents.settings import Settings
from views.errors import RedisUnreachable
from views.feeder import topics
from views.keys import Keys
from views.source import places_of, wrong_topic
from views.store import Place, Rebuilding, Store, connect

_log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.05
_PATIENCE: Final = 10.0


def caught_up(settings: Settings, timeout: float = 30.0) -> bool:
    """Wait until Redis has all that lies in the topics at the moment of the call; False after ``timeout`` seconds.

    A transaction that is open, or whose end is not yet marked in every partition, is waited for: a writer may have
    been told of its commit already. False also while a topic is missing. Raises RedisUnreachable or KafkaException if one of the two could not even be
    asked in that time.
    """
    deadline = time.monotonic() + timeout
    wanted = _ends(settings, deadline)
    if wanted is None:
        return False
    with connect(settings.redis_url) as client:
        store = Store(client, Keys(settings.topic_prefix, settings.generation))
        while not (done := _has(store, wanted, settings, deadline)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return done


def _has(store: Store, wanted: Mapping[str, int], settings: Settings, deadline: float) -> bool:
    try:
        stored = store.positions()
    except Rebuilding:
        return False  # nothing is fed until the old keys are gone
    except RedisError as error:
        if time.monotonic() >= deadline:
            raise RedisUnreachable(settings.redis_url, error) from error
        return False
    return all(stored.get(field, 0) >= end for field, end in wanted.items())


def _ends(settings: Settings, deadline: float) -> dict[str, int] | None:
    """The high watermark per ``Place.field``; asked until there is an answer."""
    admin = AdminClient(settings.librdkafka() | {"logger": _log})
    while True:
        try:
            known, wanted = admin.list_topics(timeout=_PATIENCE), topics(settings)
            if wrong_topic(wanted, settings.partitions, known) is None:
                return _latest(admin, places_of(wanted, settings.partitions))
        except KafkaException:
            if time.monotonic() >= deadline:
                raise
        if time.monotonic() >= deadline:
            return None
        time.sleep(POLL_SECONDS)


def _latest(admin: AdminClient, places: Collection[Place]) -> dict[str, int]:
    latest = OffsetSpec.latest()
    answers = admin.list_offsets(
        {TopicPartition(*place): latest for place in places},
        isolation_level=IsolationLevel.READ_UNCOMMITTED,
        request_timeout=_PATIENCE,
    )
    return {Place(place.topic, place.partition).field: answer.result().offset for place, answer in answers.items()}
