"""`producers`: each kind of trouble is counted under its source, with the smallest record that shows it."""

import tracemalloc
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, get_args
from zlib import crc32

import orjson
import pytest
from kafka import TopicPartition

from agents.settings import Settings
from audit.topics import Stored
from cli.errors import ExitCode
from cli.main import execute
from cli.producers import health, judge
from cli.producers.health import Name
from cli.producers.kinds import KINDS
from cli.producers.read import Producers
from models.envelope import Reason
from models.partitioning import partition_of
from tests.cli.producers.conftest import Run
from tests.cli.producers.upstream import SHOP, counts, event, of, send
from tests.cli.reader import ReaderInMemory
from tests.support.processes import ROOT
from tests.system.memory import Installation


def _joined(installation: Installation, *members: str, source: str = SHOP) -> None:
    for member in members:
        send(installation, event("points.joined", member, f"join-{member}", source=source), "memberships")
    installation.work()


def test_every_reason_of_a_dead_letter_has_a_kind() -> None:
    assert set(get_args(Reason)) <= KINDS.keys()


def test_every_kind_has_its_section_in_the_guide() -> None:
    sections = [line[4:] for line in (ROOT / "docs/producers.md").read_text().splitlines() if line.startswith("### ")]
    assert sorted(sections) == sorted(KINDS)


def test_a_healthy_source_says_so_in_one_line(
    installation: Installation, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    _joined(installation, "ann", "bob")
    code, body = run("--check")
    assert (code, body["healthy"], body["records"]) == (ExitCode.DONE, True, 2)
    assert of(body) == {"source": SHOP, "topic": None, "records": 2, "healthy": True, "troubles": []}
    assert execute(["producers"]) == ExitCode.DONE
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        [SHOP, "2", "records", "healthy"],
        ["2", "records", "read"],
    ]


