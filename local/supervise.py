"""Keeps a crash-only process running: the demo's stand-in for what an orchestrator does in production."""

import atexit
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from .errors import LocalError
from .process import Child, Identity

WRONG_USE = 2  # exit code: starting the same command again cannot help


class Supervisor:
    """Runs a command and starts it again whenever it ends unasked, after a delay that doubles with each quick end.

    It gives up after `limit` quick ends in a row, or at once when the command says wrong use (exit code 2); a run of
    at least `steady` seconds wipes the slate. The command ends with this process, even when that is killed.
    `env` is the command's whole environment; None hands ours on. All its output is appended to `log`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        limit: int = 5,
        delay: float = 0.25,
        steady: float = 30.0,
    ) -> None:
        self.command = list(command)
        self.log = log
        self.restarts = 0
        """How often it was started again."""
        self._env = env
        self._limit = limit
        self._delay = delay
        self._steady = steady
        self._child: Child | None = None
        self._trouble: LocalError | None = None
        self._stopping = threading.Event()
        self._changing = threading.Lock()  # held to start a child, and to say that none may be started any more
        self._thread = threading.Thread(target=self._keep, name=f"supervise {self.command[0]}", daemon=True)

    def start(self) -> Self:
        """Start the command and keep it running from now on. Once in a supervisor's life."""
        self._child = self._spawn()
        self._thread.start()
        atexit.register(self.stop)
        return self

    def stop(self, grace: float = 20.0) -> None:
        """End the command cleanly (SIGTERM, SIGKILL after `grace` seconds) and for good."""
        atexit.unregister(self.stop)
        with self._changing:
            self._stopping.set()
        if self._child is not None:
            self._child.identity.end(grace)
            self._thread.join()

    def check(self) -> None:
        """Raises `LocalError` when it has given up on the command."""
        if self._trouble:
            raise self._trouble

    @property
    def pid(self) -> int | None:
        """The command's process now; None between two runs."""
        child = self._child
        return child.identity.pid if child and child.identity.alive else None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self) -> Child:
        return Child(self.command, log=self.log, env=self._env, owner=Identity.of(os.getpid()))

    def _keep(self) -> None:
        """Wait for the end of each run and begin the next."""
        child = self._child
        quick = 0
        while child is not None:
            begun = time.monotonic()
            code = child.wait()
            quick = 0 if time.monotonic() - begun >= self._steady else quick + 1
            if self._stopping.is_set():
                return
            if code == WRONG_USE or quick > self._limit:
                self._trouble = LocalError(
                    f"{' '.join(self.command)} ended with code {code}, {quick} times in a row", f"see {self.log}"
                )
                return
            self._stopping.wait(self._delay * 2 ** max(quick - 1, 0))
            child = self._again()

    def _again(self) -> Child | None:
        with self._changing:
            if self._stopping.is_set():
                return None
            try:
                self._child = self._spawn()
            except LocalError as error:
                self._trouble = error
                return None
            self.restarts += 1
            return self._child
