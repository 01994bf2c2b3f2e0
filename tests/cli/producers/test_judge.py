"""Clocks and order: what is blamed on a source, at the boundary and just inside it."""

from datetime import timedelta
from typing import Any

import pytest

from audit.topics import Stored
from cli.producers import judge
from cli.producers.judge import Decided, Judge, Tolerance
from tests.agents.partition import at

NOON = at("2026-03-02 12:00")
SECOND = timedelta(seconds=1)
TOLERANCE = Tolerance()


def _kinds(
    time: Any, *, now: Any = NOON, stamped: Any = NOON, decided: Any = NOON, by: Judge | None = None, **others: Any
) -> list[str]:
    value = b'{"source": "/shop", "subject": "*", "time": "%s"}' % time.isoformat().encode()
    stored = Stored("orders", 0, 0, round(stamped.timestamp() * 1000), 0, others.get("key", b"ann"), value, ())
    decision = Decided(
        others.get("source", "/shop"),
        others.get("outcome", "applied"),
        None,
        "",
        now,
        round(decided.timestamp() * 1000),
    )
    finding = (by or Judge(4, TOLERANCE)).judge(others.get("topic", "orders"), stored, decision)
    return [trouble.kind for trouble in finding.troubles if trouble.kind not in ("duplicate", "held")]


@pytest.mark.parametrize(
    ("time", "kinds"),
    [
        (NOON, []),
        (NOON + TOLERANCE.ahead, []),
        (NOON + TOLERANCE.ahead + SECOND, ["clock_ahead"]),
        (NOON - TOLERANCE.behind, []),
        (NOON - TOLERANCE.behind - SECOND, ["clock_behind"]),
    ],
)
def test_off_by_as_much_as_is_tolerated_and_by_a_second_more(time: Any, kinds: list[str]) -> None:
    assert _kinds(time) == kinds


@pytest.mark.parametrize("outcome", ["duplicate", "conflict"])
def test_what_comes_again_comes_late_and_that_is_one_trouble(outcome: str) -> None:
    assert _kinds(NOON - TOLERANCE.behind - SECOND, outcome=outcome) in ([], ["id_reused"])


HOURS = timedelta(hours=3)


@pytest.mark.parametrize(
    ("what", "clocks"),
    [
        ("workers come back after hours: the partition's now is old", {"now": NOON - HOURS}),
        ("time is moved from outside", {"now": NOON, "stamped": NOON + 99 * HOURS, "decided": NOON + 99 * HOURS}),
        ("and stood before the records", {"now": NOON, "stamped": NOON - 99 * HOURS, "decided": NOON - 99 * HOURS}),
        ("before the first tick", {"now": None}),
        ("a backlog is handled later", {"now": NOON + 99 * HOURS, "decided": NOON + 99 * HOURS}),
    ],
)
def test_nobody_is_blamed_for_a_clock_that_is_not_theirs(what: str, clocks: dict[str, Any]) -> None:
    assert _kinds(NOON, **clocks) == [], what


def test_a_sender_that_stamps_its_records_with_its_own_wrong_clock_is_found() -> None:
    assert _kinds(NOON + HOURS, stamped=NOON + HOURS) == ["clock_ahead"]


@pytest.mark.parametrize("stamp", [-(2**63), -1, 2**63 - 1])
def test_a_stamp_that_no_calendar_has_is_no_error(stamp: int) -> None:
    stored = Stored("orders", 0, 0, stamp, 0, b"ann", b'{"time": "2026-03-02T12:00:00Z"}', ())
    decision = Decided("/shop", "applied", None, "", NOON, round(NOON.timestamp() * 1000))
    assert Judge(4, TOLERANCE).judge("orders", stored, decision).time == NOON


def test_a_step_back_counts_within_one_key_topic_and_source_alone() -> None:
    by = Judge(4, TOLERANCE)
    assert _kinds(NOON, by=by) == []
    back = NOON - TOLERANCE.backwards
    assert _kinds(back, by=by) == []
    for others in ({"key": b"bob"}, {"source": "/other"}, {"topic": "returns"}):
        assert _kinds(back - SECOND, by=by, **others) == []
    for outcome in ("duplicate", "conflict", "dead_lettered"):
        assert _kinds(back - SECOND, by=by, outcome=outcome) in ([], ["id_reused"])
    assert _kinds(back - SECOND, by=by) == ["backwards"]
    assert _kinds(back - SECOND, by=by) == ["backwards"], "the latest counts, not the last"


def test_what_is_remembered_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """given more keys than are remembered, then the oldest is forgotten, which can only hide a step back."""
    monkeypatch.setattr(judge, "KEYS", 2)
    by = Judge(4, TOLERANCE)
    for key in (b"ann", b"bob", b"carl"):
        _kinds(NOON, by=by, key=key)
    assert len(by._latest) == 2
    assert _kinds(NOON - HOURS, by=by, key=b"ann") == []
    assert _kinds(NOON - HOURS, by=by, key=b"carl") == ["backwards"]
