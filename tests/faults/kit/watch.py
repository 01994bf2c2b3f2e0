"""Reads all members' documents again and again, as any reader might, and sees to it that none ever goes back."""

import threading
from typing import Any

import orjson
import redis

from local.valkey import Valkey
from views.keys import Keys

PAUSE_S = 0.1
MARK = "watch"
"""A key of our own: when it is gone, so was everything."""


class Watch:
    """A thread with a plain client. Use as a context manager; what it has found is told by `failed`."""

    def __init__(self, valkey: Valkey, prefix: str) -> None:
        self._valkey, self._documents = valkey, Keys(prefix, 0).member("")
        self._newest: dict[bytes, tuple[int, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.read = self.emptied = self.refused = 0
        """Documents read, times that Redis was empty, times that it did not answer."""
        self.failed: list[str] = []

    def __enter__(self) -> "Watch":
        self._mark()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self._valkey.url, socket_timeout=1.0)

    def _mark(self) -> None:
        with self._client() as client:
            client.set(MARK, 1)

    def _run(self) -> None:
        with self._client() as client:
            while not self._stop.wait(PAUSE_S):
                try:
                    self._look(client)
                except (redis.ConnectionError, redis.TimeoutError):
                    self.refused += 1

    def _look(self, client: redis.Redis) -> None:
        there = {*client.scan_iter(match=f"{self._documents}*", count=1_000)}
        names = sorted(there | self._newest.keys())
        found: Any = client.mget([MARK, *names])
        if found[0] is None:
            self._mark()
            self.emptied += 1
            self._newest.clear()
            return
        for name, document in zip(names, found[1:], strict=True):
            self._compare(name, document)

    def _compare(self, name: bytes, document: bytes | None) -> None:
        if document is None:
            self.failed.append(f"{name!r} is gone")
            return
        told = orjson.loads(document)
        now = (told["generation"], told["revision"])
        before = self._newest.get(name, now)
        if now < before:
            self.failed.append(f"{name!r} went from {before} to {now}")
        self._newest[name] = now
        self.read += 1
