"""What must be right before a worker joins the group; topics are created by another tool."""

import fcntl
import os
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from confluent_kafka import KafkaError, KafkaException, Producer

from driver.config import Config
from driver.failstop import RefusedError, StorageError, UnreachableError
from driver.store import OPEN_FILES

DESCRIPTORS = 256
"""What the clients, their connections and Python itself have open at most, generously."""


def check_topics(config: Config, sources: Iterable[str], changelogs: Iterable[str]) -> int:
    """Check that all topics exist with one number of partitions, and give that number.

    Raises:
        RefusedError: a topic is missing or has another number of partitions, or the broker refuses the credentials.
        UnreachableError: no broker answered within the start-up timeout.
    """
    sources, changelogs = sorted(sources), sorted(changelogs)
    counts = _partition_counts(config)
    missing = [topic for topic in (*sources, *changelogs) if topic not in counts]
    if missing:
        raise RefusedError(f"these topics do not exist: {', '.join(missing)}; create them first")
    if len({counts[topic] for topic in sources}) > 1:
        told = ", ".join(f"{topic} {counts[topic]}" for topic in sources)
        raise RefusedError(f"the source topics must have one number of partitions, but they have: {told}")
    partitions = counts[sources[0]]
    for topic in changelogs:
        if counts[topic] != partitions:
            raise RefusedError(
                f"changelog {topic} has {counts[topic]} partitions, but the source topics have {partitions}"
            )
    return partitions


def _partition_counts(config: Config) -> dict[str, int]:
    refusals: list[KafkaError] = []

    def on_error(error: KafkaError) -> None:
        if error.code() in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL):
            refusals.append(error)

    client = Producer({**config.client(), "error_cb": on_error})
    try:
        metadata = client.list_topics(timeout=config.startup_timeout)
    except KafkaException as failure:
        client.poll(0)  # serves on_error
        if refusals:
            raise RefusedError(f"the broker at {config.bootstrap_servers} refuses us: {refusals[0].str()}") from failure
        raise UnreachableError(
            f"no broker answered at {config.bootstrap_servers}: {failure.args[0].str()}"
        ) from failure
    return {name: len(topic.partitions) for name, topic in metadata.topics.items() if topic.error is None}


def check_descriptors(config: Config, partitions: int) -> None:
    """See to it that this process may open as many files as it can need, all partitions being its own.

    Raises:
        RefusedError: it may not, whatever it does.
    """
    wanted = DESCRIPTORS + (OPEN_FILES * partitions if config.store == "rocksdb" else 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        if hard < wanted:
            raise RefusedError(
                f"this process may open {hard} files, and can need {wanted}: raise the limit (ulimit -n)"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class DataDirectory:
    """The worker's directory, locked while this process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def lock(self) -> None:
        """Take the directory for this process.

        Raises:
            RefusedError: another process has it.
            StorageError: it cannot be written to.
        """
        try:
            self._lock()
        except OSError as error:
            raise StorageError(f"data directory {self._path} cannot be used: {error.strerror}") from error

    def _lock(self) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        file = (self._path / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "another process"
            file.close()
            raise RefusedError(f"data directory {self._path} is in use by {owner}: give each worker its own") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the directory free."""
        if self._file is not None:
            self._file.close()
            self._file = None
