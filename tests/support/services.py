"""One Kafka and one Valkey for a whole test run, whoever of its processes asks first.

They are tied to the process that runs the tests (with xdist: the one that started the workers), so they end with the
run however it ends; a worker may come and go.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from local.kafka import Kafka
from local.process import Identity, exclusive
from local.service import Service
from local.valkey import Valkey

S = TypeVar("S", bound=Service)
FOLDER = "memberships-run-"


@dataclass(frozen=True)
class SharedServices:
    """The services of the run that process `owner` leads, with their files in `folder`."""

    folder: Path
    owner: int

    @classmethod
    def of_this_process(cls) -> Self:
        """For the process that leads a run. Removes what killed runs left behind."""
        for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
            pid, _, started = left.name.removeprefix(FOLDER).partition("-")
            if not Identity(int(pid), float(started)).alive:
                shutil.rmtree(left, ignore_errors=True)
        me = Identity.of(os.getpid())
        folder = Path(tempfile.gettempdir()) / f"{FOLDER}{me.pid}-{me.started}"
        folder.mkdir(mode=0o700)
        return cls(folder, me.pid)

    def kafka(self) -> Kafka:
        """The run's broker, started if nobody did yet."""
        return self._running(Kafka(self.folder / "kafka", owner=self.owner))

    def valkey(self) -> Valkey:
        """The run's Valkey, started if nobody did yet."""
        return self._running(Valkey(self.folder / "valkey", owner=self.owner, databases=10_000))

    def close(self) -> None:
        """Stop what was started and remove its files. For the owner, at the end of the run."""
        for service in (Kafka(self.folder / "kafka"), Valkey(self.folder / "valkey")):
            if service.find():
                service.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _running(self, service: S) -> S:
        with exclusive(self.folder / "lock"):
            if not service.find():
                service.start()
        return service
