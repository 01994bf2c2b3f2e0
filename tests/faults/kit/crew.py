"""Workers that somebody keeps running: what an orchestrator does for a crash-only process."""

import threading
import time
from random import Random
from types import TracebackType
from typing import Any

from driver.failstop import Exit
from tests.support.processes import eventually
from tests.system.site import Program, Site, Worker

LOOK_S = 0.1
DELAY_S = 0.5


class Crew:
    """Starts each worker again that ends unasked, under its name. Use as a context manager.

    `settings` are for all of them. The feeder of Redis, if there is one, is kept running as well. A worker that says that it is set up wrongly (exit 2) is not started again: the
    block fails with what it said.
    """

    def __init__(self, site: Site, *names: str, **settings: Any) -> None:
        self._site, self._settings = site, settings
        self._own: dict[str, dict[str, Any]] = {}
        self._running: dict[str, Worker] = {}
        self._changing = threading.RLock()
        self._stop = threading.Event()
        self._refused: Worker | None = None
        self._thread = threading.Thread(target=self._keep, name="crew", daemon=True)
        self.exits: list[int] = []
        """Exit codes of workers that ended unasked (negative: the signal)."""
        self.feeder: Program | None = None
        self.hire(*names)

    def __enter__(self) -> "Crew":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        assert error is not None or self._refused is None, self._refused and self._refused.said

    def __getitem__(self, name: str) -> Worker:
        with self._changing:
            return self._running[name]

    @property
    def names(self) -> list[str]:
        """Who is kept running."""
        with self._changing:
            return sorted(self._running)

    def hire(self, *names: str, **own: Any) -> None:
        """Start these and keep them running too; `own` are settings of theirs."""
        with self._changing:
            for name in names:
                self._own[name] = self._settings | own
                self._start(name)

    def feed(self) -> "Crew":
        """Feed Redis from now on."""
        with self._changing:
            self.feeder = self._site.views()
        return self

    def dismiss(self, *names: str) -> None:
        """End these in good order (SIGTERM, exit 0), for good."""
        with self._changing:
            leaving = [self._running.pop(name) for name in names]
        for worker in leaving:
            worker.stop()

    def kill_one(self, chance: Random) -> None:
        """SIGKILL one of them that has partitions, whoever it is."""
        name = chance.choice(self.names)
        assert eventually(lambda: self[name].alive and bool(self[name].partitions)), self[name].said
        self[name].kill()

    def live(self) -> "Crew":
        """Wait until each of them has partitions, however often it had to be started."""
        assert eventually(lambda: all(self[name].partitions for name in self.names)), [
            w.said for w in self._site.workers
        ]
        return self

    def _keep(self) -> None:
        while not self._stop.wait(LOOK_S):
            with self._changing:
                for name, worker in self._running.items():
                    if not worker.alive and worker is not self._refused:
                        self._ended(name, worker)
                if self.feeder is not None and not self.feeder.alive:
                    self.feeder = self._site.views()

    def _ended(self, name: str, worker: Worker) -> None:
        code = worker.process.returncode
        self.exits.append(code)
        if code == Exit.REFUSED:
            self._refused = worker
        else:
            time.sleep(DELAY_S)
            self._start(name)

    def _start(self, name: str) -> None:
        self._running[name] = self._site.worker(name, **self._own[name])
