"""The broker goes away and comes back, cleanly or not."""

import pytest

from driver.failstop import Exit
from tests.driver.world import World, pause
from tests.support.processes import PATIENCE, eventually

pytestmark = pytest.mark.broker


def test_a_clean_restart_of_the_broker_ends_no_worker(own_world: World) -> None:
    world = own_world
    world.load(per_second=200)
    away = 60.0  # on a busy machine a restart takes long; the broker allows no longer transaction
    worker = world.worker(session_timeout=away, transaction_timeout=away, startup_timeout=away).has(4)
    pause(0.3, 0.8, world.random)
    world.broker.stop()
    assert worker.alive
    world.broker.start()
    world.progresses()
    world.end_load()
    world.handled()
    assert worker.alive, worker.said
    world.audit()


def test_a_killed_broker(own_world: World) -> None:
    world = own_world
    world.load(per_second=200)
    world.worker(session_timeout=10.0, transaction_timeout=10.0).has(4)
    pause(0.3, 0.8, world.random)
    world.broker.kill()
    pause(0.5, 1.0, world.random)
    world.broker.start()
    pause(2.0, 3.0, world.random)
    world.end_load()

    def handled() -> bool:
        if not world.workers[-1].alive:  # allowed, with a reason; a supervisor starts it again
            assert world.workers[-1].ends() in (Exit.FENCED, Exit.FAILED), world.workers[-1].said
            world.worker()
        return world.count("out") >= world.published

    assert eventually(handled, 2 * PATIENCE), world.workers[-1].said
    world.audit()

    idle = world.worker("w2", limits={"broker": 8.0}).says("live")
    world.broker.kill()
    assert idle.ends() == Exit.STUCK
    assert "no broker answered for" in idle.reason
