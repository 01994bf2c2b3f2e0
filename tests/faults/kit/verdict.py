"""Whether all that was told had its effect, once: the four parts of what `faults.md` calls clean.

The audit reads the input topics with another client, recomputes everything with arithmetic of its own, and compares with
changelogs, outputs, dead letters, ids and Redis. Here is added that it has seen as many events as Kafka has confirmed,
that nothing is left to handle, and how long no partition had a decision.
"""

from dataclasses import dataclass
from itertools import pairwise

import audit
from cli.wire import connected
from models.catalogue import CLOCK
from tests.support.processes import PATIENCE, eventually
from tests.system.site import Program, Site
from views.progress import caught_up


@dataclass(frozen=True)
class Verdict:
    """What a clean run amounts to."""

    events: int
    compared: int
    """Things that the audit has compared."""
    longest_pause: float
    """Seconds between two decisions of a partition, by the times Kafka got them."""


def settled(site: Site, seconds: float = 4 * PATIENCE) -> None:
    """Wait until no event is left to handle."""
    with connected(site.settings) as wire:
        topics = [topic.role for topic in site.settings.catalogue().handled if topic.role != CLOCK.role]
        behind: dict[str, dict[int, int]] = {}

        def done() -> bool:
            nonlocal behind
            behind = {topic: left for topic in topics if (left := wire.behind(topic))}
            return not behind

        assert eventually(done, seconds), f"left to handle: {behind}\n" + "\n".join(
            w.said[-2000:] for w in site.workers
        )


def clean(site: Site, events: int, feeder: Program | None = None) -> Verdict:
    """Fail unless everything is as it must be, `events` being how many records Kafka has confirmed to their senders.

    feeder: the one of Redis, if the run has one; else the views are left out.
    """
    settled(site)
    if feeder is not None:
        assert eventually(lambda: caught_up(site.settings)), f"Redis has not caught up\n{feeder.said}"
        assert feeder.alive, feeder.said
    report = audit.run(site.settings, views=feeder is not None, patience=PATIENCE)
    assert report.clean, report.first
    catalogue = site.settings.catalogue()
    inputs = {topic.name for topic in catalogue.inputs if topic.role != CLOCK.role}
    assert sum(count for topic, count in report.covered.items() if topic in inputs) == events, report.covered
    return Verdict(events, sum(check.compared for check in report.checks), longest_pause(site))


def longest_pause(site: Site) -> float:
    """Seconds, over all partitions, between two decisions that came one after the other."""
    times: dict[int, list[int]] = {}
    for decided in site.read("decisions"):
        times.setdefault(decided.partition, []).append(decided.timestamp_ms)
    return max((later - before for at in times.values() for before, later in pairwise(at)), default=0) / 1000
