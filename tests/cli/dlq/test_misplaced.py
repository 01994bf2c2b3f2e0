"""A record on a wrong partition: nothing else is wrong with it, so a redrive takes it to its own."""

from datetime import timedelta

from cli.errors import ExitCode
from cli.lines import Message
from models.partitioning import partition_of
from tests.cli.dlq.installation import SIGNED, Run
from tests.system import scenario, stories
from tests.system.memory import Installation

HOME = partition_of(b"ann", 4)
FOREIGN = (HOME + 1) % 4
LATER = stories.START + timedelta(hours=1)


def _join() -> Message:
    return scenario.message("points.joined", "ann", {}, stories.START, "join", "/tests")


def _order(order_id: str) -> Message:
    return scenario.message("order.placed", "ann", {"order_id": order_id}, LATER, f"placed {order_id}", "/tests")


def _misplaced(installation: Installation, *events: Message) -> None:
    for event in events:
        installation.append(event.topic, b"ann", event.value, partition=FOREIGN)
    installation.work()


def test_it_goes_to_its_own_partition_and_is_applied_once(installation: Installation, run: Run) -> None:
    _misplaced(installation, _join(), _order("A1"))
    code, plan = run("redrive", "--reason", "wrong_partition")
    assert code == ExitCode.DONE
    assert [(one["record"]["partition"], one["to"]["partition"]) for one in plan["send"]] == [(FOREIGN, HOME)] * 2
    assert not installation.topics["orders", HOME], "nothing is done without --yes"

    code, body = run("redrive", "--reason", "wrong_partition", "--yes")
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 2, "reasons": {}}})
    [record] = installation.topics["orders", HOME]
    assert record.headers[-1] == ("redriven_from", f"{FOREIGN}:1".encode())
    assert [row["answer"]["outcome"] for row in run("list")[1]] == ["applied"] * 2

    before = installation.everything()
    code, body = run("redrive", "--reason", "wrong_partition", "--yes")
    assert (code, body["sent"], {one["code"] for one in body["left_out"]}) == (ExitCode.DONE, 0, {"answered"})
    assert installation.everything() == before


def test_what_upstream_sent_again_where_it_belongs_is_answered(installation: Installation, run: Run) -> None:
    _misplaced(installation, _join())
    installation.send(_join())
    installation.work()
    _, plan = run("redrive", "--reason", "wrong_partition")
    assert plan["send"] == []
    assert "it was answered since: applied" in plan["left_out"][0]["why"]


def test_set_aside_again_on_its_own_partition_it_is_one_record_still(
    installation: Installation, run: Run, broken: set[str]
) -> None:
    """given a rule that fails on it there, then the new letter stands for the old one, and the member's way back has it."""
    installation.send(_join())
    _misplaced(installation, _order("A1"))
    code, body = run("redrive", "--reason", "wrong_partition", "--yes")
    assert (code, body["outcomes"].keys()) == (ExitCode.CHECK_FAILED, {"dead_lettered"})
    rows = {row["letter"]: row for row in run("list")[1]}
    assert rows[f"{FOREIGN}:0"]["set_aside_again"] == f"{HOME}:0"
    _misplaced(installation, _order("A2"))

    broken.clear()
    _, plan = run("redrive", "--member", "ann")
    assert {one["letter"] for one in plan["send"]} == {f"{HOME}:0", f"{FOREIGN}:1"}
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 2, "reasons": {}}})
    assert run("redrive", "--member", "ann", "--yes")[1]["sent"] == 0


def test_a_misplaced_record_of_a_member_who_is_set_aside_waits(
    installation: Installation, run: Run, broken: set[str]
) -> None:
    installation.send(_join())
    installation.send(_order("A1"))
    _misplaced(installation, _order("A2"))
    assert broken
    _, plan = run("redrive", "--reason", "wrong_partition")
    assert [one["code"] for one in plan["left_out"]] == ["quarantined"]
