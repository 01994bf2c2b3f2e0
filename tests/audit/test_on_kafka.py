"""The whole audit on a real broker: topics as workers leave them, then one thing wrong at a time."""

from typing import Any

import kafka
import orjson
import pytest
import redis
from confluent_kafka import Producer

import audit
from agents import topics
from agents.settings import Settings
from audit.topics import TopicReader
from cli.wire import connected
from tests.audit.broker import PARTITIONS, commit, committed, worker, write
from tests.audit.world import World, a_small_shop
from tests.support.processes import eventually

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]


def test_a_shop_that_nobody_touched_is_clean(settings: Settings, shop: World) -> None:
    """given everything as workers leave it, then the report is clean, ready for JSON, and has counted what it read."""
    told: list[tuple[str, int, int]] = []
    report = audit.run(settings, lambda *progress: told.append(progress), patience=3)
    assert report.clean, report.first
    assert told[-1] == ("partitions", PARTITIONS, PARTITIONS)
    whole = {topic.name for topic in shop.catalogue.topics if not topic.compacted}  # the others as the broker left them
    assert {name: report.covered[name] for name in whole} == {name: count(shop, name) for name in whole}
    assert report.covered.keys() == {topic.name for topic in shop.catalogue.topics}
    assert orjson.loads(report.model_dump_json())["clean"] is True


def test_what_an_aborted_transaction_wrote_does_not_exist(settings: Settings, shop: World) -> None:
    """given all outputs written once more in a transaction that was aborted, then nothing of it is seen."""
    outputs = {topic.name for topic in shop.catalogue.outputs}
    again = {place: records for place, records in shop.topics.items() if place[0] in outputs}
    write(settings, again, within="aborted", abort=True)
    assert audit.run(settings, patience=3).clean


def test_outputs_that_are_there_twice_are_found(settings: Settings, shop: World) -> None:
    write(settings, {place: rs for place, rs in shop.topics.items() if "notifications" in place[0]}, within="again")
    found = failing(settings)
    assert "a second time" in found["ids"]
    assert found.keys() == {"ids", "outputs"}


def test_an_overwritten_table_value_is_found(settings: Settings, shop: World) -> None:
    """given a changelog whose last value of a member is an earlier one, then both are shown, and the own account differs."""
    name = shop.catalogue.changelog("members")
    [number] = [p for (topic, p), records in shop.topics.items() if topic == name and key_of(records, b"ann")]
    first = key_of(shop.topics[name, number], b"ann")[0]
    write(settings, {(name, number): [first]}, within="older")
    found = failing(settings)
    assert "key ann: the changelog has" in found["tables"]
    assert "member ann: the changelog has {'available': 0," in found["own account"]


def test_a_skipped_offset_is_found(settings: Settings, shop: World) -> None:
    """given a record that was committed and never handled, then it has no decision."""
    place = next(place for place in shop.topics if place[0] == shop.catalogue.name("orders"))
    last = shop.topics[place][-1]
    write(settings, {place: [last]})
    commit(settings, {place: len(shop.topics[place]) + 1})
    assert f"orders[{place[1]}]@{len(shop.topics[place])} has no decision" in failing(settings)["answered"]


def test_input_that_is_not_handled_yet_is_told(settings: Settings, shop: World) -> None:
    """given lag, then the audit says up to where it covers, and the rest is clean."""
    place = next(place for place in shop.topics if place[0] == shop.catalogue.name("orders"))
    write(settings, {place: [shop.topics[place][-1]]})
    found = failing(settings)
    length = len(shop.topics[place])
    assert found == {
        "committed": f"{place[0]}[{place[1]}]: handled up to {length} of {length + 1}, and audited up to there"
    }


def test_a_transfer_that_is_not_handled_yet_is_told(settings: Settings, shop: World) -> None:
    """given one more than was sent, behind the end of a transaction, then it is neither handled nor sent by a replay."""
    place = next(place for place in shop.topics if place[0] == shop.catalogue.name("transfers"))
    write(settings, {place: [shop.topics[place][-1]]}, within="again")
    found = failing(settings)
    assert found.keys() == {"committed", "transfers"}
    assert "1 transfers from" in found["committed"]
    assert "is there and no replay sends it" in found["transfers"]


