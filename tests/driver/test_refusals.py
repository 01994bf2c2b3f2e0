"""A wrong set-up is refused at start and a hanging worker ends, each with one clear sentence."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from driver import Config, RefusedError
from driver.failstop import CrashPoint, Exit, FencedError
from driver.transaction import Transactions, Work
from driver.versions import check_versions
from local.kafka import Kafka
from tests.driver.world import SOURCES, World
from tests.support.processes import PATIENCE


@pytest.fixture
def bare(broker: Kafka, prefix: str, tmp_path: Path) -> World:
    """A world without topics."""
    return World(broker, prefix, tmp_path, 0)


TOPICS = {"deposits": 4, "withdrawals": 4, "app-balances-changelog": 4, "app-totals-changelog": 4}


@pytest.mark.broker
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"withdrawals": 3}, "the source topics must have one number of partitions"),
        ({"withdrawals": 0}, "these topics do not exist"),
        ({"app-totals-changelog": 0}, "these topics do not exist"),
        ({"app-totals-changelog": 2}, "has 2 partitions, but the source topics have 4"),
    ],
)
def test_wrong_topics(bare: World, change: dict[str, int], sentence: str) -> None:
    bare.create({name: count for name, count in (TOPICS | change).items() if count})
    worker = bare.worker()
    assert worker.ends() == Exit.REFUSED
    assert sentence in worker.reason


@pytest.mark.broker
def test_a_topic_that_does_not_take_the_records(world: World) -> None:
    """Given an output topic with a tiny size limit, then the worker ends at once with the broker's name for it."""
    limit = ConfigEntry("max.message.bytes", "100", incremental_operation=AlterConfigOpType.SET)
    out = ConfigResource(ConfigResource.Type.TOPIC, f"{world.prefix}out", incremental_configs=[limit])
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
    for done in admin.incremental_alter_configs([out]).values():
        done.result(PATIENCE)
    worker = world.worker().has(4)
    world.publish(100)
    assert worker.ends() == Exit.REFUSED
    assert "MSG_SIZE_TOO_LARGE" in worker.reason
    assert "the poll is done again" not in worker.said


@pytest.mark.broker
def test_two_workers_on_one_data_directory(world: World, tmp_path: Path) -> None:
    world.worker("w1", data_dir=str(tmp_path / "data")).has(4)
    second = world.worker("w2", data_dir=str(tmp_path / "data"))
    assert second.ends() == Exit.REFUSED
    assert "is in use by process" in second.reason


@pytest.mark.broker
def test_a_name_that_is_taken_while_records_are_handed_over(world: World) -> None:
    """Given a client that has heard of it before the next record, then that record is refused for what it is."""
    config = Config(bootstrap_servers=world.broker.bootstrap_servers, worker="w1")
    elder, younger = (Transactions(config, f"{world.prefix}app", CrashPoint("")) for _ in range(2))
    elder.start()

    def records() -> Iterator[tuple[bytes, bytes]]:
        younger.start()
        yield b"first", b""
        for number in range(1_000):  # the first is sent meanwhile, and refused, however long that takes
            time.sleep(0.05)
            yield b"%d" % number, b""

    with pytest.raises(FencedError, match="Two workers must not have one name"):
        elder.commit(Work([(f"{world.prefix}out", 0, records())], [], [], None))


@pytest.mark.broker
def test_tables_whose_offsets_are_gone(world: World) -> None:
    world.publish(100)
    first = world.worker().has(4)
    world.handled()
    first.stop()
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
    for done in admin.delete_consumer_groups([f"{world.prefix}app"]).values():
        done.result(PATIENCE)
    second = world.worker()
    assert second.ends() == Exit.REFUSED
    assert "has no committed offsets for partition" in second.reason
    assert world.count("out") == 100


@pytest.mark.broker
def test_input_that_retention_deleted_before_it_was_read(world: World) -> None:
    world.publish(100)
    first = world.worker().has(4)
    world.handled()
    first.stop()
    world.publish(100)
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
    all_of = [TopicPartition(world.prefix + name, partition, OFFSET_END) for name in SOURCES for partition in range(4)]
    for gone in admin.delete_records(all_of).values():
        gone.result(PATIENCE)
    second = world.worker()
    assert second.ends() == Exit.REFUSED
    assert "the source topics cannot be read" in second.reason


def test_no_broker(prefix: str, tmp_path: Path) -> None:
    world = World(Kafka(tmp_path, 1), prefix, tmp_path, 0)
    worker = world.worker(startup_timeout=1.0)
    assert worker.ends() == Exit.UNREACHABLE
    assert "no broker answered at 127.0.0.1:1" in worker.reason


@pytest.mark.broker
@pytest.mark.parametrize(
    ("misbehave", "code", "sentence"),
    [
        ("block", Exit.STUCK, "the event loop did not turn"),
        ("hang", Exit.STUCK, "a poll, its work or its commit did not finish"),
        ("cancel", Exit.FAILED, "agent deposits failed: CancelledError"),
        ("return", Exit.FAILED, "agent deposits"),
        ("send", Exit.FAILED, "outputs go by batch.emit"),
        ("stranger", Exit.FAILED, "were written by batches of other partitions"),
        ("late-topic", Exit.REFUSED, "comes after the subscription"),
        ("task-write", Exit.FAILED, "a table was written outside of a batch"),
    ],
)
def test_an_agent_that_does_what_it_must_not(world: World, misbehave: str, code: Exit, sentence: str) -> None:
    limits = {"block": {"loop": 5.0}, "hang": {"poll": 5.0}}.get(misbehave, {})
    worker = world.worker(misbehave=misbehave, limits=limits).has(4)
    if misbehave == "task-write":
        worker.says("strayed")
        world.publish(10)
    world.publish_bad()
    assert worker.ends() == code, worker.said
    assert sentence in worker.reason
    assert not [value for *_, value in world.read("out") if b"bad" in (value or b"")]


def test_other_versions_than_the_pinned_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    check_versions()
    monkeypatch.setattr("driver.versions.version", lambda _package: "9.9")
    with pytest.raises(RefusedError, match=r"faust-streaming 9\.9 is installed"):
        check_versions()


@pytest.mark.parametrize("wrong", [{"store": "rocksdb"}, {"worker": ""}])
def test_a_config_that_cannot_work(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Config(**{"bootstrap_servers": "x:1", "worker": "w", **wrong})
