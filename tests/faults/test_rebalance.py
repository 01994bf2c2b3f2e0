"""Faults 4, 5 and 6: partitions change hands under load, one worker after another or all at once."""

import signal
import time
from pathlib import Path
from random import Random

import pytest

from bench.load import generated
from cli.lines import Message
from driver.failstop import Exit
from local.kafka import Kafka
from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean, settled
from tests.support.processes import eventually
from tests.system.site import SESSION_MS, Site, shared

pytestmark = pytest.mark.broker

RATE = 300
BACKLOG, BUYERS, MANY = 200_000, 20_000, 48
PAUSE_S = 15.0
"""Longest that a partition may be without decisions when workers come and go in good order, on a busy machine."""


@pytest.mark.fault(4)
def test_one_worker_four_two_and_one(broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(16), RATE) as load:
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


@pytest.mark.long
@pytest.mark.fault(5)
def test_all_workers_restarted_on_a_backlog(
    broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    """200,000 events on 48 partitions; each worker is killed or ended once, all of them within a moment."""
    work = generated(BACKLOG - BUYERS, BUYERS, seed=chance.randrange(1_000))
    items = [Message(sent.topic, sent.key.decode(), sent.value) for sent in (*work.joins, *work.events)]
    with (
        Site(broker, tmp_path, redis_url=redis_url, partitions=MANY) as site,
        Load(site.settings, items, BACKLOG) as load,
    ):
        load.passes(BACKLOG)
        workers = [site.worker(f"w{number}") for number in range(2)]
        shared(*workers, partitions=MANY)
        enough = chance.randrange(BACKLOG // 4)
        assert eventually(lambda: site.ends("decisions") > enough)
        for worker in workers:
            worker.process.send_signal(chance.choice((signal.SIGKILL, signal.SIGTERM)))
        for worker in workers:
            worker.ends()
        done = site.ends("decisions")
        assert done < BACKLOG, "everything was done before the restart: it proves nothing"
        evidence.happened(backlog_left=BACKLOG - done, restarts=len(workers))
        since = time.monotonic()
        workers = [site.worker(f"w{number}") for number in range(2)]
        feeder = site.views()
        settled(site)
        evidence.came_to(caught_up_after_s=time.monotonic() - since)
        evidence.came_to(clean(site, load.end(), feeder))
        for worker in workers:
            worker.stop()


@pytest.mark.fault(6)
def test_stopped_for_twice_the_session_timeout_and_woken(
    broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(16), RATE) as load:
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
