"""Faults 1, 2 and 3: workers are killed; every member ends as if nothing had happened, and the audit is clean.

The reference is an undisturbed run in memory of the same events. The seed decides when who is killed.
"""

import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import orjson
import pytest

from cli.lines import Item, Message, Tick, as_message
from cli.publisher import Publisher
from cli.wire import connected
from driver.failstop import CRASH_POINTS
from local.kafka import Kafka
from models.catalogue import OUTPUTS
from models.partitioning import partition_of
from samples.generated.month import month
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.verdict import clean
from tests.support.processes import PATIENCE, eventually
from tests.system import guests, outcome, scenario, stories
from tests.system.memory import Installation, MemoryWire
from tests.system.site import DECIDED_S, PARTITIONS, Site, shared

pytestmark = pytest.mark.broker

GUESTS, HANDED_OVER = 60, 12
TWO_WORKERS_DAYS = 1_600
"""Lines of the month for the runs with two workers."""


@pytest.mark.fault(1)
def test_killed_at_random_moments(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """And started again on the same data directory."""
    _killed(broker, tmp_path, chance, evidence, [None] * 5)


@pytest.mark.long
@pytest.mark.fault(2)
def test_killed_and_local_state_deleted(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """What a worker has on its disk is a copy: without it, it ends where fault 1 ends."""
    _killed(broker, tmp_path, chance, evidence, [None] * 3, forget=True)


@pytest.mark.fault(3)
def test_killed_at_each_named_point(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    points = [f"{point}:{chance.randint(1, 3)}" for point in CRASH_POINTS]
    chance.shuffle(points)
    _killed(broker, tmp_path, chance, evidence, points)


def _killed(
    broker: Kafka,
    folder: Path,
    chance: Random,
    evidence: Evidence,
    faults: Sequence[str | None],
    *,
    forget: bool = False,
) -> None:
    """Publish the month, kill a worker at each of these points (None: at any moment), and compare.

    forget: delete its data directory each time.
    """
    with Site(broker, folder, store="rocksdb") as site, _publishing(site, len(_month()), len(faults)) as gates:
        data = site.settings.data / "w1"
        for number, crash_at in enumerate(faults):
            worker = site.worker(crash_at=crash_at)
            if crash_at:
                assert worker.ends() == -signal.SIGKILL, worker.said
                assert f"crash point {crash_at.partition(':')[0]} reached" in worker.said
                evidence.happened(named_points=1)
            else:
                worker.live()
                gates.wait(number)
                sleep(chance.uniform(0, 0.3))
                worker.kill()
                evidence.happened(kills=1)
            assert gates.publishing, "everything was done before the fault: it proves nothing"
            if forget:
                evidence.happened(files_deleted=sum(file.is_file() for file in data.rglob("*")))
                shutil.rmtree(data)
            gates.open(number)
        last = site.worker()
        gates.finish()
        assert len(site.workers) == len(faults) + 1
        _as_undisturbed(site, len(_month()))
        last.stop()
        evidence.came_to(clean(site, gates.sent))


@pytest.mark.fault(1)
def test_one_of_two_killed(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """A second worker joins, the first is killed, comes back, and the second ends in good order."""
    with Site(broker, tmp_path) as site, _publishing(site, TWO_WORKERS_DAYS, 4) as gates:
        first = site.worker("w1").live()
        gates.wait(0)
        second = site.worker("w2").live()
        shared(first, second)
        gates.open(0)
        gates.wait(1)
        sleep(chance.uniform(0, 0.3))
        first.kill()
        evidence.happened(kills=1)
        second.has(set(range(PARTITIONS)))
        gates.open(1)
        gates.wait(2)
        again = site.worker("w1").live()
        shared(again, second)
        gates.open(2)
        gates.wait(3)
        assert gates.publishing
        second.stop()
        again.has(set(range(PARTITIONS)))
        gates.open(3)
        gates.finish()
        _as_undisturbed(site, TWO_WORKERS_DAYS)
        again.stop()
        evidence.came_to(clean(site, gates.sent))


@pytest.mark.fault(3)
def test_killed_with_transfers_under_way(broker: Kafka, tmp_path: Path, evidence: Evidence) -> None:
    """CARE-3 What one key has told another, and the other has not handled, is handled once, whoever comes after."""
    accounts = [_dated("account.opened", guests.account(n), email_hash=guests.email(n)) for n in range(HANDED_OVER)]
    bought = [_dated("care.purchased", guests.key(n), email_hash=guests.email(n)) for n in range(HANDED_OVER)]
    with Site(broker, tmp_path) as site:
        with connected(site.settings) as wire:
            for message in accounts:
                wire.send(message.topic, message.subject.encode(), message.value, headers=message.headers)
        assert site.worker(crash_at="after-commit:1").ends() == -signal.SIGKILL
        assert site.read("transfers"), "the accounts are opened"
        assert "transfers" not in {decided["data"]["event"]["topic"] for decided in _decisions(site)}, "nobody was told"
        assert site.worker(crash_at="before-commit:1").ends() == -signal.SIGKILL
        last = site.worker()
        site.publish(bought)
        last.stop()
        answers = Counter(
            (decided["data"]["event"]["type"], decided["data"]["outcome"])
            for decided in _decisions(site)
            if decided["data"]["event"]["topic"] == "transfers"
        )
        told = ("guest.account_opened.v1", "guest.care_claimed.v1")
        assert answers == {(kind, "applied"): HANDED_OVER for kind in told}
        ways = {
            (partition_of(guests.key(n).encode(), PARTITIONS), _home(guests.account(n))) for n in range(HANDED_OVER)
        }
        assert {one == other for one, other in ways} == {True, False}, "within a partition and across"
        evidence.happened(named_points=2)
        evidence.came_to(clean(site, len(accounts) + len(bought)))


def _dated(kind: str, subject: str, **data: str) -> Message:
    return scenario.message(kind, subject, data, stories.START, f"{kind} {subject}", guests.SOURCE)


def _decisions(site: Site) -> list[dict[str, Any]]:
    return [orjson.loads(record.value or b"") for record in site.read("decisions")]


def _home(member: str) -> int:
    return partition_of(member.encode(), PARTITIONS)


class _Gates:
    """Publishing in the background, held up at each gate until the fault before it is over: so that none is too late."""

    def __init__(self, site: Site, lines: int, faults: int) -> None:
        self._site = site
        self._items = _month()[:lines]
        self._at = [lines * (number + 1) // (faults + 2) for number in range(faults + 1)]
        self._passed = [threading.Event() for _ in self._at]
        self._opened = [threading.Event() for _ in self._at[1:]]
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()

    @property
    def publishing(self) -> bool:
        return not self._ended.is_set()

    def wait(self, number: int) -> None:
        """Until the events before gate `number` are on their way."""
        assert eventually(lambda: self._passed[number].is_set() or not self.publishing, 2 * PATIENCE)
        assert self.publishing, self._error

    def open(self, number: int) -> None:
        """Fault `number` is over: publishing may go on through the next gate."""
        self._opened[number].set()

    def finish(self) -> None:
        """Until every event is decided."""
        self._thread.join(2 * DECIDED_S)
        assert not self.publishing, "publishing has not ended\n" + self._site.workers[-1].said
        if self._error:
            raise self._error

    @property
    def sent(self) -> int:
        """Events on their way so far."""
        return sum(not isinstance(item, Tick) for item in self._items)

    def _publish(self) -> None:
        try:
            self._site.publish(self._held_up())
        except BaseException as error:  # noqa: BLE001  handed to the test, which raises it
            self._error = error
        finally:
            self._ended.set()

    def _held_up(self) -> Iterator[Item]:
        for first, last in pairwise([0, *self._at, len(self._items)]):
            yield from self._items[first:last]
            if last in self._at:
                gate = self._at.index(last)
                self._passed[gate].set()
                if gate:
                    self._opened[gate - 1].wait(DECIDED_S)


@contextmanager
def _publishing(site: Site, lines: int, faults: int) -> Iterator[_Gates]:
    yield _Gates(site, lines, faults)


@cache
def _month() -> tuple[Item, ...]:
    """The sample's month, and guests who buy in it."""
    return tuple(
        guests.among((Tick(line["tick"]) if "tick" in line else as_message(line) for line in month()), range(GUESTS))
    )


@cache
def _undisturbed(lines: int) -> dict[str, Any]:
    installation = Installation(PARTITIONS)
    Publisher(MemoryWire(installation)).publish(_month()[:lines])
    outputs = {topic.role: installation.read(topic.role) for topic in OUTPUTS}
    members = outcome.members(outputs, installation.table("members"))
    return {member: told.comparable for member, told in members.items()}


def _as_undisturbed(site: Site, lines: int) -> None:
    """Every member's decisions, notices, ledger, requests and view, in their order; and nothing is there twice."""
    ids = outcome.ids(site.outputs)
    assert len(ids) == len(set(ids)), "an output is there twice"
    expected, found = _undisturbed(lines), {member: told.comparable for member, told in site.members.items()}
    assert found.keys() == expected.keys()
    for member, told in expected.items():
        assert found[member] == told, member