@pytest.mark.parametrize("what", ["changed", "missing", "extra"])
def test_a_wrong_document_is_found(settings: Settings, shop: World, what: str) -> None:
    with redis.Redis.from_url(settings.redis_url) as server:
        key = f"{settings.topic_prefix}member:ann"
        if what == "changed":
            document = orjson.loads(server.get(key))
            document["points"]["available"] += 1
            server.set(key, orjson.dumps(document))
        elif what == "missing":
            server.delete(key)
        else:
            server.set(f"{settings.topic_prefix}member:nobody", b'{"generation":1,"revision":1}')
            server.set(f"{settings.topic_prefix}member:gone", b'{"generation":1,"revision":1,"deleted":true}')
    found = failing(settings)
    assert found.keys() == {"views"}
    assert {"changed": "ann: points is", "missing": "ann: is missing", "extra": "nobody: there is no"}[what] in found[
        "views"
    ]


def test_views_that_cannot_be_asked_make_it_not_clean_unless_left_out(
    settings: Settings, shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", "redis://127.0.0.1:1/0")
    away = Settings()
    report = audit.run(away, patience=3)
    assert not report.clean
    assert report.checks[-1].state == "not_run"
    report = audit.run(away, views=False, patience=3)
    assert report.clean
    assert report.checks[-1].state == "switched_off"


def test_a_log_that_does_not_stand_still_cannot_be_audited(settings: Settings, shop: World) -> None:
    """given a transaction that stays open, then the audit says so instead of guessing."""
    producer = Producer(settings.librdkafka() | {"transactional.id": f"{settings.topic_prefix}open", "log_level": 2})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(shop.catalogue.name("notifications"), key=b"ann", value=b"{}", partition=0)
    producer.flush(10)
    with pytest.raises(audit.AuditImpossibleError, match="transaction is open"):
        audit.run(settings, patience=1)
    producer.abort_transaction(10)
    assert audit.run(settings, patience=3).clean


def test_topics_of_another_size_are_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "3")
    with pytest.raises(audit.AuditImpossibleError, match="has 2 partitions, the settings say 3"):
        audit.run(Settings())


def test_a_broker_that_is_away_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    with pytest.raises(topics.BrokerUnreachable, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        audit.run(Settings())


def test_gaps_of_transactional_inputs_are_no_gaps(settings: Settings, shop: World) -> None:
    """given a topic with transaction markers and an aborted batch, then reading goes on to its end."""
    name = shop.catalogue.name("loans")
    record = next(iter(shop.topics.values()))[0]
    for turn in range(3):
        write(settings, {(name, 0): [record]}, within="inputs", abort=turn == 1)
    with TopicReader(settings.kafka_python(), settings.group) as reader:
        snapshot = reader.snapshot([kafka.TopicPartition(name, p) for p in range(PARTITIONS)], 3)
        [(_, records)] = [(p, rs) for p, rs in reader.read(snapshot, snapshot.ends).items() if p.partition == 0]
    assert [stored.offset for stored in records] == [0, 4]


def test_a_real_worker_leaves_what_the_audit_recomputes(settings: Settings) -> None:
    """given the shop's inputs and a worker killed once while it works, when it is through, then the audit is clean."""
    world = a_small_shop(settings.topic_prefix, PARTITIONS)
    inputs = {topic.name for topic in world.catalogue.inputs}  # and transfers come from the worker
    write(settings, {place: records for place, records in world.topics.items() if place[0] in inputs})
    with worker() as first:
        assert eventually(lambda: any(committed(settings, world).values()), 60)
        first.kill()
    with worker():
        wanted = {place: len(records) for place, records in world.topics.items() if place[0] in inputs and records}
        assert eventually(lambda: wanted.items() <= committed(settings, world).items(), 60)
        with connected(settings) as wire:
            assert eventually(lambda: not wire.behind("transfers"), 60)
        report = audit.run(settings, views=False, patience=10)
    assert report.clean, report.first
    compared = {check.name: check.compared for check in report.checks}
    assert compared["answered"] >= sum(wanted.values()) - 12
    assert compared["transfers"] >= 2, "two accounts were opened; what waited for them may have been missed"


def failing(settings: Settings) -> dict[str, str]:
    """First difference of each check that is not clean."""
    report = audit.run(settings, patience=1.5)
    assert not report.clean
    return {check.name: check.differences[0] for check in report.checks if check.state != "clean"}


def count(world: World, topic: str) -> int:
    return sum(len(records) for (name, _), records in world.topics.items() if name == topic)


def key_of(records: list[Any], key: bytes) -> list[Any]:
    return [record for record in records if record.key == key]
