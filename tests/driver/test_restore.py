"""What a new owner of a partition must see before it may work."""

import time

import pytest
from confluent_kafka import IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tests.driver.world import PARTITIONS, World

pytestmark = pytest.mark.broker


def ends(world: World, level: IsolationLevel) -> dict[int, int]:
    """The ends of the balances' changelog: high watermarks, or last stable offsets."""
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
    tps = [TopicPartition(f"{world.prefix}app-balances-changelog", partition) for partition in range(PARTITIONS)]
    found = admin.list_offsets({tp: OffsetSpec.latest() for tp in tps}, isolation_level=level)
    return {tp.partition: future.result().offset for tp, future in found.items()}


def test_the_third_owner_sees_what_was_committed_behind_a_hanging_transaction(world: World) -> None:
    """Given a first owner that hangs in a transaction, and a second that committed after it; when a third restores; then
    it has what the second committed, and nothing of the first."""
    hangs_for = 8.0
    first = Producer(
        {
            "bootstrap.servers": world.broker.bootstrap_servers,
            "transactional.id": f"{world.prefix}hanging",
            "transaction.timeout.ms": int(hangs_for * 1000),
        }
    )
    first.init_transactions(10)
    first.begin_transaction()
    started = time.monotonic()
    for partition in range(PARTITIONS):
        first.produce(f"{world.prefix}app-balances-changelog", b"666", b"account-0", partition)
    assert first.flush(10) == 0

    world.publish(400)
    second = world.worker("second").has(4)
    assert time.monotonic() - started < hangs_for, "the machine is too slow: the transaction no longer hangs"
    deadline = started + hangs_for
    while time.monotonic() < deadline and "live" not in second.said:
        time.sleep(0.05)
    # nothing can be read of an output behind an open transaction of its own topic, so the commits are seen by the offsets
    world.handled()
    second.kill()
    stable, high = ends(world, IsolationLevel.READ_COMMITTED), ends(world, IsolationLevel.READ_UNCOMMITTED)
    assert time.monotonic() - started < hangs_for, "the machine is too slow: the transaction no longer hangs"
    assert all(stable[partition] < high[partition] for partition in range(PARTITIONS)), "no transaction hangs"

    world.worker("third").has(4)
    assert time.monotonic() - started > hangs_for, "it did not wait for the hanging transaction's end"
    world.publish(400)
    world.handled().audit()


def test_state_is_kept_over_a_rebalance_that_changes_nothing(world: World) -> None:
    world.publish(400)
    first = world.worker("w1").has(4)
    world.handled()
    read_before = first.said.count("records read")
    second = world.worker("w2").has(2)
    first.has(2)
    assert " 0 records read" in first.said.split("revoked")[-1], "kept partitions were read again"
    assert first.said.count("records read") == read_before + 1
    second.stop()
    first.has(4)
    world.publish(200)
    world.handled().audit()
