"""PRO-11: what is said to everybody reaches all members with PRO of a partition, in bounded portions, whatever happens meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest

from agents import handle
from models import state
from models.state import Member
from tests.agents.partition import Partition
from tests.system.memory import CrashError

PORTION = 3
DECLARED = "2026-04-01 11:00"
"""The fifteenth day after it is over on 17 April at midnight, Pacific: 07:00 UTC."""
MEMBERS = [f"pro-{n:02}" for n in range(14)]


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(handle, "WAKE_PORTION", PORTION)
    return


def peopled() -> Partition:
    """Given members with PRO, and some without, for whom something is due on 1 April at noon."""
    partition = Partition()
    partition.joined("ann")
    for member in MEMBERS:
        partition.opened_pro(member)
    partition.ticked("2026-03-02 12:00")
    partition.work()
    for n in range(4):
        partition.returned(f"a-{n}", f"A{n}")
    partition.ticked(DECLARED)
    partition.work()
    partition.majeure("declared", DECLARED)
    return partition


def hot(partition: Partition) -> dict[str, Member]:
    return {key.decode(): state.decode(raw, Member) for key, raw in partition.table("members").items()}


def heard(partition: Partition) -> list[str]:
    """Who has heard all, by name."""
    return sorted(name for name, member in hot(partition).items() if member.heard)


def one_tick(partition: Partition, at: str) -> None:
    """One poll with another tick, and with the one that the worker has sent itself, if so."""
    partition.ticked(at)
    partition.poll()


def test_they_hear_in_portions_in_the_order_of_their_names() -> None:
    partition = peopled()
    without = hot(partition)["ann"]
    partition.poll()
    assert heard(partition) == []
    partition.ticked(DECLARED)
    for n in range(1, 6):
        partition.poll()  # of the tick, then of those that the worker sends itself
        assert heard(partition) == MEMBERS[: n * PORTION]
    partition.work()
    assert hot(partition)["ann"] == without, "who has no PRO is not written"
    assert partition.letters == []


def test_the_worker_goes_on_by_itself_until_all_have_heard() -> None:
    partition = peopled()
    partition.ticked(DECLARED)
    partition.work()
    assert heard(partition) == MEMBERS
    told = len(partition.read("clock"))
    partition.ticked("2026-04-01 11:01")
    partition.work()
    assert len(partition.read("clock")) == told + 1, "there was nothing left over"


def a_story(partition: Partition, *, restarts: bool) -> dict[str, Any]:
    """While they hear, one does so by an event, one is set aside, and others are due: then the worker starts anew, or not."""

    def start_anew() -> None:
        if restarts:
            with pytest.raises(CrashError):
                partition.poll(crash=True)

    partition.poll()
    start_anew()
    one_tick(partition, DECLARED)
    partition.event("memberships", "pro.auto_renew_changed", MEMBERS[12], {"on": False}, "off")
    partition.ordered(MEMBERS[11], "bad")
    start_anew()
    one_tick(partition, "2026-04-01 12:30")
    start_anew()
    partition.work()
    for tick in ("2026-04-17 06:59", "2026-04-17 08:00"):
        one_tick(partition, tick)
        start_anew()
        partition.work()
    partition.majeure("ended", "2026-04-20 12:00")
    partition.released(MEMBERS[11])
    partition.ticked("2026-04-20 12:00")
    partition.work()
    return partition.everything()


def test_a_start_in_the_middle_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, sequence numbers included: who has still to hear is found anew, and in the same order."""
    decide = handle.decide

    def failing(event: Any, *others: Any) -> Any:
        if event.type == "order.placed.v1":
            raise ZeroDivisionError("a rule of ours")
        return decide(event, *others)

    monkeypatch.setattr(handle, "decide", failing)
    stories = [a_story(peopled(), restarts=restarts) for restarts in (False, True)]
    assert stories[0] == stories[1]


def test_all_of_them_are_told_once_and_of_both_words() -> None:
    partition = peopled()
    partition.ticked(DECLARED)
    partition.work()
    partition.majeure("ended", "2026-04-19 12:00")
    partition.ticked("2026-04-19 12:00")
    partition.work()
    told = [[notice["data"]["notification"] for notice in partition.told(name).notifications] for name in MEMBERS]
    assert [kinds.count("force_majeure.may_terminate") for kinds in told] == [1] * len(MEMBERS)
    assert {hot(partition)[name].heard for name in MEMBERS} == {2}
