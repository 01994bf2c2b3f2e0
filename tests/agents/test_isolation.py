"""A rule that fails concerns one member: nothing of its event is done, its neighbours go on, and it is loud."""

from typing import Any

import orjson
import pytest

from agents import handle
from models import decide as rules
from models import state
from models.desk import Decision
from models.events import EVERYBODY
from tests.agents.partition import Partition, at


class BrokenRuleError(Exception):
    """What the rules of these tests raise."""


@pytest.fixture
def partition() -> Partition:
    """Ann and bob are members, ann's return is held: she has a deadline."""
    partition = Partition()
    partition.ticked("2026-03-02 12:00")
    partition.joined("ann")
    partition.joined("bob")
    partition.returned("ann", "A9")
    partition.work()
    return partition


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule on order `bad` does its work, then raises."""
    decide = rules.decide

    def failing(event: Any, *others: Any) -> Decision:
        decision = decide(event, *others)
        if getattr(event.data, "order_id", None) == "bad":
            raise BrokenRuleError("the books are upside down")
        return decision

    monkeypatch.setattr(handle, "decide", failing)


def _but_quarantine(members: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """The hot values without what setting a member aside writes into hers."""
    found = {}
    for key, raw in members.items():
        member = state.decode(raw, state.Member)
        member.quarantined, member.revision, member.changed_at = None, 0, None
        found[key] = state.encode(member)
    return found


@pytest.mark.usefixtures("broken")
def test_nothing_of_the_failed_event_is_done(partition: Partition) -> None:
    before = {name: dict(store.committed) for name, store in partition.tables[0].items()}
    outputs = {topic: len(records) for topic, records in partition.outputs.items()}
    record = partition.ordered("ann", "bad")
    partition.work()

    grown = {topic: len(records) - outputs[topic] for topic, records in partition.outputs.items()}
    assert grown == {"notifications": 0, "points-ledger": 0, "requests": 0, "decisions": 1, "dead-letters": 1}
    after = {name: dict(store.committed) for name, store in partition.tables[0].items()}
    assert _but_quarantine(after["members"]) == _but_quarantine(before["members"])
    assert after["applied"] == before["applied"], "the event can be sent again once the rule is mended"
    new = after["entries"].keys() - before["entries"].keys()
    assert [key.split(b"|")[0] for key in new] == [b"quarantine"]

    assert partition.answers("ann")[-1] == ("dead_lettered", "internal_error")
    [letter] = partition.letters
    assert (letter.topic, letter.partition, letter.offset) == ("orders", 0, record.offset)
    assert (letter.key, letter.value, letter.headers) == (record.key, record.value, record.headers)
    assert letter.error_class == "internal_error"
    assert letter.error.startswith("Traceback")
    assert letter.error.rstrip().endswith("BrokenRuleError: the books are upside down")


@pytest.mark.usefixtures("broken")
def test_the_member_is_quarantined_and_its_events_are_set_aside_in_order(partition: Partition) -> None:
    partition.ordered("ann", "bad")
    later = [partition.ordered("ann", f"A{number}") for number in range(3)]
    partition.work()
    assert partition.answers("ann")[-4:] == [
        ("dead_lettered", "internal_error"),
        *[("dead_lettered", "quarantined")] * 3,
    ]
    assert [letter.value for letter in partition.letters[1:]] == [record.value for record in later]
    assert [letter.error_class for letter in partition.letters] == ["internal_error", *["quarantined"] * 3]


@pytest.mark.usefixtures("broken")
def test_neighbours_in_the_same_poll_are_not_touched(partition: Partition) -> None:
    alone = Partition()
    for world in (partition, alone):
        if world is alone:
            world.ticked("2026-03-02 12:00")
            world.joined("ann")
            world.joined("bob")
            world.returned("ann", "A9")
            world.work()
        world.ordered("bob", "B1")
        world.ordered("ann", "bad" if world is partition else "good")
        world.ordered("bob", "B2")
        world.work()
    assert partition.told("bob").comparable == alone.told("bob").comparable
    assert partition.told("bob").view["points"]["available"] == 200


@pytest.mark.usefixtures("broken")
def test_the_alarm_counts_members_and_not_their_events(partition: Partition) -> None:
    partition.ordered("ann", "bad")
    partition.ordered("ann", "A1")
    partition.ordered("bob", "bad")
    partition.work()
    assert partition.alarms == 2
    assert partition.handler.counts["quarantined", "BrokenRuleError"] == 2


def test_what_concerns_everybody_sets_nobody_aside(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> None:
    """given an event for everybody whose rule raises, then it is a letter; the next one is decided, nothing is to be lifted."""
    failing = {"ended"}
    decide = rules.decide

    def deciding(event: Any, *others: Any) -> Decision:
        if event.type.split(".")[1] in failing:
            raise BrokenRuleError
        return decide(event, *others)

    monkeypatch.setattr(handle, "decide", deciding)
    entries = dict(partition.tables[0]["entries"].committed)
    for kind in ("ended", "declared"):
        partition.event("memberships", f"force_majeure.{kind}", EVERYBODY, {"program": "pro"})
        partition.work()
    told = [orjson.loads(record.value or b"")["data"] for record in partition.read("decisions")][-2:]
    assert [(one["outcome"], one["reason"]) for one in told] == [
        ("dead_lettered", "internal_error"),
        ("applied", None),
    ]
    assert told[0]["says"] == "A rule failed on this event: nothing of it was applied."
    assert [letter.error_class for letter in partition.letters] == ["internal_error"]
    assert (partition.handler.quarantined, partition.alarms) == (set(), 0)
    assert partition.tables[0]["entries"].committed.keys() - entries.keys() == {b"majeure|*|pro"}


@pytest.mark.usefixtures("broken")
def test_a_quarantined_member_is_not_woken(partition: Partition) -> None:
    """given ann's held return was due in April, then nothing happens for her; after a new start neither."""
    partition.ordered("ann", "bad")
    partition.work()
    for tick in ("2026-05-01 12:00", "2026-05-02 12:00"):
        partition.ticked(tick)
        partition.work()
        partition.handler.load()
    assert partition.woken == []
    assert len(partition.letters) == 1


