"""``memberships bench``: the same work by each contender, in turn, several rounds in one run; medians and ratios."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from agents.settings import Settings
from bench.contenders import CONTENDERS, OURS, PEER, Measure, measure
from bench.load import Load, generated, shop
from local.kafka import Kafka

ORDERS, MEMBERS, COPIES = 120_000, 20_000, 3


@dataclass(frozen=True, slots=True)
class Result:
    """Medians per contender for one load, and ours against the plain loop's."""

    load: str
    events: int
    rounds: int
    medians: dict[str, Measure]

    @property
    def ratio(self) -> float:
        """One worker's events per second, as a part of the plain loop's."""
        return self.medians[OURS.name].events_per_second / self.medians[PEER.name].events_per_second

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"ratio": round(self.ratio, 3)}


def run(shop_file: Path | None, rounds: int = 3, say: Callable[[str], None] = lambda _: None) -> list[Result]:
    """Measure everything on an embedded broker of its own. Takes some minutes.

    shop_file: the Online Retail data; without it only the generated load is measured.
    """
    with tempfile.TemporaryDirectory(prefix="memberships-bench-") as folder, Kafka(Path(folder) / "kafka") as kafka:
        first = _compare(generated(ORDERS, MEMBERS), rounds, kafka, Path(folder), say)
        if shop_file is None:
            return [first]
        return [first, _compare(shop(shop_file, COPIES), rounds, kafka, Path(folder), say)]


def _compare(load: Load, rounds: int, kafka: Kafka, folder: Path, say: Callable[[str], None]) -> Result:
    measures: dict[str, list[Measure]] = {who.name: [] for who in CONTENDERS}
    for number in range(rounds):
        for place, who in enumerate(CONTENDERS):
            prefix = f"{load.name.split()[0]}-{number}-{place}-"
            told = {
                "MEMBERSHIPS_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
                "MEMBERSHIPS_TOPIC_PREFIX": prefix,
                "MEMBERSHIPS_CLOCK": "external",
                "MEMBERSHIPS_DATA": str(folder / prefix),
            }
            settings = Settings.model_validate({key.removeprefix("MEMBERSHIPS_").lower(): v for key, v in told.items()})
            took = measure(who, load, settings, os.environ | told, folder / f"{prefix}log")
            say(f"{load.name}, round {number + 1} of {rounds}, {who.name}: {took.events_per_second:,.0f} events/s")
            measures[who.name].append(took)
    medians = {name: _median(taken) for name, taken in measures.items()}
    return Result(load.name, len(load.events), rounds, medians)


def _median(taken: list[Measure]) -> Measure:
    return Measure(*(median(figures) for figures in zip(*(asdict(each).values() for each in taken), strict=True)))
