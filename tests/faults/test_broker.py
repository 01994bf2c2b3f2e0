"""Faults 7 and 8: the broker restarts, dies, stops answering, is away when it is needed most."""

import time
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from driver.failstop import Exit
from local.kafka import Kafka
from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean, settled
from tests.support.processes import PATIENCE, eventually
from tests.system.site import Site, Worker

pytestmark = pytest.mark.broker

RATE = 200
RESTARTS = 5
STOPPED_S = 60.0
BEFORE = 9_000
"""Items handled before the restore, so that it takes a moment."""
BACK_S = 60.0
"""Longest that work may take to go on once the broker is back, on a busy machine, restarts of workers included."""
PASSING = {Exit.FAILED, Exit.FENCED, Exit.UNREACHABLE, Exit.STUCK}
"""Ends that a supervisor answers by starting the worker again."""


def goes_on(site: Site, evidence: Evidence) -> None:
    """Wait until more is decided than now, and note how long that took."""
    since, before = time.monotonic(), site.ends("decisions")
    assert eventually(lambda: site.ends("decisions") > before, BACK_S), "\n".join(w.said[-3000:] for w in site.workers)
    took = time.monotonic() - since
    evidence.came_to(back_at_work_after_s=max(took, evidence.measured.get("back_at_work_after_s", 0)))


@pytest.mark.long
@pytest.mark.fault(7)
def test_broker_restarted_and_killed(
    own_broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    with (
        Site(own_broker, tmp_path, redis_url=redis_url) as site,
        Load(site.settings, months(12), RATE) as load,
        Crew(site, "w1", "w2").feed().live() as crew,
    ):
        ends = [own_broker.stop] * RESTARTS + [own_broker.kill]
        chance.shuffle(ends)
        for end in ends:
            load.passes(chance.randint(1, 2 * RATE))
            end()
            own_broker.start()
            goes_on(site, evidence)
        assert load.going_on
        evidence.happened(broker_restarts=RESTARTS, broker_kills=1)
        evidence.came_to(clean(site, load.end(), crew.feeder), workers_started_again=len(crew.exits))
        assert set(crew.exits) <= PASSING, crew.exits


@pytest.mark.long
@pytest.mark.fault(8)
def test_broker_stopped_for_a_minute(own_broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence) -> None:
    with (
        Site(own_broker, tmp_path, redis_url=redis_url) as site,
        Load(site.settings, months(12), RATE) as load,
        Crew(site, "w1", "w2").feed().live() as crew,
    ):
        load.passes(RATE)
        own_broker.pause()
        time.sleep(STOPPED_S)
        own_broker.resume()
        goes_on(site, evidence)
        assert load.going_on
        evidence.happened(broker_stopped=1)
        evidence.came_to(clean(site, load.end(), crew.feeder), workers_started_again=len(crew.exits))
        assert set(crew.exits) <= PASSING, crew.exits


@pytest.mark.fault(8)
def test_broker_killed_during_a_restore(own_broker: Kafka, tmp_path: Path, evidence: Evidence) -> None:
    """The worker waits for it, or ends and is started again: either way it has everything in the end."""
    items = months(4)
    with Site(own_broker, tmp_path) as site:
        first = site.worker("w1").live()
        with Load(site.settings, islice(items, BEFORE), 20 * RATE) as load:
            load.passes(BEFORE - 1_000)
            done = load.end()
        settled(site)
        first.stop()
        with Crew(site, "w1") as crew:
            _interrupted(crew["w1"], own_broker)
            evidence.happened(restores_interrupted=1)
            own_broker.start()
            crew.live()
            with Load(site.settings, items, RATE) as load:
                load.passes(RATE)
                evidence.came_to(clean(site, done + load.end()), workers_started_again=len(crew.exits))
            assert set(crew.exits) <= PASSING, crew.exits


def _interrupted(worker: Worker, broker: Kafka) -> None:
    """Kill the broker between the assignment and the end of the restore."""
    assert eventually(lambda: "assigned: " in worker.said), worker.said
    broker.kill()
    assert "live: " not in worker.said, "it was restored before the broker was gone: it proves nothing"


@pytest.mark.fault(8)
def test_worker_started_before_the_broker(own_broker: Kafka, tmp_path: Path, evidence: Evidence) -> None:
    """It says within its time that nobody answers, and does not idle; started again it works as soon as there is one."""
    with Site(own_broker, tmp_path) as site:
        own_broker.stop()
        early = site.worker("w1")
        since = time.monotonic()
        assert early.ends(PATIENCE) == Exit.UNREACHABLE, early.said
        evidence.happened(starts_without_a_broker=1)
        evidence.came_to(ended_after_s=time.monotonic() - since)
        with Crew(site, "w1") as crew:
            own_broker.start()
            with Load(site.settings, months(1), 2_000) as load:
                load.passes(2_000)
                evidence.came_to(clean(site, load.end()))
            assert set(crew.exits) <= {Exit.UNREACHABLE}
