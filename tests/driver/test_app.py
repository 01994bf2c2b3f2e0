"""The app as its users see it before it runs."""

from typing import Any

import pytest

from driver import App, Config, NotAssignedError, RefusedError
from tests.driver.world import World
from tests.support.processes import eventually


@pytest.fixture
def app() -> App:
    return App("shop", config=Config(bootstrap_servers="127.0.0.1:1", worker="w"))


async def consume(batches: Any) -> None:
    async for _ in batches:
        pass


def test_it_tells_the_changelogs_it_needs(app: App) -> None:
    app.Table("stock")
    app.Table("prices")
    assert app.changelogs == {"shop-stock-changelog": "stock", "shop-prices-changelog": "prices"}


def test_a_table_is_read_by_live_partition_only(app: App) -> None:
    stock = app.Table("stock")
    assert app.assigned == frozenset()
    with pytest.raises(NotAssignedError, match="partition 3 of table stock"):
        stock.at(3)
    with pytest.raises(TypeError, match="read by partition"):
        stock[b"key"]
    with pytest.raises(TypeError, match="written by partition"):
        stock[b"key"] = b"value"
    with pytest.raises(TypeError, match="written by partition"):
        del stock[b"key"]


@pytest.mark.parametrize("options", [{"sink": [print]}, {"concurrency": 2}, {"isolated_partitions": True}])
def test_agents_that_are_not_exactly_once_are_refused(app: App, options: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="agent consume"):
        app.agent(app.topic("orders"), **options)(consume)


def test_an_agent_needs_a_topic(app: App) -> None:
    with pytest.raises(RefusedError, match="needs a topic"):
        app.agent()(consume)


def test_a_secret_is_not_in_the_config_s_text() -> None:
    assert "hush" not in repr(Config(bootstrap_servers="x:1", worker="w", security={"sasl.password": "hush"}))


@pytest.mark.broker
def test_sending_outside_of_any_transaction(world: World) -> None:
    app = App("ticker", config=Config(bootstrap_servers=world.broker.bootstrap_servers, worker="w"))
    for number in range(3):
        app.send_outside(f"{world.prefix}out", 2, None, b"%d" % number)
    assert eventually(lambda: world.count("out") == 3)
    assert [(partition, key, value) for partition, _, key, value in world.read("out")] == [
        (2, None, b"0"),
        (2, None, b"1"),
        (2, None, b"2"),
    ]
