"""Fault 18: topics, changelogs and group offsets of an older release, taken over by this one on a real broker.

Each recorded release (`tests/releases`) is put on the broker as it was left; workers, audit and views of this one go on.
"""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.main import execute
from cli.publisher import Publisher
from local.kafka import Kafka
from models.catalogue import INPUTS, OUTPUTS
from models.policies import RULES_VERSION
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.verdict import clean
from tests.releases.put_back import put_back
from tests.releases.recording import Recording, load, releases
from tests.releases.story import COLLECTOR, FORGOTTEN, ORDERS, PATIENT
from tests.releases.unlucky import MEMBER as UNLUCKY
from tests.releases.unlucky import a_rule_that_fails
from tests.system import outcome
from tests.system.memory import Installation, MemoryWire
from tests.system.outcome import Told
from tests.system.site import PARTITIONS, Site

pytestmark = pytest.mark.broker

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
        _redriven(site, UNLUCKY, capsys)
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
    versions = {d["data"]["rules_version"] for told in found.values() for d in told.decisions}
    assert versions == {recording.rules_version, RULES_VERSION}


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


def _redriven(site: Site, member: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What the older release had set aside counts now."""
    capsys.readouterr()
    assert execute(["dlq", "redrive", "--member", member, *SIGNED, "--json"]) == 0
    [summary] = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert summary["outcomes"] == {"applied": {"total": 2, "reasons": {}}}
    assert site.members[member].view["quarantined"] is None


def _sent(recording: Recording) -> int:
    """How many records upstream had sent, ticks apart."""
    return sum(len(log.records) for topic in INPUTS for log in recording.topics[topic.role])


def _inputs(site: Site) -> int:
    return sum(len(site.read(topic.role)) for topic in INPUTS)


def _set_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bootstrap_servers", "topic_prefix", "partitions", "clock", "redis_url"):
        monkeypatch.setenv(f"MEMBERSHIPS_{name.upper()}", str(getattr(site.settings, name)))
