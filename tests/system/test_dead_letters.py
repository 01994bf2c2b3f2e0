"""A member set aside and brought back on the real broker: neighbours go on, nothing is lost, and each event counts once.

The hot values of two members are overwritten in the changelog while no worker runs: one so that it cannot be read, one
so that the books do not balance (MS-20).
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer

import audit
from cli.lines import Message, Tick
from cli.main import execute
from local.kafka import Kafka
from models import state
from models.partitioning import partition_of
from tests.support.processes import PATIENCE
from tests.system import outcome, scenario, stories
from tests.system.site import PARTITIONS, Site

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("dead-letters")]

UNREADABLE, UNBALANCED, NEIGHBOUR = "ann", "eve", "bob"
LATER = stories.START + timedelta(hours=1)
SIGNED = ("--yes", "--actor", "kim", "--because", "changelog mended")


def test_set_aside_and_brought_back(
    broker: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Site(broker, tmp_path) as site:
        _set_environment(site, monkeypatch)

        def dlq(*arguments: str) -> tuple[int, list[Any]]:
            code = execute(["dlq", *arguments, "--json"])
            return code, [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]

        members = (UNREADABLE, UNBALANCED, NEIGHBOUR)
        worker = site.worker().live()
        site.publish([Tick("2026-03-02T18:00:00Z"), *(_join(m) for m in members), *(_order(m, "o0") for m in members)])
        worker.stop()

        values = _hot_values(site)
        _overwrite(site, {UNREADABLE: b"\x01 no state", UNBALANCED: _unbalanced(values[UNBALANCED])})
        worker = site.worker().live()
        _later_events_are_set_aside_in_order(site, members)
        _nothing_but_a_try_before_the_cause_is_mended(dlq)
        worker.stop()

        _overwrite(site, {member: values[member] for member in (UNREADABLE, UNBALANCED)})
        worker = site.worker().live()
        _redriven(dlq, UNREADABLE)
        _redriven(dlq, UNBALANCED)
        assert dlq("redrive", "--member", UNREADABLE, "--yes")[1][0]["sent"] == 0, "twice does no harm"
        rows = dlq("list")[1]
        assert len(rows) == 8 + 1, "and the try"
        assert [row for row in rows if not row["answer"]] == []
        worker.stop()

        for member in members:
            _each_counts_once(site, member)
        report = audit.run(site.settings, views=False)
        assert report.clean, report.first
        assert report.taken_as_given["rules that failed when they were run"] == 3, "two events, a try"


def _join(member: str) -> Message:
    return scenario.message("points.joined", member, {}, stories.START, f"join-{member}", "/tests")


def _order(member: str, order_id: str) -> Message:
    return scenario.message("order.placed", member, {"order_id": order_id}, LATER, f"{member}-{order_id}", "/tests")


def _back(member: str) -> Message:
    data = {"return_id": "r0", "order_id": "o0"}
    return scenario.message("return.completed", member, data, LATER, f"{member}-r0", "/tests")


def _set_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bootstrap_servers", "topic_prefix", "partitions", "clock"):
        monkeypatch.setenv(f"MEMBERSHIPS_{name.upper()}", str(getattr(site.settings, name)))


def _hot_values(site: Site) -> dict[str, bytes]:
    return {(record.key or b"").decode(): record.value or b"" for record in site.read_changelog("members")}


def _unbalanced(raw: bytes) -> bytes:
    member = state.decode(raw, state.Member)
    assert member.points
    member.points.available += 1
    return state.encode(member)


def _overwrite(site: Site, values: dict[str, bytes]) -> None:
    """Write hot values past the workers, which must not run."""
    producer = Producer(site.settings.librdkafka() | {"enable.idempotence": True})
    topic = site.settings.catalogue().changelog("members")
    for member, raw in values.items():
        producer.produce(topic, raw, member.encode(), partition_of(member.encode(), PARTITIONS))
    assert producer.flush(PATIENCE) == 0


def _later_events_are_set_aside_in_order(site: Site, members: tuple[str, ...]) -> None:
    events = [event for m in members for event in (_order(m, "o1"), _order(m, "o2"), _back(m), _order(m, "o3"))]
    summary = site.publish(events)
    assert {name: entry["total"] for name, entry in summary["outcomes"].items()} == {"applied": 4, "dead_lettered": 8}
    assert summary["outcomes"]["dead_lettered"]["reasons"] == {"internal_error": 2, "quarantined": 6}
    letters = outcome.letters(site.read("dead-letters"), site.settings.topic_prefix)
    for member in (UNREADABLE, UNBALANCED):
        mine = [letter for letter in letters if letter.key == member.encode()]
        assert [letter.value for letter in mine] == [event.value for event in events if event.subject == member]
        assert [letter.error_class for letter in mine] == ["internal_error", *["quarantined"] * 3]
    errors = {letter.key: letter.error for letter in letters if letter.error_class == "internal_error"}
    assert "BooksDoNotBalanceError" in errors[UNBALANCED.encode()]


def _nothing_but_a_try_before_the_cause_is_mended(dlq: Any) -> None:
    code, [problem] = dlq("redrive", "--member", UNREADABLE, *SIGNED)
    assert (code, problem["code"]) == (1, "state_unreadable")
    code, [problem] = dlq("redrive", "--member", UNBALANCED, *SIGNED)
    assert (code, problem["code"]) == (1, "set_aside_again")


def _redriven(dlq: Any, member: str) -> None:
    code, [plan] = dlq("redrive", "--member", member)
    assert (code, plan["release"]["member"], len(plan["send"])) == (0, member, 4)
    code, [summary] = dlq("redrive", "--member", member, *SIGNED)
    assert (code, summary["released"], summary["sent"]) == (0, member, 4)
    assert summary["outcomes"] == {"applied": {"total": 4, "reasons": {}}}


def _each_counts_once(site: Site, member: str) -> None:
    told = site.members[member]
    kinds = sorted((entry["data"]["kind"], entry["data"]["order_id"]) for entry in told.ledger)
    assert kinds == [*[("earn", f"o{number}") for number in range(4)], ("take_back", "o0")]
    assert told.view["points"]["available"] == 600
    assert told.view["quarantined"] is None
