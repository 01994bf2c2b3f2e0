"""An installation in memory with four partitions, and the command on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from kafka import TopicPartition

from agents.settings import Settings
from audit.topics import Stored
from cli.main import execute
from cli.producers import read
from tests.cli.reader import ReaderInMemory
from tests.system import stories
from tests.system.memory import Installation


class StampedReader(ReaderInMemory):
    """All records were stamped an hour after the stories begin."""

    def _records(self, place: TopicPartition) -> list[Stored]:
        stamp = round((stories.START.timestamp() + 3_600) * 1000)
        return [replace(record, timestamp_ms=stamp) for record in super()._records(place)]


Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Installation:
    installation = Installation(4)

    @contextmanager
    def opened(settings: Settings) -> Iterator[read.Producers]:
        reader = StampedReader(installation)
        topics = [topic.role for topic in installation.catalogue.topics]
        yield read.Producers(settings, dict.fromkeys(topics, reader))  # type: ignore[arg-type]

    monkeypatch.setattr(read, "opened", opened)
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "4")
    return installation


@pytest.fixture
def run(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Run:
    """Let the workers do what is there, then ask."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        installation.work()
        code = execute(["producers", *arguments, "--json"])
        return code, orjson.loads(capsys.readouterr().out)

    return run
