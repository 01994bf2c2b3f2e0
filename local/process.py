"""Processes told apart by pid and start time; children tied to an owner or detached from everything."""

import contextlib
import fcntl
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from .errors import LocalError

# A start time is derived from the time of boot, which moves a little when the clock is set. No system hands out the
# same pid again within this many seconds.
SAME_START = 2.0

POLL = 0.02  # seconds between two looks at an ending process


@dataclass(frozen=True, slots=True)
class Identity:
    """One very process: its pid and when it started (seconds since the epoch). A recycled pid is another process."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this pid now. Raises `psutil.NoSuchProcess`."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The process while it lives; None when it ended, waits to be reaped, or the pid belongs to another."""
        with contextlib.suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < SAME_START
            # A killed process is a zombie as soon as its first thread has ended; the others still hold its port.
            ended = found.status() == psutil.STATUS_ZOMBIE and found.num_threads() <= 1
            if same and not ended:
                return found
        return None

    @property
    def alive(self) -> bool:
        """Whether it still runs (a stopped one does)."""
        return self.process() is not None

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it still lives."""
        if process := self.process():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def end(self, grace: float) -> None:
        """Ask it to end (SIGTERM), wait up to `grace` seconds, then kill it. Returns when it is gone."""
        if grace > 0:
            self.send(signal.SIGTERM)
            self.send(signal.SIGCONT)  # a stopped process would not see the request
            if self._gone(grace):
                return
        self.send(signal.SIGKILL)
        self._gone(math.inf)

    def _gone(self, timeout: float) -> bool:
        # By looking, not by waiting for the pid to vanish: nobody may reap it where process 1 does not care.
        deadline = time.monotonic() + timeout
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        return True


class Child:
    """A process we started in a session of its own: no terminal signals reach it, and it inherits no pipe.

    All its output is appended to `log`. `env` is the whole environment; None hands ours on. With an `owner` it ends
    when that process does, however that ends, even by SIGKILL. Raises `LocalError` when there is no such command.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        owner: Identity | None = None,
    ) -> None:
        try:
            with log.open("ab") as output:
                self._child = subprocess.Popen(  # noqa: S603 - the caller's command
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=cwd,
                    env=env,
                    start_new_session=True,
                )
        except OSError as error:
            raise LocalError(f"cannot start {command[0]}: {error.strerror}", f"is {error.filename} there?") from error
        self.identity = Identity.of(self._child.pid)
        self._watcher = _tie(self.identity, owner) if owner else None

    def wait(self) -> int:
        """Wait until it ends; its exit code (negative: the signal that ended it)."""
        code = self._child.wait()
        if self._watcher:
            self._watcher.terminate()
            self._watcher.wait()
        return code

    def end(self, grace: float) -> None:
        """End it as `Identity.end` does."""
        self.identity.end(grace)
        self.wait()


def _tie(process: Identity, owner: Identity) -> subprocess.Popen[bytes]:
    """Let `process` end when `owner` has ended.

    By a watching process rather than by PR_SET_PDEATHSIG: that one fires when the *thread* that started the child
    ends, needs code between fork and exec in a process that has threads, knows only the parent as owner, and is Linux
    only.
    """
    numbers = [repr(number) for number in (owner.pid, owner.started, process.pid, process.started)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "local.watch", *numbers],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[1],  # where `local` is found, installed or not
        start_new_session=True,
    )


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold this lock file: one process at a time. It is let go when the holder ends, however it ends."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
