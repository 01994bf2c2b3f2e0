"""Recorded histories: what was sent once, replayed in memory, must come out as it came out then, to the letter.

A history is two files: `NAME.jsonl`, in the format of `memberships publish`, which is never changed, and
`NAME.expected.jsonl`, one line for each output record: all of a member's decisions, ledger entries, notifications and
requests in their order, ids and hashes included. Both are described in `README.md`, with how they are made.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli import lines
from cli.publisher import Publisher
from models.catalogue import OUTPUTS
from tests.system import outcome, stories
from tests.system.memory import Installation, MemoryWire

FOLDER = Path(__file__).parent
EXPECTED = ".expected.jsonl"
HISTORIES = sorted(path for path in FOLDER.glob("*.jsonl") if not path.name.endswith(EXPECTED))
LISTS = ("decisions", "ledger", "notifications", "requests")


def replayed(history: Path, partitions: int = 4) -> Installation:
    """What a history leaves behind in an installation that is new to it."""
    installation = Installation(partitions, policies=stories.NO_TICKS)
    wire = MemoryWire(installation)
    with lines.opened(str(history)) as file:
        Publisher(wire).publish(lines.read(file, wire.partitions))
    return installation


def canonical(installation: Installation) -> Iterator[bytes]:
    """One line for each output, member by member; nothing in them depends on where other members' records lay."""
    outputs = {topic.role: installation.read(topic.role) for topic in OUTPUTS}
    members = outcome.members(outputs, installation.table("members"))
    for member in sorted(members):
        comparable = members[member].comparable
        for name in LISTS:
            for record in comparable[name]:
                yield _line({"member": member, name: record})
        yield _line({"member": member, "view": comparable["view"]})


def _line(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def expected(history: Path) -> Path:
    return history.with_suffix(EXPECTED)


def test_there_are_histories() -> None:
    assert len(HISTORIES) >= 3
    assert {expected(history) for history in HISTORIES} == set(FOLDER.glob(f"*{EXPECTED}"))


@pytest.mark.parametrize("history", HISTORIES, ids=[path.stem for path in HISTORIES])
def test_a_history_comes_out_as_it_was_recorded(history: Path) -> None:
    found = list(canonical(replayed(history)))
    recorded = expected(history).read_bytes().splitlines(keepends=True)
    for place, (line, before) in enumerate(zip(found, recorded, strict=False), 1):
        assert orjson.loads(line) == orjson.loads(before), f"line {place}: a rule answers otherwise than it did"
    assert len(found) == len(recorded)


@pytest.mark.parametrize("history", HISTORIES, ids=[path.stem for path in HISTORIES])
def test_a_history_comes_out_alike_on_any_number_of_partitions(history: Path) -> None:
    assert list(canonical(replayed(history, partitions=1))) == list(canonical(replayed(history, partitions=7)))


def renew(names: list[str]) -> None:
    """Write what the histories of these names, or all, come to now."""
    for history in HISTORIES:
        if not names or history.stem in names:
            expected(history).write_bytes(b"".join(canonical(replayed(history))))


if __name__ == "__main__":
    renew(sys.argv[1:])
