"""Fault 13: deadlines while workers are down, die, change, or have clocks that are wrong: each once, and never early."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from cli.lines import Message, Tick
from cli.wire import connected
from driver.failstop import CRASH_POINTS
from local.kafka import Kafka
from models.policies import STANDARD
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.verdict import clean
from tests.support.processes import eventually
from tests.system import outcome, remedies, scenario
from tests.system.memory import Record
from tests.system.remedies import WAYS, Way, member
from tests.system.site import PARTITIONS, Site, Worker, shared

pytestmark = pytest.mark.broker

SOURCE = "/times"
ZONE = ZoneInfo(STANDARD.zone)
EACH = 3
BEFORE_IT_IS_COMMITTED = ("after-decide", "before-produce", "before-offsets", "before-commit")
MEMBERS = 40
MINUTES_WRONG = 10
SOON, WITHIN = timedelta(seconds=12), timedelta(seconds=15)
"""From when on, and for how long, points that were set aside come back."""


@pytest.mark.fault(13)
def test_killed_across_a_due_instant(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """REP-9 Repair, loaner or fee: decided exactly once, whoever dies while the deadline is worked off."""
    points = [*chance.sample(BEFORE_IT_IS_COMMITTED, len(BEFORE_IT_IS_COMMITTED)), "after-commit"]
    before, after = list(remedies.before(chance, EACH)), list(remedies.after(chance, EACH))
    with Site(broker, tmp_path) as site:
        worker = site.worker()
        site.publish(before)
        worker.stop()
        _tick(site, remedies.DEADLINE)
        for point in points:
            killed = site.worker(crash_at=f"{point}:1")
            assert killed.ends() == -signal.SIGKILL, killed.said
            evidence.happened(named_points=1)
        last = site.worker()
        site.publish(after)
        last.stop()
        ids = outcome.ids(site.outputs)
        assert len(ids) == len(set(ids)), "an output is there twice"
        for way in WAYS:
            for number in range(EACH):
                _ended(way, site.members[member(way, number)])
        evidence.came_to(clean(site, sum(isinstance(item, Message) for item in (*before, *after))))


def _ended(way: Way, told: Any) -> None:
    name = way.name
    refunds = [request["data"] for request in told.requests if request["type"] == "refund.requested.v1"]
    assert [refund["amount"] for refund in refunds] == ["100.00"] * way.refunds, name
    kinds = Counter(notice["data"]["notification"] for notice in told.notifications)
    assert kinds["repair.fee_reimbursed"] == way.refunds, name
    assert kinds["repair.turnaround_missed"] == {
        "twice": 2,
        "nothing": 1,
        "told_late": 1,
        "unrepaired": 1,
        "loaner": 1,
    }.get(name, 0), name


@pytest.mark.fault(13)
def test_down_over_two_due_dates(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """GEN-4, MS-6 Points that expired while nobody worked: each once, in order, dated when they did.

    Twice: without any tick meanwhile, and with the ticks of each date waiting. Whoever comes back first is killed.
    """
    days = [date(2026, 6, 30), date(2026, 9, 30), date(2027, 1, 31), date(2027, 4, 30)]
    days = [day - timedelta(days=chance.randrange(20)) for day in days]
    expiries = [datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE) for day in days]
    back = [_noon(2026, 11, 2), _noon(2027, 6, 1)]
    booked_at = [back[0], back[0], expiries[2], expiries[3]]
    start = [message for number in range(EACH) for message in _lots(f"saver-{number}", days)]
    with Site(broker, tmp_path) as site:
        worker = site.worker()
        site.publish([Tick(_noon(2026, 3, 20).isoformat()), *start])
        worker.stop()
        _tick(site, back[0])
        _caught_up(site, chance, evidence, 2 * EACH)
        for at in (*expiries[2:], back[1]):
            _tick(site, at)
        _caught_up(site, chance, evidence, 2 * EACH)
        evidence.came_to(clean(site, len(start)))
        for number in range(EACH):
            told = site.members[f"saver-{number}"]
            expired = [entry["data"] for entry in told.ledger if entry["data"]["kind"] == "expire"]
            assert [entry["points"] for entry in expired] == [-10, -20, -30, -40]
            assert [_instant(entry["at"]) for entry in expired] == expiries
            assert [_instant(entry["booked_at"]) for entry in expired] == booked_at
            assert [_instant(notice["not_before"]) for notice in _notices(told, "points.expired")] == expiries
            assert not _notices(told, "points.expiring"), "reminded of what is gone"
            assert told.view["points"]["available"] == 0


def _lots(who: str, days: list[date]) -> Iterator[Message]:
    """Points that expire on each of these days: ten, twenty, thirty, ..."""
    since = _noon(2026, 3, 1)
    yield scenario.message("points.joined", who, {}, since - timedelta(days=1), f"{who}-joined", SOURCE)
    for number, day in enumerate(days, 1):
        bonus = {"offer_id": "spring", "points": 10 * number, "expires_on": day.isoformat()}
        line = {"unit_price": "0.25", "bonus": bonus}
        order = {"order_id": f"o{number}", "lines": [line]}
        yield scenario.message("order.placed", who, order, since, f"{who}-o{number}", SOURCE)


def _caught_up(site: Site, chance: Random, evidence: Evidence, more: int) -> None:
    """A worker comes back and dies over it, another one does the work and ends."""
    before = len(site.read("points-ledger"))
    killed = site.worker(crash_at=f"{chance.choice(CRASH_POINTS)}:1")
    assert killed.ends() == -signal.SIGKILL, killed.said
    worker = site.worker().live()
    assert eventually(lambda: len(site.read("points-ledger")) >= before + more), worker.said
    worker.stop()
    evidence.happened(times_down=1, due_dates_missed=2, kills=1)


@pytest.mark.long
@pytest.mark.fault(13)
def test_clocks_ten_minutes_wrong(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """One worker's clock is ahead, one's behind; both go, one of them killed, while points are due to come back."""
    with Site(broker, tmp_path, clock="wall") as site:
        wrong = [_worker(site, "ahead", MINUTES_WRONG), _worker(site, "behind", -MINUTES_WRONG)]
        right = site.worker("right")
        shared(*wrong, right)
        due = _set_aside(site, chance)
        _sleep_until(min(due.values()) + WITHIN * chance.uniform(0.3, 0.7))
        chance.shuffle(wrong)
        wrong[0].kill()
        wrong[1].stop()
        right.has(set(range(PARTITIONS)))
        _each_on_time(site, due, evidence)


@pytest.mark.fault(13)
def test_two_workers_tick_for_the_same_partitions(
    broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    """Whoever has them: through rebalances and a kill both go on ticking for all, ten minutes ahead and behind."""
    with Site(broker, tmp_path, clock="wall") as site:
        ahead = _worker(site, "ahead", MINUTES_WRONG, everywhere=True).live()
        due = _set_aside(site, chance)
        behind = _worker(site, "behind", -MINUTES_WRONG, everywhere=True)
        shared(ahead, behind)
        _sleep_until(min(due.values()) + WITHIN * chance.uniform(0, 0.5))
        ahead.kill()
        _worker(site, "ahead", MINUTES_WRONG, everywhere=True).live()
        ticks = _each_on_time(site, due, evidence)
        turns = [sum(_wrong_by(one) * _wrong_by(next_) < 0 for one, next_ in pairwise(of)) for of in ticks.values()]
        assert len(turns) == PARTITIONS
        evidence.happened(times_they_took_turns=min(turns))


def _worker(site: Site, name: str, minutes: int, *, everywhere: bool = False) -> Worker:
    arguments = [str(60 * minutes), *([str(PARTITIONS)] if everywhere else [])]
    return site.worker(name, command=[sys.executable, "-m", "tests.faults.kit.skewed", *arguments])


def _set_aside(site: Site, chance: Random) -> dict[str, datetime]:
    """MS-8 Points set aside nearly as long ago as they may be; returns by member when they are to come back."""
    now = datetime.now(UTC)
    waits = timedelta(minutes=STANDARD.reservation_minutes)
    due = {f"shopper-{number}": now + SOON + WITHIN * chance.random() for number in range(MEMBERS)}
    told = []
    for who, at in due.items():
        for kind, since in (
            ("points.joined", 2 * waits),
            ("order.placed", 1.5 * waits),
            ("redemption.reserved", waits),
        ):
            data = {"order_id": "o1"} if kind == "order.placed" else {}
            data |= {"reservation_id": "basket", "points": 10} if kind == "redemption.reserved" else {}
            told.append(scenario.message(kind, who, data, at - since, f"{who}-{kind}", SOURCE))
    summary = site.publish(told)
    assert summary["outcomes"]["applied"]["total"] == len(told), summary
    assert datetime.now(UTC) < min(due.values()), "too late: nothing was due while the clocks were wrong"
    return due


def _each_on_time(site: Site, due: dict[str, datetime], evidence: Evidence) -> dict[int, list[Record]]:
    """Each was acted on once, at the first tick that counts for it, and not before its time; returns the ticks."""
    assert eventually(lambda: site.ends("notifications") > 0 and len(_releases(site)) >= len(due))
    for worker in site.workers:
        if worker.alive:
            worker.stop()
    ticks: dict[int, list[Record]] = {}
    for tick in site.read("clock"):
        ticks.setdefault(tick.partition, []).append(tick)
    releases = _releases(site)
    assert sorted(record.key for record in releases) == sorted(who.encode() for who in due), "each once"
    counts = {partition: [min(_says(tick), _received(tick)) for tick in of] for partition, of in ticks.items()}
    for decided in (orjson.loads(record.value or b"")["data"] for record in site.read("decisions")):
        assert decided["now"] is None or _instant(decided["now"]) in counts[decided["event"]["partition"]]
    late = []
    for record in releases:
        entry, at = orjson.loads(record.value or b"")["data"], due[(record.key or b"").decode()]
        counted = counts[record.partition]
        assert _instant(entry["at"]) == at
        assert _instant(entry["booked_at"]) == next(now for now in counted if now >= at), (
            "not by the first tick that counts"
        )
        assert record.timestamp_ms >= at.timestamp() * 1000, "told before it was due"
        late.append(record.timestamp_ms / 1000 - at.timestamp())
    for told in site.members.values():
        assert len(_notices(told, "points.reservation_expired")) == 1
    jumps = [_wrong_by(tick) for of in ticks.values() for tick in of]
    evidence.happened(
        deadlines=len(due), ticks_ahead=sum(by > 0 for by in jumps), ticks_behind=sum(by < 0 for by in jumps)
    )
    evidence.came_to(clean(site, 3 * len(due)), latest_s=max(late))
    return ticks


def _releases(site: Site) -> list[Record]:
    """What gave points back."""
    entries = site.read("points-ledger")
    return [entry for entry in entries if orjson.loads(entry.value or b"")["data"]["kind"] == "release"]


def _notices(told: Any, kind: str) -> list[Any]:
    return [notice["data"] for notice in told.notifications if notice["data"]["notification"] == kind]


def _tick(site: Site, at: datetime) -> None:
    """The time comes in every partition, whether somebody works or not."""
    with connected(site.settings) as wire:
        for partition in range(PARTITIONS):
            wire.send("clock", None, orjson.dumps({"at": at.isoformat()}), partition=partition)


def _sleep_until(at: datetime) -> None:
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))


def _wrong_by(tick: Record) -> int:
    """-1 or 1: it says a time that is minutes before or after the one at which Kafka got it; 0: it is right."""
    by = (_says(tick) - _received(tick)) / timedelta(minutes=MINUTES_WRONG / 2)
    return (by > 1) - (by < -1)


def _received(tick: Record) -> datetime:
    return datetime.fromtimestamp(tick.timestamp_ms / 1000, UTC)


def _says(tick: Record) -> datetime:
    return _instant(orjson.loads(tick.value or b"")["at"])


def _noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=ZONE)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
