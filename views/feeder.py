"""Feeds Redis from the committed topics: ``run`` is the process ``memberships views``.

It follows the topics from the positions in Redis for as long as what it finds there is what it put there. When it is
not (a flush, an empty restart, an older snapshot, another feeder) or Redis cannot serve, it starts again from whatever
positions Redis has then. Kafka notices none of it: nothing here is written to a topic, and no group is rebalanced.
"""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from confluent_kafka import KafkaException
from redis.exceptions import RedisError

from agents.settings import Settings
from views.errors import RedisUnreachable, without_login
from views.keys import TIMELINE_LIMIT, Keys, Kind
from views.source import Source, TopicMadeAnew, is_final
from views.store import Place, Portion, Rebuilding, Store, connect
from views.writes import portions

_log = logging.getLogger(__name__)

CHECK_SECONDS: Final = 1.0
"""How often an idle feeder compares positions, and shows its status."""
FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 2.0
"""Between two tries to reach Redis the wait doubles from the first to the longest, in seconds."""


def run(settings: Settings, stop: threading.Event | None = None, limit: int = TIMELINE_LIMIT) -> None:
    """Feed until ``stop`` is set (without one: until SIGTERM or SIGINT), whatever happens to Redis meanwhile.

    Raises RedisUnreachable when Redis refuses the login, Unfeedable for a record of a newer release, KafkaException
    when the broker cannot be reached at the start (later it is waited for), or refuses what is asked.
    """
    with nullcontext(stop) if stop else stopped_by_signals() as stop, Source(settings) as source:
        Feeder(settings, source, stop, limit).run()


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; on leaving, both mean again what they meant before. Main thread only."""
    stop = threading.Event()
    wanted = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def topics(settings: Settings) -> dict[str, Kind]:
    """What is fed: topic -> what its records become. Of one poll they are fed in this order: pages before documents."""
    catalogue = settings.catalogue()
    return {
        catalogue.changelog("lots"): "lots",
        catalogue.changelog("members"): "member",
        catalogue.name("decisions"): "decisions",
        catalogue.name("points-ledger"): "ledger",
        catalogue.name("notifications"): "notifications",
        catalogue.name("requests"): "requests",
    }


class Feeder:
    """The loop; ``positions`` is what Redis must have, by all it was given."""

    def __init__(self, settings: Settings, source: Source, stop: threading.Event, limit: int) -> None:
        self._url = settings.redis_url
        self._keys = Keys(settings.topic_prefix, settings.generation)
        self._topics = topics(settings)
        self._order = {topic: number for number, topic in enumerate(self._topics)}
        self._partitions = settings.partitions
        self._source = source
        self._stop = stop
        self._client = connect(settings.redis_url)
        self._store = Store(self._client, self._keys, limit)
        self._positions: dict[Place, int | None] = {}
        self._checked_at = 0.0
        self._failing = ""
        self._failures = 0
        self._starts = 0
        self._records = 0
        self._complete = False

    def run(self) -> None:
        """Follow, and start again, until told to stop."""
        places = self._source.places(self._topics, self._partitions)
        while not places and not self._stop.wait(LONGEST_WAIT):
            places = self._source.places(self._topics, self._partitions)
        while not self._stop.is_set():
            try:
                self._turn(places)
            except RedisError as error:
                failure = RedisUnreachable(self._url, error)
                if failure.refused:
                    raise failure from error
                self._back_off(f"Redis at {without_login(self._url)}", error)
            except KafkaException as error:
                if is_final(error.args[0]):
                    raise
                self._back_off("Kafka", error)
        self._end()

    def _turn(self, places: list[Place]) -> None:
        try:
            self._follow(places)
        except TopicMadeAnew as error:
            _log.warning("%s: the views are rebuilt from what is there", error)
            self._store.request_rebuild()
        except Rebuilding:
            _log.info("rebuilding: deleting the views of generation %d", self._keys.generation)
            _log.info("deleted %d keys", self._store.drop())

    def _follow(self, places: list[Place]) -> None:
        """Feed from the positions in Redis until they turn out to be others, or the feeder is to stop."""
        stored = self._store.positions()
        self._positions = {place: stored.get(place.field) for place in places}
        self._source.start(self._positions)
        self._starts += 1
        self._complete = False
        _log.info("feeding %s", f"on, {len(stored)} positions known" if stored else "from the start of the topics")
        while not self._stop.is_set():
            if not self._feed_next() or not self._check():
                _log.warning("Redis has lost or changed what was fed; going on from the positions it has")
                return

    def _feed_next(self) -> bool:
        """One poll into Redis. False if a position there is not the one that this feeder left."""
        batches = sorted(self._source.poll(), key=lambda batch: self._order[batch.place.topic])
        given: list[Portion] = []
        for batch in batches:
            kind = self._topics[batch.place.topic]
            given += portions(self._keys, kind, batch, self._positions[batch.place], self._partitions)
        if not given:
            return True
        found = self._store.feed(given)
        self._answered()
        if found != [portion.start for portion in given]:
            return False
        self._positions |= {batch.place: batch.end for batch in batches}
        self._records += sum(len(batch.records) for batch in batches)
        return True

    def _check(self) -> bool:
        """Once a second: are the positions in Redis ours? Then renew the signs of life. False if they are not."""
        if time.monotonic() - self._checked_at < CHECK_SECONDS:
            return True
        stored = self._store.positions()
        self._answered()
        if stored != {place.field: offset for place, offset in self._positions.items() if offset is not None}:
            return False
        self._show(self._source.lag(self._positions))
        self._source.publish(self._positions)
        self._checked_at = time.monotonic()
        return True

    def _show(self, lag: int | None) -> None:
        self._store.show_status(
            {
                "generation": self._keys.generation,
                "lag": "unknown" if lag is None else lag,
                "records": self._records,
                "starts": self._starts,
            }
        )
        if lag == 0 and not self._complete:
            self._complete = True
            _log.info("the views have everything (%d records so far)", self._records)

    def _back_off(self, service: str, error: Exception) -> None:
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2**self._failures)
        self._failures += 1
        self._failing = service
        _log.warning("%s cannot serve (%s); next try in %.1f s", service, error, wait)
        self._stop.wait(wait)

    def _answered(self) -> None:
        if self._failures:
            _log.info("%s serves again after %d tries", self._failing, self._failures)
            self._failures = 0

    def _end(self) -> None:
        try:
            self._source.publish(self._positions)
            self._store.clear_status()
        except RedisError as error:
            _log.warning("Redis at %s cannot serve at the end (%s); nothing is lost", without_login(self._url), error)
        finally:
            self._client.close()
