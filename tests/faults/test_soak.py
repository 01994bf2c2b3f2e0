"""Fault 20: everything at once for a long time (`MEMBERSHIPS_SOAK_MINUTES`), and nothing grows.

One worker is left alone as long as the broker lives; its memory and descriptors are looked at all the while. The other
is killed, stopped in good order, started again; the broker restarts and dies; Redis is stopped, emptied and killed.
"""

import os
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from random import Random

import psutil
import pytest
import redis

from local.kafka import Kafka
from local.valkey import Valkey
from models.catalogue import TABLES
from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean
from tests.faults.test_broker import PASSING, goes_on
from tests.system.site import PARTITIONS, Site, Worker

pytestmark = pytest.mark.broker

MINUTES = float(os.environ.get("MEMBERSHIPS_SOAK_MINUTES", "3"))
RATE = 120
EVERY_S = 12.0
"""Between two faults."""
LOOK_S = 1.0
BUFFERS = len(TABLES) * PARTITIONS * (8 << 20)
"""Bytes that a worker may weigh more at the end of its life than when it was warm: what its tables on disk keep in
memory before they write it (8 MiB each). A leak of a kilobyte an event is more than that within twenty minutes."""
DESCRIPTORS = 60
"""Most that a worker may have open more than when it was warm."""


class Scales:
    """Memory and descriptors of each process of a worker over its life."""

    def __init__(self) -> None:
        self.seen: dict[int, list[tuple[int, int]]] = {}

    def look(self, worker: Worker) -> None:
        if worker.alive:
            process = psutil.Process(worker.process.pid)
            self.seen.setdefault(process.pid, []).append((process.memory_info().rss, process.num_fds()))

    @property
    def longest(self) -> list[tuple[int, int]]:
        """Of the process that lived longest, without its first quarter: by then it is warm."""
        life = max(self.seen.values(), key=len)
        return life[len(life) // 4 :]


@pytest.mark.long
@pytest.mark.timeout(60 * MINUTES + 1200)
@pytest.mark.fault(20)
def test_everything_at_once(tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    crowds = int(MINUTES * 60 * RATE / 3_600) + 3
    with (
        Kafka(tmp_path / "kafka") as broker,
        Valkey(tmp_path / "valkey") as valkey,
        Site(broker, tmp_path, redis_url=valkey.url, store="rocksdb") as site,
        Load(site.settings, months(crowds), RATE) as load,
        Crew(site, "steady", "unlucky").feed().live() as crew,
    ):
        scales = Scales()
        faults = _faults(crew, broker, valkey, chance)
        until = time.monotonic() + 60 * MINUTES
        while time.monotonic() < until:
            name, fault = next(faults)
            fault()
            evidence.happened(**{name: 1})
            goes_on(site, evidence)
            _watch(crew, scales)
        assert load.going_on
        verdict = clean(site, load.end(), crew.feeder)
        assert set(crew.exits) <= PASSING | {-9}, crew.exits
        warm, last = scales.longest[0], scales.longest[-1]
        evidence.came_to(
            verdict,
            minutes=MINUTES,
            warm_MiB=warm[0] / (1 << 20),
            at_the_end_MiB=last[0] / (1 << 20),
            watched_for_s=len(scales.longest) * LOOK_S,
            descriptors_more=last[1] - warm[1],
        )
        assert last[0] < warm[0] + BUFFERS, scales.longest
        assert last[1] < warm[1] + DESCRIPTORS, scales.longest


def _watch(crew: Crew, scales: Scales) -> None:
    until = time.monotonic() + EVERY_S
    while time.monotonic() < until:
        scales.look(crew["steady"])
        time.sleep(LOOK_S)


def _faults(crew: Crew, broker: Kafka, valkey: Valkey, chance: Random) -> Iterator[tuple[str, Callable[[], object]]]:
    """All kinds in turn, the broker's last: most of the time it is there."""

    def come_and_go() -> None:
        crew.hire("guest")
        crew["guest"].live()
        crew.dismiss("guest")

    def restart_broker() -> None:
        chance.choice((broker.stop, broker.kill))()
        broker.start()

    def restart_redis() -> None:
        chance.choice((valkey.stop, valkey.kill))()
        time.sleep(chance.uniform(0, 5))
        valkey.start()

    def flush_redis() -> None:
        with redis.Redis.from_url(valkey.url) as client:
            client.flushdb()

    return cycle(
        [
            ("kills", lambda: crew["unlucky"].live().kill()),
            ("rebalances", come_and_go),
            ("Redis_flushed", flush_redis),
            ("kills", lambda: crew["unlucky"].live().kill()),
            ("Redis_restarts", restart_redis),
            ("rebalances", come_and_go),
            ("broker_restarts", restart_broker),
        ]
    )
