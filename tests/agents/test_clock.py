"""Time as a record: now and seq, the wall clock's bound, and who is woken when."""

import orjson
import pytest

from agents import handle
from models.policies import STANDARD
from tests.agents.partition import Partition, at


def test_before_the_first_tick_there_is_no_now_and_nothing_is_due() -> None:
    partition = Partition()
    partition.joined("ann")
    partition.returned("ann", "A1")
    partition.work()
    assert partition.handler.now is None
    assert partition.answers("ann") == [("applied", None), ("held", "awaits_order")]
    assert partition.told("ann").decisions[0]["data"]["now"] is None


def test_every_record_takes_a_number_ticks_and_rubbish_too() -> None:
    """given joins, a tick and rubbish, then decisions are numbered by all records in handling order: ticks come last."""
    partition = Partition()
    partition.ticked("2026-03-02 12:00")
    partition.append("orders", b"ann", b"rubbish")
    partition.joined("ann")
    partition.work()
    partition.joined("bob")
    partition.work()
    numbers = [orjson.loads(record.value or b"")["data"]["seq"] for record in partition.read("decisions")]
    assert numbers == [1, 2, 4]


def test_now_and_seq_outlive_the_worker() -> None:
    partition = Partition()
    partition.ticked("2026-03-02 12:00")
    partition.work()
    partition.handler.load()
    partition.joined("ann")
    partition.work()
    [decision] = partition.told("ann").decisions
    assert (decision["data"]["seq"], decision["data"]["now"]) == (2, "2026-03-02T12:00:00Z")


def test_time_never_goes_back() -> None:
    partition = Partition()
    for tick in ("2026-03-02 12:00", "2026-03-01 12:00", "2026-03-02 11:59"):
        partition.ticked(tick)
    partition.work()
    assert partition.handler.now == at("2026-03-02 12:00")


@pytest.mark.parametrize(
    ("ticked", "received", "now"),
    [
        ("2026-03-02 12:10", "2026-03-02 12:00", "2026-03-02 12:00"),  # a clock that is ahead
        ("2026-03-02 12:00", "2026-03-02 12:00", "2026-03-02 12:00"),
        ("2026-03-02 11:50", "2026-03-02 12:00", "2026-03-02 11:50"),  # a clock that is behind
    ],
)
def test_the_wall_clock_counts_for_no_more_than_the_instant_it_was_received(
    ticked: str, received: str, now: str
) -> None:
    partition = Partition(clock="wall")
    partition.ticked(ticked, received=received)
    partition.work()
    assert partition.handler.now == at(now)


def test_an_outside_clock_is_believed() -> None:
    """given an external clock, then a tick far from the broker's own time counts as it is."""
    partition = Partition(clock="external")
    partition.ticked("2030-01-01 00:00", received="2026-03-02 12:00")
    partition.work()
    assert partition.handler.now == at("2030-01-01 00:00")


@pytest.mark.parametrize(("tick", "given_up"), [("2026-04-01 11:59:59", False), ("2026-04-01 12:00", True)])
def test_a_deadline_acts_when_it_is_due_and_not_before(tick: str, given_up: bool) -> None:
    """GEN-4 given a return held at noon of 2 March for 30 days, then it is refused at noon of 1 April."""
    partition = Partition()
    partition.ticked("2026-03-02 12:00")
    partition.joined("ann")
    partition.work()
    partition.returned("ann", "A1")
    partition.work()
    assert partition.due("ann") == [at("2026-04-01 12:00")]
    partition.ticked(tick)
    partition.work()
    assert partition.woken == (["ann"] if given_up else [])


@pytest.mark.parametrize(("tick", "given_up"), [("2026-04-01 11:59:59", False), ("2026-04-01 12:00", True)])
def test_what_was_held_before_the_first_tick_counts_from_it(tick: str, given_up: bool) -> None:
    partition = Partition()
    partition.joined("ann")
    partition.returned("ann", "A1")
    partition.work()
    for now in ("2026-03-02 12:00", tick):
        partition.ticked(now)
        partition.work()
    assert partition.woken == (["ann"] if given_up else [])


def _held(partition: Partition, *, rounds: int = 3) -> list[str]:
    """Members with deadlines of several instants; returns them in the order (due, member)."""
    expected = []
    for day in range(rounds):
        partition.ticked(f"2026-03-0{day + 2} 12:00")
        partition.work()
        names = [f"{name}{day}" for name in "caeb"]
        for name in names:
            partition.joined(name)
            partition.returned(name, f"order-{name}")
        partition.work()
        expected += sorted(names)
    return expected


def test_who_is_due_is_woken_by_instant_and_then_by_name() -> None:
    partition = Partition()
    expected = _held(partition)
    partition.ticked("2026-05-01 12:00")
    partition.work()
    assert partition.woken == expected


def test_members_are_woken_in_portions_with_a_tick_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """given 12 members due and portions of 5, then polls wake 5, 5 and 2, in order, at the same now, and no more ticks."""
    monkeypatch.setattr(handle, "WAKE_PORTION", 5)
    partition = Partition()
    expected = _held(partition)
    ticks = len(partition.read("clock"))
    partition.ticked("2026-05-01 12:00")
    portions = []
    while partition.poll():
        portions.append(len(partition.woken))
    assert portions == [5, 10, 12]
    assert partition.woken == expected
    own = [orjson.loads(record.value or b"") for record in partition.read("clock")[ticks:]]
    assert len({at for tick in own for at in tick.values()}) == 1, "the further ticks are for the same instant"
    assert len(own) == 3
    assert partition.handler.now == at("2026-05-01 12:00")


def test_a_portion_that_is_just_enough_needs_no_further_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "WAKE_PORTION", 4)
    partition = Partition()
    _held(partition, rounds=1)
    partition.ticked("2026-05-01 12:00")
    partition.work()
    assert len(partition.woken) == 4
    assert len(partition.read("clock")) == 2


def test_load_finds_the_deadlines_again() -> None:
    """given a handler that starts on tables left by another, then it wakes the same members in the same order."""
    partition = Partition()
    expected = _held(partition)
    heir = handle.PartitionHandler(0, partition.tables[0], partition.catalogue, STANDARD, "external")
    partition.handlers[0] = heir
    partition.ticked("2026-05-01 12:00")
    partition.work()
    assert partition.woken == expected


def test_what_was_settled_is_not_woken() -> None:
    """given a held return whose order came, then its deadline is gone; loading again does not bring it back."""
    partition = Partition()
    partition.ticked("2026-03-02 12:00")
    partition.joined("ann")
    partition.returned("ann", "A1")
    partition.work()
    partition.ordered("ann", "A1")
    partition.work()
    assert all(due.year == 2028 for due in partition.due("ann")), "only the lot's expiry and its reminder are left"
    partition.handler.load()
    partition.ticked("2026-05-01 12:00")
    partition.work()
    assert partition.woken == []
