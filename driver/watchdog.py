"""A thread beside the event loop that ends the process when a part of it shows no sign of life.

A worker that hangs keeps its partitions from others, so it must end rather than idle.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import KafkaException

from driver.failstop import Exit, end

TICK = 0.5
PING_EVERY = 10.0


@dataclass(slots=True)
class _Watch:
    limit: float
    what: str
    age: float = 0.0
    armed: bool = False


class Watchdog:
    """Counts, for each watched thing, the seconds this process ran since its last sign of life.

    A process that was stopped (SIGSTOP, a suspended machine) for longer than the session timeout ends: it would find out
    at its next commit, but an idle one would quietly join again, and whoever stopped it could not tell.
    """

    def __init__(self, session_timeout: float) -> None:
        self._session_timeout = session_timeout
        self._watches: dict[str, _Watch] = {}
        self._stopped = threading.Event()

    def watch(self, name: str, limit: float, what: str) -> None:
        """Know a thing; it is not watched before its first ``beat``."""
        self._watches[name] = _Watch(limit, what)

    def beat(self, name: str) -> None:
        """Tell that the thing lives; watch it from now on."""
        watch = self._watches[name]
        watch.age = 0.0
        watch.armed = True

    def rest(self, name: str) -> None:
        """Tell that no sign of life is due."""
        self._watches[name].armed = False

    def start(self, ping: Callable[[], object]) -> None:
        """Start watching; ``ping`` asks a broker for anything and raises when none answers."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()
        threading.Thread(target=self._ping, args=(ping,), name="ping", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(TICK):
            now = time.monotonic()
            self.look(now - last)
            last = now

    def look(self, gap: float) -> None:
        """End the process if something is wrong, ``gap`` seconds after the look before."""
        if gap > self._session_timeout:
            end(
                Exit.FENCED,
                f"this worker is fenced: it was stopped for {gap:.0f} s, longer than its session timeout, and the group "
                "has given its partitions to others",
            )
        ran = min(gap, 2 * TICK)
        for watch in self._watches.values():
            watch.age += ran
            if watch.armed and watch.age > watch.limit:
                end(Exit.STUCK, f"{watch.what} for {watch.age:.0f} s")

    def _ping(self, ping: Callable[[], object]) -> None:
        self.beat("broker")
        pause = min(PING_EVERY, self._watches["broker"].limit / 4)
        while not self._stopped.is_set():
            try:
                ping()
            except KafkaException:
                continue  # ping itself waits; the watch on "broker" runs
            self.beat("broker")
            self._stopped.wait(pause)
