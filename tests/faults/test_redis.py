"""Fault 15: Redis is away, empty, slow, full or read-only under load.

Kafka's side takes no notice: the worker stays, and goes on deciding. The views have everything in the end, and whoever
reads a document never reads an older one than before, but where Redis has been emptied in between.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import redis

from local.kafka import Kafka
from local.valkey import Valkey
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.proxy import Proxy
from tests.faults.kit.verdict import clean
from tests.faults.kit.watch import MARK, Watch
from tests.support.processes import PATIENCE, eventually
from tests.system.site import Program, Site
from views.progress import caught_up
from views.store import ANSWER_SECONDS

pytestmark = [pytest.mark.broker, pytest.mark.fault(15)]

RATE = 150
AWAY_S, LONG_AWAY_S = 40.0, 120.0
FLUSHES = 3
FED = 20
"""Keys of which some are documents: before that there is nothing to lose."""
NOTICED = "Redis has lost or changed what was fed"
PAUSE_S = 8.0
"""Longest that a partition may be without decisions: what a busy machine may take, and no more than without the fault."""
SLOW_S, SLOW_FOR_S = 2.0, 15.0


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server that the test may do anything to; it keeps its data."""
    with Valkey(tmp_path / "valkey", append_only=True) as server:
        yield server


class Scene:
    """One worker and the feeder of Redis under load, and somebody who reads."""

    def __init__(self, broker: Kafka, valkey: Valkey, folder: Path, evidence: Evidence) -> None:
        self._broker, self._valkey, self._folder, self._evidence = broker, valkey, folder, evidence

    def suffers(self, deed: Callable[[Load, Program], None], url: str | None = None, emptied: int = 0) -> None:
        """After this, which empties Redis so many times, all is as it must be. url: where the feeder finds Redis."""
        with (
            Site(self._broker, self._folder, redis_url=url or self._valkey.url) as site,
            Load(site.settings, months(16), RATE) as load,
            Watch(self._valkey, site.settings.topic_prefix) as watch,
        ):
            worker, feeder = site.worker().live(), site.views()
            assert eventually(lambda: watch.read > 0), feeder.said
            deed(load, feeder)
            since = time.monotonic()
            assert caught_up(site.settings, 2 * PATIENCE), feeder.said
            self._evidence.came_to(views_caught_up_after_s=time.monotonic() - since)
            assert load.going_on
            verdict = clean(site, load.end(), feeder)
            assert worker.said.count("assigned: ") == 1, "the group took notice"
            worker.stop()
            feeder.stop()
        assert not watch.failed, watch.failed[:20]
        assert watch.emptied == emptied
        self._evidence.happened(documents_read=watch.read)
        self._evidence.came_to(verdict)
        assert verdict.longest_pause < PAUSE_S


@pytest.fixture
def scene(broker: Kafka, valkey: Valkey, tmp_path: Path, evidence: Evidence) -> Scene:
    return Scene(broker, valkey, tmp_path, evidence)


@pytest.mark.long
def test_redis_away(scene: Scene, valkey: Valkey, evidence: Evidence, seed: int) -> None:
    """It comes back with what it had; the first seed's is the longest absence."""

    def deed(_load: Load, feeder: Program) -> None:
        valkey.kill()
        feeder.says("cannot serve (Error")
        time.sleep(AWAY_S if seed else LONG_AWAY_S)
        valkey.start()

    scene.suffers(deed)
    evidence.happened(kills=1)


def test_redis_emptied(scene: Scene, valkey: Valkey, chance: Random, evidence: Evidence) -> None:
    """Flushed while it serves, and once restarted with nothing."""
    valkey.append_only = False
    valkey.restart()

    def deed(load: Load, feeder: Program) -> None:
        for number in range(FLUSHES):
            load.passes(chance.randint(1, RATE))
            with redis.Redis.from_url(valkey.url) as client:
                assert eventually(lambda client=client: client.exists(MARK) and client.dbsize() > FED), feeder.said
                client.flushall()
            assert eventually(lambda number=number: feeder.said.count(NOTICED) > number), feeder.said
        load.passes(chance.randint(1, RATE))
        valkey.kill()
        feeder.says("cannot serve (Error")
        valkey.start()

    scene.suffers(deed, emptied=FLUSHES + 1)
    evidence.happened(flushes=FLUSHES, restarts_with_nothing=1)


def test_redis_refuses(scene: Scene, valkey: Valkey, chance: Random, evidence: Evidence) -> None:
    """It is read-only, out of memory, and slower than the feeder waits."""
    refusals = ["can't write against a read only replica", "when used memory > 'maxmemory'", "cannot serve (Timeout"]
    ways = list(enumerate(refusals))
    chance.shuffle(ways)

    def deed(load: Load, feeder: Program) -> None:
        for way, refusal in ways:
            load.passes(chance.randint(1, RATE))
            with redis.Redis.from_url(valkey.url) as client:
                if way == 0:
                    client.replicaof("127.0.0.1", 1)
                elif way == 1:
                    client.config_set("maxmemory", 1)
                else:
                    client.client_pause(int(1_200 * ANSWER_SECONDS))
                feeder.says(refusal)
                client.replicaof("NO", "ONE")
                client.config_set("maxmemory", 0)

    scene.suffers(deed)
    evidence.happened(refusals=len(ways))


@pytest.mark.long
def test_redis_slow(scene: Scene, valkey: Valkey, evidence: Evidence) -> None:
    """Each answer takes two seconds, which the feeder waits for."""
    with Proxy(valkey.port) as proxy:

        def deed(_load: Load, feeder: Program) -> None:
            proxy.latency = SLOW_S / 2
            time.sleep(SLOW_FOR_S)
            assert "cannot serve" not in feeder.said
            proxy.heal()

        scene.suffers(deed, url=f"redis://{proxy.address}/0")
        evidence.happened(delayed_pieces=proxy.delayed)
