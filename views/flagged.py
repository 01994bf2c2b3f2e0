"""GEN-6 What support has to look at, over all members: read off the index, and told from the members' documents."""

from datetime import datetime
from typing import Any, TypedDict

import redis

from agents.settings import Settings
from views.index import FLAGS, Entry, rows
from views.keys import Keys
from views.query import ask, documents_of


class Flagged(TypedDict):
    """The answer, ready for JSON."""

    flags: list[dict[str, Any]]
    """Each as its document has it, with `member`; latest first."""
    more: int
    """How many there are besides."""


def flagged(settings: Settings, since: datetime | None, limit: int) -> Flagged:
    """The latest flags, raised from `since` on; no document is read but theirs. Raises RedisUnreachable."""
    start = str(since.timestamp()) if since else "-inf"
    return ask(settings, lambda client, keys: _look(client, keys, start, limit))


def _look(client: redis.Redis, keys: Keys, start: str, limit: int) -> Flagged:
    pipeline = client.pipeline(transaction=True)
    pipeline.zcount(keys.index(FLAGS), start, "+inf")
    pipeline.zrevrangebyscore(keys.index(FLAGS), "+inf", start, start=0, num=limit)
    there, latest = pipeline.execute()
    entries = [Entry.read(text) for text in latest]
    flags = rows(entries, documents_of(client, keys, entries), "flags", "code", "about")
    return Flagged(flags=flags, more=there - len(entries))
