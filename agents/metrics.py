"""A worker's numbers for Prometheus: the driver's counters, the outcomes of decisions, members in quarantine."""

import time
from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.sources import NAMED, OTHER, UNKNOWN
from driver import Metrics

if TYPE_CHECKING:
    from agents.app import Worker

ALARM_BYTES = 32 << 10
"""Half of what a hot value should ever have."""
PHASES = ("work", "commit", "restore")
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class WorkerCollector(Collector):
    """Reads the numbers when they are asked for; costs nothing between."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker

    def collect(self) -> Iterable[Metric]:
        """All metrics of the worker."""
        metrics = self._worker.app.metrics
        for field in fields(Metrics):
            value = getattr(metrics, field.name)
            if field.name != "last_commit" and isinstance(value, int | float):
                yield CounterMetricFamily(f"memberships_driver_{field.name}", f"driver: {field.name}", value=value)
        age = time.monotonic() - metrics.last_commit if metrics.last_commit else -1.0
        yield GaugeMetricFamily("memberships_last_commit_age_seconds", "-1 before the first commit", value=age)
        yield GaugeMetricFamily("memberships_partitions", "partitions live here", value=len(self._worker.app.assigned))
        handlers = list(self._worker.handlers.values())
        largest = max((handler.largest for handler in handlers), default=0)
        yield GaugeMetricFamily(
            "memberships_largest_member_bytes", f"largest hot value written; alarm above {ALARM_BYTES}", value=largest
        )
        aside = sum(len(handler.quarantined) for handler in handlers)
        yield GaugeMetricFamily("memberships_members_quarantined", "members set aside now", value=aside)
        decided = CounterMetricFamily(
            "memberships_decisions",
            "decisions by outcome and reason, polls done again included",
            labels=("outcome", "reason"),
        )
        alarm = CounterMetricFamily("memberships_quarantined", "members quarantined: alarm", labels=("reason",))
        for (outcome, reason), count in list(self._worker.counts.items()):
            if outcome == "quarantined":
                alarm.add_metric((reason or "",), count)
            else:
                decided.add_metric((outcome, reason or ""), count)
        yield decided
        yield alarm
        by_source = CounterMetricFamily(
            "memberships_source_decisions",
            f"the same by the event's source: the first {NAMED} by name, {OTHER!r}, and {UNKNOWN!r} where it cannot be read",
            labels=("source", "outcome", "reason"),
        )
        for labels, count in list(self._worker.sources.counts.items()):
            by_source.add_metric(labels, count)
        yield by_source


def serve(worker: "Worker", host: str, port: int) -> None:
    """Serve the worker's metrics over HTTP on that address (loopback unless told otherwise)."""
    registry = CollectorRegistry()
    registry.register(WorkerCollector(worker))
    seconds = Histogram(
        "memberships_phase_seconds", "duration of a phase", ("phase",), buckets=BUCKETS, registry=registry
    )
    phases = {name: seconds.labels(name) for name in PHASES}
    worker.app.metrics.observe = lambda name, took: phases[name].observe(took)
    start_http_server(port, addr=host, registry=registry)
