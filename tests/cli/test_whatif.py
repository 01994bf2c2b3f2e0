"""`whatif` on an installation in memory: how it is asked, what it says of its answer, and how the answer looks."""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import TopicPartition
from rich.console import Console

from agents.settings import Settings
from audit.topics import NoQuietMomentError, Snapshot, Stored
from cli import live, supposed
from cli.errors import ExitCode
from cli.main import execute
from cli.talk import PIPE_WIDTH
from models import applied, state
from models.state import Quarantine
from tests.agents.partition import Partition
from tests.cli.reader import ReaderInMemory

Run = Callable[..., tuple[int, dict[str, Any]]]
NEXT_MONTH = ("--until", "2026-04-01")


class Partition0(ReaderInMemory):
    """Keeps in mind what was read."""

    def __init__(self, partition: Partition) -> None:
        super().__init__(partition)
        self.read: set[str] = set()

    def stream(
        self, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> Iterator[tuple[TopicPartition, list[Stored]]]:
        self.read |= {place.topic for place in starts}
        return super().stream(starts, ends)


@pytest.fixture
def partition() -> Partition:
    """Ann and bob are members; ann has an order."""
    partition = Partition()
    partition.ticked("2026-03-02 12:00")
    partition.joined("ann")
    partition.joined("bob")
    partition.ordered("ann", "A1")
    partition.work()
    return partition


@pytest.fixture
def reader(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> Partition0:
    reader = Partition0(partition)

    @contextmanager
    def connected(_settings: Settings) -> Iterator[Partition0]:
        yield reader

    monkeypatch.setattr(live, "connected", connected)
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "1")
    return reader


@pytest.fixture
def run(reader: Partition0, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = execute(["whatif", *arguments, "--json"])
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        return code, orjson.loads(out)

    return run


@pytest.fixture
def shown(reader: Partition0, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def shown(*arguments: str) -> str:
        assert execute(["whatif", *arguments]) == ExitCode.DONE
        return capsys.readouterr().out

    return shown


def file_of(folder: Path, *items: Mapping[str, Any]) -> str:
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items))
    return str(file)


def order(member: str, order_id: str, event_id: str = "new-1") -> dict[str, Any]:
    """The line of an order; made by the same hands as those in the topics."""
    record = Partition().ordered(member, order_id)
    return {"topic": "orders", "event": orjson.loads(record.value or b"") | {"id": event_id}}


class TestAsked:
    def test_events_and_time(self, run: Run, tmp_path: Path) -> None:
        tick = {"tick": "2026-03-03T12:00:00Z"}
        code, answer = run("ann", file_of(tmp_path, order("ann", "A2"), tick), *NEXT_MONTH)

        assert code == ExitCode.DONE
        assert [(step["event"] or {}).get("id") for step in answer["steps"]] == ["new-1", None, None]
        assert answer["now"] == {"before": "2026-03-02T12:00:00Z", "after": "2026-04-01T00:00:00Z"}
        [first, *_] = answer["steps"]
        assert [(one["outcome"], one["clause"], one["event"]["offset"]) for one in first["told"]] == [
            ("applied", "MS-3", 1)
        ]
        assert answer["balance"]["after"]["available"] == 2 * answer["balance"]["before"]["available"] > 0
        assert answer["statuses"] == {"points": {"before": "active", "after": "active"}}
        assert answer["notes"] == []
        assert answer["as_of"] == {"partition": 0, "waiting": 0, "changelogs": answer["as_of"]["changelogs"]}

    def test_an_id_that_was_answered_before_is_known(self, run: Run, tmp_path: Path) -> None:
        for order_id, outcome in (("A1", "duplicate"), ("A2", "conflict")):
            _, answer = run("ann", file_of(tmp_path, order("ann", order_id, "e3")))
            [step] = answer["steps"]
            assert [one["outcome"] for one in step["told"]] == [outcome]
            assert answer["balance"]["before"] == answer["balance"]["after"]

    def test_ids_are_read_only_where_events_come(self, run: Run, reader: Partition0, tmp_path: Path) -> None:
        ids = "memberships-applied-changelog"
        run("ann", *NEXT_MONTH)
        assert ids not in reader.read
        run("ann", file_of(tmp_path, order("ann", "A2")))
        assert ids in reader.read

    def test_pro_11_what_was_said_to_everybody_counts(self, run: Run, partition: Partition) -> None:
        partition.opened_pro("ann")
        partition.majeure("declared", "2026-03-02 12:00")
        partition.work()
        code, answer = run("ann", "--until", "2026-03-19")

        assert code == ExitCode.DONE
        told = [one["says"] for step in answer["steps"] for one in step["told"]]
        assert told == [
            "Force majeure was declared on 2026-03-02 12:00 UTC and has lasted for 15 days: the member was told that they "
            "may leave PRO (PRO-11)."
        ]

    def test_what_is_no_event_is_told_as_the_worker_would(self, run: Run, tmp_path: Path) -> None:
        wrong = {"topic": "orders", "event": {"subject": "ann", "id": 7}}
        code, answer = run("ann", file_of(tmp_path, wrong))

        assert code == ExitCode.DONE
        assert [letter["reason"] for letter in answer["steps"][0]["set_aside"]] == ["invalid"]

    def test_an_event_of_another_member_is_refused(self, run: Run, tmp_path: Path) -> None:
        for other in ("bob", "*"):
            code, problem = run("ann", file_of(tmp_path, order("ann", "A2"), order(other, "B1")))
            assert (code, problem["code"]) == (ExitCode.WRONG_USE, "another_member")
            assert problem["message"].startswith(f"line 2: an event for {other}")

    def test_nothing_asked_is_wrong_use(self, run: Run) -> None:
        code, problem = run("ann")
        assert (code, problem["code"]) == (ExitCode.WRONG_USE, "usage")
        assert "--until" in problem["message"]

    @pytest.mark.parametrize(
        ("until", "says"),
        [("soon", "neither a day nor a time"), ("2026-03-01T12:00", "neither"), ("2026-03-02T11:59:59Z", "only goes")],
    )
    def test_a_time_that_cannot_be_is_wrong_use(self, until: str, says: str, run: Run) -> None:
        code, problem = run("ann", "--until", until)
        assert (code, problem["code"]) == (ExitCode.WRONG_USE, "usage")
        assert says in problem["message"]

    def test_the_time_it_is_already_can_be_asked_for(self, run: Run) -> None:
        code, answer = run("ann", "--until", "2026-03-02T12:00:00Z")
        assert (code, answer["deadlines"]) == (ExitCode.DONE, [])


class TestState:
    @pytest.mark.usefixtures("reader")
    def test_is_the_member_s_alone(self, partition: Partition) -> None:
        """given members whose names begin alike, with entries of theirs, then each has their own and nothing else."""
        for member in ("an", "ann|x", "x|ann", "bob"):
            partition.joined(member)
            partition.ordered(member, "ann|1")
        partition.work()
        ids = {applied.key("/tests", "e3"), applied.key("/tests", "never")}
        found = live.read(Settings(), "ann", ids).live

        assert set(found.tables[state.MEMBERS]) == {b"ann"}
        assert found.tables[state.ENTRIES]
        assert all(key.split(b"|")[1] == b"ann" for key in found.tables[state.ENTRIES])
        assert set(found.tables[state.APPLIED]) == {applied.key("/tests", "e3")}
        for member in ("an", "ann|x", "x|ann", "bob"):
            other = live.read(Settings(), member, ()).live
            assert set(other.tables[state.MEMBERS]) == {member.encode()}
            assert len(other.tables[state.ENTRIES]) == 1

    @pytest.mark.usefixtures("reader")
    def test_a_deleted_key_is_gone(self, partition: Partition) -> None:
        name = "memberships-entries-changelog"
        partition.append(name, b"held|ann|1", b"x", partition=0)
        partition.append(name, b"held|ann|1", None, partition=0)
        assert b"held|ann|1" not in live.read(Settings(), "ann", ()).live.tables[state.ENTRIES]

    @pytest.mark.usefixtures("reader")
    def test_now_is_found_behind_any_number_of_aborted_records(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """given a tail in which nothing was committed, then the whole is read."""
        monkeypatch.setattr(live, "TAIL", 0)
        assert live.read(Settings(), "ann", ()).live.tables["partitions"]

    def test_what_is_not_handled_yet_is_counted(self, run: Run, partition: Partition) -> None:
        partition.ordered("ann", "A2")
        partition.ordered("bob", "B2")
        code, answer = run("ann", *NEXT_MONTH)

        assert (code, answer["as_of"]["waiting"]) == (ExitCode.DONE, 1)
        assert answer["notes"][0].startswith("1 event of theirs is not handled yet")

    def test_what_was_handled_while_it_was_read_is_not_counted(
        self, run: Run, reader: Partition0, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """given offsets from before and a state from after, then the member's own word counts."""
        monkeypatch.setattr(reader, "committed", dict)
        _, answer = run("ann", *NEXT_MONTH)
        assert answer["as_of"]["waiting"] == 0

    def test_writing_without_a_pause_is_told(
        self, run: Run, reader: Partition0, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def moving(_places: Sequence[TopicPartition], patience: float, _quiet: float) -> Snapshot:
            raise NoQuietMomentError(f"no quiet moment within {patience:.0f} s")

        monkeypatch.setattr(reader, "snapshot", moving)
        code, problem = run("ann", *NEXT_MONTH)
        assert (code, problem["code"]) == (ExitCode.CHECK_FAILED, "state_moving")
        assert "15 s" in problem["message"]

    def test_topics_of_another_size_are_told(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "2")
        code, problem = run("ann", *NEXT_MONTH)
        assert (code, problem["code"]) == (ExitCode.WRONG_USE, "wrong_setup")

    @pytest.mark.parametrize(
        ("raw", "hint"), [(b"\x01rubbish", "the guide"), (bytes([state.VERSION + 1]) + b"x", "newer release")]
    )
    def test_that_cannot_be_read_is_told(self, raw: bytes, hint: str, run: Run, partition: Partition) -> None:
        partition.tables[0][state.MEMBERS].committed[b"ann"] = raw
        code, problem = run("ann", *NEXT_MONTH)

        assert (code, problem["code"]) == (ExitCode.CHECK_FAILED, "state_unreadable")
        assert hint in problem["hint"]


class TestNotes:
    def test_of_one_whom_nobody_knows(self, run: Run, tmp_path: Path) -> None:
        code, answer = run("eve", file_of(tmp_path, order("eve", "E1")))

        assert code == ExitCode.DONE
        assert answer["notes"] == [
            "the workers know nothing of eve yet: this is what would become of a new member (is the id right?)"
        ]
        assert [one["outcome"] for one in answer["steps"][0]["told"]] == ["applied"]

    def test_of_one_who_is_set_aside(self, run: Run, partition: Partition, tmp_path: Path) -> None:
        tables = partition.tables[0]
        member = state.decode(tables[state.MEMBERS].committed[b"ann"], state.Member)
        member.quarantined = Quarantine("BrokenRuleError", 3, None)
        tables[state.MEMBERS].committed[b"ann"] = state.encode(member)
        key = state.entry_key(Quarantine.KIND, "ann", Quarantine.STANDING)
        tables[state.ENTRIES].committed[key] = state.encode(member.quarantined)
        _, answer = run("ann", file_of(tmp_path, order("ann", "A2")))

        [note] = answer["notes"]
        assert note.startswith("ann is set aside (BrokenRuleError)")
        assert "dlq redrive --member ann" in note
        assert [one["reason"] for one in answer["steps"][0]["told"]] == ["quarantined"]

    @pytest.mark.usefixtures("reader")
    def test_of_a_partition_without_a_tick_are_said_on_stderr(
        self, partition: Partition, capsys: pytest.CaptureFixture[str]
    ) -> None:
        partition.tables[0]["partitions"].committed.clear()
        assert execute(["whatif", "ann", *NEXT_MONTH]) == ExitCode.DONE
        captured = capsys.readouterr()
        assert "no tick of the clock" in captured.err
        assert "no tick of the clock" not in captured.out


class TestShown:
    def test_what_is_different_and_what_happens(self, shown: Callable[..., str], tmp_path: Path) -> None:
        method = {
            **order("ann", "A2")["event"],
            "type": "method.added.v1",
            "id": "card",
            "data": {"method_id": "card-1", "kind": "card", "position": 1, "expires": "2029-01"},
        }
        text = shown("ann", file_of(tmp_path, order("ann", "A2"), {"topic": "payments", "event": method}))

        assert "what if ann" in text
        assert re.search(r"points +active", text)
        assert re.search(r"balance +available 100 → 200   reserved 0   debt 0", text)
        assert "order.placed new-1  applied  MS-3" in text
        assert "earn +100 of lot A2  balance 200" in text
        assert "revision 3, as of 2026-03-02 12:00 UTC; nothing of this has happened" in text

    def test_deadlines_that_came_are_new_or_are_called_off(
        self, shown: Callable[..., str], partition: Partition, tmp_path: Path
    ) -> None:
        text = shown("ann", "--until", "2028-06-01")
        assert re.search(r"deadlines +came +2028-\d\d-\d\d \d\d:\d\d  points.remind", text)
        assert "available 100 → 0" in text
        assert "from 2026-03-02 12:00 to 2028-06-01 00:00" in text

        partition.returned("ann", "A9")
        partition.work()
        found = shown("ann", file_of(tmp_path, order("ann", "A9")))
        assert "called off  2026-04-01 12:00  held" in found
        assert "held events" in found

        text = shown("eve", file_of(tmp_path, {"tick": "2026-03-09T12:00:00Z"}))
        assert "Nothing would happen." in text
        assert "not known yet, from 2026-03-02 12:00 to 2026-03-09 12:00 UTC" in text

    def test_of_a_deadline_from_which_nothing_follows_it_says_so(self, run: Run) -> None:
        _, answer = run("ann", *NEXT_MONTH)
        came = {"what": "loan.invoice_due", "which": "n-1", "due": "2026-03-20T07:00:00Z"}
        silent = {
            "event": None,
            "now": "2026-03-20T07:00:00Z",
            "due": [came],
            "told": [],
            "sent_on": [],
            "set_aside": [],
        }
        console = Console(file=io.StringIO(), width=PIPE_WIDTH)
        console.print(supposed.card(answer | {"steps": [silent]}))
        line = "2026-03-20 07:00  loan.invoice_due n-1  due  nothing is booked or told"
        assert line in console.file.getvalue()  # type: ignore[attr-defined]

    def test_promises_that_are_made_or_go(
        self, shown: Callable[..., str], partition: Partition, tmp_path: Path
    ) -> None:
        leaving = {
            **order("ann", "A2")["event"],
            "type": "points.cancel_requested.v1",
            "id": "bye",
            "time": "2026-03-02T13:00:00Z",
            "data": {},
        }
        text = shown("ann", file_of(tmp_path, {"topic": "memberships", "event": leaving}))
        assert re.search(r"promises +none → open  the points membership ended  2026-03-05 08:00  MS-16", text)

        partition.returned("ann", "A9")
        partition.work()
        found = shown("ann", file_of(tmp_path, order("ann", "A9")))
        assert re.search(r"promises +open → none  what waits for order A9 answered  2026-04-01 12:00  GEN-2", found)

    def test_of_one_who_joins(self, shown: Callable[..., str], tmp_path: Path) -> None:
        joined = orjson.loads(Partition().joined("eve").value or b"")
        text = shown("eve", file_of(tmp_path, {"topic": "memberships", "event": joined | {"id": "new"}}))
        assert re.search(r"points +none → active", text)
        assert "told points.welcome" in text

    def test_others_words_steer_no_terminal(self, shown: Callable[..., str], tmp_path: Path) -> None:
        wild = order("ann", "A2")
        wild["event"]["data"]["order_id"] = "[red]x\x1b[31m"
        text = shown("ann", file_of(tmp_path, wild))
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= PIPE_WIDTH
