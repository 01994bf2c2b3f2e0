"""The broker goes away and comes back, cleanly or not."""

import pytest

from driver.failstop import Exit
from tests.driver.world import World, pause
from tests.support.processes import eventually

pytestmark = pytest.mark.broker


def test_a_clean_restart_of_the_broker_ends_no_worker(own_world: World) -> None:
    world = own_world
    world.load(per_second=200)
    worker = world.worker(session_timeout=30.0, transaction_timeout=30.0).has(
        4
    )  # on a busy machine it is away for long
    pause(0.3, 0.8, world.random)
    world.broker.stop()
    assert worker.alive
    world.broker.start()
    before = world.count("out")
    assert eventually(lambda: world.count("out") > before, 60), worker.said
    world.end_load()
    world.handled()
    assert worker.alive, worker.said
    world.audit()


def test_a_killed_broker(own_world: World) -> None:
    world = own_world
    world.load(per_second=200)
    worker = world.worker(session_timeout=10.0, transaction_timeout=10.0).has(4)
    pause(0.3, 0.8, world.random)
    world.broker.kill()
    pause(0.5, 1.0, world.random)
    world.broker.start()
    pause(2.0, 3.0, world.random)
    world.end_load()
    print(f"the worker {'lives' if worker.alive else 'ended: ' + worker.said.splitlines()[-1]}")  # noqa: T201
    if not worker.alive:  # allowed, with a reason; a supervisor starts it again
        assert worker.ends() in (Exit.FENCED, Exit.FAILED), worker.said
        worker = world.worker("w1", session_timeout=10.0)
    world.handled(60).audit()

    idle = world.worker("w2", limits={"broker": 3.0}).says("live")
    world.broker.kill()
    assert idle.ends() == Exit.STUCK
    assert "no broker answered for" in idle.said.splitlines()[-1]
