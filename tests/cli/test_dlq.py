"""`dlq` on an installation in memory: what is listed, shown, planned and sent, and what becomes of it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
import structlog
from kafka import TopicPartition

from agents import handle
from agents.settings import Settings
from audit.topics import Stored
from cli.dlq import box
from cli.dlq.letters import Place, Selection
from cli.dlq.plan import plan
from cli.errors import ExitCode
from cli.main import execute
from models import decide as rules
from models import state
from models.desk import At, Decision
from models.partitioning import partition_of
from tests.agents.partition import Partition
from tests.system import scenario, stories
from tests.system.memory import Installation, MemoryWire

Run = Callable[..., tuple[int, Any]]


class ReaderInMemory:
    """`audit.topics.Reader` over an installation in memory."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def partitions(self, _topic: str) -> int:
        return len(self._installation.partitions)

    def starts(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    def ends(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: len(self._records(place)) for place in places}

    def since(self, instants: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        return dict.fromkeys(instants, 0)

    def stream(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> Iterator[tuple[TopicPartition, list[Stored]]]:
        for place, start in starts.items():
            yield place, self._records(place)[start : ends[place]]

    def _records(self, place: TopicPartition) -> list[Stored]:
        if place.topic == self._installation.catalogue.changelog("entries"):
            table = self._installation.tables[place.partition]["entries"].committed.items()
            return [Stored(*place, n, 0, 0, key, value, ()) for n, (key, value) in enumerate(table)]
        records = self._installation.topics[place.topic, place.partition]
        return [Stored(*place, r.offset, r.timestamp_ms, 0, r.key, r.value, r.headers) for r in records]


class BrokenRuleError(Exception):
    """What the rules of these tests raise."""


@pytest.fixture
def partition(monkeypatch: pytest.MonkeyPatch) -> Iterator[Partition]:
    """Ann and bob are members; the CLI reads and sends here."""
    partition = Partition()

    @contextmanager
    def opened(settings: Settings) -> Iterator[box.Box]:
        yield box.Box(settings, ReaderInMemory(partition))  # type: ignore[arg-type]

    @contextmanager
    def connected(_settings: Settings) -> Iterator[MemoryWire]:
        yield MemoryWire(partition)

    monkeypatch.setattr(box, "opened", opened)
    monkeypatch.setattr("cli.wire.connected", connected)
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "1")
    partition.joined("ann")
    partition.joined("bob")
    partition.work()
    with structlog.testing.capture_logs():  # the worker's log goes elsewhere
        yield partition


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Order ids on which the rule raises."""
    ids = {"A1"}
    decide = rules.decide

    def failing(event: Any, read: At, *others: Any) -> Decision:
        if getattr(event.data, "order_id", None) in ids and not rules.is_quarantined(event.subject, read):
            raise BrokenRuleError("the books are upside down")
        return decide(event, read, *others)

    monkeypatch.setattr(handle, "decide", failing)
    return ids


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, Any]:
        code = execute(["dlq", *arguments, "--json"])
        lines = capsys.readouterr().out.splitlines()
        bodies = [orjson.loads(line) for line in lines]
        return code, bodies if arguments[0] == "list" and code == 0 else bodies[0]

    return run


def set_aside(partition: Partition) -> None:
    """Ann's A1 fails; then A2, its return and A3 are set aside, bob's order between them is applied."""
    partition.ordered("ann", "A1")
    partition.work()
    for member, order in (("ann", "A2"), ("bob", "B1")):
        partition.ordered(member, order)
        partition.work()
    partition.returned("ann", "A2")
    partition.work()
    partition.ordered("ann", "A3")
    partition.work()


SIGNED = ("--yes", "--actor", "kim", "--because", "mended")


def earned(partition: Partition, member: str) -> dict[str, int]:
    """Points booked for each order when it was placed."""
    ledger = partition.told(member).ledger
    return {entry["data"]["order_id"]: entry["data"]["points"] for entry in ledger if entry["data"]["kind"] == "earn"}


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


def test_a_value_that_is_still_unreadable_is_not_released(partition: Partition, run: Run) -> None:
    mended = partition.tables[0]["members"].committed[b"ann"]
    partition.tables[0]["members"].committed[b"ann"] = bytes([state.VERSION]) + b"broken"
    partition.ordered("ann", "A1")
    partition.work()
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["code"]) == (ExitCode.CHECK_FAILED, "not_released")
    assert [record.value for record in partition.read("orders")].count(partition.letters[0].value) == 1, "not sent"

    partition.tables[0]["members"].committed[b"ann"] = mended
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["outcomes"]) == (ExitCode.DONE, {"applied": {"total": 1, "reasons": {}}})
    assert [one["code"] for one in body["left_out"]] == ["release"], "the release that failed is a letter, too"


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


def test_records_that_no_worker_wrote_are_mentioned(partition: Partition, capsys: pytest.CaptureFixture[str]) -> None:
    partition.append("dead-letters", b"x", b"y", partition=0)
    assert execute(["dlq", "list"]) == ExitCode.DONE
    assert "1 records in dead-letters were not written by a worker" in capsys.readouterr().err


def test_a_place_is_two_numbers() -> None:
    assert str(Place.parse("3:17")) == "3:17"
    for text in ("3", "3:", ":7", "a:b", "3:1:7", "-3:1", "²:1"):
        with pytest.raises(ValueError, match=r".*"):
            Place.parse(text)


def test_what_upstream_sent_again_where_it_belongs_is_answered() -> None:
    """given a record on a wrong partition, when the same event comes on its own, then the letter is answered from there."""
    installation = Installation(4)
    home = partition_of(b"ann", 4)
    join = scenario.message("points.joined", "ann", {}, stories.START, "j", "/tests")
    installation.append(join.topic, b"ann", join.value, partition=(home + 1) % 4)
    installation.work()
    opened = box.Box(Settings(partitions=4), ReaderInMemory(installation))  # type: ignore[arg-type]
    letters, chains = opened.letters(Selection(reason="wrong_partition"), whole=False)
    [fate] = opened.fates(letters)
    assert fate.decision
    [step] = plan(letters, [fate], chains, {}, released=None)
    assert step.left_out
    assert "murmur2" in step.left_out.why

    installation.send(join)
    installation.work()
    [fate] = opened.fates(letters)
    assert fate.answer
    assert fate.answer["outcome"] == "applied"
