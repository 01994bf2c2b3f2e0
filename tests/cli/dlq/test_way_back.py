"""`dlq redrive --member`: the release, then one event to see if it holds, then the others in their order."""

from typing import Any

import orjson
import pytest

from agents import handle
from cli.errors import ExitCode
from models import state
from models.accounts.events import MemberReleased
from models.desk import Decision
from models.events import EVERYBODY
from tests.agents.partition import Partition
from tests.cli.dlq.installation import SIGNED, BrokenRuleError, Run, earned, set_aside


@pytest.mark.usefixtures("broken")
def test_without_yes_it_only_says_what_it_would_do(partition: Partition, run: Run) -> None:
    set_aside(partition)
    before = partition.everything()
    code, body = run("redrive", "--member", "ann")

    assert code == ExitCode.DONE
    assert body["dry_run"] is True
    assert body["release"] == {"member": "ann", "reason": "BrokenRuleError", "decision": 3, "since": None}
    assert [one["letter"] for one in body["send"]] == ["0:0", "0:1", "0:2", "0:3"]
    assert body["left_out"] == []
    assert partition.everything() == before
    assert not partition.waiting


def test_redrive_applies_everything_once_and_in_order(partition: Partition, run: Run, broken: set[str]) -> None:
    """given the cause is mended, then the release and the letters go in their order; again it finds nothing to do."""
    set_aside(partition)
    broken.clear()
    first = len(partition.read("orders"))
    code, body = run("redrive", "--member", "ann", *SIGNED)

    assert code == ExitCode.DONE
    assert (body["released"], body["sent"], body["left_out"]) == ("ann", 4, [])
    assert body["outcomes"] == {"applied": {"total": 4, "reasons": {}}}
    assert earned(partition, "ann") == {"A1": 100, "A2": 100, "A3": 100}
    assert partition.told("ann").view["points"]["available"] == 200
    assert partition.told("ann").view["quarantined"] is None
    assert partition.told("bob").view["points"]["available"] == 100
    redriven = partition.read("orders")[first:]
    assert [orjson.loads(r.value or b"")["data"]["order_id"] for r in redriven] == ["A1", "A2", "A3"]
    assert redriven[0].headers == (*partition.read("orders")[0].headers, ("redriven_from", b"0:0"))

    rows = run("list")[1]
    assert [row["answer"]["outcome"] for row in rows] == ["applied"] * 4
    before = partition.everything()
    code, body = run("redrive", "--member", "ann", "--yes")
    assert (code, body["sent"], body["released"]) == (ExitCode.DONE, 0, None)
    assert {one["code"] for one in body["left_out"]} == {"answered"}
    assert partition.everything() == before

    code, body = run("redrive", "--member", "ann", "--yes", "--again")
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"duplicate": {"total": 4, "reasons": {}}})
    assert earned(partition, "ann") == {"A1": 100, "A2": 100, "A3": 100}
    assert [row["answer"]["outcome"] for row in run("list")[1]] == ["applied"] * 4


def test_the_release_is_kept_with_who_and_why(partition: Partition, run: Run, broken: set[str]) -> None:
    set_aside(partition)
    broken.clear()
    run("redrive", "--member", "ann", *SIGNED)
    release = orjson.loads(partition.read("memberships")[-1].value or b"")
    assert (release["type"], release["subject"]) == ("member.released.v1", "ann")
    assert release["data"] == {"reason": "mended", "actor": "kim"}


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("options", [[], ["--actor", "kim"], ["--because", "mended"]])
def test_nobody_is_released_without_a_name_and_a_reason(partition: Partition, run: Run, options: list[str]) -> None:
    set_aside(partition)
    code, body = run("redrive", "--member", "ann", "--yes", *options)
    assert (code, body["code"]) == (ExitCode.WRONG_USE, "unsigned_release")
    assert not partition.waiting


