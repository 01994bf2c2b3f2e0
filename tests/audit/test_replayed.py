"""Given what a shop's topics tell of failures, quarantines and time, when they are audited, then it is replayed as it was."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog

from agents import handle
from agents import letters as answers
from models import decide
from models.accounts import erasing
from models.envelope import Unreadable
from models.policies import STANDARD
from tests.audit.world import World, differing


def test_a_rule_that_failed_is_replayed_as_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """given a rule that raised once at the time (fault 11), when it no longer would, then the audit is clean all the same."""
    world = World()
    world.tick()
    world.join("ann")
    world.order("ann", "A1")
    world.join("bob")
    decide = handle.decide

    def failing(event: Any, *rest: Any) -> Any:
        if event.type.startswith("order"):
            raise ZeroDivisionError("a rule of ours")
        return decide(event, *rest)

    monkeypatch.setattr(handle, "decide", failing)
    with structlog.testing.capture_logs() as logs:
        world.handle()
        monkeypatch.undo()
        world.order("ann", "A2")
        world.handle()
        assert differing(world.shards()) == {}
    assert any(log["event"] == "member quarantined" for log in logs)
    letters = [record for shard in world.shards() for record in shard.dead_letters]
    assert [dict(letter.headers)["dl_error_class"] for letter in letters] == [b"internal_error", b"quarantined"]


def _release(world: World, member: str) -> None:
    world.publish("memberships", "member.released.v1", member, {"reason": "mended", "actor": "op-1"})
    world.handle()


@pytest.mark.parametrize("what", ["event", "deadline"])
def test_a_quarantine_that_was_lifted_is_replayed_as_it_was(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """given a failure, events set aside, a release and the same events again, then all agrees, and each counts once."""
    world = World()
    world.tick()
    world.join("ann")
    world.order("ann", "A1")
    world.bring_back("ann", "RX", "late", l1=1)
    world.handle()

    def failing(*_: Any) -> Any:
        raise ZeroDivisionError("a rule of ours")

    with structlog.testing.capture_logs():
        monkeypatch.setattr(handle, "decide" if what == "event" else "wake", failing)
        lost = [world.order("ann", "A2")] if what == "event" else []
        world.tick(timedelta(days=31))
        world.handle()
        monkeypatch.undo()
        lost += [world.order("ann", "A3"), world.bring_back("ann", "R1", "A1", l1=1), world.order("ann", "late")]
        world.handle()
    assert differing(world.shards()) == {}

    _release(world, "ann")
    assert differing(world.shards()) == {}
    for event in lost:
        world.send("returns" if event["type"].startswith("return") else "orders", event)
        world.handle()
    for event in lost:
        world.send("returns" if event["type"].startswith("return") else "orders", event)
    world.handle()

    shards = world.shards()
    assert differing(shards) == {}
    entries = [entry for shard in shards for entry in shard.parsed["points-ledger"]]
    orders = Counter(entry.data["order_id"] for entry in entries if entry.data["kind"] == "earn")
    assert orders == dict.fromkeys(["A1", "A3", "late"] + (["A2"] if what == "event" else []), 1)
    answers = Counter(answer.data["outcome"] for shard in shards for answer in shard.parsed["decisions"])
    assert answers["duplicate"] == len(lost)


@pytest.mark.parametrize(
    ("days", "clean"), [(STANDARD.ids_remembered_days + 2, True), (STANDARD.ids_remembered_days, False)]
)
def test_only_ids_past_their_time_may_be_gone(days: int, clean: bool) -> None:
    """GEN-1 given an id that workers deleted, then that is right after the time it is remembered, and not before."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    world.join("ann")
    world.handle()
    world.tick(timedelta(days=days))
    world.handle()
    [shard] = world.shards()
    shard.tables["applied"].clear()
    assert (differing([shard]) == {}) is clean


