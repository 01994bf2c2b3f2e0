"""Fault 9: the network between the workers and the broker is slow, breaks, or swallows what it is given.

The workers come to the broker through a proxy; who loads, feeds Redis and audits does not. A worker may end, and is then
started again; what it may not do is live and decide nothing: how long nothing was decided is bounded in each case.
"""

import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.proxied import PLACES, KafkaProxy, ProxiedKafka, Request
from tests.faults.kit.proxy import Way
from tests.faults.kit.verdict import clean
from tests.support.processes import eventually
from tests.system.site import SESSION_MS, Site, shared

pytestmark = pytest.mark.broker

RATE = 300
OUTAGE_S = 2 * SESSION_MS / 1000
"""Longer than sessions and transactions last."""
BACK_S = 20.0
"""In which all goes on once the network does, on a busy machine."""
SLOW_S, SLOW_FOR_S = 2.0, 15.0
RESETS = 12

Deed = Callable[[Load, Crew], None]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedKafka]:
    with ProxiedKafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


@pytest.fixture
def proxy(own: ProxiedKafka) -> Iterator[KafkaProxy]:
    yield own.proxy
    own.proxy.heal()


class Scene:
    """Two workers behind the proxy, under load."""

    def __init__(self, own: ProxiedKafka, redis_url: str, folder: Path, evidence: Evidence) -> None:
        self._own, self._redis_url, self._folder, self._evidence = own, redis_url, folder, evidence

    def suffers(self, deed: Deed, pause: float, *behind: str, **settings: Any) -> None:
        """The workers `behind` the proxy (unless told: both) suffer this. Then all is clean, and nobody paused for longer."""
        with (
            Site(self._own, self._folder, redis_url=self._redis_url) as site,
            Load(site.settings, months(10), RATE) as load,
            Crew(site, *(behind or ("w1", "w2")), bootstrap_servers=self._own.proxy.address, **settings) as crew,
        ):
            feeder = site.views()
            deed(load, crew.live())
            load.passes(RATE)
            verdict = clean(site, load.end(), feeder)
            said = "".join(worker.said for worker in site.workers)
            exits, aborts = len(crew.exits), said.count("transaction aborted")
            print(crew.exits, aborts, verdict)
            self._evidence.came_to(verdict, workers_that_ended=exits, aborts=aborts)
            assert verdict.longest_pause < pause


@pytest.fixture
def scene(own: ProxiedKafka, redis_url: str, tmp_path: Path, evidence: Evidence) -> Scene:
    return Scene(own, redis_url, tmp_path, evidence)


@pytest.mark.fault(9)
@pytest.mark.long
@pytest.mark.parametrize("ways", [("up", "down"), ("up",), ("down",)], ids="-".join)
def test_black_hole_for_longer_than_sessions_last(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence, ways: tuple[Way, ...]
) -> None:
    before = proxy.swallowed

    def deed(load: Load, _crew: Crew) -> None:
        load.passes(chance.randint(1, RATE))
        proxy.black_hole(*ways)
        time.sleep(OUTAGE_S)
        proxy.heal()

    scene.suffers(deed, OUTAGE_S + BACK_S)
    evidence.happened(bytes_swallowed=proxy.swallowed - before)


@pytest.mark.fault(9)
@pytest.mark.long
def test_all_comes_late_by_more_than_sessions_last(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    """What a worker has asked for arrives when nobody waits for it any more."""
    before = proxy.delayed

    def deed(load: Load, _crew: Crew) -> None:
        load.passes(chance.randint(1, RATE))
        proxy.latency = OUTAGE_S
        time.sleep(OUTAGE_S)
        proxy.heal()

    scene.suffers(deed, 2 * OUTAGE_S + BACK_S)
    evidence.happened(delayed_pieces=proxy.delayed - before)


@pytest.mark.fault(9)
@pytest.mark.long
def test_two_seconds_of_delay(scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence) -> None:
    """With the time-outs that the product has unless told: deciding goes on all the while."""
    before = proxy.delayed

    def deed(load: Load, _crew: Crew) -> None:
        load.passes(chance.randint(1, RATE))
        proxy.latency = SLOW_S / 2
        time.sleep(SLOW_FOR_S)
        proxy.heal()

    scene.suffers(deed, BACK_S, session_timeout_ms=15_000, transaction_timeout_ms=10_000)
    evidence.happened(delayed_pieces=proxy.delayed - before)


@pytest.mark.fault(9)
def test_connections_reset_again_and_again(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    before = proxy.resets

    def deed(load: Load, _crew: Crew) -> None:
        for _ in range(RESETS):
            time.sleep(chance.uniform(0.5, 1.5))
            proxy.reset()

    scene.suffers(deed, BACK_S)
    evidence.happened(connections_reset=proxy.resets - before)


@pytest.mark.fault(9)
def test_cut_within_commits(scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence) -> None:
    """At each request that a commit consists of: it does not arrive, half of it does, its answer does not."""
    cuts, before = list(product(Request, PLACES)), proxy.cuts
    chance.shuffle(cuts)

    def deed(load: Load, _crew: Crew) -> None:
        for done, cut in enumerate(cuts, 1):
            proxy.cut(*cut)
            assert eventually(lambda: proxy.cuts == before + done), cut
            load.passes(RATE // 2)

    scene.suffers(deed, BACK_S)
    evidence.happened(connections_cut=proxy.cuts - before)


@pytest.mark.fault(9)
def test_connections_that_lead_nowhere_any_more(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    """Nothing tells that they are dead, and new ones would work: as when a router between has forgotten them."""
    before = proxy.swallowed

    def deed(load: Load, _crew: Crew) -> None:
        for _ in range(2):
            load.passes(chance.randint(1, RATE))
            proxy.forget()
            time.sleep(OUTAGE_S)

    scene.suffers(deed, OUTAGE_S + BACK_S)
    evidence.happened(bytes_swallowed=proxy.swallowed - before)


@pytest.mark.fault(9)
def test_one_of_two_workers_cut_off(
    scene: Scene, own: ProxiedKafka, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    """The other one takes over; who was cut off comes back or ends, and its partitions are shared again."""
    before = proxy.swallowed

    def deed(load: Load, crew: Crew) -> None:
        crew.hire("w2", bootstrap_servers=own.bootstrap_servers)
        heir = crew["w2"]
        shared(crew["w1"], heir)
        load.passes(chance.randint(1, RATE))
        proxy.black_hole("up", "down")
        heir.has({0, 1, 2, 3})
        load.passes(RATE)
        proxy.heal()
        assert eventually(lambda: len(crew["w1"].partitions) == len(heir.partitions) == 2)
        assert heir.alive

    scene.suffers(deed, BACK_S, "w1")
    evidence.happened(bytes_swallowed=proxy.swallowed - before, takeovers=1)
