"""Thousands of letters: what is in memory does not grow with what lies in them, and the order holds all the same."""

from dataclasses import replace

import orjson
import pytest

from agents.settings import Settings
from cli.dlq import box, cards
from cli.dlq.letters import REDRIVEN_FROM, Place, Selection
from cli.errors import ExitCode
from cli.lines import CLOUDEVENT
from cli.main import execute
from tests.agents.partition import Partition
from tests.cli.dlq.installation import SIGNED, Run, set_aside
from tests.cli.reader import ReaderInMemory


@pytest.mark.parametrize(("portion", "portion_bytes"), [(2, 1 << 20), (1_000, 600), (1, 1)])
def test_letters_are_read_again_in_portions(
    partition: Partition, run: Run, broken: set[str], monkeypatch: pytest.MonkeyPatch, portion: int, portion_bytes: int
) -> None:
    """given a first letter that was tried once more, so that its place is last and its turn first, then that holds."""
    monkeypatch.setattr(box, "PORTION", portion)
    monkeypatch.setattr(box, "PORTION_BYTES", portion_bytes)
    set_aside(partition)
    run("redrive", "--member", "ann", *SIGNED)
    broken.clear()
    first = len(partition.read("orders"))
    code, body = run("redrive", "--member", "ann", *SIGNED)
    assert (code, body["sent"]) == (ExitCode.DONE, 4)
    assert [orjson.loads(r.value or b"")["data"]["order_id"] for r in partition.read("orders")[first:]] == [
        "A1",
        "A2",
        "A3",
    ]


@pytest.mark.usefixtures("broken")
def test_what_is_kept_of_all_letters_is_small(partition: Partition) -> None:
    record = partition.ordered("ann", "A1")
    partition.topics["orders", 0][-1] = replace(record, headers=(*record.headers, ("big", b"x" * 100_000)))
    for _ in range(3):
        partition.ordered("ann", "A2")
    partition.work()
    opened = box.Box(Settings(partitions=1), ReaderInMemory(partition))  # type: ignore[arg-type]
    letters, _ = opened.letters(Selection())
    assert [(letter.value, letter.headers, letter.error) for letter in letters] == [(None, (), "")] * 4
    whole = list(opened.whole(letters))
    assert [letter.value for letter in whole] == [r.value for r in partition.read("orders")]
    assert len(whole[0].headers) == 2
    assert whole[0].error.startswith("Traceback")


def test_people_see_the_first_of_a_long_plan(
    partition: Partition, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, broken: set[str]
) -> None:
    monkeypatch.setattr(cards, "SHOWN", 2)
    set_aside(partition)
    broken.clear()
    assert execute(["dlq", "redrive", "--member", "ann"]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert "and 2 more (--json has all)" in text
    assert "4 would be sent" in text
    assert ("0:1" in text, "0:2" in text) == (True, False)


@pytest.mark.parametrize(
    ("claims", "firsts"),
    [
        ([("1:4", "3:9"), ("1:6", "1:4")], {"1:6": "3:9", "1:4": "3:9"}),
        ([("1:6", "1:4"), ("1:4", "3:9")], {"1:6": "3:9", "1:4": "3:9"}),
        ([("1:4", "1:4")], {"1:4": "1:4"}),
        ([("1:4", "1:7")], {"1:4": "1:4"}),
        ([("1:4", "3:9"), ("3:9", "1:4")], {"1:4": "3:9", "3:9": "3:9"}),
        ([("1:4", "3:9"), ("2:0", "1:4"), ("3:9", "2:0")], {"2:0": "3:9", "3:9": "3:9"}),
    ],
)
def test_a_header_that_lies_makes_no_circle(
    partition: Partition, claims: list[tuple[str, str]], firsts: dict[str, str]
) -> None:
    """given letters whose records say that they were redriven from each other, then each chain has a beginning and an end."""
    partition.append("orders", b"ann", b"{not json", partition=0)
    partition.work()
    [letter], chains = box.Box(Settings(partitions=1), ReaderInMemory(partition)).letters(Selection())  # type: ignore[arg-type]
    chains.add([replace(letter, place=Place.parse(place)) for claim in claims for place in claim])
    for place, earlier in claims:
        chains.add([replace(letter, place=Place.parse(place), headers=((REDRIVEN_FROM, earlier.encode()),))])
    assert {place: str(chains.first(Place.parse(place))) for place in firsts} == firsts
    for place in firsts:
        chains.last(Place.parse(place))


def test_nobody_hides_anothers_letter_behind_their_own(partition: Partition) -> None:
    """given a letter, and a record of somebody else's that says it was redriven from it, then the letter still stands for itself."""
    partition.append("orders", b"ann", b"{not json", partition=0)
    partition.append("orders", b"mallory", b"{not json", partition=0, headers=(*CLOUDEVENT, (REDRIVEN_FROM, b"0:0")))
    partition.append("orders", b"ann", b"{not json", partition=0, headers=(*CLOUDEVENT, (REDRIVEN_FROM, b"0:0")))
    partition.work()
    letters, chains = box.Box(Settings(partitions=1), ReaderInMemory(partition)).letters(Selection())  # type: ignore[arg-type]
    assert [str(chains.last(letter.place)) for letter in letters] == ["0:2", "0:1", "0:2"]
    assert [str(chains.first(letter.place)) for letter in letters] == ["0:0", "0:1", "0:0"]
