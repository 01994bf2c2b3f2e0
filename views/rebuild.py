"""Throws the views away and has them fed anew; Kafka has everything they were made of."""

from redis.exceptions import RedisError

from agents.settings import Settings
from views.errors import RedisUnreachable
from views.keys import Keys
from views.store import Store, connect


def doomed(settings: Settings) -> int:
    """How many keys `rebuild` would delete now. Changes nothing. Raises RedisUnreachable."""
    with connect(settings.redis_url) as client:
        try:
            return Store(client, Keys(settings.topic_prefix, settings.generation)).count()
        except RedisError as error:
            raise RedisUnreachable(settings.redis_url, error) from error


def rebuild(settings: Settings) -> int:
    """Delete this generation's keys (and older ones'); a running feeder starts again from the first record.

    Returns how many keys this call deleted (a running feeder helps). If it is cut short, the feeder finishes it: until
    the keys are gone nothing is written, so nothing new can be deleted with the old. Raises RedisUnreachable.
    """
    with connect(settings.redis_url) as client:
        store = Store(client, Keys(settings.topic_prefix, settings.generation))
        try:
            store.request_rebuild()
            return store.drop()
        except RedisError as error:
            raise RedisUnreachable(settings.redis_url, error) from error
