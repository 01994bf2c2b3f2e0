"""REP-9 Repair, loaner or fee: decided exactly once, on the broker, with workers killed while the deadline is worked off."""

import signal
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from cli.wire import connected
from local.kafka import Kafka
from tests.system import outcome, remedies
from tests.system.remedies import WAYS, Way, member
from tests.system.site import PARTITIONS, Site

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("kills")]

EACH = 3
BEFORE_IT_IS_COMMITTED = ("after-decide", "before-produce", "before-offsets", "before-commit")


@pytest.mark.parametrize("seed", range(1))
def test_rep_9_is_decided_once_whoever_dies_at_the_deadline(broker: Kafka, tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    with Site(broker, tmp_path) as site:
        worker = site.worker()
        site.publish(remedies.before(chance, EACH))
        worker.stop()
        _tick(site)
        for point in (*BEFORE_IT_IS_COMMITTED, "after-commit"):
            killed = site.worker(crash_at=f"{point}:1")
            assert killed.ends() == -signal.SIGKILL, killed.said
        last = site.worker()
        site.publish(remedies.after(chance, EACH))
        last.stop()
        ids = outcome.ids(site.outputs)
        assert len(ids) == len(set(ids)), "an output is there twice"
        for way in WAYS:
            for number in range(EACH):
                _ended(way, site.members[member(way, number)])
        _audited(site)


def _tick(site: Site) -> None:
    """The deadline comes in every partition, while nobody works."""
    with connected(site.settings) as wire:
        for partition in range(PARTITIONS):
            wire.send("clock", None, orjson.dumps({"at": remedies.DEADLINE.isoformat()}), partition=partition)


def _ended(way: Way, told: Any) -> None:
    name = way.name
    refunds = [request["data"] for request in told.requests if request["type"] == "refund.requested.v1"]
    assert [refund["amount"] for refund in refunds] == ["100.00"] * way.refunds, name
    kinds = Counter(notice["data"]["notification"] for notice in told.notifications)
    assert kinds["repair.fee_reimbursed"] == way.refunds, name
    assert kinds["repair.turnaround_missed"] == {
        "twice": 2,
        "nothing": 1,
        "told_late": 1,
        "unrepaired": 1,
        "loaner": 1,
    }.get(name, 0), name


def _audited(site: Site) -> None:
    import audit

    report = audit.run(site.settings, views=False)
    assert report.clean, report.first
