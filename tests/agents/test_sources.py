"""Decisions by source: names are upstream's words, so their number is bounded, and rubbish does not use them up."""

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from agents.metrics import WorkerCollector
from agents.sources import OTHER, UNKNOWN, BySource
from driver import Metrics
from tests.agents.partition import Partition


def _sent(partition: Partition, source: str) -> None:
    partition.event("memberships", "points.cancel_requested", "ann", {}, source=source)


def _counted(limit: int, sources: list[str]) -> BySource:
    found, partition = BySource(limit), Partition()
    partition.handler.sources = found
    for source in sources:
        _sent(partition, source)
    partition.work()
    return found


def test_the_first_sources_have_names_and_the_others_one_together() -> None:
    found = _counted(2, ["/a", "/b", "/c", "/d", "/a"])
    assert {source for source, _, _ in found.counts} == {"/a", "/b", OTHER}
    assert sum(count for (source, _, _), count in found.counts.items() if source == OTHER) == 2
    assert sum(count for (source, _, _), count in found.counts.items() if source == "/a") == 2


def test_what_is_no_event_uses_no_name_up() -> None:
    """given rubbish under many sources before the first event, then the event's source has its name all the same."""
    found, partition = BySource(1), Partition()
    partition.handler.sources = found
    for number in range(20):
        partition.append("orders", b"ann", b'{"source": "/rubbish/%d"}' % number, partition=0)
    partition.append("orders", b"ann", b"{not json", partition=0)
    partition.joined("ann")
    partition.work()
    assert found.counts == {
        (OTHER, "dead_lettered", "invalid"): 20,
        (UNKNOWN, "dead_lettered", "not_json"): 1,
        ("/tests", "applied", ""): 1,
    }


def test_a_source_is_a_label_whatever_is_in_it() -> None:
    found = BySource()
    partition = Partition()
    partition.handler.sources = found
    _sent(partition, 'shop" <script>')
    partition.work()
    worker: Any = SimpleNamespace(
        app=SimpleNamespace(metrics=Metrics(), assigned=[]), handlers={}, counts={}, sources=found
    )
    registry = CollectorRegistry()
    registry.register(WorkerCollector(worker))
    [line] = [line for line in generate_latest(registry).decode().splitlines() if "source_decisions_total{" in line]
    assert line == (
        'memberships_source_decisions_total{outcome="refused",reason="not_a_member",source="shop\\" <script>"} 1.0'
    )
