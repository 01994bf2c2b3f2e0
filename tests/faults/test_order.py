"""Fault 12: events come twice, late and in another order than they happened, while workers are killed.

What GEN-1 and GEN-2 promise is compared with an undisturbed run in memory; the rest is for the audit to recompute.
"""

from collections import Counter
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random

import orjson
import pytest

from cli.lines import Item, Message, Tick
from cli.publisher import Publisher
from local.kafka import Kafka
from models.catalogue import OUTPUTS
from tests.faults.kit.crew import Crew
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean
from tests.system import guests, outcome, stories
from tests.system.memory import Installation, MemoryWire
from tests.system.outcome import Told
from tests.system.site import PARTITIONS, Site

pytestmark = pytest.mark.broker

WORKERS = ("w1", "w2")
KILLS = 2
RATE = 150
EACH = 25
"""Stories of each kind."""
SHARES, GUESTS = 3, 20
NEAR, LATE = 20, 1_000
"""How many events one may come after its time; a late one, or a copy, about a week."""


@pytest.mark.fault(12)
def test_linked_events_in_any_order(
    broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    """GEN-2 In any order, some of them twice or three times: everybody stands where the order of events leaves them."""
    told = list(stories.all_kinds(chance.randrange(1_000), EACH))
    before = [message for story in told for message in story.before]
    free = [message for story in told for message in story.told_at_random(chance)]
    chance.shuffle(free)
    policies = tmp_path / "policies.toml"
    policies.write_text(f"ahead_days = {stories.NO_TICKS.ahead_days}\n")
    with Site(broker, tmp_path, redis_url=redis_url, policies=policies) as site, Crew(site, *WORKERS).feed() as crew:
        site.publish([stories.NOW, *before])
        with Load(site.settings, free, RATE) as load:
            _kill(crew, load, chance, evidence)
            verdict = clean(site, len(before) + load.finish(), crew.feeder)
        evidence.came_to(verdict)
        _came_out_of_order(site, evidence)
        expected = _members(stories.in_order(told))
        found = site.members
        assert found.keys() == expected.keys()
        for member, ended in expected.items():
            assert found[member].stands == ended.stands, member


@pytest.mark.long
@pytest.mark.fault(12)
def test_a_month_told_again(broker: Kafka, tmp_path: Path, chance: Random, evidence: Evidence) -> None:
    """GEN-1 Copies, at once or after days, from before a kill or after: nothing more is told, booked or asked.

    Copies that say something else are conflicts, and change as little.
    """
    calm = Installation(PARTITIONS)
    Publisher(MemoryWire(calm)).publish(_month())
    again = list(_told_again(chance))
    with Site(broker, tmp_path) as site, Crew(site, *WORKERS).live() as crew:
        site.publish(_with_kills(again, crew, chance, evidence))
        evidence.came_to(clean(site, sum(isinstance(item, Message) for item in again)))
        outcomes = _outcomes(site)
        evidence.happened(copies=outcomes["duplicate"], conflicts=outcomes["conflict"])
        expected, found = _members(calm), site.members
        assert found.keys() == expected.keys()
        for member, told in expected.items():
            assert found[member].effects == told.effects, member


@pytest.mark.long
@pytest.mark.fault(12)
def test_a_month_late_twice_and_out_of_order(
    broker: Kafka, redis_url: str, tmp_path: Path, chance: Random, evidence: Evidence
) -> None:
    """Across ticks and deadlines no order is as good as another: each is decided as it came, and the audit agrees."""
    disordered = list(_disordered(months(1), chance))
    with (
        Site(broker, tmp_path, redis_url=redis_url) as site,
        Crew(site, *WORKERS).feed().live() as crew,
        Load(site.settings, disordered, RATE) as load,
    ):
        _kill(crew, load, chance, evidence)
        evidence.came_to(clean(site, load.finish(), crew.feeder))
        _came_out_of_order(site, evidence)


def _kill(crew: Crew, load: Load, chance: Random, evidence: Evidence) -> None:
    """Kill somebody, some times, while events are on their way."""
    for _ in range(KILLS):
        load.passes(chance.randint(1, RATE))
        crew.kill_one(chance)
        assert load.going_on, "everything was told before the fault: it proves nothing"
        evidence.happened(kills=1)


def _with_kills(items: list[Item], crew: Crew, chance: Random, evidence: Evidence) -> Iterator[Item]:
    """The items, and somebody killed at some moments between them."""
    moments = set(chance.sample(range(len(items) // 4, len(items)), KILLS))
    for number, item in enumerate(items):
        if number in moments:
            crew.kill_one(chance)
            evidence.happened(kills=1)
        yield item


def _month() -> list[Item]:
    """All ticks of the sample's month, a share of its members, and guests."""
    shared = [item for item in months(1) if not isinstance(item, Message) or sum(item.subject.encode()) % SHARES == 0]
    return guests.among(shared, range(GUESTS))


def _told_again(chance: Random) -> Iterator[Item]:
    """The month, with copies of what was told: of the latest events, or of any; now and then with another time."""
    earlier: list[Message] = []
    for item in _month():
        yield item
        if isinstance(item, Message):
            earlier.append(item)
            if chance.random() < 0.3:
                copy = chance.choice(earlier[-5:] if chance.random() < 0.5 else earlier)
                yield _altered(copy) if chance.random() < 0.2 else copy


def _altered(message: Message) -> Message:
    """The same id with other content."""
    event = orjson.loads(message.value)
    event["time"] = "2026-02-01T00:00:00Z"
    return Message(message.topic, message.subject, orjson.dumps(event))


def _disordered(items: Iterator[Item], chance: Random) -> Iterator[Item]:
    """Most events a little before or after their neighbours, some days late, some a second time; ticks in their places."""
    waiting: list[tuple[int, int, Message]] = []
    numbers = count()
    for place, item in enumerate(items):
        if isinstance(item, Tick):
            yield item
        elif isinstance(item, Message):
            for copy in range(chance.choice((1, 1, 1, 2))):
                late = chance.randint(0, LATE if copy or chance.random() < 0.1 else NEAR)
                heappush(waiting, (place + late, next(numbers), item))
        while waiting and waiting[0][0] <= place:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


def _came_out_of_order(site: Site, evidence: Evidence) -> None:
    """Proof from the decisions that events were held for others, overtaken, and there twice."""
    outcomes = _outcomes(site)
    evidence.happened(held=outcomes["held"], superseded=outcomes["superseded"], copies=outcomes["duplicate"])


def _outcomes(site: Site) -> Counter[str]:
    return Counter(orjson.loads(record.value or b"")["data"]["outcome"] for record in site.read("decisions"))


def _members(installation: Installation) -> dict[str, Told]:
    outputs = {topic.role: installation.read(topic.role) for topic in OUTPUTS}
    return outcome.members(outputs, installation.table("members"))
