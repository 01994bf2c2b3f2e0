"""The wall clock on the real broker: workers tick for their own partitions, and nobody's clock can run ahead."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from cli.wire import connected
from local.kafka import Kafka
from tests.support.processes import eventually
from tests.system import scenario
from tests.system.memory import Record
from tests.system.site import PARTITIONS, Site

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("scenarios-on-kafka")]

AHEAD = timedelta(minutes=10)


def test_now_is_the_broker_s_time_whatever_a_clock_says(broker: Kafka, tmp_path: Path) -> None:
    """given ticks each second, and one that is ten minutes ahead, then every decision's now is an append time at most."""
    with Site(broker, tmp_path, clock="wall") as site:
        site.worker().live()
        assert eventually(lambda: {tick.partition for tick in site.read("clock")} == set(range(PARTITIONS)))
        with connected(site.settings) as wire:
            for partition in range(PARTITIONS):
                ahead = orjson.dumps({"at": datetime.now(UTC) + AHEAD})
                wire.send("clock", None, ahead, partition=partition)
        before = len(site.read("clock"))
        assert eventually(lambda: len(site.read("clock")) >= before + 2 * PARTITIONS), "the worker ticks on"
        joins = [
            scenario.message("points.joined", f"member-{number}", {}, datetime.now(UTC), f"e{number}", "/wall")
            for number in range(20)
        ]
        site.publish(joins)
        decisions = [orjson.loads(record.value or b"")["data"] for record in site.read("decisions")]
        ticks = site.read("clock")

    assert len(decisions) == len(joins)
    assert {decision["outcome"] for decision in decisions} == {"applied"}
    for decision in decisions:
        partition = decision["event"]["partition"]
        received = [_received(tick) for tick in ticks if tick.partition == partition]
        now = datetime.fromisoformat(decision["now"])
        assert min(received) <= now <= max(received)
    jumps = [tick for tick in ticks if _says(tick) > _received(tick) + AHEAD / 2]
    assert len(jumps) == PARTITIONS, "the ticks that are ahead have arrived"


def _received(tick: Record) -> datetime:
    return datetime.fromtimestamp(tick.timestamp_ms / 1000, UTC)


def _says(tick: Record) -> datetime:
    return datetime.fromisoformat(orjson.loads(tick.value or b"")["at"])
