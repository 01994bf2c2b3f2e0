"""Whatever happens on the way, the outcome is that of an undisturbed run: in memory, one run for each seed.

`MEMBERSHIPS_TEST_SEEDS` says how many seeds; the seed of a failure is in the test's name.
"""

import os
from functools import cache
from random import Random
from typing import Any

import pytest

from cli.lines import Item, Message, Tick, as_message
from cli.publisher import Publisher
from models.catalogue import OUTPUTS
from samples.generated.month import month
from tests.system import guests, outcome, stories
from tests.system.memory import CrashError, Installation, MemoryWire
from tests.system.outcome import Told

SEEDS = range(int(os.environ.get("MEMBERSHIPS_TEST_SEEDS", "20")))
SHARES = 24
"""A run takes one member in so many of the sample month."""
GUESTS = 8


@pytest.mark.parametrize("seed", SEEDS)
def test_crashes_leave_no_trace(seed: int) -> None:
    """A crash before a commit drops the poll; it is delivered again, and every byte is as if nothing had happened."""
    calm = _replayed(seed, crashes=0.0)
    crashed = _replayed(seed, crashes=0.3)
    assert crashed.crashes > 10
    assert crashed.installation.everything() == calm.installation.everything()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_size_of_polls_does_not_matter(seed: int) -> None:
    """Members' events in order, in polls of any size, some of them lost in a crash and cut otherwise when repeated."""
    chance = Random(seed)
    installation = Installation()

    def poll() -> None:
        try:
            installation.poll(lambda there: chance.randint(0, min(there, 7)), crash=chance.random() < 0.1)
        except CrashError:
            return

    Publisher(MemoryWire(installation, poll)).publish(_some_of_the_month(seed))
    calm = Installation(2)
    Publisher(MemoryWire(calm)).publish(_some_of_the_month(seed))
    assert _comparable(installation) == _comparable(calm)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    """GEN-2 every order and duplication ends in the same balances, lots, statuses and standing notifications."""
    chance = Random(seed)
    told = list(stories.all_kinds(seed))
    in_order = _members(stories.in_order(told))
    at_random = stories.begun(told)
    for message in (message for story in told for message in story.told_at_random(chance)):
        at_random.send(message)
    while at_random.waiting:
        at_random.poll(lambda there: chance.randint(0, there))
    for member, ended in _members(at_random).items():
        assert ended.stands == in_order[member].stands, _shown(ended)


@pytest.mark.parametrize("seed", SEEDS)
def test_redelivered_records_have_no_effect(seed: int) -> None:
    """GEN-1 the month with every third event sent twice or three times: nothing more is booked, told or asked."""
    chance = Random(seed)
    repeated: list[Item] = []
    earlier: list[Message] = []
    for item in _some_of_the_month(seed):
        repeated.append(item)
        if isinstance(item, Message):
            earlier.append(item)
            if chance.random() < 0.3:
                repeated += chance.choices(earlier, k=chance.randint(1, 2))
    calm, noisy = Installation(), Installation()
    Publisher(MemoryWire(calm)).publish(_some_of_the_month(seed))
    Publisher(MemoryWire(noisy)).publish(repeated)
    assert len(noisy.read("decisions")) > len(calm.read("decisions")) * 1.2
    for topic in ("notifications", "points-ledger", "requests"):
        assert {r.value for r in noisy.read(topic)} == {r.value for r in calm.read(topic)}, topic
        assert len(noisy.read(topic)) == len(calm.read(topic)), topic


class _Run:
    """The month's share appended day by day and worked off in polls whose sizes depend on seed and poll alone."""

    def __init__(self, seed: int, crashes: float) -> None:
        self.installation = Installation()
        self.crashes = 0
        self._seed, self._rate = seed, crashes
        self._chance = Random(seed)
        self._polls = 0

    def work(self) -> None:
        while self.installation.waiting:
            sizes = Random(f"{self._seed}-{self._polls}")
            crash = self._chance.random() < self._rate
            try:
                self.installation.poll(lambda there: sizes.randint(0, there), crash=crash)  # noqa: B023  used at once
            except CrashError:
                self.crashes += 1
            else:
                self._polls += 1


def _replayed(seed: int, crashes: float) -> _Run:
    run = _Run(seed, crashes)
    for item in _some_of_the_month(seed):
        if isinstance(item, Tick):
            run.work()
            run.installation.tick(item)
        elif isinstance(item, Message):
            run.installation.send(item)
    run.work()
    return run


@cache
def _month() -> tuple[Message | Tick, ...]:
    return tuple(Tick(line["tick"]) if "tick" in line else as_message(line) for line in month())


def _some_of_the_month(seed: int) -> list[Item]:
    """All ticks, and the events of the members whose turn it is; and some guests."""
    shared = [
        item for item in _month() if isinstance(item, Tick) or sum(item.subject.encode()) % SHARES == seed % SHARES
    ]
    return guests.among(shared, range(seed, seed + GUESTS))


def _members(installation: Installation) -> dict[str, Told]:
    outputs = {topic.role: installation.read(topic.role) for topic in OUTPUTS}
    return outcome.members(outputs, installation.table("members"))


def _comparable(installation: Installation) -> dict[str, Any]:
    return {member: told.comparable for member, told in _members(installation).items()}


def _shown(told: Told) -> str:
    """The story as it arrived, for whoever has to find out."""
    answers = [decision["data"] for decision in told.decisions]
    return "\n".join(
        f"{a['event']['type']} {a['event']['id']}: {a['outcome']} {a['reason']}: {a['says']}" for a in answers
    )
