"""What each fault's test is given: a seed, an installation, and a row of the table to fill in.

A test says which fault of docs/faults.md it makes (`@pytest.mark.fault(7)`); `@pytest.mark.long` keeps it out of
`make test`. The seed is that of the run: `MEMBERSHIPS_TEST_SEEDS` says how many there are.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from local.kafka import Kafka
from tests.faults.kit.evidence import Evidence

SEEDS = range(int(os.environ.get("MEMBERSHIPS_TEST_SEEDS", "1")))
PASSED = pytest.StashKey[bool]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test once for each seed that it asks for."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember whether the test itself passed."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Kafka]:
    """A broker that the test may do anything to."""
    with Kafka(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture
def chance(seed: int) -> Random:
    """The only source of randomness of a test."""
    return Random(seed)


@pytest.fixture
def evidence(request: pytest.FixtureRequest, seed: int) -> Iterator[Evidence]:
    """This run's row; written to the file that `MEMBERSHIPS_FAULTS_REPORT` names."""
    mark = request.node.get_closest_marker("fault")
    case = request.node.originalname.removeprefix("test_").replace("_", " ")
    row, started = Evidence(mark.args[0], case, seed), time.monotonic()
    yield row
    row.passed, row.seconds = request.node.stash.get(PASSED, False), round(time.monotonic() - started, 1)
    if report := os.environ.get("MEMBERSHIPS_FAULTS_REPORT"):
        row.write(Path(report))