def test_where_the_first_one_fails_again_the_others_stay(partition: Partition, run: Run, broken: set[str]) -> None:
    """given the cause is not mended, then one is tried; the letters still go in their first order once it is."""
    set_aside(partition)
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["code"]) == (ExitCode.CHECK_FAILED, "set_aside_again")
    assert "letter 0:0" in body["message"]
    assert "3 more were not sent" in body["message"]
    assert run("list")[1][0]["set_aside_again"] == "0:4"
    assert run("show", "0:4")[1]["redriven_from"] == "0:0"

    _, plan = run("redrive", "--member", "ann")
    assert [one["letter"] for one in plan["send"]] == ["0:4", "0:1", "0:2", "0:3"]
    assert [(one["letter"], one["code"]) for one in plan["left_out"]] == [("0:0", "set_aside_again")]

    broken.clear()
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 4, "reasons": {}}})
    assert earned(partition, "ann") == {"A1": 100, "A2": 100, "A3": 100}
    assert [row["answer"]["outcome"] for row in run("list")[1]] == ["applied"] * 5
    headers = partition.read("orders")[-3].headers
    assert [value for name, value in headers if name == "redriven_from"] == [b"0:4"], "one header, the latest place"


@pytest.mark.parametrize("broken", [b"", bytes([state.VERSION]) + b"broken", bytes([state.VERSION + 1]) + b"\x90"])
@pytest.mark.parametrize("kept", [True, False])
def test_an_unreadable_state_is_named_with_the_last_one_that_can_be_read(
    partition: Partition, run: Run, broken: bytes, kept: bool
) -> None:
    """given a state that no release can lift, then nothing is sent; once it is put back, the way back is open."""
    members, changelog = partition.tables[0]["members"].committed, partition.catalogue.changelog("members")
    good = members[b"ann"]
    if kept:
        partition.append(changelog, b"ann", good, partition=0)
        partition.append(changelog, b"ann", b"\x01 an earlier fault", partition=0)
    partition.ordered("ann", "A1")
    members[b"ann"] = bytes([state.VERSION]) + b"broken"
    partition.work()
    members[b"ann"] = broken
    before = partition.everything()
    for options in ((), SIGNED):
        code, body = run("redrive", "--member", "ann", *options)
        assert (code, body["code"]) == (ExitCode.CHECK_FAILED, "state_unreadable")
        assert f"{changelog}[0]@{2 if kept else 0} cannot be read" in body["message"]
        assert (f"{changelog}[0]@0" if kept else "no earlier state is kept") in body["hint"]
    assert partition.everything() == before
    assert not partition.waiting

    members[b"ann"] = good
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 1, "reasons": {}}})


def test_where_the_release_fails_nothing_else_is_sent(
    partition: Partition, run: Run, broken: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_aside(partition)
    broken.clear()
    decide = handle.decide

    def failing(event: Any, *others: Any) -> Decision:
        if isinstance(event.data, MemberReleased):
            raise BrokenRuleError("the release itself")
        return decide(event, *others)

    with monkeypatch.context() as patched:
        patched.setattr(handle, "decide", failing)
        code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["code"]) == (ExitCode.CHECK_FAILED, "not_released")
    assert len(partition.read("orders")) == 4, "as upstream sent them"

    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 4, "reasons": {}}})
    assert [one["code"] for one in body["left_out"]] == ["release"], "the release that failed is a letter, too"


def test_what_concerns_everybody_is_sent_again_without_a_release(
    partition: Partition, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = handle.decide

    def failing(event: Any, *others: Any) -> Decision:
        if event.subject == EVERYBODY:
            raise BrokenRuleError("not today")
        return decide(event, *others)

    with monkeypatch.context() as patched:
        patched.setattr(handle, "decide", failing)
        partition.event("memberships", "force_majeure.declared", EVERYBODY, {"program": "pro"})
        partition.work()
    assert [row["reason"] for row in run("list", "--member", EVERYBODY)[1]] == ["internal_error"]
    code, body = run("redrive", "--member", EVERYBODY, "--yes")
    assert (code, body["released"], body["sent"]) == (ExitCode.DONE, None, 1)
    assert body["outcomes"] == {"applied": {"total": 1, "reasons": {}}}


def test_a_member_whose_deadline_failed_is_released_with_nothing_to_send(
    partition: Partition, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition.ticked("2026-03-02 12:00")
    partition.returned("ann", "A9")
    partition.work()

    def failing(*_: Any) -> Decision:
        raise BrokenRuleError

    with monkeypatch.context() as patched:
        patched.setattr(handle, "wake", failing)
        partition.ticked("2026-05-01 12:00")
        partition.work()
    _, plan = run("redrive", "--member", "ann")
    assert plan["release"]["reason"] == "BrokenRuleError"
    assert [(one["code"], one["member"]) for one in plan["left_out"]] == [("tick", "ann")]

    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["released"], body["sent"]) == (ExitCode.DONE, "ann", 0)
    assert partition.woken == ["ann"], "the deadline ran with the release"
