"""Given the recorded histories and the scenarios of all programmes, when they are audited, then every account agrees."""

from pathlib import Path

import pytest

from audit import books
from audit.ids import Ids
from audit.own import QUESTIONS, check
from audit.places import Places
from audit.report import Findings
from audit.shard import OUTPUTS, Shard
from audit.start import Start
from audit.topics import Stored
from audit.transport import QUESTIONS as TRANSPORT
from audit.transport import check as order_of
from cli.publisher import Publisher
from models.catalogue import TABLES
from models.policies import STANDARD, Policies
from tests.histories.test_histories import HISTORIES, replayed
from tests.system import scenario, stories
from tests.system.memory import Installation, MemoryWire


@pytest.mark.parametrize("history", HISTORIES, ids=[history.stem for history in HISTORIES])
def test_the_second_accounts_agree_on_recorded_histories(history: Path) -> None:
    assert _differences(replayed(history), stories.NO_TICKS) == {}


def test_the_second_accounts_agree_on_all_scenarios() -> None:
    installation = Installation()
    Publisher(MemoryWire(installation)).publish(scenario.told_together(scenario.load_all()))
    assert _differences(installation, STANDARD) == {}


def _differences(installation: Installation, policies: Policies) -> dict[str, tuple[str, ...]]:
    findings, ids = Findings({**TRANSPORT, **books.QUESTIONS, **QUESTIONS}), Ids()
    for partition in installation.partitions:
        shard = _shard(installation, partition)
        start = Start()
        order = order_of(shard, start, ids, findings)
        assert order is not None
        books.read(shard.parsed["points-ledger"], start.books, findings)
        check(shard, start, order, policies, "external", Places(shard, order), findings)
    return {one.name: one.differences for one in findings.checks() if one.differences}


def _shard(installation: Installation, partition: int) -> Shard:
    def records(topic: str) -> list[Stored]:
        found = installation.topics[topic, partition]
        return [
            Stored(topic, partition, one.offset, one.timestamp_ms, 0, one.key, one.value, one.headers) for one in found
        ]

    catalogue = installation.catalogue
    return Shard(
        partition,
        catalogue,
        inputs={topic.role: records(topic.role) for topic in catalogue.handled},
        transfers=records("transfers"),
        outputs={role: records(role) for role in OUTPUTS},
        dead_letters=records("dead-letters"),
        tables={table: installation.tables[partition][table].committed for table in TABLES},
    )