def test_nothing_came(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--check")[1]["sources"] == []
    execute(["producers"])
    assert "Nothing came." in capsys.readouterr().out


def _placed(order_id: str = "o1", **data: Any) -> dict[str, Any]:
    return event("order.placed", "ann", f"placed {order_id}", order_id=order_id, **data)


def _with(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (body | changes).items() if value is not ...}


@pytest.mark.parametrize(
    ("body", "how", "trouble"),
    [
        (_placed(colour="red"), {}, ("unknown_field", "data.colour")),
        (_placed(points_redeemed=1.5), {}, ("invalid", "data.points_redeemed")),
        (_placed(lines=[{"quantity": 1}, {"line_id": "2", "quantity": 0}]), {}, ("invalid", "data.lines.*.quantity")),
        (_with(_placed(), id=""), {}, ("bad_id", None)),
        (_with(_placed(), id=...), {}, ("bad_id", None)),
        (_with(_placed(), id=" x"), {}, ("bad_id", None)),
        (_with(_placed(), type="order.eaten.v1"), {}, ("unknown_type", None)),
        (_placed(), {"topic": "returns"}, ("wrong_topic", None)),
        (_placed(), {"key": None, "partition": 1}, ("null_key", None)),
        (_placed(), {"key": b"bob"}, ("key_mismatch", None)),
        (_placed(), {"partition": (partition_of(b"ann", 4) + 1) % 4}, ("wrong_partition", None)),
        (_placed(minutes=60 * 24 * 60), {}, ("ahead_of_now", None)),
    ],
)
def test_a_record_that_is_set_aside(
    installation: Installation, run: Run, body: dict[str, Any], how: dict[str, Any], trouble: tuple[str, str | None]
) -> None:
    """given one such record among good ones, then it is the one trouble of its source."""
    for partition in range(4):
        installation.append("clock", None, b'{"at": "2026-03-02T18:00:00Z"}', partition=partition)
    _joined(installation, "ann")
    record = send(installation, body, **how)
    code, found = run("--check")
    assert code == ExitCode.CHECK_FAILED
    account = of(found)
    assert (account["records"], counts(account)) == (2, {trouble: 1})
    [one] = account["troubles"]
    assert (one["effect"], one["share"]) == ("set aside", 0.5)
    assert one["hint"]
    sample = one["sample"]
    assert sample["record"] == {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    assert sample["bytes"] == len(record.value or b"")
    assert orjson.loads(sample["value"])["source"] == SHOP


@pytest.mark.parametrize(
    ("value", "trouble"),
    [(b"{not json", "not_json"), (b'"\xff"', "not_utf8"), (None, "null_value"), (b"[]", "invalid")],
)
def test_where_the_source_cannot_be_read_the_topic_stands_for_it(
    installation: Installation, run: Run, value: bytes | None, trouble: str
) -> None:
    installation.append("returns", b"ann", value)
    account = of(run()[1], None, "returns")
    assert [one["kind"] for one in account["troubles"]] == [trouble]


def test_what_is_handled_or_ignored_all_the_same(installation: Installation, run: Run) -> None:
    """given a duplicate, an id used again, a return before its order, and an order dated before the one sent before it."""
    _joined(installation, "ann")
    first = event("order.placed", "ann", "e1", minutes=10, order_id="o1")
    send(installation, first)
    send(installation, first)
    send(installation, event("order.placed", "ann", "e1", minutes=10, order_id="o9"))
    send(installation, event("return.completed", "ann", "e2", minutes=20, return_id="r7", order_id="o7"), "returns")
    send(installation, event("order.placed", "ann", "e3", minutes=5, order_id="o3"))
    account = of(run()[1])
    assert counts(account) == {
        ("id_reused", None): 1,
        ("duplicate", None): 1,
        ("held", None): 1,
        ("backwards", None): 1,
    }
    assert {one["kind"]: one["effect"] for one in account["troubles"]} == {
        "id_reused": "ignored",
        "duplicate": "ignored",
        "held": "handled",
        "backwards": "handled",
    }
    assert of(run("--backwards", "300")[1])["troubles"][-1]["kind"] == "held", "five minutes are within five minutes"


def test_what_settles_later_counts_once(installation: Installation, run: Run) -> None:
    """given a return that was held, when its order has come, then the report is the same."""
    _joined(installation, "ann")
    send(installation, event("return.completed", "ann", "e2", return_id="r1", order_id="o1"), "returns")
    before = counts(of(run()[1]))
    send(installation, event("order.placed", "ann", "e1", order_id="o1"))
    account = of(run()[1])
    assert (counts(account), account["records"]) == (before, 3)


def test_the_smallest_record_is_shown(installation: Installation, run: Run) -> None:
    sizes = []
    for length in (50, 3, 20):
        record = send(installation, _placed(f"o{length}", colour="x" * length))
        sizes.append(len(record.value or b""))
    [one] = of(run()[1])["troubles"]
    assert (one["count"], one["sample"]["bytes"]) == (3, min(sizes))


def _keys(fits: bool) -> list[bytes]:
    """Keys whose CRC32 partition of four is not the one of murmur2; or is."""
    names = (b"m%d" % number for number in count())
    return [next(key for key in names if (crc32(key) % 4 == partition_of(key, 4)) == fits) for _ in range(5)]


def test_a_source_with_crc32_is_told_which_setting_to_change(installation: Installation, run: Run) -> None:
    for key in _keys(fits=False) + _keys(fits=True):
        body = event("points.joined", key.decode(), f"join {key!r}")
        send(installation, body, "memberships", key=key, partition=crc32(key) % 4)
    [one] = of(run()[1])["troubles"]
    assert (one["kind"], one["count"], one["share"], one["partitioner"]) == ("wrong_partition", 5, 0.5, "crc32")
    assert "consistent_random" in one["hint"]
    assert "partitioner=murmur2_random" in one["hint"]


def test_one_record_that_crc32_does_not_explain_is_another_partitioner(installation: Installation, run: Run) -> None:
    keys = _keys(fits=False)
    for key in keys:
        wrong = crc32(key) % 4
        if key == keys[-1]:
            [wrong, *_] = {0, 1, 2, 3} - {crc32(key) % 4, partition_of(key, 4)}
        send(
            installation, event("points.joined", key.decode(), f"join {key!r}"), "memberships", key=key, partition=wrong
        )
    [one] = of(run()[1])["troubles"]
    assert (one["count"], one["partitioner"]) == (5, None)
    assert one["hint"] == KINDS["wrong_partition"].hint


def test_what_is_for_everybody_belongs_on_every_partition(installation: Installation, run: Run) -> None:
    body = event("force_majeure.declared", "*", "fm", program="pro")
    for partition in range(4):
        send(installation, body, "memberships", partition=partition)
    assert run("--check") == (ExitCode.DONE, run()[1])


def test_what_is_ours_is_not_theirs(installation: Installation, run: Run) -> None:
    """given records that operators sent once more, then they are counted apart; undecided ones, too."""
    _joined(installation, "ann")
    record = send(installation, _placed())
    again = (*record.headers, ("redriven_from", b"0:0"))
    installation.append("orders", b"ann", record.value, headers=again)
    _, body = run()
    assert (body["records"], body["redriven"], body["undecided"], body["healthy"]) == (2, 1, 0, True)
    send(installation, _placed("o2"))
    send(installation, _placed("o3", colour="red"))
    assert execute(["producers", "--check"]) == ExitCode.DONE, "not decided yet, so not judged"


def test_undecided_records_are_mentioned(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    _joined(installation, "ann")
    send(installation, _placed())
    execute(["producers"])
    assert "1 records read; 1 are not decided yet, and not judged" in capsys.readouterr().out


def test_one_source_alone(installation: Installation, run: Run) -> None:
    _joined(installation, "ann")
    _joined(installation, "bob", source="/other")
    send(installation, _placed(colour="red"))
    _, body = run("/other", "--check")
    assert [(one["source"], one["healthy"]) for one in body["sources"]] == [("/other", True)]
    assert run(SHOP, "--check")[0] == ExitCode.CHECK_FAILED


def test_names_of_upstream_do_not_make_the_report_grow(
    installation: Installation, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SOURCES", 3)
    monkeypatch.setattr(health, "FIELDS", 2)
    for number in range(10):
        send(installation, _with(_placed(f"o{number}"), source=f"/made-up/{number}"))
        send(installation, _placed(f"p{number}", **{f"field{number}": 1}))
    body = run()[1]
    assert len(body["sources"]) == 4, "three and the others"
    [others] = [one for one in body["sources"] if one["source"] is None]
    assert sum(one["records"] for one in body["sources"]) == 20
    assert others["records"] >= 8
    fields = counts(of(body)) if any(one["source"] == SHOP for one in body["sources"]) else {}
    assert fields == {
        ("unknown_field", "data.field0"): 1,
        ("unknown_field", "data.field1"): 1,
        ("unknown_field", health.OTHERS): 8,
    }


@pytest.mark.parametrize(
    "arguments", [["--last", "week"], ["--last", "0h"], ["--since", "soon"], ["--last", "1h", "--since", "2026-03-01"]]
)
@pytest.mark.usefixtures("installation")
def test_wrong_use(run: Run, arguments: list[str]) -> None:
    code, body = run(*arguments)
    assert (code, body["code"]) == (ExitCode.WRONG_USE, "usage")


def test_people_are_told_what_to_change(
    installation: Installation, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """given a source and a field with markup in them, then a terminal shows them as they are."""
    send(installation, _with(_placed(colour="[red]x"), source="/shop/[bold]"))
    run()
    assert execute(["producers", "--check"]) == ExitCode.CHECK_FAILED
    text = capsys.readouterr().out
    for words in (
        "/shop/[bold]  1 records",
        "1 (100.00%)",
        "unknown_field data.colour",
        "change: leave the field out",
        "orders[",
    ):
        assert words in text
    assert "[red]" not in text, "what the contract does not know is masked"


class Endless(ReaderInMemory):
    """A reader of one partition in which the same few records and their decisions lie again and again."""

    def __init__(self, installation: Installation, times: int) -> None:
        super().__init__(installation)
        self._times = times

    def ends(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: end * self._times for place, end in super().ends(places).items()}

    def stream(
        self, starts: Mapping[TopicPartition, int], _ends: Mapping[TopicPartition, int]
    ) -> Iterator[tuple[TopicPartition, list[Stored]]]:
        for place in starts:
            records = self._records(place)
            for turn in range(self._times):
                yield place, [self._moved(record, turn) for record in records]

    def _moved(self, record: Stored, turn: int) -> Stored:
        """The record as it lies the n-th time: other offsets, and for an order other names."""
        moved = turn * len(self._records(TopicPartition(record.topic, record.partition)))
        value = record.value or b""
        if record.topic == "decisions":
            body = orjson.loads(value)
            body["data"]["event"]["offset"] += moved
            value = orjson.dumps(body)
        value, key = value.replace(b"colour", b"colour%d" % turn), b"%s%d" % (record.key, turn)
        return replace(record, offset=record.offset + moved, value=value, key=key)


def _peak(installation: Installation, times: int) -> tuple[int, int]:
    """Records read, and the most bytes that this took over what there was before."""
    topics = [topic.role for topic in installation.catalogue.topics]
    producers = Producers(Settings(partitions=1), dict.fromkeys(topics, Endless(installation, times)))  # type: ignore[arg-type]
    tracemalloc.start()
    found = producers.examine()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    fields = [name for _, name in found.accounts[Name(SHOP)].troubles if name]
    assert len(fields) == health.FIELDS + 1
    return found.records, peak


def test_what_it_takes_does_not_grow_with_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """given ten times as many records, each with a key and an unknown field of its own, then the same memory does."""
    monkeypatch.setattr(judge, "KEYS", 100)
    monkeypatch.setattr("cli.talk.PLAIN_PROGRESS_S", 1e9)  # what a line of progress loads is not to be measured
    monkeypatch.setattr(judge, "partition_of", partition_of.__wrapped__)  # its cache has a limit of its own
    installation = Installation(1)
    for number in range(20):
        send(installation, _placed(f"o{number}", **({"colour": 1} if number % 2 else {})))
    installation.work()
    _peak(installation, 50)
    few, some = _peak(installation, 50)
    many, as_much = _peak(installation, 500)
    assert (few, many) == (1_000, 10_000)
    assert as_much < 2 * some
