"""What the embedded servers have in common: one data directory, one process, one port, and two ways of life."""

import atexit
import json
import os
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, Self

from .errors import LocalError
from .ports import LOOPBACK, free_ports, is_free
from .process import Child, Identity

POLL = 0.05  # seconds between two looks at a starting server
GRACE = 20.0  # seconds a server has to end cleanly


class Service(ABC):
    """A server on the loopback address whose files, log and pid are kept in `data_dir`.

    Tied (the default): it ends with its owner, this process unless `owner` names another, even when that is killed.
    Not tied: it lives in a session of its own until somebody calls `stop`, in this process or in another one
    (`find` takes up a running server by the note of its pid).

    `port` None takes a free one, and the same again at the next start on this directory if it is free then. Every method that fails raises `LocalError`.
    """

    name: ClassVar[str]
    start_timeout: ClassVar[float] = 60.0  # seconds

    def __init__(
        self, data_dir: Path | str, port: int | None = None, *, tied: bool = True, owner: int | None = None
    ) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.tied = tied
        self._port = port
        self._owner = owner
        self._process: Identity | None = None
        self._child: Child | None = None

    # What a server has to say for itself.

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """Prepare the data directory and tell the command line that starts the server on this port."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server does its work, asked through its own protocol. May take up to a second."""

    # Public.

    @property
    def port(self) -> int:
        """The port it listens on. Known from the first start on."""
        if self._port is None:
            raise LocalError(f"{self.name} has no port yet", "start it first")
        return self._port

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id. Raises `LocalError` when it does not run."""
        return self._running().pid

    @property
    def log(self) -> Path:
        """All the server's output, appended over starts."""
        return self.data_dir / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.alive

    def find(self) -> bool:
        """Take up the server that runs on this data directory, if there is one. A stale note of a pid is no server."""
        process, port = self._read_note()
        if process is None or not process.alive:
            return False
        self._process, self._port = process, port
        return True

    def start(self) -> Self:
        """Start it and return when it answers."""
        noted, last_port = self._read_note()
        if noted is not None and noted.alive:
            raise LocalError(
                f"{self.name} already runs on {LOOPBACK}:{last_port} with the data in {self.data_dir} (pid {noted.pid})",
                "use that one, stop it first, or choose another data directory",
            )
        if self._port is None and last_port is not None and is_free(last_port):
            self._port = last_port  # whoever knows where it was will find it there again
        self.data_dir.mkdir(parents=True, exist_ok=True)
        port = self._choose_port()
        command = self._command(port)
        log_start = self.log.stat().st_size if self.log.exists() else 0
        self._port = port
        try:
            owner = Identity.of(self._owner or os.getpid()) if self.tied else None
            self._child = Child(command, log=self.log, cwd=self.data_dir, owner=owner)
            self._process = self._child.identity
            self._write_note(self._process, port)
            if self.tied and self._owner is None:
                atexit.register(self.stop)
            self.wait_ready(log_start)
        except BaseException:
            self.kill()
            raise
        return self

    def wait_ready(self, log_start: int = 0) -> None:
        """Wait until it answers; the log from byte `log_start` on is quoted when it ends instead."""
        deadline = time.monotonic() + self.start_timeout
        while not self._answers():
            if not self.alive:
                raise LocalError(f"{self.name} ended while starting: {self._last_words(log_start)}", f"see {self.log}")
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{self.name} did not answer on {self.address} within {self.start_timeout:.0f} s",
                    f"see {self.log}; is the machine very busy?",
                )
            time.sleep(POLL)

    def stop(self, grace: float = GRACE) -> None:
        """End it cleanly and wait until it has ended; kill it after `grace` seconds. Nothing happens if it is not up."""
        if self._child is not None:
            self._child.end(grace)
        elif self._process is not None:
            self._process.end(grace)
        self._child = self._process = None
        noted, port = self._read_note()
        if noted is not None and not noted.alive:  # not when another one took over the directory meanwhile
            self._write_note(None, port)
        atexit.unregister(self.stop)

    def kill(self) -> None:
        """End it by SIGKILL, as a power cut would."""
        self.stop(grace=0)

    def pause(self) -> None:
        """Stop its process where it is (SIGSTOP)."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on (SIGCONT)."""
        self._running().send(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it cleanly and start it again on the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # How.

    def _running(self) -> Identity:
        if self._process is None or not self._process.alive:
            raise LocalError(f"{self.name} is not running", f"start it first; its log is {self.log}")
        return self._process

    def _choose_port(self) -> int:
        if self._port is None:
            return next(free_ports())
        if not is_free(self._port):
            raise LocalError(
                f"{self.name} cannot have port {self._port}: another program listens there",
                "stop that program or choose another port",
            )
        return self._port

    @property
    def _note(self) -> Path:
        """Which process serves this directory, and on which port: for other processes, and for the next start."""
        return self.data_dir / f"{self.name}.pid.json"

    def _write_note(self, process: Identity | None, port: int | None) -> None:
        draft = self._note.with_suffix(".new")
        draft.write_text(json.dumps({"process": process and asdict(process), "port": port}))
        draft.replace(self._note)

    def _read_note(self) -> tuple[Identity | None, int | None]:
        with suppress(FileNotFoundError):
            note = json.loads(self._note.read_text())
            return note["process"] and Identity(**note["process"]), note["port"]
        return None, None

    def _last_words(self, log_start: int) -> str:
        with self.log.open("rb") as log:
            log.seek(log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
