"""Adds up what the workers have written: notifications by kind, points by kind of ledger entry, requests by type."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, TopicPartition

from agents.settings import Settings
from cli.errors import kafka_unreachable

WAIT_S = 0.1
PATIENCE_S = 10.0
BATCH = 5_000


@dataclass
class Totals:
    """Counts over all members since the topics began."""

    notifications: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Three plain mappings, each sorted by name."""
        return {
            "notifications": dict(sorted(self.notifications.items())),
            "points": dict(sorted(self.points.items())),
            "requests": dict(sorted(self.requests.items())),
        }


def read(settings: Settings) -> Totals:
    """The totals as of now, from committed records only. Raises KafkaException where the broker cannot be read."""
    totals = Totals()
    for role, event in _events(settings, ("notifications", "points-ledger", "requests")):
        data = event["data"]
        match role:
            case "notifications":
                totals.notifications[data["notification"]] += 1
            case "points-ledger":
                totals.points[data["kind"]] += data["points"]
            case _:
                totals.requests[event["type"].removesuffix(".v1")] += 1
    return totals


def _events(settings: Settings, roles: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    catalogue = settings.catalogue()
    consumer = Consumer(
        settings.librdkafka()
        | {"group.id": f"{settings.group}-totals", "enable.auto.commit": False, "log_level": 2}
        | {"isolation.level": "read_committed", "enable.partition.eof": True}
    )
    places = [TopicPartition(catalogue.name(role), p, 0) for role in roles for p in range(settings.partitions)]
    unfinished, quiet_since = len(places), time.monotonic()
    consumer.assign(places)
    try:
        while unfinished:
            messages = consumer.consume(BATCH, WAIT_S)
            if messages:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > PATIENCE_S:
                raise kafka_unreachable(settings.bootstrap_servers, f"no answer for {PATIENCE_S:g} s")
            for message in messages:
                error, value, topic = message.error(), message.value(), message.topic()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    unfinished -= 1
                elif error is None and value is not None and topic is not None:
                    yield catalogue.role(topic), orjson.loads(value)
    finally:
        consumer.close()
