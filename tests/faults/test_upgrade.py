"""Fault 18: topics, changelogs and group offsets of an older release, taken over by this one on a real broker.

Each recorded release (`tests/releases`) is put on the broker as it was left; workers, audit and views of this one go on.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis
from confluent_kafka import Producer

from cli.lines import Message, Tick
from cli.main import execute
from cli.publisher import Publisher
from cli.wire import connected
from driver.failstop import Exit
from local.kafka import Kafka
from models import state
from models.catalogue import ALL, HANDLED, INPUTS, OUTPUTS
from models.partitioning import partition_of
from models.policies import RULES_VERSION
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.verdict import clean
from tests.releases.put_back import put_back
from tests.releases.recording import Recording, load, releases
from tests.releases.story import COLLECTOR, FORGOTTEN, ORDERS, PATIENT
from tests.releases.unlucky import MEMBER as UNLUCKY
from tests.releases.unlucky import a_rule_that_fails
from tests.support.processes import PATIENCE
from tests.system import outcome, scenario, stories
from tests.system.memory import Installation, MemoryWire
from tests.system.outcome import Told
from tests.system.site import PARTITIONS, Site

pytestmark = pytest.mark.broker

KEYS = (b"clock", b"ann", b"order")
SIGNED = ("--yes", "--actor", "kim", "--because", "taken over")


@pytest.mark.fault(18)
@pytest.mark.parametrize("release", releases())
def test_taken_over(
    broker: Kafka,
    redis_url: str,
    tmp_path: Path,
    release: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    evidence: Evidence,
) -> None:
    """Every member ends as if this release had handled all from the start; the audit is clean over both, and so are the views."""
    recording = load(release)
    with Site(broker, tmp_path, redis_url=redis_url) as site:
        put_back(recording, site.settings)
        _set_environment(site, monkeypatch)
        feeder, worker = site.views(), site.worker().live()
        restored = sum(int(count) for count in re.findall(r"(\d+) records read", worker.said))
        evidence.happened(records_restored_of_an_older_release=restored)
        clean(site, _sent(recording), feeder)
        site.publish(told.item for told in recording.after)
        _as_if_from_the_start(recording, site)
        _redriven(site, UNLUCKY, 2, capsys)
        _erased(site, capsys)
        evidence.came_to(clean(site, _inputs(site), feeder))
        worker.stop()


def _as_if_from_the_start(recording: Recording, site: Site) -> None:
    ids = outcome.ids(site.outputs)
    assert len(ids) == len(set(ids)), "an output is there twice"
    expected, found = _from_the_start(recording), site.members
    assert found.keys() == expected.keys()
    for member in expected.keys() - {FORGOTTEN}:
        assert _comparable(found[member]) == _comparable(expected[member]), member
    assert _outcomes(found[PATIENT], "return.completed.v1") == ["held", "applied"], "by one release and by the other"
    assert len(found[COLLECTOR].ledger) > ORDERS, "on pages of lots that the older release wrote"
    assert found[UNLUCKY].view["quarantined"]
    versions = [d["data"]["rules_version"] for told in found.values() for d in told.decisions]
    assert Counter(versions)[recording.rules_version] == sum(len(log.records) for log in recording.topics["decisions"])
    assert set(versions) == {recording.rules_version, RULES_VERSION}


def _outcomes(told: Told, kind: str) -> list[str]:
    return [d["data"]["outcome"] for d in told.decisions if d["data"]["event"]["type"] == kind]


def _comparable(told: Told) -> dict[str, Any]:
    """Each decision names the rules that made it, which is not what is compared."""
    found = told.comparable
    for decision in found["decisions"]:
        del decision["rules_version"]
    return found


def _from_the_start(recording: Recording) -> dict[str, Told]:
    installation = Installation(PARTITIONS)
    with a_rule_that_fails():
        Publisher(MemoryWire(installation)).publish(told.item for told in recording.before)
    Publisher(MemoryWire(installation)).publish(told.item for told in recording.after)
    outputs = {topic.role: installation.read(topic.role) for topic in OUTPUTS}
    return outcome.members(outputs, installation.table("members"))


def _redriven(site: Site, member: str, letters: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What the older release had set aside counts now."""
    capsys.readouterr()
    assert execute(["dlq", "redrive", "--member", member, *SIGNED, "--json"]) == 0
    summary = orjson.loads(capsys.readouterr().out)
    assert summary["outcomes"] == {"applied": {"total": letters, "reasons": {}}}
    assert site.members[member].view["quarantined"] is None


