"""Fault 19: workers restarted one after the other under load, each with the next version of the rules."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from local.kafka import Kafka
from models.policies import RULES_VERSION
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.rules_as import command
from tests.faults.kit.verdict import clean
from tests.system.site import PARTITIONS, Site, shared

pytestmark = pytest.mark.broker

RATE = 300
WORKERS = ("w1", "w2", "w3")
NEXT = f"{RULES_VERSION}0"
"""Longer than this one, as 10 is longer than 9."""


@pytest.mark.fault(19)
def test_workers_restarted_one_by_one_with_new_rules(
    broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence
) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(16), RATE) as load:
        feeder = site.views()
        workers = {name: site.worker(name) for name in WORKERS}
        shared(*workers.values())
        for name in WORKERS:
            load.passes(RATE)
            workers[name].stop()
            workers[name] = site.worker(name, command=command(NEXT))
            shared(*workers.values())
        load.passes(RATE)
        assert load.going_on
        verdict = clean(site, load.end(), feeder)
        for worker in workers.values():
            worker.stop()
        counts = _versions(site)
        evidence.happened(workers_restarted=len(WORKERS), decided_by_the_older=counts[RULES_VERSION])
        evidence.happened(decided_by_the_newer=counts[NEXT])
        evidence.came_to(verdict)


def _versions(site: Site) -> Counter[str]:
    """How many decisions name which version. No word on a record was said twice; every partition ends with the newer rules."""
    counts, ids = Counter[str](), set[str]()
    last: dict[int, str] = {}
    for record in site.read("decisions"):
        decided = orjson.loads(record.value or b"")
        assert decided["id"] not in ids, "decided twice"
        ids.add(decided["id"])
        last[record.partition] = decided["data"]["rules_version"]
        counts[last[record.partition]] += 1
    assert counts.keys() == {RULES_VERSION, NEXT}
    assert last == dict.fromkeys(range(PARTITIONS), NEXT)
    return counts
