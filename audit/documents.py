"""Layer 4: the documents in Redis against the final state."""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson
import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from audit.report import Findings
from models import state
from models.points.state import Page
from models.points.view import with_pages
from models.state import Member
from models.view import view

VIEWS = "views"

QUESTIONS = {VIEWS: "each member's document in Redis is the view of the final state; none is missing, none is too many"}

_PAGE: Final = 1_000


class Documents:
    """The members' documents of one installation and generation."""

    def __init__(self, url: str, prefix: str, generation: int, patience: float) -> None:
        """``patience``: seconds that the feeder may need to catch up. Raises nothing before ``read``."""
        self._client = redis.Redis.from_url(
            url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
        )
        self._prefix = f"{prefix}member:"
        self._generation = generation
        self._patience = patience
        self._expected: set[bytes] = set()
        self._pages: dict[str, list[Page]] = {}

    def check(self, members: Mapping[bytes, bytes], pages: Mapping[bytes, bytes], findings: Findings) -> None:
        """Compare a partition's members; what differs is read again until the feeder has had its time.

        ``pages``: the table of lots that do not fit into the members' own values.
        """
        self._expected |= members.keys()
        self._pages = _by_member(pages)
        findings.compared(VIEWS, len(members))
        deadline = time.monotonic() + self._patience
        differing = dict(self._differences(members))
        while differing and time.monotonic() < deadline:
            time.sleep(0.2)
            differing = dict(self._differences({key: members[key] for key in differing}))
        findings.all_differ(VIEWS, differing.values())

    def check_extra(self, findings: Findings) -> None:
        """After all partitions: documents of members that are in no changelog."""
        names = self._client.scan_iter(match=_escaped(self._prefix) + "*", count=_PAGE)
        prefix = self._prefix.encode()
        while page := list(islice(names, _PAGE)):
            extra = [name for name in page if name.removeprefix(prefix) not in self._expected]
            for name, raw in zip(extra, self._client.mget(extra) if extra else (), strict=True):
                document = orjson.loads(raw) if raw else {"deleted": True}
                if not document.get("deleted"):
                    findings.differs(VIEWS, f"{name.decode()}: there is no such member")

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def _differences(self, members: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        keys = iter(members)
        while page := list(islice(keys, _PAGE)):
            for key, raw in zip(page, self._client.mget([self._prefix.encode() + key for key in page]), strict=True):
                what = self._difference(key.decode(), members[key], raw)
                if what:
                    yield key, f"{self._prefix}{key.decode()}: {what}"

    def _view(self, member_id: str, value: bytes) -> dict[str, Any]:
        document = view(member_id, state.decode(value, Member), self._generation)
        shown = document["points"]
        if shown and shown["expiry_schedule"] is None:
            _, member, _ = state.entry_key(Page.KIND, member_id, "").decode().split("|")
            document["points"] = with_pages(shown, self._pages.get(member, []))
        return document

    def _difference(self, member_id: str, value: bytes, raw: bytes | str | None) -> str | None:
        if raw is None:
            return "is missing"
        try:
            document: dict[str, Any] = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return f"is no JSON: {raw!r}"
        try:
            wanted = _written(self._view(member_id, value))
        except state.UNREADABLE as error:
            return f"cannot be compared: the state in the changelog cannot be read ({error})"
        fields = [
            f"{name} is {document.get(name)!r} and should be {wanted.get(name)!r}"
            for name in sorted(document.keys() | wanted.keys())
            if document.get(name) != wanted.get(name)
        ]
        return "; ".join(fields) or None


def _by_member(pages: Mapping[bytes, bytes]) -> dict[str, list[Page]]:
    """The pages of each member, by the member's id as it is escaped in the keys; one that cannot be read counts as empty."""
    found: dict[str, list[Page]] = {}
    for key, raw in pages.items():
        _, member, _ = key.decode().split("|")
        try:
            page = state.decode(raw, Page)
        except state.UNREADABLE:
            page = Page()
        found.setdefault(member, []).append(page)
    return found


def _written(document: dict[str, Any]) -> dict[str, Any]:
    """As it reads once it was JSON."""
    read: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return read


def unreachable(url: str) -> str | None:
    """Why the server does not answer; None if it does."""
    try:
        with redis.Redis.from_url(
            url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.ping()
    except (RedisError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _escaped(text: str) -> str:
    """Text that stands for itself in a Redis pattern."""
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in text)
