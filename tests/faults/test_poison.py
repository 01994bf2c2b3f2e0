"""Faults 10 and 11: records that are no events, and a rule that fails on one that is.

Each is set aside with its bytes, its place and the reason; all others go on, and nothing has to be started again.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import urlopen

import orjson
import pytest
from confluent_kafka import Producer

from cli.lines import Message
from cli.main import execute
from local.kafka import Kafka
from local.ports import LOOPBACK, free_ports
from models.partitioning import partition_of
from tests.faults.kit import broken_rule
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean, settled
from tests.support.processes import PATIENCE, eventually
from tests.system import outcome, scenario, stories
from tests.system.site import PARTITIONS, Site, environment

pytestmark = pytest.mark.broker

BURST = 10_000
RATE = 100
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


@pytest.mark.fault(10)
def test_each_once_in_dead_letters_and_every_neighbour_applied(
    broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    kinds = _all_kinds()
    chance.shuffle(kinds)
    before = chance.randint(0, len(kinds))
    burst = [Bad("not_json", "orders", KEY, b"%d of a burst {" % number) for number in range(BURST)]
    bad = kinds[:before] + burst + kinds[before:]
    with Site(broker, tmp_path) as site:
        worker = site.worker().live()
        with Load(site.settings, months(1), RATE) as load:
            neighbours = _produced(site, bad)
            settled(site)
            others = load.end()
        assert worker.alive, worker.said
        assert site.workers == [worker], "nothing was started again"
        events = others + len(neighbours) + sum(record.topic != "clock" for record in bad)
        evidence.happened(bad_records=len(bad))
        evidence.came_to(clean(site, events))
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
    found = Counter(
        ((e["event"]["topic"], e["event"]["partition"], e["event"]["offset"]), e["outcome"], e["reason"])
        for e in events
        if e["outcome"] == "dead_lettered"
    )
    assert found == {(record.at, "dead_lettered", record.reason): 1 for record in bad}


@pytest.mark.fault(11)
def test_a_rule_that_raises_concerns_one_member_and_is_mended_by_a_redrive(
    broker: Kafka,
    redis_url: str,
    tmp_path: Path,
    chance: Random,
    evidence: Evidence,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """given a release with the fault, another member with the same events, and a load beside them; then a release without it."""
    port = next(free_ports())
    with Site(broker, tmp_path, redis_url=redis_url) as site:

        def memberships(*arguments: str) -> tuple[int, list[Any]]:
            code = execute([*arguments, "--json"])
            return code, [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]

        for name, value in environment(site.settings).items():
            monkeypatch.setenv(name, value)
        feeder = site.views()
        worker = site.worker(command=[sys.executable, "-m", broken_rule.__name__, "worker"], metrics_port=port).live()
        victim, twin = f"victim-{chance.randint(0, 99)}", "twin"
        fails = chance.randint(1, ORDERS)
        with Load(site.settings, months(1), RATE) as load:
            site.publish([*_story(twin, None), *_story(victim, fails)])
            assert load.going_on
            _isolated(site, victim, fails)
            _loud(port, worker.said, victim)
            assert eventually(lambda: _shown(memberships, victim) is not None), feeder.said
            assert _shown(memberships, victim)["reason"] == broken_rule.BrokenRuleError.__name__
            assert worker.alive, worker.said
            worker.stop()
            worker = site.worker().live()

            code, [plan] = memberships("dlq", "redrive", "--member", victim)
            waiting = ORDERS + 2 - fails
            assert (code, plan["release"]["member"], len(plan["send"]), plan["left_out"]) == (0, victim, waiting, [])
            signed = ("--yes", "--actor", "kim", "--because", "mended")
            code, [done] = memberships("dlq", "redrive", "--member", victim, *signed)
            assert (code, done["outcomes"]) == (0, {"applied": {"total": waiting, "reasons": {}}})
            code, [again] = memberships("dlq", "redrive", "--member", victim, "--yes")
            assert (code, again["sent"]) == (0, 0), "twice does nothing twice"
            others = load.end()

        evidence.happened(rules_that_raised=1, events_set_aside=waiting, redriven=waiting)
        published = 2 * (ORDERS + 2)
        evidence.came_to(clean(site, others + published + 1 + waiting, feeder))
        assert eventually(lambda: _shown(memberships, victim) is None), feeder.said
        members = site.members
        assert _booked(members[victim]) == _booked(members[twin])
        assert members[victim].view["points"] == members[twin].view["points"]
        worker.stop()


ORDERS = 4


def _story(member: str, fails: int | None) -> list[Message]:
    """A member joins, orders, and sends the first order back; on order number `fails` the rule raises."""
    later = stories.START + timedelta(hours=1)

    def order(number: int) -> Message:
        name = f"{broken_rule.MARK if number == fails else 'order'}-{member}-{number}"
        return scenario.message("order.placed", member, {"order_id": f"o{number}"}, later, name, "/poison")

    join = scenario.message("points.joined", member, {}, stories.START, f"join-{member}", "/poison")
    data = {"return_id": "r1", "order_id": "o1"}
    back = scenario.message("return.completed", member, data, later, f"back-{member}", "/poison")
    return [join, *map(order, range(1, ORDERS + 1)), back]


def _isolated(site: Site, victim: str, fails: int) -> None:
    """The failed event and those after it are set aside in their order, each with its bytes; nobody else's."""
    story = _story(victim, fails)
    letters = outcome.letters(site.read("dead-letters"), site.settings.topic_prefix)
    assert [(letter.key, letter.value) for letter in letters] == [(victim.encode(), e.value) for e in story[fails:]]
    assert [letter.error_class for letter in letters] == ["internal_error", *["quarantined"] * (len(letters) - 1)]
    assert letters[0].error.startswith("Traceback")
    assert letters[0].error.rstrip().endswith(f"BrokenRuleError: {broken_rule.SAYS}")


def _loud(port: int, said: str, victim: str) -> None:
    with urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=PATIENCE) as response:
        told = response.read().decode().splitlines()
    assert 'memberships_quarantined_total{reason="BrokenRuleError"} 1.0' in told
    assert "memberships_members_quarantined 1.0" in told
    by_source = (
        'memberships_source_decisions_total{outcome="dead_lettered",reason="internal_error",source="/poison"} 1.0'
    )
    assert by_source in told
    [line] = [line for line in said.splitlines() if "member quarantined" in line]
    assert orjson.loads(line)["member"] == victim


def _shown(memberships: Callable[..., tuple[int, list[Any]]], member: str) -> Any:
    """What the member's card says of the quarantine."""
    code, [card] = memberships("member", member)
    return card["quarantined"] if code == 0 else None


def _booked(told: outcome.Told) -> list[tuple[str, str, int]]:
    return [(e["data"]["kind"], e["data"]["order_id"], e["data"]["points"]) for e in told.ledger]
