"""Records that are no events: each set aside once with its bytes and its place, its good neighbours applied.

The burst is 2,000 in a row; `MEMBERSHIPS_TEST_BURST=10000` is the long form.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from cli.lines import Message
from local.kafka import Kafka
from models.partitioning import partition_of
from tests.support.processes import PATIENCE, eventually
from tests.system import outcome, scenario, stories
from tests.system.site import PARTITIONS, Site

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("poison")]

BURST = int(os.environ.get("MEMBERSHIPS_TEST_BURST", "2000"))
KEY = b"poison"
Headers = tuple[tuple[str, str | bytes | None], ...]
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)


@dataclass
class Bad:
    """A record, why it is none, and where the broker put it."""

    reason: str
    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = STRUCTURED
    at: tuple[str, int, int] | None = None


def _event(kind: str = "order.placed", member: str = KEY.decode(), **data: object) -> Message:
    return scenario.message(kind, member, {"order_id": "bad", **data}, stories.START, "bad", "/poison")


def _typed(kind: str) -> bytes:
    return orjson.dumps(orjson.loads(_event().value) | {"type": kind})


def _all_kinds() -> list[Bad]:
    good, other = _event().value, b"somebody-else"
    foreign = (partition_of(KEY, PARTITIONS) + 1) % PARTITIONS
    return [
        Bad("not_json", "orders", KEY, b"{not json"),
        Bad("not_json", "orders", KEY, b""),
        Bad("not_utf8", "orders", KEY, b'{"id": "\xff\xfe"}'),
        Bad("null_key", "orders", None, good),
        Bad("null_value", "orders", KEY, None),
        Bad("invalid", "orders", KEY, _event(colour="red").value),
        Bad("invalid", "orders", KEY, _event(points_redeemed=1.5).value),
        Bad("invalid", "orders", KEY, b"[1, 2, 3]"),
        Bad("unknown_type", "orders", KEY, _typed("order.eaten.v1")),
        Bad("unknown_type", "orders", KEY, _typed("order.placed.v9")),
        Bad("invalid", "orders", KEY, _event(order_id="x" * 900_000).value),
        Bad("not_json", "returns", KEY, b"9" * 450_000 + b" " + b"9" * 450_000),
        Bad("wrong_partition", "orders", KEY, good, foreign),
        Bad("key_mismatch", "orders", other, good, partition_of(other, PARTITIONS)),
        Bad("wrong_topic", "returns", KEY, good),
        Bad("wrong_topic", "loans", KEY, good),
        Bad("invalid", "clock", None, b'{"at": "tomorrow"}', 1),
        Bad("not_json", "clock", b"key", b"tick", 2),
        Bad("not_json", "orders", KEY, b"mine", headers=(("trace", b"1"), ("trace", b"2"), ("empty", None))),
        Bad("not_json", "orders", b"\x00\xff", b"binary key", 0),
    ]


def test_each_once_in_dead_letters_and_every_neighbour_applied(broker: Kafka, tmp_path: Path) -> None:
    with Site(broker, tmp_path) as site:
        worker = site.worker().live()
        bad = _all_kinds() + [Bad("not_json", "orders", KEY, b"%d of a burst {" % number) for number in range(BURST)]
        neighbours = _produced(site, bad)
        _decided(site, len(bad) + len(neighbours))
        assert worker.alive, worker.said
        assert [w.process.pid for w in site.workers] == [worker.process.pid]

        _each_letter_is_its_record(site, bad)
        _each_has_one_decision(site, bad)
        members = site.members
        for member in neighbours:
            told = members[member]
            assert [d["data"]["outcome"] for d in told.decisions] == ["applied"], member
            assert told.view["points"]["available"] == 0
        worker.stop()


def _produced(site: Site, bad: list[Bad]) -> list[str]:
    """Send the bad records with a good one after every 20th, or between each of the first; returns the good members."""
    producer = Producer(
        {
            "bootstrap.servers": site.settings.bootstrap_servers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "message.max.bytes": 1 << 21,
            "linger.ms": 5,
        }
    )
    name = site.settings.catalogue().name
    neighbours = []
    for number, record in enumerate(bad):

        def reported(error: object, message: object, record: Bad = record) -> None:
            assert error is None, error
            record.at = (record.topic, message.partition(), message.offset())  # type: ignore[attr-defined]

        place = -1 if record.partition is None else record.partition  # -1: the key decides
        headers = list(record.headers)
        producer.produce(name(record.topic), record.value, record.key, place, reported, headers=headers)
        if number < 20 or number % 20 == 0:
            member = f"neighbour-{number}"
            join = scenario.message("points.joined", member, {}, stories.START, f"join-{number}", "/poison")
            producer.produce(name(join.topic), join.value, member.encode(), headers=list(STRUCTURED))
            neighbours.append(member)
        producer.poll(0)
    assert producer.flush(PATIENCE) == 0
    return neighbours


def _decided(site: Site, count: int) -> None:
    assert eventually(lambda: len(site.read("decisions")) >= count, 2 * PATIENCE), site.workers[0].said


def _each_letter_is_its_record(site: Site, bad: list[Bad]) -> None:
    letters = outcome.letters(site.outputs["dead-letters"], site.settings.topic_prefix)
    assert len(letters) == len(bad)
    by_place = {(letter.topic, letter.partition, letter.offset): letter for letter in letters}
    assert len(by_place) == len(bad), "one record has two letters"
    for record in bad:
        assert record.at is not None
        letter = by_place[record.at]
        assert letter.error_class == record.reason, letter.error
        assert letter.error
        assert (letter.key, letter.value) == (record.key, record.value), record.reason
        assert letter.headers == record.headers


def _each_has_one_decision(site: Site, bad: list[Bad]) -> None:
    events = [orjson.loads(record.value or b"")["data"] for record in site.outputs["decisions"]]
    decided = Counter((e["event"]["topic"], e["event"]["partition"], e["event"]["offset"]) for e in events)
    assert set(decided.values()) == {1}
    reasons = {
        (e["event"]["topic"], e["event"]["partition"], e["event"]["offset"]): (e["outcome"], e["reason"])
        for e in events
    }
    for record in bad:
        assert record.at is not None
        assert reasons[record.at] == ("dead_lettered", record.reason)
