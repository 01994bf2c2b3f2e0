"""One Kafka and one Valkey for a whole test run, whoever of its processes asks first.

They are tied to the process that runs the tests (with xdist: the one that started the workers), so they end with the
run however it ends; a worker may come and go.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from local.kafka import Kafka
from local.process import exclusive
from local.service import Service
from local.valkey import Valkey

S = TypeVar("S", bound=Service)


@dataclass(frozen=True)
class SharedServices:
    """The services of the run that process `owner` leads, with their files in `folder`."""

    folder: Path
    owner: int

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
