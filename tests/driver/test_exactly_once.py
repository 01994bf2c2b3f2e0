"""Whatever befalls a worker: each input's output exactly once, and tables as recomputed from the inputs."""

import signal
import time
from pathlib import Path

import pytest

from driver.failstop import CRASH_POINTS, Exit
from tests.driver.world import EXPIRING, World, pause
from tests.support.processes import eventually

pytestmark = pytest.mark.broker


def test_a_backlog_and_a_clean_restart(world: World) -> None:
    world.publish(1500)
    first = world.worker().has(4)
    world.handled()
    first.stop()
    for counted in ("records=1500", "outputs=1500", "aborts=0", "rebalances=0", "restores=4", "kept=0"):
        assert counted in first.metrics
    assert "commits=0" not in first.metrics
    world.publish(500)
    second = world.worker().has(4)
    world.handled().audit()
    second.stop()
    assert "records=500," in second.metrics, "records were handled again"


def test_killed_at_random_times(world: World) -> None:
    world.load(per_second=400)
    for turn in range(4):
        worker = world.worker(static_membership=True).has(4)
        if turn % 2:  # else perhaps before its first commit
            world.progresses()
        pause(0.05, 1.0, world.random)
        assert worker.alive
        worker.kill()
    world.end_load()
    world.publish(100)  # the last kill may have come just after a commit: its successor has work all the same
    assert 0 < world.count("out") < world.published, "the kills came before all work"
    world.worker(static_membership=True)
    world.handled().audit()


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_killed_at_a_named_point(world: World, point: str) -> None:
    world.publish(200)
    doomed = world.worker(crash_at=f"{point}:2", max_poll_records=60, static_membership=True)
    assert doomed.ends() == -signal.SIGKILL
    assert f"crash point {point} reached" in doomed.said
    world.worker(max_poll_records=60, static_membership=True)
    world.handled().audit()


def test_one_worker_two_and_one_again(world: World) -> None:
    world.load(per_second=400)
    first = world.worker("w1").has(4)
    second = world.worker("w2").has(2)
    first.has(2)
    assert first.live | second.live == {0, 1, 2, 3}
    pause(0.5, 1.0, world.random)
    second.stop()
    first.has(4)
    world.end_load()
    world.handled().audit()


def test_two_workers_killed_in_turn(world: World) -> None:
    world.load(per_second=400)
    for victim, heir in (("w1", "w2"), ("w2", "w1")):
        running = {
            name: world.worker(name, **EXPIRING)
            for name in (victim, heir)
            if not any(w.name == name and w.alive for w in world.workers)
        }
        for worker in running.values():
            worker.says("live: ")
        pause(0.2, 0.8, world.random)
        next(worker for worker in reversed(world.workers) if worker.name == victim).kill()
        survivor = next(worker for worker in reversed(world.workers) if worker.name == heir)
        survivor.has(4)
    world.end_load()
    world.handled().audit()


def test_stopped_past_the_session_timeout_and_woken(world: World) -> None:
    world.load(per_second=300)
    sleeper = world.worker("w1", **EXPIRING).has(4)
    pause(0.1, 0.5, world.random)
    sleeper.send(signal.SIGSTOP)
    since = time.monotonic()
    heir = world.worker("w2").has(4)
    world.progresses()
    asleep = time.monotonic() - since
    time.sleep(max(0.0, EXPIRING["session_timeout"] - asleep))  # the heir may have them a little sooner
    sleeper.send(signal.SIGCONT)
    assert sleeper.ends() == Exit.FENCED
    assert "is fenced" in sleeper.said
    world.end_load()
    heir.has(4)  # perhaps again: woken, the sleeper may have asked for its share before it ended
    world.handled().audit()


@pytest.mark.parametrize("point", ["before-produce", "before-commit"])
def test_stopped_within_a_transaction_and_woken(world: World, point: str) -> None:
    world.publish(300)
    sleeper = world.worker("w1", crash_at=f"{point}:2:stop", max_poll_records=60, **EXPIRING)
    sleeper.says(f"crash point {point} reached")
    world.worker("w2").has(4)
    world.publish(100)
    world.handled()
    sleeper.send(signal.SIGCONT)
    assert sleeper.ends() == Exit.FENCED
    assert "is fenced" in sleeper.said
    world.publish(100)
    world.handled().audit()


def test_two_workers_with_one_name(world: World) -> None:
    world.publish(300)
    first = world.worker("twin", **EXPIRING).has(4)
    world.worker("twin").says("assigned")
    world.load(per_second=200)
    assert first.ends() == Exit.FENCED
    assert "Two workers must not have one name" in first.said
    world.end_load()
    world.handled().audit()


def test_a_coordinator_that_moves(world: World) -> None:
    """Aborted, and done again from the committed offsets with the committed tables; the worker stays."""
    world.publish(400)
    worker = world.worker(coordinator_moves=2, max_poll_records=60).has(4)
    world.handled()
    assert worker.said.count("NOT_COORDINATOR") == 2
    assert worker.said.count("restored 0: ") == 3, "the hooks were not called again"
    worker.stop()
    for counted in ("aborts=2", "kept=8", "records=400,"):
        assert counted in worker.metrics
    world.audit()


def test_a_coordinator_that_never_answers(world: World) -> None:
    world.publish(400)
    worker = world.worker(coordinator_moves=1000, most_rewinds=3, max_poll_records=60, static_membership=True)
    assert worker.ends() == Exit.FAILED
    assert "AbortedError: NOT_COORDINATOR" in worker.reason
    world.worker(static_membership=True)
    world.handled().audit()


def test_an_agent_that_raises_loses_nothing(world: World) -> None:
    world.publish(300)
    world.publish_bad()
    world.publish(300)
    failed = world.worker(misbehave="raise", max_poll_records=100, static_membership=True)
    assert failed.ends() == Exit.FAILED
    assert "ValueError: bad record" in failed.reason
    assert world.count("out") < world.published
    again = world.worker(misbehave="raise", max_poll_records=100, static_membership=True)
    assert again.ends() == Exit.FAILED, "the bad record was stepped over"
    assert not any(b"bad" in (value or b"") for *_, value in world.read("out"))


def test_rocksdb_after_a_kill_and_after_a_clean_end(world: World, tmp_path: Path) -> None:
    spec = {"store": "rocksdb", "data_dir": str(tmp_path / "data"), "static_membership": True}
    world.load(per_second=400)
    killed = world.worker(**spec).has(4)
    assert eventually(lambda: world.count("out") > 100), killed.said
    killed.kill()
    restored = world.worker(**spec).has(4)
    assert restored.restored[0] > 0, "files of an unclean end were used"
    world.end_load()
    world.handled()
    restored.stop()
    kept = world.worker(**spec).has(4)
    assert kept.restored == [0], "files of a clean end were not used"
    world.publish(200)
    world.handled().audit()
    assert kept.alive