def _erased(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A request of a type that the first release did not know is a dead letter; redriven it is decided. Then the email's key goes too."""
    _redriven(site, FORGOTTEN, 1, capsys)
    assert site.members[FORGOTTEN].view["erased_at"]
    assert execute(["erase", FORGOTTEN, *SIGNED, "--json"]) == 0
    [email] = [key["key"] for key in orjson.loads(capsys.readouterr().out)["keys"] if key["key"] != FORGOTTEN]
    assert email not in {member for member, told in site.members.items() if told.view}


@pytest.mark.fault(18)
@pytest.mark.parametrize("table", ["partitions", "members", "entries"])
def test_tables_of_a_newer_release_are_refused(broker: Kafka, tmp_path: Path, evidence: Evidence, table: str) -> None:
    """At the restore, or for an entry at the event that reads it: one sentence, exit 2, and nothing is changed."""
    with Site(broker, tmp_path) as site:
        worker = site.worker().live()
        site.publish(
            [Tick("2026-03-02T18:00:00Z"), _told("points.joined", {}), _told("order.placed", {"order_id": "o"})]
        )
        worker.stop()
        _as_a_newer_release_writes(site, table)
        if table == "entries":
            _send(site, _told("return.completed", {"return_id": "r", "order_id": "o"}))
        before = _everything(site)

        worker = site.worker()

        assert worker.ends() == Exit.REFUSED
        last = worker.said.splitlines()[-1]
        newer = f"schema version {state.VERSION + 1}; this release knows {state.VERSION}"
        assert last.startswith("worker ended (refused, exit 2): the tables were written by a newer release: ")
        assert last.endswith(newer)
        assert _everything(site) == before
        evidence.happened(values_of_a_newer_release=1)


@pytest.mark.fault(18)
def test_views_of_a_newer_release_are_refused(
    broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence
) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site:
        worker = site.worker().live()
        site.publish([Tick("2026-03-02T18:00:00Z"), _told("points.joined", {})])
        worker.stop()
        _as_a_newer_release_writes(site, "members")
        feeder = site.views()
        assert feeder.ends() == Exit.REFUSED
        assert f"schema version {state.VERSION + 1}; this release knows {state.VERSION}" in feeder.said
        assert redis.Redis.from_url(redis_url).keys("*member:*") == []
        evidence.happened(values_of_a_newer_release=1)


def _told(kind: str, data: dict[str, Any]) -> Message:
    return scenario.message(kind, "ann", data, stories.START, kind, "/newer")


def _send(site: Site, message: Message) -> None:
    with connected(site.settings) as wire:
        wire.send(message.topic, message.subject.encode(), message.value, headers=message.headers)


def _as_a_newer_release_writes(site: Site, table: str) -> None:
    """The last value of ann's partition once more, with the number of the next version before it."""
    home = partition_of(b"ann", PARTITIONS)
    last = [r for r in site.read_changelog(table) if r.partition == home and (r.key or b"").partition(b"|")[0] in KEYS][
        -1
    ]
    producer = Producer(site.settings.librdkafka() | {"enable.idempotence": True})
    newer = bytes([state.VERSION + 1]) + (last.value or b"")[1:]
    producer.produce(site.settings.catalogue().changelog(table), newer, last.key, home)
    assert producer.flush(PATIENCE) == 0


def _everything(site: Site) -> Any:
    """All that lies in the topics, and how far the workers are."""
    topics = {topic.role: site.read(topic.role) for topic in ALL}
    with connected(site.settings) as wire:
        return topics, [wire.behind(topic.role) for topic in HANDLED if topic.role != "clock"]


def _sent(recording: Recording) -> int:
    """How many records upstream had sent, ticks apart."""
    return sum(len(log.records) for topic in INPUTS for log in recording.topics[topic.role])


def _inputs(site: Site) -> int:
    return sum(len(site.read(topic.role)) for topic in INPUTS)


def _set_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bootstrap_servers", "topic_prefix", "partitions", "clock", "redis_url"):
        monkeypatch.setenv(f"MEMBERSHIPS_{name.upper()}", str(getattr(site.settings, name)))
