"""An installation in memory with ann and bob, the commands on it, and a rule that fails."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from agents import handle
from cli.main import execute
from models import decide as rules
from models.desk import At, Decision
from tests.agents.partition import Partition
from tests.cli.dlq.installation import BrokenRuleError, Run
from tests.cli.reader import serve
from tests.system.memory import Installation


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Four partitions, empty."""
    installation = Installation(4)
    serve(installation, monkeypatch)
    with structlog.testing.capture_logs():
        yield installation


@pytest.fixture
def partition(monkeypatch: pytest.MonkeyPatch) -> Iterator[Partition]:
    """Ann and bob are members."""
    partition = Partition()
    serve(partition, monkeypatch)
    partition.joined("ann")
    partition.joined("bob")
    partition.work()
    with structlog.testing.capture_logs():  # the worker's log goes elsewhere
        yield partition


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Order ids on which the rule raises."""
    ids = {"A1"}
    decide = rules.decide

    def failing(event: Any, read: At, *others: Any) -> Decision:
        if getattr(event.data, "order_id", None) in ids and not rules.is_quarantined(event.subject, read):
            raise BrokenRuleError("the books are upside down")
        return decide(event, read, *others)

    monkeypatch.setattr(handle, "decide", failing)
    return ids


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, Any]:
        code = execute(["dlq", *arguments, "--json"])
        lines = capsys.readouterr().out.splitlines()
        bodies = [orjson.loads(line) for line in lines]
        return code, bodies if arguments[0] == "list" and code == 0 else bodies[0]

    return run
