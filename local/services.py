"""`up`, `down` and `status`: Kafka and Valkey in the background, on one data directory."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import LocalError
from .kafka import Kafka
from .process import exclusive
from .service import Service
from .valkey import Valkey

LOCK = "services.lock"


@dataclass(frozen=True)
class Addresses:
    """Where the services answer (contract, `up`)."""

    bootstrap_servers: str
    redis_url: str
    data: Path
    started: tuple[str, ...]
    """Names of the services this call started; empty when both were up already."""

    def json(self) -> str:
        """The one line that `up` prints."""
        told = {"bootstrap_servers": self.bootstrap_servers, "redis_url": self.redis_url, "data": str(self.data)}
        return json.dumps(told)


@dataclass(frozen=True)
class Status:
    """What runs on a data directory: addresses, None for what does not run."""

    bootstrap_servers: str | None
    redis_url: str | None
    data: Path

    @property
    def up(self) -> bool:
        """Whether both run."""
        return self.bootstrap_servers is not None and self.redis_url is not None


def up(data_dir: Path | str, kafka_port: int | None = None, redis_port: int | None = None) -> Addresses:
    """See to it that both services run, detached, and answer; start what is missing.

    Ports left open are those of the last time if they are free, else free ones. Raises `LocalError` when a service
    cannot be started (what this call started is stopped again) or runs on another port than asked for.
    """
    with _alone(data_dir) as data:
        # The view is filled from committed offsets that live in Kafka, so both forget or neither does: append_only.
        valkey = Valkey(data / "valkey", redis_port, tied=False, append_only=True)
        kafka = Kafka(data / "kafka", kafka_port, tied=False)
        started: list[Service] = []
        try:
            wanted: list[tuple[Service, int | None]] = [(valkey, redis_port), (kafka, kafka_port)]
            for service, port in wanted:
                if service.find():
                    _same_port(service, port)
                    service.wait_ready()
                else:
                    service.start()
                    started.append(service)
        except BaseException:
            for service in started:
                service.stop()
            raise
        return Addresses(kafka.bootstrap_servers, valkey.url, data, tuple(service.name for service in started))


def down(data_dir: Path | str) -> tuple[str, ...]:
    """End exactly the services that `up` started on this data directory; the names of those that ran. Data stays."""
    with _alone(data_dir) as data:
        ended = []
        for service in (Kafka(data / "kafka"), Valkey(data / "valkey")):
            if service.find():
                ended.append(service.name)
            service.stop()  # also sweeps the note of one that fell over
        return tuple(ended)


def status(data_dir: Path | str) -> Status:
    """What runs on this data directory now. Starts, ends and creates nothing."""
    data = Path(data_dir).absolute()
    kafka, valkey = Kafka(data / "kafka"), Valkey(data / "valkey")
    return Status(
        kafka.bootstrap_servers if kafka.find() else None,
        valkey.url if valkey.find() else None,
        data,
    )


@contextmanager
def _alone(data_dir: Path | str) -> Iterator[Path]:
    """The data directory, created if need be, with one `up` or `down` working on it at a time."""
    data = Path(data_dir).absolute()
    try:
        data.mkdir(parents=True, exist_ok=True)
        (data / LOCK).touch()
    except OSError as error:
        raise LocalError(f"cannot use the data directory {data}: {error.strerror}", "name another one") from error
    with exclusive(data / LOCK):
        yield data


def _same_port(service: Service, port: int | None) -> None:
    if port is not None and port != service.port:
        raise LocalError(
            f"{service.name} already runs on {service.address}, not on port {port}", "`down` first, then `up` again"
        )
