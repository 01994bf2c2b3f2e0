"""Fault 9: the network between the workers and the broker is slow, breaks, or swallows what it is given.

The workers come to the broker through a proxy; who loads, feeds Redis and audits does not. A worker may end, and is then
started again; what it may not do is live and decide nothing: how long nothing was decided is bounded in each case.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from local.kafka import Kafka
from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.proxied import PLACES, KafkaProxy, ProxiedKafka, Request
from tests.faults.kit.proxy import BOTH
from tests.faults.kit.verdict import clean
from tests.support.processes import eventually
from tests.system.site import PARTITIONS, SESSION_MS, Site, shared

pytestmark = [pytest.mark.broker, pytest.mark.fault(9)]

RATE = 150
OUTAGE_S = 2 * SESSION_MS / 1000
"""Longer than sessions and transactions last."""
BACK_S = 20.0
"""In which all goes on once the network does, on a busy machine."""
SLOW_S, SLOW_FOR_S = 2.0, 25.0
UNHURRIED = {"session_timeout_ms": 15_000, "transaction_timeout_ms": 40_000}
"""A commit takes up to ten round trips here (driver/README.md): more than the usual ten seconds, when each takes two."""
RESETS = 12

Deed = Callable[[Site, Load, Crew], None]


def decides(site: Site) -> None:
    """Wait until each partition has more decisions than now."""

    def decided() -> Counter[int]:
        return Counter(one.partition for one in site.read("decisions"))

    before = decided()

    def more() -> bool:
        now = decided()
        return all(now[partition] > before[partition] for partition in range(PARTITIONS))

    assert eventually(more), [worker.said for worker in site.workers]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedKafka]:
    with ProxiedKafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


@pytest.fixture
def proxy(proxied: ProxiedKafka) -> Iterator[KafkaProxy]:
    yield proxied.proxy
    proxied.proxy.heal()


class Scene:
    """Two workers under load, those named behind the proxy."""

    def __init__(self, broker: Kafka, proxy: KafkaProxy, redis_url: str, folder: Path, evidence: Evidence) -> None:
        self._broker, self._proxy, self._redis_url = broker, proxy, redis_url
        self._folder, self._evidence = folder, evidence

    def suffers(self, deed: Deed, pause: float, *behind: str, **settings: Any) -> None:
        """After this all is clean, nothing paused for longer (seconds), and all workers are there with partitions."""
        with (
            Site(self._broker, self._folder, redis_url=self._redis_url) as site,
            Load(site.settings, months(8), RATE) as load,
            Crew(site, *(behind or ("w1", "w2")), bootstrap_servers=self._proxy.address, **settings) as crew,
        ):
            feeder = site.views()
            shared(*(crew[name] for name in crew.names))
            decides(site)  # a pause is the time between two decisions
            deed(site, load, crew)
            load.passes(2 * RATE)
            verdict = clean(site, load.end(), feeder)
            shared(*(crew[name] for name in crew.names))
            aborts = sum(worker.said.count("transaction aborted") for worker in site.workers)
            self._evidence.came_to(verdict, aborts=aborts, ended_workers=len(crew.exits))
            assert verdict.longest_pause < pause


@pytest.fixture
def scene(proxied: ProxiedKafka, proxy: KafkaProxy, redis_url: str, tmp_path: Path, evidence: Evidence) -> Scene:
    return Scene(proxied, proxy, redis_url, tmp_path, evidence)


@pytest.mark.long
def test_black_hole_for_longer_than_sessions_last(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence, seed: int
) -> None:
    """And then in one direction, by turns: the broker hears nothing of the workers, or they nothing of what it has done."""
    before = proxy.swallowed

    def deed(site: Site, load: Load, _crew: Crew) -> None:
        for ways in (BOTH, {"up"} if seed % 2 else {"down"}):
            decides(site)
            load.passes(chance.randint(1, RATE))
            proxy.black_hole(*ways)
            time.sleep(OUTAGE_S)
            proxy.heal()

    scene.suffers(deed, OUTAGE_S + BACK_S)
    evidence.happened(bytes_swallowed=proxy.swallowed - before)


@pytest.mark.long
def test_all_comes_late_by_more_than_sessions_last(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    """What a worker has asked for arrives when nobody waits for it any more."""
    before = proxy.delayed

    def deed(_site: Site, load: Load, _crew: Crew) -> None:
        load.passes(chance.randint(1, RATE))
        proxy.latency = OUTAGE_S
        time.sleep(OUTAGE_S)
        proxy.heal()

    scene.suffers(deed, 2 * OUTAGE_S + BACK_S)
    evidence.happened(delayed_pieces=proxy.delayed - before)


@pytest.mark.long
def test_two_seconds_of_delay(scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence) -> None:
    """Deciding goes on all the while."""
    before = proxy.delayed

    def deed(_site: Site, load: Load, _crew: Crew) -> None:
        load.passes(chance.randint(1, RATE))
        proxy.latency = SLOW_S / 2
        time.sleep(SLOW_FOR_S)
        proxy.heal()

    scene.suffers(deed, SLOW_FOR_S, **UNHURRIED)
    evidence.happened(delayed_pieces=proxy.delayed - before)


@pytest.mark.long
def test_connections_reset_again_and_again(scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence) -> None:
    before = proxy.resets

    def deed(_site: Site, _load: Load, _crew: Crew) -> None:
        for _ in range(RESETS):
            time.sleep(chance.uniform(0.5, 1.5))
            proxy.reset()

    scene.suffers(deed, BACK_S)
    evidence.happened(connections_reset=proxy.resets - before)


def test_cut_within_commits(scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence) -> None:
    """At each request that a commit consists of: it does not arrive, half of it does, its answer does not."""
    cuts, before = list(product(Request, PLACES)), proxy.cuts
    chance.shuffle(cuts)

    def deed(_site: Site, load: Load, _crew: Crew) -> None:
        for done, cut in enumerate(cuts, before + 1):
            proxy.cut(*cut)
            assert eventually(lambda done=done: proxy.cuts == done), f"there is no {cut}"
            load.passes(chance.randint(1, RATE))

    scene.suffers(deed, BACK_S)
    evidence.happened(connections_cut=proxy.cuts - before)


@pytest.mark.long
def test_connections_that_lead_nowhere_any_more(
    scene: Scene, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    """Nobody is told that they are dead, and new ones work: as when a router on the way has forgotten them."""
    before = proxy.swallowed

    def deed(_site: Site, load: Load, _crew: Crew) -> None:
        load.passes(chance.randint(1, RATE))
        proxy.forget()
        load.passes(int(OUTAGE_S) * RATE)

    scene.suffers(deed, OUTAGE_S + BACK_S)
    evidence.happened(bytes_swallowed=proxy.swallowed - before)


@pytest.mark.long
def test_one_of_two_workers_cut_off(
    scene: Scene, proxied: ProxiedKafka, proxy: KafkaProxy, chance: Random, evidence: Evidence
) -> None:
    """The other one takes over; who was cut off comes back or ends, and the partitions are shared again."""
    before = proxy.swallowed

    def deed(_site: Site, load: Load, crew: Crew) -> None:
        crew.hire("w2", bootstrap_servers=proxied.bootstrap_servers)
        heir = crew["w2"]
        shared(crew["w1"], heir)
        load.passes(chance.randint(1, RATE))
        proxy.black_hole(*BOTH)
        heir.has({0, 1, 2, 3})
        load.passes(RATE)
        proxy.heal()
        shared(crew["w1"], heir)

    scene.suffers(deed, BACK_S, "w1")
    evidence.happened(bytes_swallowed=proxy.swallowed - before, takeovers=1)
