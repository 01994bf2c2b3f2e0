"""Processes told apart by pid and start time, started tied to an owner or detached from everything."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil  # type: ignore[import-untyped]

# A start time is derived from the time of boot, which moves a little when the clock is set. No system hands out the
# same pid again within this many seconds.
SAME_START = 2.0


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
            if same and found.status() != psutil.STATUS_ZOMBIE:
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
        self._gone(None)

    def _gone(self, timeout: float | None) -> bool:
        process = self.process()
        if process is None:
            return True
        try:
            process.wait(timeout)
        except psutil.TimeoutExpired:
            return False
        return True


def spawn(
    command: Sequence[str], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process of its own session: no terminal signals, no inherited pipe, all output appended to `log`.

    `env` is the whole environment; None hands ours on.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the command is ours
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, env=env, start_new_session=True
        )


def tie(process: Identity, owner: Identity) -> subprocess.Popen[bytes]:
    """Let `process` end when `owner` does, however that ends, even by SIGKILL.

    By a watching process of its own session rather than by PR_SET_PDEATHSIG: that one fires when the *thread* that
    started the child ends, needs code between fork and exec in a process that has threads, and is Linux only.
    """
    numbers = [repr(n) for n in (owner.pid, owner.started, process.pid, process.started)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "local.watch", *numbers],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[1],  # where `local` is found, installed or not
        start_new_session=True,
    )
