"""The same scenarios on the real broker: all of them in one installation, told at once, through one worker process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.kafka import Kafka
from tests.system import scenario
from tests.system.outcome import Told
from tests.system.scenario import Scenario
from tests.system.site import Site

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("scenarios-on-kafka")]

SCENARIOS = scenario.load_all()


@pytest.fixture(scope="module")
def played(broker: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    """What all members were told when every scenario was played, merged by time."""
    folder: Path = tmp_path_factory.mktemp("scenarios")
    with Site(broker, folder) as site:
        worker = site.worker()
        site.publish(scenario.told_together(SCENARIOS))
        assert worker.alive, worker.said
        yield site.members


@pytest.mark.parametrize("story", SCENARIOS, ids=[story.name for story in SCENARIOS])
def test_on_kafka(story: Scenario, played: dict[str, Told]) -> None:
    assert list(story.differences(played)) == [], story.says
