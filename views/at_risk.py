"""Which promises are at risk, over all members: read off the index, and told from the members' documents."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypedDict

import redis

from agents.settings import Settings
from models.promises import soonest_first
from views.index import STOPPED_AT, Entry, rows
from views.keys import Keys
from views.query import ask, documents_of

WHO: Final = ("sony", "member")


class Span(NamedTuple):
    """What to look for: due from `since` on and before `until`; without them, what is stopped."""

    since: datetime | None
    until: datetime | None
    by: Sequence[str]
    """Who owes it."""

    @property
    def scores(self) -> tuple[str, str]:
        """The same as the index's scores."""
        if self.since is None or self.until is None:
            return STOPPED_AT, STOPPED_AT
        return str(self.since.timestamp()), f"({self.until.timestamp()}"


class AtRisk(TypedDict):
    """The answer, ready for JSON."""

    promises: list[dict[str, Any]]
    """Each as its document has it, with `member`; soonest first."""
    more: int
    """How many there are besides."""


def span(now: datetime, within: timedelta, missed: timedelta, by: str | None = None) -> Span:
    """What is due within that time from now and still open; with what was missed, or not acted on, in the time before."""
    return Span(now - missed, now + within, (by,) if by else WHO)


def stopped_ones(by: str | None = None) -> Span:
    """What has no instant as long as its clock stands still."""
    return Span(None, None, (by,) if by else WHO)


def at_risk(settings: Settings, wanted: Span, limit: int) -> AtRisk:
    """The first promises of a span; no document is read but theirs. Raises RedisUnreachable."""
    return ask(settings, lambda client, keys: _look(client, keys, wanted, limit))


def _look(client: redis.Redis, keys: Keys, wanted: Span, limit: int) -> AtRisk:
    start, end = wanted.scores
    pipeline = client.pipeline(transaction=True)
    for by in wanted.by:
        pipeline.zcount(keys.index(by), start, end)
        pipeline.zrangebyscore(keys.index(by), start, end, start=0, num=limit, withscores=True)
    answers: list[Any] = pipeline.execute()
    there = sum(answers[::2])
    first = sorted(((score, text) for found in answers[1::2] for text, score in found))[:limit]
    entries = [Entry.read(text) for _, text in first]
    promises = rows(entries, documents_of(client, keys, entries), "promises", "kind", "ref")
    return AtRisk(
        promises=sorted(promises, key=lambda one: (*soonest_first(one), one["member"])), more=there - len(first)
    )
