"""Fault 16: a wrong set-up is refused at the start, and a wrong record by itself, each with one clear sentence; never a wrong update.

Wrong credentials and rights have tests of their own: tests/security/test_tls_and_login.py.
"""

import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from cli.errors import ExitCode
from driver.failstop import Exit
from local.kafka import Kafka
from models.partitioning import partition_of
from samples.generated.month import month
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean
from tests.support.processes import PATIENCE, eventually
from tests.system.site import PARTITIONS, Program, Site

pytestmark = pytest.mark.broker

RATE = 300


def sentence(program: Program) -> str:
    """The one sentence it ended with: the last thing it said that is not the way out."""
    return next(line for line in reversed(program.said.splitlines()) if line.startswith(("error: ", "worker ended (")))


def untouched(site: Site) -> None:
    """Nobody has written anything."""
    assert not [topic for topic in ("decisions", "points-ledger", "notifications", "dead-letters") if site.read(topic)]
    assert not site.read_changelog("members")


def _missing(admin: AdminClient, name: str) -> None:
    admin.delete_topics([name])[name].result(PATIENCE)
    assert eventually(lambda: name not in admin.list_topics(timeout=PATIENCE).topics)


def _more(admin: AdminClient, name: str) -> None:
    admin.create_partitions([NewPartitions(name, PARTITIONS + 1)])[name].result(PATIENCE)
    assert eventually(lambda: len(admin.list_topics(timeout=PATIENCE).topics[name].partitions) == PARTITIONS + 1)


def _fewer(admin: AdminClient, name: str) -> None:
    _missing(admin, name)
    admin.create_topics([NewTopic(name, PARTITIONS - 1)])[name].result(PATIENCE)


@pytest.mark.fault(16)
@pytest.mark.parametrize("topic", ["orders", "clock", "transfers", "decisions", "CHANGELOG"])
@pytest.mark.parametrize(
    ("change", "words"), [(_missing, "is missing"), (_more, "has 5 partitions"), (_fewer, "has 3 partitions")]
)
def test_a_topic_is_missing_or_has_another_number_of_partitions(
    broker: Kafka, tmp_path: Path, evidence: Evidence, topic: str, change: Any, words: str
) -> None:
    with Site(broker, tmp_path) as site:
        catalogue = site.settings.catalogue()
        name = catalogue.changelog("members") if topic == "CHANGELOG" else catalogue.name(topic)
        change(AdminClient(site.settings.librdkafka()), name)
        worker = site.worker()
        assert worker.ends() == ExitCode.WRONG_USE == Exit.REFUSED
        assert sentence(worker).startswith(f"error: topic {name} {words}")
        assert "hint:" in worker.said
        evidence.happened(refused_at_start=1)
        if change is _more:  # the others are not there to be read
            untouched(site)


@pytest.mark.fault(16)
def test_settings_that_say_another_number_of_partitions(broker: Kafka, tmp_path: Path, evidence: Evidence) -> None:
    with Site(broker, tmp_path) as site:
        worker = site.worker(partitions=PARTITIONS * 2)
        assert worker.ends() == ExitCode.WRONG_USE
        assert f"has {PARTITIONS} partitions, the settings say {PARTITIONS * 2}" in sentence(worker)
        evidence.happened(refused_at_start=1)
        untouched(site)


@pytest.mark.fault(16)
def test_a_producer_with_another_partitioner(
    broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    """Given records put on partitions by CRC32 (librdkafka's default), then each that murmur2 puts elsewhere is refused, once.

    The members of the other records have all of theirs.
    """
    lines = [line for line in month() if "tick" not in line]
    strangers = chance.sample(sorted({line["event"]["subject"] for line in lines}), 40)
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(2), RATE) as load:
        feeder, worker = site.views(), site.worker().live()
        load.passes(RATE)
        producer = Producer(site.settings.librdkafka() | {"enable.idempotence": True})
        sent: Counter[tuple[str, bool]] = Counter()
        for line in lines:
            event = line["event"]
            if event["subject"] in strangers:
                producer.produce(
                    site.settings.catalogue().name(line["topic"]),
                    key=event["subject"].encode(),
                    value=orjson.dumps(event),
                    headers=[("content-type", b"application/cloudevents+json")],
                    on_delivery=lambda error, message, topic=line["topic"]: sent.update(
                        [(topic, _is_home(message.key(), message.partition()))] if error is None else []
                    ),
                )
        assert producer.flush(2 * PATIENCE) == 0
        strays = sum(count for (_, home), count in sent.items() if not home)
        evidence.happened(records_on_a_wrong_partition=strays)
        assert load.going_on
        verdict = clean(site, load.end() + sum(sent.values()), feeder)
        letters = Counter(dict(letter.headers)["dl_error_class"] for letter in site.read("dead-letters"))
        assert letters == {b"wrong_partition": strays}
        for letter in site.read("dead-letters"):
            assert re.fullmatch(
                rb"partition: murmur2 puts this key on partition \d of 4, found on \d",
                dict(letter.headers)["dl_error"] or b"",
            )
        for record in site.read_changelog("members"):
            assert _is_home(record.key or b"", record.partition), "a member where it does not belong"
        evidence.came_to(verdict)
        worker.stop()


def _is_home(key: bytes, partition: int) -> bool:
    return partition_of(key, PARTITIONS) == partition


@pytest.mark.fault(16)
def test_two_workers_on_one_data_directory(broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(2), RATE) as load:
        feeder, first = site.views(), site.worker("w1", store="rocksdb").live()
        load.passes(RATE)
        second = site.worker("w2", data=site.settings.data / "w1", store="rocksdb")
        assert second.ends() == Exit.REFUSED
        assert re.search(r"data directory \S+ is in use by process \d+: give each worker its own", sentence(second))
        evidence.happened(refused_at_start=1)
        assert first.alive
        assert load.going_on
        evidence.came_to(clean(site, load.end(), feeder))
        first.stop()


@pytest.mark.fault(16)
def test_two_workers_of_one_name(broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence) -> None:
    """The younger one has the name: the elder is fenced, ends, and says so."""
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(4), RATE) as load:
        feeder, elder = site.views(), site.worker("w1").live()
        load.passes(RATE)
        younger = site.worker("w1", data=site.settings.data / "another")
        assert elder.ends() == Exit.FENCED
        assert "Two workers must not have one name" in sentence(elder)
        evidence.happened(fenced=1)
        younger.has(set(range(PARTITIONS)))
        load.passes(RATE)
        assert load.going_on
        evidence.came_to(clean(site, load.end(), feeder))
        younger.stop()
