"""Faults 4, 5 and 6: partitions change hands under load, one worker after another or all at once."""

import signal
import time
from pathlib import Path
from random import Random

import pytest

from driver.failstop import Exit
from local.kafka import Kafka
from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean
from tests.system.site import SESSION_MS, Site, shared

pytestmark = pytest.mark.broker

RATE = 300
PAUSE_S = 15.0
"""Longest that a partition may be without decisions when workers come and go in good order, on a busy machine."""


@pytest.mark.fault(4)
def test_one_worker_four_two_and_one(broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(6), RATE) as load:
        feeder = site.views()
        with Crew(site, "w1") as crew:
            crew.live()
            load.passes(RATE)
            crew.hire("w2", "w3", "w4")
            shared(*(crew[name] for name in crew.names))
            load.passes(RATE)
            crew.dismiss("w1", "w3")
            shared(crew["w2"], crew["w4"])
            load.passes(RATE)
            crew.dismiss("w2")
            crew["w4"].has({0, 1, 2, 3})
            load.passes(RATE)
            assert load.going_on
            verdict = clean(site, load.end(), feeder)
            crew.dismiss("w4")
            assert not crew.exits, "nobody ended unasked"
        evidence.happened(rebalances=sum(worker.said.count("assigned: ") for worker in site.workers))
        evidence.came_to(verdict)
        assert verdict.longest_pause < PAUSE_S


@pytest.mark.fault(6)
def test_stopped_for_twice_the_session_timeout_and_woken(
    broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(8), RATE) as load:
        feeder, sleeper, heir = site.views(), site.worker("w1"), site.worker("w2")
        shared(sleeper, heir)
        load.passes(chance.randint(1, 2 * RATE))
        sleeper.send(signal.SIGSTOP)
        since = time.monotonic()
        heir.has({0, 1, 2, 3})
        load.passes(RATE)
        time.sleep(max(0.0, 2 * SESSION_MS / 1000 - (time.monotonic() - since)))
        sleeper.send(signal.SIGCONT)
        assert sleeper.ends() == Exit.FENCED
        assert "is fenced" in sleeper.said
        assert load.going_on
        verdict = clean(site, load.end(), feeder)
        heir.stop()
        evidence.happened(fenced=1)
        evidence.came_to(verdict)
