"""What a new owner of a partition must see before it may work."""

import pytest
from confluent_kafka import IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tests.driver.world import PARTITIONS, World
from tests.support.processes import PATIENCE, eventually

pytestmark = pytest.mark.broker


def ends(world: World, level: IsolationLevel) -> dict[int, int]:
    """The ends of the balances' changelog: high watermarks, or last stable offsets."""
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
    tps = [TopicPartition(f"{world.prefix}app-balances-changelog", partition) for partition in range(PARTITIONS)]
    found = admin.list_offsets({tp: OffsetSpec.latest() for tp in tps}, isolation_level=level)
    return {tp.partition: future.result().offset for tp, future in found.items()}


def test_the_third_owner_sees_what_was_committed_behind_a_hanging_transaction(world: World) -> None:
    """Given an earlier owner's records in an open transaction, and commits of a second owner behind them; when a third
    restores; then it waits for the end of the transaction, and has what the second committed and nothing of the first."""
    second = world.worker("second").has(4)
    first = Producer(
        {
            "bootstrap.servers": world.broker.bootstrap_servers,
            "transactional.id": f"{world.prefix}hanging",
            "transaction.timeout.ms": 60_000,
        }
    )
    first.init_transactions(PATIENCE)
    first.begin_transaction()
    for partition in range(PARTITIONS):
        first.produce(f"{world.prefix}app-balances-changelog", b"666", b"account-0", partition)
    assert first.flush(PATIENCE) == 0
    world.publish(400)
    world.handled()
    second.stop()
    stable, high = ends(world, IsolationLevel.READ_COMMITTED), ends(world, IsolationLevel.READ_UNCOMMITTED)
    assert all(stable[partition] + 1 < high[partition] for partition in range(PARTITIONS)), "no commits behind it"

    third = world.worker("third").says("assigned")
    assert not eventually(lambda: "live" in third.said, 1.5), "it did not wait for the end of the transaction"
    first.abort_transaction(PATIENCE)
    third.has(4)
    world.publish(400)
    world.handled().audit()


def test_a_changelog_may_end_with_what_was_never_committed(world: World) -> None:
    """Given an aborted transaction as the last there is; when a worker restores; then it ends, without any of that."""
    world.publish(400)
    world.worker("first").has(4)
    world.handled()
    world.workers[-1].stop()
    dead = Producer(
        {"bootstrap.servers": world.broker.bootstrap_servers, "transactional.id": f"{world.prefix}abandoned"}
    )
    dead.init_transactions(PATIENCE)
    dead.begin_transaction()
    for partition in range(PARTITIONS):
        for table in ("balances", "totals"):
            dead.produce(f"{world.prefix}app-{table}-changelog", b"666", b"account-0", partition)
    assert dead.flush(PATIENCE) == 0
    dead.abort_transaction(PATIENCE)
    world.worker("second").has(4)
    world.publish(200)
    world.handled().audit()


def test_state_is_kept_over_a_rebalance_that_changes_nothing(world: World) -> None:
    world.publish(400)
    first = world.worker("w1").has(4)
    world.handled()
    second = world.worker("w2").has(2)
    first.has(2)
    assert first.restored[1:] == [0], "kept partitions were read again"
    second.stop()
    first.has(4)
    world.publish(200)
    world.handled().audit()
