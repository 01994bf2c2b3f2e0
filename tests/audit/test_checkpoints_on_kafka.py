"""Checkpoints on a real broker: what lies before one is deleted, and the audit goes on from there."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from kafka import TopicPartition as Partition

import audit
from agents.settings import Settings
from audit.checkpoint import CheckpointError
from audit.topics import TopicReader
from cli.wire import connected
from models.catalogue import TABLES
from tests.audit.broker import PARTITIONS, commit, committed, feed, worker, write
from tests.audit.changes import edited
from tests.audit.world import Place, World, a_small_shop
from tests.support.processes import eventually

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]


@pytest.fixture
def saved(settings: Settings, shop: World, tmp_path: Path) -> Path:
    """A directory with a checkpoint of the shop."""
    report = audit.run(settings, patience=3, save=tmp_path / "audited")
    assert report.clean, report.first
    assert report.saved
    assert report.began_from is None
    return tmp_path / "audited"


def test_the_audit_goes_on_when_all_before_the_checkpoint_is_gone(settings: Settings, shop: World, saved: Path) -> None:
    """given everything deleted that was audited, when more happens, then --from is clean, and saves what the next begins with."""
    before = audit.run(settings, patience=3, begin=saved)
    assert before.clean, before.first
    assert before.began_from
    delete(settings, before.began_from.offsets)
    for turn in range(2):
        more = more_happens(settings, shop, turn)
        report = audit.run(settings, patience=3, begin=saved, save=saved)
        assert report.clean, report.first
        assert report.began_from
        assert report.saved
        assert report.saved.began_from == report.began_from.digest
        assert report.saved.handled > report.began_from.handled
        read = {name: report.covered[name] for name in map(shop.catalogue.name, ("orders", "clock", "decisions"))}
        assert read == {name: sum(len(rs) for (of, _), rs in more.items() if of == name) for name in read}
        delete(settings, report.saved.offsets)
        compared = {check.name: check.compared for check in report.checks}
        assert compared["own account"] > 5, "all members are compared, whoever had something happen"

    found = failing(settings)
    assert "it cannot be recomputed from what is left" in found["covered"]
    assert "memberships audit --from DIR" in found["covered"]


def test_an_output_changed_behind_the_checkpoint_is_found(settings: Settings, shop: World, saved: Path) -> None:
    def tampered(records: list[Any]) -> list[Any]:
        return [edited(lambda data: data.update(points=data["points"] + 1))(records[0]), *records[1:]]

    begun = audit.run(settings, patience=3, begin=saved).began_from
    assert begun
    delete(settings, begun.offsets)
    more_happens(settings, shop, 0, ledger=tampered)
    held = (saved / "checkpoint.json").read_bytes()
    found = failing(settings, begin=saved, save=saved)
    assert found.keys() >= {"chain", "outputs", "own account"}
    assert "covered" not in found
    assert (saved / "checkpoint.json").read_bytes() == held, "what is not clean is not saved"


def test_records_that_are_gone_behind_the_checkpoint_are_named(settings: Settings, shop: World, saved: Path) -> None:
    """given a topic cut off beyond the checkpoint, then the first offset that nobody has audited is named."""
    more_happens(settings, shop, 0)
    begun = audit.run(settings, patience=3, begin=saved).began_from
    assert begun
    name = shop.catalogue.name("orders")
    number = next(
        number for number in range(PARTITIONS) if shop.committed[name, number] > begun.offsets["orders"][number]
    )
    first, end = begun.offsets["orders"][number], shop.committed[name, number]
    delete(settings, {"orders": tuple(end if n == number else 0 for n in range(PARTITIONS))})
    assert failing(settings, begin=saved)["covered"] == (
        f"{name}[{number}] begins at {end}: the checkpoint ends at {first}, so the records from {first} on are gone, "
        "and nobody has audited them"
    )


def test_nothing_is_saved_that_is_not_clean(settings: Settings, shop: World, tmp_path: Path) -> None:
    write(settings, {place: rs for place, rs in shop.topics.items() if "notifications" in place[0]}, within="again")
    report = audit.run(settings, patience=1.5, save=tmp_path / "audited")
    assert not report.clean
    assert report.saved is None
    assert list((tmp_path / "audited").iterdir()) == []


def test_a_checkpoint_of_other_topics_is_refused(
    settings: Settings, shop: World, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERSHIPS_TOPIC_PREFIX", "elsewhere-")
    with pytest.raises(CheckpointError, match="is of another installation: its topic_prefix is") as caught:
        audit.run(Settings(), begin=saved)
    assert "without --from" in caught.value.hint


def test_a_real_worker_is_audited_on_after_retention_and_compaction(settings: Settings, tmp_path: Path) -> None:
    """given a worker's records audited and deleted, and its changelogs compacted, when it works on, then all is clean."""
    world, directory = a_small_shop(settings.topic_prefix, PARTITIONS), tmp_path / "audited"
    written: dict[Place, int] = {}
    with worker():
        publish_inputs(settings, world, written)
        report = audit.run(settings, views=False, patience=10, save=directory)
        assert report.clean, report.first
        assert report.saved
        delete(settings, report.saved.offsets)
        compact(settings, world)
        for turn in range(2):
            happens(world, turn)
            publish_inputs(settings, world, written)
        assert eventually(lambda: is_compacted(settings, world), 120)
        report = audit.run(settings, views=False, patience=10, begin=directory)
    assert report.clean, report.first
    assert not audit.run(settings, views=False, patience=10).clean


