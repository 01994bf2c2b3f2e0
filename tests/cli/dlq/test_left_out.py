"""Which letters a redrive sends, and which it leaves out and why."""

import pytest

from agents import handle
from cli.errors import ExitCode
from tests.agents.partition import Partition
from tests.cli.dlq.installation import SIGNED, Run, earned, set_aside


@pytest.mark.usefixtures("broken")
def test_letters_of_a_quarantined_member_wait_for_its_release(partition: Partition, run: Run) -> None:
    set_aside(partition)
    for selection in (["--reason", "quarantined"], ["0:0", "0:3"]):
        code, body = run("redrive", *selection, "--yes")
        assert (code, body["sent"]) == (ExitCode.DONE, 0)
        assert {one["code"] for one in body["left_out"]} == {"quarantined"}
        assert "dlq redrive --member ann" in body["left_out"][0]["why"]


def test_what_can_only_fail_again_is_left_out_with_what_upstream_must_do(partition: Partition, run: Run) -> None:
    good = partition.ordered("bob", "B1")
    partition.append("orders", b"ann", good.value, partition=0)
    partition.append("orders", None, good.value, partition=0)
    partition.append("returns", b"bob", good.value, partition=0)
    partition.append("orders", b"bob", b"{not json", partition=0)
    partition.append("clock", None, b"{}", partition=0)
    partition.work()
    _, body = run("redrive", "--since", "1970-01-01")
    assert body["send"] == []
    whys = {one["letter"]: (one["code"], one["why"]) for one in body["left_out"]}
    assert {code for code, _ in whys.values()} == {"unreadable"}
    assert len(whys) == 5
    texts = " ".join(why for _, why in whys.values())
    assert "not_json (value: expected one JSON document): upstream must correct it and publish it again" in texts


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("key_mismatch", "with its subject as the key"),
        ("null_key", "with its subject as the key"),
        ("wrong_topic", "on the topic of its type"),
        ("unknown_type", "correct the type"),
    ],
)
def test_each_reason_has_its_advice(partition: Partition, run: Run, reason: str, advice: str) -> None:
    good = partition.ordered("bob", "B1").value or b""
    partition.topics["orders", 0].clear()
    topic, key = ("returns" if reason == "wrong_topic" else "orders"), {"key_mismatch": b"ann", "null_key": None}
    value = good.replace(b"order.placed.v1", b"order.eaten.v1") if reason == "unknown_type" else good
    partition.append(topic, key.get(reason, b"bob"), value, partition=0)
    partition.work()
    [left] = run("redrive", "--reason", reason)[1]["left_out"]
    assert left["code"] == "unreadable"
    assert advice in left["why"]


def test_what_this_release_can_read_is_sent(partition: Partition, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """given a type that was unknown when it came, when a release knows it, then the letter is applied."""
    decode = handle.decode
    with monkeypatch.context() as older:
        older.setattr(
            handle,
            "decode",
            lambda *record: (
                handle.Unreadable("unknown_type", "type: expected one of this contract's event types")
                if record[0] == "orders"
                else decode(*record)
            ),
        )
        partition.ordered("bob", "B1")
        partition.work()
    code, body = run("redrive", "--reason", "unknown_type", "--yes")
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 1, "reasons": {}}})
    assert earned(partition, "bob") == {"B1": 100}


def test_two_letters_of_one_event_are_one_event(partition: Partition, run: Run, broken: set[str]) -> None:
    """GEN-1 given upstream sent an event twice while the member was set aside, then the second is a duplicate."""
    first = partition.ordered("ann", "A1")
    partition.work()
    partition.append("orders", first.key, first.value, partition=0)
    partition.work()
    broken.clear()
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, {name: entry["total"] for name, entry in body["outcomes"].items()}) == (
        0,
        {"applied": 1, "duplicate": 1},
    )
    assert earned(partition, "ann") == {"A1": 100}


def test_an_answer_before_the_letter_is_no_answer_to_it(partition: Partition, run: Run, broken: set[str]) -> None:
    """given an applied event that comes once more after the member was set aside, then its letter is open."""
    applied = partition.ordered("ann", "A0")
    partition.ordered("ann", "A1")
    partition.append("orders", applied.key, applied.value, partition=0)
    partition.work()
    assert [(row["letter"], row["answer"]) for row in run("list", "--member", "ann")[1]] == [
        ("0:0", None),
        ("0:1", None),
    ]
    broken.clear()
    assert run("redrive", "--member", "ann", *SIGNED)[1]["outcomes"].keys() == {"applied", "duplicate"}


@pytest.mark.usefixtures("broken")
def test_exit_1_if_something_is_set_aside_again(partition: Partition, run: Run, broken: set[str]) -> None:
    """given two members and one whose rule fails all the same, then the summary says so."""
    decode = handle.decode
    with pytest.MonkeyPatch.context() as older:
        unknown = handle.Unreadable("unknown_type", "?")
        older.setattr(handle, "decode", lambda *r: unknown if r[0] == "orders" else decode(*r))
        partition.ordered("ann", "A1")
        partition.ordered("bob", "B1")
        partition.work()
    code, body = run("redrive", "--reason", "unknown_type", "--yes")
    assert code == ExitCode.CHECK_FAILED
    assert body["outcomes"]["dead_lettered"] == {"total": 1, "reasons": {"internal_error": 1}}
    assert earned(partition, "bob") == {"B1": 100}
