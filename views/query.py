"""Answers from Redis: a member's document, and why it is as it is.

All of it is as fresh as the feed (``progress.caught_up``, and the lag in ``feed:status``), and never the truth: Kafka has
that. Every function raises RedisUnreachable when Redis cannot serve.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import orjson
import redis
from redis.exceptions import RedisError

from agents.settings import Settings
from views.about import is_about
from views.errors import RedisUnreachable
from views.index import Entry
from views.keys import TIMELINES, Keys
from views.store import Store, connect
from views.timeline import Explanation, explanations

Document: TypeAlias = dict[str, Any]

T = TypeVar("T")


def member(settings: Settings, member_id: str) -> Document | None:
    """The member's document (contract, read side) with its ``generation`` and ``revision``; None if there is none."""
    raw = ask(settings, lambda client, keys: client.get(keys.member(member_id)))
    return _document(raw)


def members(settings: Settings) -> Iterator[tuple[str, Document]]:
    """All members' documents, in no order: for the audit. Those written while this runs may be missing or twice."""
    prefix = Keys(settings.topic_prefix, settings.generation).member("")
    with connect(settings.redis_url) as client:
        try:
            for name in client.scan_iter(match=f"{prefix}*", count=1_000):
                document = _document(client.get(name))
                if document is not None:
                    yield name.decode().removeprefix(prefix), document
        except RedisError as error:
            raise RedisUnreachable(settings.redis_url, error) from error


def timeline(settings: Settings, member_id: str) -> list[Explanation]:
    """What happened to the member, newest first; see ``Explanation``. The newest ``TIMELINE_LIMIT`` of each kind."""
    return why(settings, member_id)[::-1]


def why(settings: Settings, member_id: str, asked: str | None = None) -> list[Explanation]:
    """What happened to the member, in the order in which it was decided.

    ``asked`` names an event (``source|id``, or the id alone) for all that became of this one: its own decision, and the
    later one with which it settled if it was held. Or an order, a day, a deadline and so on: see ``about.is_about``.
    Nothing about it gives an empty list.
    """

    def lists(client: redis.Redis, keys: Keys) -> list[list[bytes]]:
        pipeline = client.pipeline(transaction=True)
        for kind in TIMELINES:
            pipeline.lrange(keys.timeline(kind, member_id), 0, -1)
        found: list[list[bytes]] = pipeline.execute()
        return found

    told = explanations(*([orjson.loads(line) for line in reversed(lines)] for lines in ask(settings, lists)))
    if asked is None:
        return told
    zone = ZoneInfo(settings.rules().zone)
    return [one for one in told if is_about(one, asked, zone)]


def status(settings: Settings) -> dict[str, str]:
    """The feeder's own words: ``generation``, ``lag`` (offsets), ``records`` and ``starts``; empty if none is alive."""
    return ask(settings, lambda client, keys: Store(client, keys).status())


def documents_of(client: redis.Redis, keys: Keys, entries: Sequence[Entry]) -> list[Document]:
    """The members' documents, one for each entry of the index; empty for a member who has none."""
    found: Any = client.mget([keys.member(entry.member_id) for entry in entries]) if entries else []
    return [_document(raw) or {} for raw in found]


def _document(raw: Any) -> Document | None:
    if raw is None:
        return None
    document: Document = orjson.loads(raw)
    return None if document.get("deleted") is True else document


def ask(settings: Settings, question: Callable[[redis.Redis, Keys], T]) -> T:
    """The answer of Redis, by its client and the installation's keys. Raises RedisUnreachable."""
    try:
        with connect(settings.redis_url) as client:
            return question(client, Keys(settings.topic_prefix, settings.generation))
    except RedisError as error:
        raise RedisUnreachable(settings.redis_url, error) from error
