"""What an app must know to run: where Kafka is, who this worker is, how much it takes at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds a part of the worker may show no sign of life before the watchdog ends the process.

    Only time in which the process ran is counted, so a stopped and woken worker is judged afresh.
    """

    loop: float = 30.0
    """The event loop did not turn: an agent blocks it."""
    poll: float = 120.0
    """A poll, the work on it or its commit did not finish."""
    restore: float = 60.0
    """A restore got no further."""
    group: float = 120.0
    """The group gave no assignment."""
    broker: float = 120.0
    """No broker answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one worker. The consumer group is the app's id."""

    bootstrap_servers: str
    """``host:port``, comma-separated."""
    worker: str
    """Stable name, unique in the group: the transactional id is made from it. A second worker of that name ends the first."""
    static_membership: bool = False
    """Join the group under the worker's name, so that a quick restart causes no rebalance."""
    security: Mapping[str, str] = field(default_factory=dict, repr=False)
    """librdkafka settings for every client (``security.protocol``, ``sasl.*``, ``ssl.*``); never printed."""
    topic_order: tuple[str, ...] = ()
    """Source topics in the order in which the records of one poll are handled; topics not named come last, by name."""
    max_poll_records: int = 4000
    max_poll_bytes: int = 32 * MIB
    max_message_bytes: int = MIB + 64 * 1024
    """Largest record written, headers included."""
    compression: str = "none"
    """librdkafka's ``compression.type``. Every reader must know it: kafka-python, say, needs a package of its own for lz4."""
    store: Literal["memory", "rocksdb"] = "memory"
    data_dir: Path | None = None
    """Locked for this process. Needed by the ``rocksdb`` store."""
    session_timeout: float = 10.0
    """Seconds without a heartbeat after which the group gives the partitions away."""
    transaction_timeout: float = 10.0
    """Seconds after which the broker aborts a hung worker's transaction; its successor waits that long."""
    startup_timeout: float = 30.0
    """Seconds to wait for a broker's first answer."""
    limits: Limits = field(default_factory=Limits)
    crash_at: str = ""
    """For tests: the point at which this process is killed; see `failstop.CrashPoint`."""

    def __post_init__(self) -> None:
        if self.store == "rocksdb" and self.data_dir is None:
            raise ValueError("store 'rocksdb' needs a data_dir")
        if not self.worker:
            raise ValueError("a worker needs a name that is stable and unique in its group")

    def client(self) -> dict[str, str | int | float | bool]:
        """The librdkafka settings that every client of this worker has."""
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": self.worker,
            "log.connection.close": False,  # an idle connection closed by the broker is no news
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1000,
            # A connection that may have died without a word is waited for as long as the group would wait for us.
            "socket.timeout.ms": int(self.session_timeout * 1000),
            **self.security,
        }
