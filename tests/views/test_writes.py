"""From records to portions: what is left out, and where portions end."""

from datetime import UTC, datetime

import orjson
import pytest

from models.points.state import Page
from models.state import Member, encode
from views.errors import Unfeedable
from views.keys import Keys, Kind
from views.source import Batch, Record
from views.store import Place, Portion
from views.writes import PORTION, portions

KEYS = Keys("", 3)
PARTITIONS = 2
PLACE = Place("topic", 1)
"""Home of anna and ben; carl's is partition 0."""


def batch(*records: Record, end: int) -> Batch:
    return Batch(PLACE, end, list(records))


def state(offset: int, member: str, revision: int) -> Record:
    return Record(offset, member.encode(), encode(Member(revision=revision)))


def decision(offset: int, key: bytes | None = b"anna") -> Record:
    return Record(offset, key, orjson.dumps({"id": f"d{offset}", "type": "decision.v1", "data": {"says": "No."}}))


def states(count: int) -> list[Portion]:
    records = [state(offset, f"m{offset}", offset) for offset in range(count)]
    return list(portions(KEYS, "member", Batch(Place("topic", 0), count + 1, records), None, 1))


def test_only_the_newest_state_of_each_member_is_written() -> None:
    given = batch(state(4, "anna", 1), state(5, "ben", 1), state(6, "anna", 2), end=8)
    (portion,) = portions(KEYS, "member", given, 4, PARTITIONS)
    assert (portion.start, portion.end) == (4, 8)
    assert [(write.key, write.revision) for write in portion.writes] == [("member:ben", 1), ("member:anna", 2)]
    assert orjson.loads(portion.writes[1].value)["generation"] == 3
    assert portion.writes[1].value.startswith(b'{"generation":3,"revision":2,"member_id":"anna",')


def test_what_the_script_looks_for_of_an_erased_member_comes_first() -> None:
    """GEN-7 the mark in the document, and when a line was said."""
    marked = encode(Member(revision=2, erased_at=datetime(2026, 3, 2, 12, tzinfo=UTC)))
    (portion,) = portions(KEYS, "member", batch(Record(0, b"anna", marked), end=1), None, PARTITIONS)
    head = b'{"generation":3,"revision":2,"erased_at":"2026-03-02T12:00:00Z",'
    assert portion.writes[0].value.startswith(head)
    said = {"id": "d", "time": "2026-03-02T12:00:00Z", "type": "decision.v1", "data": {}}
    line = Record(1, b"anna", orjson.dumps(said))
    (portion,) = portions(KEYS, "decisions", batch(line, end=2), None, PARTITIONS)
    assert portion.writes[0].value.startswith(b'{"generation":3,"revision":1,"id":"d","time":"2026-03-02T12:00:00Z"')


def test_a_deletion_after_a_state_wins() -> None:
    given = batch(state(0, "anna", 1), Record(1, b"anna", None), end=2)
    (portion,) = portions(KEYS, "member", given, None, PARTITIONS)
    assert [write.value for write in portion.writes] == [b""]


def test_lines_keep_their_offset_and_id_but_no_envelope() -> None:
    (portion,) = portions(KEYS, "decisions", batch(decision(7), decision(9), end=11), 6, PARTITIONS)
    assert [write.revision for write in portion.writes] == [7, 9]
    assert orjson.loads(portion.writes[0].value) == {
        "generation": 3,
        "revision": 7,
        "id": "d7",
        "time": None,
        "says": "No.",
    }


@pytest.mark.parametrize(("count", "sizes"), [(PORTION, [PORTION]), (PORTION + 1, [PORTION, 1])])
def test_portions_end_at_their_size_and_follow_each_other(count: int, sizes: list[int]) -> None:
    found = states(count)
    assert [len(portion.writes) for portion in found] == sizes
    assert [portion.start for portion in found] == [None, *[portion.end for portion in found[:-1]]]
    assert found[-1].end == count + 1


def test_markers_alone_move_the_position() -> None:
    (portion,) = portions(KEYS, "member", batch(end=8), 7, PARTITIONS)
    assert (portion.start, portion.end, portion.writes) == (7, 8, ())


def test_nothing_new_gives_no_portion() -> None:
    assert list(portions(KEYS, "member", batch(end=8), 8, PARTITIONS)) == []


def test_a_key_away_from_its_home_partition_is_passed_over() -> None:
    given = batch(decision(3, b"anna"), decision(4, b"carl"), decision(5, b"anna"), end=7)
    (portion,) = portions(KEYS, "decisions", given, 3, PARTITIONS)
    assert [(write.key, write.revision) for write in portion.writes] == [("decisions:anna", 3), ("decisions:anna", 5)]
    assert portion.end == 7
    assert [list(there.writes) for there in portions(KEYS, "decisions", batch(decision(3, b"carl"), end=4), 3, 2)] == [
        []
    ]


def test_a_state_away_from_its_home_partition_is_not_even_read() -> None:
    given = batch(Record(0, b"carl", b"\xff"), state(1, "anna", 1), end=2)
    (portion,) = portions(KEYS, "member", given, None, PARTITIONS)
    assert [write.key for write in portion.writes] == ["member:anna"]


# The second key is no text, and at home on partition 1 all the same.
@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_a_decision_on_an_unreadable_record_is_nobodys(key: bytes | None) -> None:
    (portion,) = portions(KEYS, "decisions", batch(decision(0, key), end=1), None, PARTITIONS)
    assert (portion.end, list(portion.writes)) == (1, [])


@pytest.mark.parametrize("kind", ["member", "lots"])
@pytest.mark.parametrize("broken", [b"", b"\x01 not msgpack"])
def test_a_state_that_nobody_can_read_is_told_and_holds_up_nobody(
    kind: Kind, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    good = state(1, "ben", 1) if kind == "member" else Record(1, b"lots|ben|1", encode(Page()))
    given = batch(Record(0, b"anna" if kind == "member" else b"lots|anna|1", broken), good, end=2)
    (portion,) = portions(KEYS, kind, given, None, PARTITIONS)
    assert (portion.end, [write.key for write in portion.writes]) == (2, [f"{kind}:ben"])
    assert "topic[1]@0: the state of member anna cannot be read" in caplog.text


def test_what_cannot_be_shown_is_named_by_its_place() -> None:
    with pytest.raises(Unfeedable, match=r"topic\[1\]@5 cannot be shown: JSONDecodeError") as caught:
        list(portions(KEYS, "ledger", batch(Record(5, b"anna", b"?"), end=6), None, PARTITIONS))
    assert "nothing was skipped" in caught.value.hint
