"""Ending the process: on purpose, at once, with the reason on standard error; and the crash points of tests.

An unexpected error must not be survived: what an agent did half is dropped with the process, and the next owner of the
partitions starts from what was committed.
"""

import enum
import os
import signal
import traceback
from collections.abc import Callable
from typing import NoReturn

CRASH_POINTS = ("after-decide", "before-produce", "before-offsets", "before-commit", "after-commit", "before-local")


class Exit(enum.IntEnum):
    """The exit codes of a worker that ended itself."""

    REFUSED = 2
    """The set-up is wrong; a restart will not help."""
    UNREACHABLE = 3
    """No broker answered."""
    FAILED = 70
    """An unexpected exception, also one out of an agent."""
    FENCED = 71
    """Another worker has this one's name or its partitions."""
    STUCK = 72
    """The watchdog saw no sign of life."""


class RefusedError(Exception):
    """The set-up is wrong, told in one sentence."""


class UnreachableError(Exception):
    """No broker answered in time."""


class FencedError(Exception):
    """Another worker has taken this one's place."""


class StorageError(Exception):
    """The data directory cannot be used (it is full, say), told in one sentence. With room, a restart will help."""


_CODES = {
    StorageError: Exit.FAILED,
    RefusedError: Exit.REFUSED,
    UnreachableError: Exit.UNREACHABLE,
    FencedError: Exit.FENCED,
}


def end(code: Exit, reason: str, cause: BaseException | None = None) -> NoReturn:
    """Say why and end the process without any clean-up.

    Written to the file descriptor: logging may be what hangs.
    """
    trace = "".join(traceback.format_exception(cause)) if cause is not None else ""
    os.write(2, f"{trace}worker ended ({code.name.lower()}, exit {int(code)}): {reason}\n".encode())
    os._exit(code)


def end_for(error: BaseException, doing: str) -> NoReturn:
    """End the process for an exception that nobody may survive."""
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            end(code, str(error))
    end(Exit.FAILED, f"{doing}: {type(error).__name__}: {error}", error)


class CrashPoint:
    """Kills this process when it comes to a named point: ``name``, or ``name:n`` for the n-th time.

    ``name:n:stop`` stops it there (SIGSTOP) instead, until somebody sends SIGCONT.
    """

    def __init__(self, spec: str) -> None:
        name, _, rest = spec.partition(":")
        count, _, way = rest.partition(":")
        if name and name not in CRASH_POINTS:
            raise RefusedError(f"unknown crash point {name!r}; there are {', '.join(CRASH_POINTS)}")
        if way not in ("", "stop") or not (count or "1").isdigit():
            raise RefusedError(f"crash point {spec!r} is not name, name:n or name:n:stop")
        self._name = name
        self._left = int(count or 1)
        self._signal = signal.SIGSTOP if way else signal.SIGKILL

    def reach(self, name: str, before: Callable[[], object] | None = None) -> None:
        """Tell that the point is reached; ``before`` runs first if this is where to die (say, a flush)."""
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            if before is not None:
                before()
            os.write(2, f"crash point {name} reached\n".encode())
            os.kill(os.getpid(), self._signal)
