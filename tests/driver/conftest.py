"""The world of one driver test; its seed is printed and can be given by DRIVER_SEED."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.kafka import Kafka
from tests.driver.world import World


@pytest.fixture
def seed() -> int:
    value = int(os.environ.get("DRIVER_SEED") or random.randrange(1_000_000))
    print(f"DRIVER_SEED={value}")  # noqa: T201 - pytest shows it when the test fails
    return value


@pytest.fixture
def world(broker: Kafka, prefix: str, tmp_path: Path, seed: int) -> Iterator[World]:
    world = World(broker, prefix, tmp_path, seed).create_all()
    yield world
    world.clear()


@pytest.fixture
def own_world(prefix: str, tmp_path: Path, seed: int) -> Iterator[World]:
    """A world on a broker of its own, to be stopped and killed."""
    with Kafka(tmp_path / "kafka") as broker:
        world = World(broker, prefix, tmp_path, seed).create_all()
        yield world
        world.clear()
