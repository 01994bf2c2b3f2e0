"""`dlq list` and `dlq show`: what was set aside, what became of it since, and the letter as it came."""

import pytest

from cli.dlq.letters import Place
from cli.errors import ExitCode
from cli.main import execute
from tests.agents.partition import Partition
from tests.cli.dlq.installation import SIGNED, Run, set_aside


@pytest.mark.usefixtures("broken")
def test_list_tells_what_was_set_aside_in_order(partition: Partition, run: Run) -> None:
    set_aside(partition)
    partition.append("orders", b"bob", b"{not json", partition=0)
    partition.work()
    code, rows = run("list")

    assert code == ExitCode.DONE
    assert [(row["letter"], row["reason"], row["member"], row["type"]) for row in rows] == [
        ("0:0", "internal_error", "ann", "order.placed.v1"),
        ("0:1", "quarantined", "ann", "order.placed.v1"),
        ("0:2", "quarantined", "ann", "return.completed.v1"),
        ("0:3", "quarantined", "ann", "order.placed.v1"),
        ("0:4", "not_json", "bob", None),
    ]
    assert rows[2]["record"] == {"topic": "returns", "partition": 0, "offset": 0}
    assert [row["answer"] for row in rows] == [None] * 5


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("options", "letters"),
    [
        (["--member", "ann"], ["0:0", "0:1", "0:2", "0:3"]),
        (["--member", "bob"], ["0:4"]),
        (["--member", "carl"], []),
        (["--reason", "quarantined"], ["0:1", "0:2", "0:3"]),
        (["--topic", "returns"], ["0:2"]),
        (["--limit", "2"], ["0:3", "0:4"]),
        (["--reason", "quarantined", "--limit", "1"], ["0:3"]),
        (["--since", "1970-01-01"], ["0:0", "0:1", "0:2", "0:3", "0:4"]),
        (["--since", "1970-01-01T00:00:00.001Z"], []),
    ],
)
def test_list_filters(partition: Partition, run: Run, options: list[str], letters: list[str]) -> None:
    set_aside(partition)
    partition.append("orders", b"bob", b"{not json", partition=0)
    partition.work()
    assert [row["letter"] for row in run("list", *options)[1]] == letters


@pytest.mark.usefixtures("broken")
def test_show_has_everything_that_came(partition: Partition, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    set_aside(partition)
    code, found = run("show", "0:0")
    assert code == ExitCode.DONE
    assert found["value"]["json"]["data"]["order_id"] == "A1"
    assert found["key"] == {"text": "ann"}
    assert found["headers"] == [{"name": "content-type", "value": {"text": "application/cloudevents+json"}}]
    assert found["error"].rstrip().endswith("BrokenRuleError: the books are upside down")
    assert found["decision"]["outcome"] == "dead_lettered"
    assert found["unreadable_now"] is None

    assert execute(["dlq", "show", "0:0"]) == ExitCode.DONE
    text = capsys.readouterr().out
    for words in ("orders[0]@0", "internal_error", '"order_id": "A1"', "BrokenRuleError", "the member is quarantined"):
        assert words in text


@pytest.mark.parametrize("value", [b"\xff\x00", b"[" * 400 + b"]" * 400, b"\x1b[2J", None, b"7", b""])
def test_show_shows_any_bytes_and_steers_no_terminal(
    partition: Partition, run: Run, capsys: pytest.CaptureFixture[str], value: bytes | None
) -> None:
    partition.append("orders", b"\xff", value, partition=0, headers=[("x", None), ("y", b"\x1b[31m")])
    partition.work()
    assert run("show", "0:0")[0] == ExitCode.DONE
    for command in (["show", "0:0"], ["list"], ["redrive", "0:0"]):
        assert execute(["dlq", *command]) == ExitCode.DONE
        assert "\x1b" not in capsys.readouterr().out


def test_records_that_no_worker_wrote_are_mentioned(partition: Partition, capsys: pytest.CaptureFixture[str]) -> None:
    partition.append("dead-letters", b"x", b"y", partition=0)
    assert execute(["dlq", "list"]) == ExitCode.DONE
    assert "1 records in dead-letters were not written by a worker" in capsys.readouterr().err


def test_a_place_is_two_numbers() -> None:
    assert str(Place.parse("3:17")) == "3:17"
    for text in ("3", "3:", ":7", "a:b", "3:1:7", "-3:1", "²:1"):
        with pytest.raises(ValueError, match=r".*"):
            Place.parse(text)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["show", "0:9"], "unknown_letter", "0:9"),
        (["redrive", "0:7", "0:9"], "unknown_letter", "0:7, 0:9"),
        (["show", "nine"], "usage", "PARTITION:OFFSET"),
        (["show", "-1:2"], "usage", ""),
        (["redrive"], "usage", "--member"),
        (["redrive", "--yes"], "usage", "--member"),
        (["list", "--since", "yesterday"], "usage", "zone"),
        (["list", "--since", "2026-03-01T10:00:00"], "usage", "zone"),
        (["list", "--topic", "oders"], "usage", "orders"),
        (["list", "--limit", "0"], "usage", "--limit"),
    ],
)
@pytest.mark.usefixtures("partition")
def test_wrong_use_is_named(run: Run, arguments: list[str], code: str, says: str) -> None:
    exit_code, body = run(*arguments)
    assert body["code"] == code
    assert says in body["message"]
    assert exit_code == (ExitCode.CHECK_FAILED if code == "unknown_letter" else ExitCode.WRONG_USE)


@pytest.mark.usefixtures("broken")
def test_people_are_told_in_words(partition: Partition, capsys: pytest.CaptureFixture[str], broken: set[str]) -> None:
    set_aside(partition)

    def told(*arguments: str) -> str:
        assert execute(["dlq", *arguments]) == ExitCode.DONE
        return capsys.readouterr().out

    assert "4 letters, 4 open" in told("list")
    assert "2 letters, 2 open; 2 older ones not shown" in told("list", "--limit", "2")
    plan = told("redrive", "--member", "ann")
    assert "ann is quarantined (BrokenRuleError, before the first tick); that would be lifted first" in plan
    assert "4 would be sent, 0 left out; nothing done without --yes" in plan
    broken.clear()
    done = told("redrive", "--member", "ann", *SIGNED)
    assert "ann is released" in done
    assert "4 of 4 events decided" in done
    assert "nothing to send" in told("redrive", "--member", "ann", "--yes")
    assert "4 letters, 0 open" in told("list")
