"""Fixtures for every test that needs a real service. The services start when the first test asks for one.

- `broker`: the run's Kafka (`broker.bootstrap_servers`). Shared: a test that stops or pauses a broker starts its own.
- `redis_url`: an empty database of the run's Valkey, for this test alone.
- `prefix`: what this test puts before its topic and group names.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from hypothesis import HealthCheck, settings

from local.kafka import Kafka
from tests.support.services import SharedServices

# How long an example takes is the machine's affair: its pauses are no finding.
# The same examples each time, so that what is green here is green everywhere; MEMBERSHIPS_SEARCH=N looks for new ones.
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="MEMBERSHIPS_SEARCH" not in os.environ,
)
settings.load_profile("any machine")

SERVICES = pytest.StashKey[SharedServices]()
WORKER_INPUT = "shared_services"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: the tests that take minutes, too."""
    parser.addoption("--long", action="store_true", help="run the long form of the fault suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out where nobody asked for them."""
    left_out = [] if config.getoption("--long") else [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_configure(config: pytest.Config) -> None:
    """The process that leads the run owns the services; an xdist worker is told where they are."""
    if told := getattr(config, "workerinput", {}).get(WORKER_INPUT):
        folder, owner = told
        config.stash[SERVICES] = SharedServices(Path(folder), owner)
    else:
        config.stash[SERVICES] = SharedServices.of_this_process()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker (a node) of the services."""
    services = node.config.stash[SERVICES]
    node.workerinput[WORKER_INPUT] = (str(services.folder), services.owner)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The end of the run: the leading process ends the services."""
    services = config.stash[SERVICES]
    if services.owner == os.getpid():
        services.close()


@pytest.fixture(scope="session")
def broker(pytestconfig: pytest.Config) -> Kafka:
    """The run's broker."""
    return pytestconfig.stash[SERVICES].kafka()


@pytest.fixture(scope="session")
def shared_redis_url(pytestconfig: pytest.Config) -> str:
    """The run's Valkey; its database 0 counts the databases given out."""
    return pytestconfig.stash[SERVICES].valkey().url


@pytest.fixture
def redis_url(shared_redis_url: str) -> Iterator[str]:
    """An empty database, emptied again at the end."""
    with redis.Redis.from_url(shared_redis_url) as counter:
        number = int(counter.incr("databases"))  # type: ignore[arg-type]
    url = f"{shared_redis_url.removesuffix('/0')}/{number}"
    yield url
    with redis.Redis.from_url(url) as database:
        database.flushdb()


@pytest.fixture
def prefix() -> str:
    """Unique over all tests and runs, fit for topic names."""
    return f"t{uuid4().hex[:12]}-"