def is_compacted(settings: Settings, world: World) -> bool:
    """Whether the members' changelog, which was never cut off, has lost the first of its records."""
    places = [Partition(world.catalogue.changelog("members"), number) for number in range(PARTITIONS)]
    with TopicReader(settings.kafka_python(), settings.group) as reader:
        snapshot = reader.snapshot(places, 10)
        found = reader.read(snapshot, places)
    return all(snapshot.starts[place] == 0 and found[place][0].offset > 0 for place in places)


def compact(settings: Settings, world: World) -> None:
    """Have the changelogs compacted soon."""
    admin = AdminClient(settings.librdkafka())
    wanted = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "100"}
    for table in TABLES:
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in wanted.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, world.catalogue.changelog(table), incremental_configs=entries)
        for done in admin.incremental_alter_configs([resource]).values():
            done.result(20)


def publish_inputs(settings: Settings, world: World, written: dict[Place, int]) -> None:
    """What upstream has written since, and wait until the worker is through."""
    inputs = {topic.name for topic in world.catalogue.inputs}
    fresh = {place: rs[written.get(place, 0) :] for place, rs in list(world.topics.items()) if place[0] in inputs}
    write(settings, fresh)
    written |= {place: len(world.topics[place]) for place in fresh}
    wanted = {place: count for place, count in written.items() if count}
    assert eventually(lambda: wanted.items() <= committed(settings, world).items(), 60)
    with connected(settings) as wire:
        assert eventually(lambda: not wire.behind("transfers"), 60)


def happens(world: World, turn: int) -> None:
    """Orders, returns, time, a charge that fails."""
    world.order("ann", f"A{turn}-more")
    world.bring_back("cyd", f"RC{turn}", "C2", l1=1)
    world.bring_back("bob", f"RB{turn}", f"B{turn}-later", l1=1)
    world.tick(timedelta(days=4))
    world.handle()


def more_happens(
    settings: Settings, world: World, turn: int, ledger: Any = lambda records: records
) -> dict[Place, list[Any]]:
    """More on the broker, handled to its end, the views fed; returns what is new."""
    had = {place: len(records) for place, records in world.topics.items()}
    happens(world, turn)
    fresh = {place: rs[had.get(place, 0) :] for place, rs in world.topics.items() if len(rs) > had.get(place, 0)}
    inputs = {topic.name for topic in world.catalogue.handled}
    write(settings, {place: rs for place, rs in fresh.items() if place[0] in inputs})
    name = world.catalogue.name("points-ledger")
    outputs = {place: ledger(rs) if place[0] == name else rs for place, rs in fresh.items() if place[0] not in inputs}
    write(settings, outputs, within="w")
    commit(settings, world.committed)
    feed(settings, world)
    return fresh


def delete(settings: Settings, offsets: Any) -> None:
    """Delete all records before these, as retention does."""
    catalogue = settings.catalogue()
    places = [
        TopicPartition(catalogue.name(role), number, offset)
        for role, ends in offsets.items()
        for number, offset in enumerate(ends)
        if offset
    ]
    admin = AdminClient(settings.librdkafka())  # has to live as long as its answers
    for done in admin.delete_records(places).values():
        done.result(20)


def failing(settings: Settings, **how: Any) -> dict[str, str]:
    """First difference of each check that is not clean."""
    report = audit.run(settings, patience=1.5, **how)
    assert not report.clean
    assert report.saved is None
    return {check.name: check.differences[0] for check in report.checks if check.state != "clean"}