def test_a_deadline_that_fails_isolates_its_member_and_the_clock_goes_on(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """given ann's deadline raises, then the tick that woke her is the dead letter, and it wakes bob and carl all the same."""
    wake = rules.wake

    def failing(member_id: str, *others: Any) -> Decision:
        if member_id == "ann":
            raise BrokenRuleError("no such lot")
        return wake(member_id, *others)

    monkeypatch.setattr(handle, "wake", failing)
    partition.joined("carl")
    partition.returned("carl", "C9")
    partition.returned("bob", "B9")
    partition.work()
    partition.ticked("2026-05-01 12:00")
    tick = partition.read("clock")[-1]
    partition.work()
    assert partition.woken == ["bob", "carl"]
    [letter] = partition.letters
    assert (letter.topic, letter.offset, letter.value) == ("clock", tick.offset, tick.value)
    assert letter.error_class == "internal_error"
    assert letter.error.startswith("deadlines of member ann:")
    assert letter.error.rstrip().endswith("BrokenRuleError: no such lot")
    assert partition.alarms == 1
    assert partition.handler.now == at("2026-05-01 12:00")
    partition.joined("ann")
    partition.work()
    assert partition.answers("ann")[-1] == ("dead_lettered", "quarantined")
    assert orjson.loads(partition.read("clock")[-1].value or b"")["at"].startswith("2026-05-01"), "no tick of its own"


def test_many_failed_deadlines_of_one_tick_are_one_letter(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(member_id: str, *_: Any) -> Decision:
        raise BrokenRuleError(f"{member_id} has no such lot")

    monkeypatch.setattr(handle, "wake", failing)
    partition.returned("bob", "B9")
    partition.work()
    partition.ticked("2026-05-01 12:00")
    partition.work()
    [letter] = partition.letters
    for member in ("ann", "bob"):
        assert f"BrokenRuleError: {member} has no such lot" in letter.error
    assert partition.alarms == 2


def test_a_value_that_no_topic_takes_is_never_written(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> None:
    """given a decision with too large a value, then its event is isolated: written, it would stop the partition for good."""
    monkeypatch.setattr(handle, "VALUE_BYTES", 10)
    partition.ordered("ann", "A1")
    partition.work()
    assert partition.letters[0].error.rstrip().endswith("at most 10")
    assert partition.answers("ann")[-1] == ("dead_lettered", "internal_error")


def test_a_store_that_fails_is_no_member_s_fault(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> None:
    """given a table that cannot be read, then the process ends: setting members aside would lose their events."""

    def broken(_: bytes) -> bytes:
        raise OSError("disk gone")

    partition.ordered("ann", "A1")
    monkeypatch.setattr(partition.tables[0]["members"], "get", broken)
    with pytest.raises(handle.StoreFailedError, match="table members of partition 0"):
        partition.work()


def test_state_of_a_newer_release_is_no_member_s_fault(partition: Partition) -> None:
    partition.tables[0]["members"].committed[b"ann"] = bytes([state.VERSION + 1])
    partition.ordered("ann", "A1")
    with pytest.raises(state.UnknownVersionError):
        partition.work()


@pytest.mark.parametrize("broken", [bytes([state.VERSION]) + b"broken", b""])
def test_one_unreadable_hot_value_does_not_stop_the_start(partition: Partition, broken: bytes) -> None:
    """given a broken value, when the partition is taken over, then all others go on and the member's next event is set aside."""
    partition.tables[0]["members"].committed[b"ann"] = broken
    partition.handler.load()
    assert partition.alarms == 1
    partition.ordered("ann", "A1")
    partition.ordered("bob", "B1")
    partition.work()
    told = [orjson.loads(record.value or b"") for record in partition.read("decisions")][-2:]
    assert [(decision["subject"], decision["data"]["outcome"]) for decision in told] == [
        ("ann", "dead_lettered"),
        ("bob", "applied"),
    ]


@pytest.mark.usefixtures("broken")
def test_a_release_lets_the_member_s_events_be_decided_again(partition: Partition) -> None:
    """given ann is set aside, when she is released, then her deadline is back, too, and nobody counts as set aside."""
    due = partition.due("ann")
    partition.ordered("ann", "bad")
    partition.work()
    assert partition.handler.quarantined == {"ann"}
    partition.handler.load()
    assert partition.handler.quarantined == {"ann"}, "also for the next worker"

    partition.released("ann")
    partition.ordered("ann", "A9")
    partition.work()
    assert partition.handler.quarantined == set()
    assert partition.answers("ann")[-3:] == [("applied", None)] * 3, "release, order, and the return that it settles"
    assert due
    assert not set(due) & set(partition.due("ann")), "it waits no more"
    partition.handler.load()
    assert partition.handler.quarantined == set()


def test_a_release_before_the_hot_value_is_mended_is_a_dead_letter(partition: Partition) -> None:
    mended = partition.tables[0]["members"].committed[b"ann"]
    partition.tables[0]["members"].committed[b"ann"] = bytes([state.VERSION]) + b"broken"
    partition.handler.load()
    assert partition.handler.quarantined == {"ann"}
    partition.ordered("ann", "A1")
    partition.work()
    partition.released("ann")
    partition.work()
    assert [letter.error_class for letter in partition.letters] == ["internal_error", "internal_error"]
    assert partition.handler.quarantined == {"ann"}

    partition.tables[0]["members"].committed[b"ann"] = mended
    partition.released("ann")
    partition.work()
    assert partition.answers("ann")[-1] == ("applied", None)
    assert partition.handler.quarantined == set()