def test_a_deadline_that_failed_is_replayed_as_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """given a rule that raised on a tick for the second of three members, then that member alone fails again."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    for member in ("ann", "bob", "cyd"):
        world.join(member)
        world.bring_back(member, f"R-{member}", "nowhere", l1=1)
    world.handle()
    wake = handle.wake

    def failing(member_id: str, *rest: Any) -> Any:
        if member_id == "bob":
            raise ZeroDivisionError("a rule of ours")
        return wake(member_id, *rest)

    monkeypatch.setattr(handle, "wake", failing)
    world.tick(timedelta(days=31))
    with structlog.testing.capture_logs():
        world.handle()
    monkeypatch.undo()
    world.join("bob")
    world.handle()
    assert differing(world.shards()) == {}
    [shard] = world.shards()
    assert [dict(letter.headers)["dl_topic"] for letter in shard.dead_letters] == [b"clock", b"memberships"]


def left_over(monkeypatch: pytest.MonkeyPatch) -> World:
    """Three members are due at the tick that is to be handled next, and a tick wakes one."""
    monkeypatch.setattr(handle, "WAKE_PORTION", 1)
    world = World(partitions=1)
    world.tick()
    world.handle()
    for member in ("ann", "bob", "cyd"):
        world.join(member)
        world.bring_back(member, f"R-{member}", "nowhere", l1=1)
    world.handle()
    world.tick(timedelta(days=31))
    return world


def test_work_left_over_for_another_tick_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """given more members due than one tick wakes, then the further tick is owed, and its absence is named."""
    world = left_over(monkeypatch)
    for _ in range(3):
        world.handle()
    assert differing(world.shards()) == {}
    [shard] = world.shards()
    shard.inputs["clock"].pop()
    assert "owed since clock@2, is not in the clock topic" in differing([shard])["further ticks"]


def test_what_was_said_to_everybody_is_replayed_as_it_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """PRO-11 given members who heard in portions, two of them by an event of their own, then the replay agrees in all of it."""
    monkeypatch.setattr(handle, "WAKE_PORTION", 2)
    world = World()
    world.tick()
    members = [f"pro-{n}" for n in range(9)]
    for member in members:
        world.open_pro(member, "card")
    world.join("ann")
    world.handle()
    world.say("declared")
    world.handle()
    world.tick()
    world.handle()
    for member in ("pro-8", "pro-3"):
        world.publish("memberships", "pro.auto_renew_changed.v1", member, {"on": False})
    world.tick(timedelta(days=16))
    for _ in range(4):
        world.handle()
    assert differing(world.shards()) == {}, "also before all have heard"
    world.say("ended")
    for _ in range(12):
        world.tick()
        world.handle()
    shards = world.shards()
    assert differing(shards) == {}
    told = [notice for shard in shards for notice in shard.parsed["notifications"]]
    subjects = [one.subject for one in told if one.data["notification"] == "force_majeure.may_terminate"]
    assert sorted(subjects) == members


@pytest.mark.parametrize("stamp", [-1, 1 << 60])
def test_a_tick_of_a_time_that_no_calendar_has_is_replayed(stamp: int) -> None:
    """given a tick whose producer stamped it with anything, then the audit reads it as the workers did."""
    world = World(partitions=1)
    world.tick()
    place = world.catalogue.name("clock"), 0
    world.topics[place] = [replace(record, timestamp_ms=stamp) for record in world.topics[place]]
    world.join("ann")
    world.handle()
    assert differing(world.shards()) == {}


def test_a_rule_that_failed_with_more_than_a_line_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """given an error whose words look like the name of another, then the one that set the member aside counts."""
    world = World(partitions=1)
    world.join("ann")
    world.handle()

    def failing(*_: Any) -> Any:
        raise ZeroDivisionError("one\nOtherError: two")

    with monkeypatch.context() as patch, structlog.testing.capture_logs():
        patch.setattr(handle, "decide", failing)
        world.order("ann", "A1")
        world.handle()
    assert differing(world.shards()) == {}


def test_no_other_release_excuses_a_key_that_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """given an answer under other rules that says so of a good record, then it is a difference: no reader is needed to compare keys."""
    world = World(partitions=1)
    world.join("ann")
    world.handle()
    wrong = Unreadable("key_mismatch", "key: expected the subject in UTF-8, found another key", "/tests", "e2")
    with monkeypatch.context() as patch:
        patch.setattr(handle, "decode", lambda *_: wrong)
        patch.setattr(handle, "RULES_VERSION", "0")
        patch.setattr(answers, "RULES_VERSION", "0")
        world.order("ann", "A1")
        world.handle()
    assert "tables" in differing(world.shards())


def test_a_rule_that_takes_for_erased_who_never_was_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """GEN-7 given a rule that is wrong in the same way in the replay, then the own account, which knows who was erased, says so."""
    world = World(partitions=1)
    world.join("ann")
    rule = decide._rule
    wrong = lambda case: erasing.belongs_to_nobody() if case.event.type.startswith("order") else rule(case)  # noqa: E731
    monkeypatch.setattr(decide, "_rule", wrong)
    world.order("ann", "A1")
    world.handle()
    assert list(differing(world.shards())) == ["own account"]
