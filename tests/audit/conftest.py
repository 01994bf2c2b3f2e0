"""An installation on the real broker, and a small shop on it."""

from pathlib import Path

import pytest

from agents import topics
from agents.settings import Settings
from local.kafka import Kafka
from tests.audit.broker import PARTITIONS, commit, feed, write
from tests.audit.world import World, a_small_shop


@pytest.fixture
def settings(broker: Kafka, prefix: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name, value in {
        "BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "TOPIC_PREFIX": prefix,
        "PARTITIONS": str(PARTITIONS),
        "REDIS_URL": redis_url,
        "CLOCK": "external",
        "DATA": str(tmp_path / "data"),
    }.items():
        monkeypatch.setenv(f"MEMBERSHIPS_{name}", value)
    settings = Settings()
    topics.apply(settings)
    return settings


@pytest.fixture
def shop(settings: Settings) -> World:
    """A small shop on the broker, handled to its end, its views fed."""
    world = a_small_shop(settings.topic_prefix, PARTITIONS, poison_clock=False)
    inputs = {topic.name for topic in world.catalogue.handled}
    write(settings, {place: records for place, records in world.topics.items() if place[0] in inputs})
    write(settings, {place: records for place, records in world.topics.items() if place[0] not in inputs}, within="w")
    commit(settings, world.committed)
    feed(settings, world)
    return world
