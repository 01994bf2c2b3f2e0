"""The views in Redis: a portion of a topic goes in together with its position, or not at all.

A position (next offset of a topic partition) lies next to the data it stands for, and one script call checks it, writes
the portion and moves it. So whatever happens to Redis (flushed, restarted empty, put back to an older snapshot) takes the
position along with the data, and whoever feeds finds out with the next call (docs/adr/0004-views.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from views.keys import INDEX, KINDS, TIMELINE_LIMIT, Keys, Kind
from views.scripts import COUNT, DROP, FEED

ANSWER_SECONDS = 5.0
"""How long Redis may take to answer."""
STATUS_SECONDS: Final = 15
"""How long the feeder's sign of life lasts when nobody renews it."""
_SCAN: Final = 1_000
_REBUILD: Final = b"rebuild"


class Place(NamedTuple):
    """A topic partition."""

    topic: str
    partition: int

    @property
    def field(self) -> str:
        """Its name in the feed's hash, and in a document's ``as_of``."""
        return f"{self.topic}-{self.partition}"


class Write(NamedTuple):
    """One value for one key. An empty value deletes a document; a page's says which page, and if nothing else deletes it."""

    key: str
    revision: int
    value: bytes
    lines: bytes = b""
    """Of a document: the member's lines in the index (``views.index``)."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Consecutive records of one topic partition as writes; ``start`` and ``end`` are offsets, ``start`` None: nothing yet."""

    place: Place
    kind: Kind
    start: int | None
    end: int
    writes: Sequence[Write]


class Rebuilding(Exception):  # noqa: N818 - a condition, not an error
    """Somebody asked for a rebuild: nothing is written until the old keys are gone (``Store.drop``)."""


def connect(url: str) -> redis.Redis:
    """A client that gives up after ``ANSWER_SECONDS`` and leaves trying again to its user. Nothing is sent yet."""
    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),
    )


class Store:
    """One installation's views of one generation. Every method raises ``redis.RedisError`` when Redis cannot serve."""

    def __init__(self, client: redis.Redis, keys: Keys, limit: int = TIMELINE_LIMIT) -> None:
        self._client = client
        self._keys = keys
        self._limit = limit
        self._feed = client.register_script(FEED)
        self._drop = client.register_script(DROP)
        self._count = client.register_script(COUNT)

    def positions(self) -> dict[str, int]:
        """The next offset per ``Place.field``; empty when nothing was fed. Raises Rebuilding."""
        stored: Mapping[bytes, bytes] = self._client.hgetall(self._keys.feed)  # type: ignore[assignment]
        if _REBUILD in stored:
            raise Rebuilding
        return {field.decode(): int(offset) for field, offset in stored.items()}

    def feed(self, portions: Sequence[Portion]) -> list[int | None]:
        """Write each portion whose ``start`` is the stored position. Returns the positions found, in the same order.

        Where the one found is not the portion's start, nothing of that portion was written. Raises Rebuilding.
        """
        pipeline = self._client.pipeline(transaction=False)
        for portion in portions:
            self._feed([self._keys.feed, *[write.key for write in portion.writes]], self._arguments(portion), pipeline)
        found: list[Any] = pipeline.execute(raise_on_error=False)
        for answer in found:
            if isinstance(answer, Exception):
                raise answer  # as the server said it; the pipeline would put the whole call into the message
        if _REBUILD in found:
            raise Rebuilding
        return [int(position) if position else None for position in found]

    def _arguments(self, portion: Portion) -> list[Any]:
        start = "" if portion.start is None else portion.start
        arguments: list[Any] = [
            portion.place.field,
            start,
            portion.end,
            self._keys.generation,
            portion.kind,
            self._limit,
            self._keys.prefix,
        ]
        for write in portion.writes:
            arguments += (write.revision, write.value, write.lines)
        return arguments

    def request_rebuild(self) -> None:
        """From here on nothing is fed until ``drop`` is done, by whomever, also after a crash."""
        self._client.hset(self._keys.feed, _REBUILD.decode(), 1)

    def drop(self) -> int:
        """Delete this generation's keys and older ones, at last the positions. Returns how many it deleted.

        Stops early when somebody else has finished the same work in the meantime.
        """
        deleted = 0
        for kind in (*KINDS, INDEX):
            for names in self._names(kind):
                count = int(self._drop([self._keys.feed, *names], [self._keys.generation, kind]))
                if count < 0:
                    return deleted
                deleted += count
        self._client.delete(self._keys.feed)
        return deleted

    def count(self) -> int:
        """How many keys ``drop`` would delete. Approximate while somebody writes: Redis may name a key twice."""
        return sum(
            int(self._count(names, [self._keys.generation, kind]))
            for kind in (*KINDS, INDEX)
            for names in self._names(kind)
        )

    def _names(self, kind: str) -> Iterator[list[bytes]]:
        names = self._client.scan_iter(match=f"{self._keys.prefix}{kind}:*", count=_SCAN)
        while page := list(islice(names, _SCAN)):
            yield page

    def show_status(self, status: dict[Any, Any]) -> None:
        """Renew the feeder's sign of life."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.hset(self._keys.status, mapping=status)
        pipeline.expire(self._keys.status, STATUS_SECONDS)
        pipeline.execute()

    def clear_status(self) -> None:
        """Take the sign of life away: the feeder ends."""
        self._client.delete(self._keys.status)

    def status(self) -> dict[str, str]:
        """What the feeder last said of itself; empty when none is alive."""
        stored: Mapping[bytes, bytes] = self._client.hgetall(self._keys.status)  # type: ignore[assignment]
        return {name.decode(): value.decode() for name, value in stored.items()}
