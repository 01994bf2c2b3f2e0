"""Whether Redis has everything: asked by the demo, the tests and the audit."""

import time
from typing import Final

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from redis.exceptions import RedisError

from agents.settings import Settings
from views.errors import RedisUnreachable
from views.feeder import topics
from views.keys import Keys
from views.store import Rebuilding, Store, connect

POLL_SECONDS: Final = 0.05
_PATIENCE: Final = 10.0


def caught_up(settings: Settings, timeout: float = 30.0) -> bool:
    """Wait until Redis has all that is committed at the moment of the call; False after ``timeout`` seconds.

    Raises RedisUnreachable if Redis could not even be asked at the end of that time, KafkaException without a broker.
    """
    wanted = _ends(settings)
    deadline = time.monotonic() + timeout
    with connect(settings.redis_url) as client:
        store = Store(client, Keys(settings.topic_prefix, settings.generation))
        while True:
            failure: RedisError | None = None
            try:
                stored = store.positions()
                if all(stored.get(field, 0) >= end for field, end in wanted.items()):
                    return True
            except Rebuilding:
                pass  # nothing is fed until the old keys are gone
            except RedisError as error:
                failure = error
            if time.monotonic() > deadline:
                if failure is not None:
                    raise RedisUnreachable(settings.redis_url, failure) from failure
                return False
            time.sleep(POLL_SECONDS)


def _ends(settings: Settings) -> dict[str, int]:
    """The end of what ``read_committed`` readers can have, per ``Place.field``."""
    admin = AdminClient(settings.librdkafka())
    fed = topics(settings)
    known = admin.list_topics(timeout=_PATIENCE).topics
    asked = {
        TopicPartition(topic, number): OffsetSpec.latest()
        for topic in fed
        if topic in known
        for number in known[topic].partitions
    }
    answers = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_PATIENCE)
    return {f"{place.topic}-{place.partition}": answer.result().offset for place, answer in answers.items()}
