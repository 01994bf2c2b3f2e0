"""Decisions on records that are no events: to whom they go, and what they may repeat."""

import orjson
import pytest

from agents import letters
from models.desk import Moment
from models.envelope import Unreadable
from models.outputs import decision_id
from models.partitioning import partition_of
from tests.agents.partition import Partition, at

MOMENT = Moment(7, at("2026-03-02 12:00"), "orders", 0, 42)


@pytest.mark.parametrize(
    ("subject", "key", "addressee"),
    [
        ("ann", b"bob", "ann"),
        (None, b"bob", "bob"),
        (None, None, "*"),
        (None, b"", "*"),
        ("x" * 300, b"bob", "bob"),
        (None, b"\x00\x01", "*"),
        (None, b"k" * 5000, "*"),
    ],
)
def test_it_goes_to_whom_the_subject_or_else_the_key_names(
    subject: str | None, key: bytes | None, addressee: str
) -> None:
    found = Unreadable("invalid", "data.points: expected a whole number", subject=subject)
    [decision] = letters.unreadable(found, key, MOMENT, 1).decisions
    assert decision.subject == addressee


@pytest.mark.parametrize("partition", range(4))
def test_away_from_home_it_goes_to_nobody(partition: int) -> None:
    """A stray record that claims to be ann's must not mix with her history, which lies on one partition."""
    found = Unreadable("wrong_partition", "partition: another", "/shop", "e1", "order.placed.v1", "ann")
    moment = MOMENT._replace(partition=partition)
    [decision] = letters.unreadable(found, b"ann", moment, 4).decisions
    assert decision.subject == ("ann" if partition == partition_of(b"ann", 4) else "*")


def test_it_names_the_record_and_what_could_be_read_of_it() -> None:
    found = Unreadable("invalid", "data.points: expected a whole number", "/shop", "e1", "order.placed.v1", "ann")
    [decision] = letters.unreadable(found, b"ann", MOMENT, 1).decisions
    assert decision.id == decision_id("orders", 0, 42, "decided")
    assert (decision.data.outcome, decision.data.reason, decision.data.seq) == ("dead_lettered", "invalid", 7)
    assert decision.data.says == "data.points: expected a whole number"
    event = decision.data.event
    assert (event.source, event.id, event.type, event.topic, event.partition, event.offset) == (
        "/shop", "e1", "order.placed.v1", "orders", 0, 42,
    )  # fmt: skip


def test_what_cannot_be_read_is_null_and_not_missing() -> None:
    partition = Partition()
    partition.append("orders", b"ann", b"\xff\xfe")
    partition.work()
    [record] = partition.read("decisions")
    event = orjson.loads(record.value or b"")["data"]["event"]
    assert event == {"source": None, "id": None, "type": None, "topic": "orders", "partition": 0, "offset": 0}


def test_a_bad_tick_is_a_dead_letter_too_and_moves_nothing() -> None:
    partition = Partition()
    partition.append("clock", None, b'{"at": "yesterday"}', partition=0)
    partition.work()
    assert partition.handler.now is None
    [letter] = partition.letters
    assert (letter.topic, letter.error_class, letter.value) == ("clock", "invalid", b'{"at": "yesterday"}')


def test_a_redriven_letter_keeps_its_own_headers_and_gets_ours_anew() -> None:
    partition = Partition()
    headers = [("trace", b"1"), ("dl_topic", b"returns"), ("dl_error", b"old"), ("none", None)]
    partition.append("orders", b"ann", b"rubbish", headers=headers)
    partition.work()
    [record] = partition.read("dead-letters")
    names = [name for name, _ in record.headers]
    assert names[:2] == ["trace", "none"]
    assert len(names) == len(set(names)) == 2 + 7
    assert dict(record.headers)["dl_topic"] == b"orders"
