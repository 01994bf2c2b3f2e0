"""What `whatif` tells is what then happens, and it leaves everything as it was."""

import copy
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from agents import handle
from agents.ports import Emit
from cli.lines import Item, Message, Raw, Tick
from models import due, state
from models.catalogue import TRANSFER
from models.partitioning import partition_of
from models.policies import STANDARD
from models.state import Member
from models.view import view
from tests.agents.partition import Partition, at
from tests.system import scenario
from tests.system.memory import Installation
from tests.system.outcome import letters
from tests.system.scenario import Scenario
from views import trial
from views.timeline import Explanation, Line, explanations, line
from views.trial import Live, Supposed
from views.whatif import Outcome, whatif

OUTPUTS = ("decisions", "points-ledger", "notifications", "requests")
SCENARIOS = scenario.load_all()


def live(installation: Installation, member: str) -> Live:
    """The tables as they are: what is done to them shows."""
    number = partition_of(member.encode(), len(installation.partitions))
    tables = {name: store.committed for name, store in installation.tables[number].items()}
    handled = [topic.role for topic in installation.catalogue.handled]
    offsets = {topic: len(installation.topics[topic, number]) for topic in handled}
    return Live(member, number, tables, offsets)


def ask(installation: Installation, member: str, *records: Supposed, until: datetime | None = None) -> Outcome:
    """What would happen; and the proof that it has not."""
    before = copy.deepcopy(installation.everything())
    topics = {place: len(records) for place, records in installation.topics.items() if records}
    outcome = whatif(live(installation, member), records, until, installation.catalogue, STANDARD)
    assert installation.everything() == before
    assert {place: len(records) for place, records in installation.topics.items() if records} == topics
    return outcome


def supposed(item: Item) -> Supposed:
    match item:
        case Tick(now):
            return Supposed("clock", orjson.dumps({"at": now}))
        case Message(topic, _, value):
            return Supposed(topic, value)
        case Raw(topic, _, value):
            return Supposed(topic, value or b"")


def happen(installation: Installation, items: Sequence[Item]) -> None:
    for item in items:
        match item:
            case Tick():
                installation.tick(item)
            case Message():
                installation.send(item)
            case Raw():
                installation.append(item.topic, item.key, item.value)
        installation.work()


def told(outcome: Outcome) -> list[Explanation]:
    return [one for step in outcome["steps"] for one in step["told"]]


def in_order(found: Sequence[Any]) -> list[bytes]:
    """For comparisons: `why` sorts by time, a trial by what came."""
    return sorted(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in found)


def lines(installation: Installation, topic: str, since: int = 0) -> list[Line]:
    return [line(topic, orjson.loads(record.value or b"")) for record in installation.read(topic)[since:]]


def stories() -> Iterator[Any]:
    for story in SCENARIOS:
        for member in sorted({step.member for step in story.steps}):
            yield pytest.param(story, member, id=f"{story.name}-{member}")


def items_of(story: Scenario, member: str) -> list[Item]:
    found: list[Item] = []
    for now, steps in story.segments:
        found += [Tick(now.isoformat()), *(step.item for step in steps if step.member == member)]
    return found


@pytest.mark.parametrize(("story", "member"), list(stories()))
def test_what_is_told_is_what_then_happens(story: Scenario, member: str) -> None:
    """given a scenario up to any of three places, when its rest is asked about and then comes, then both are the same."""
    items, subject = items_of(story, member), story.subject(member)
    for split in (0, len(items) // 2, len(items) - 1):
        world = Installation(1)
        world.handled = tuple(
            role for role in world.handled if role != TRANSFER.role
        )  # what others answer is no part of it
        happen(world, items[:split])
        sent_before = len(world.read(TRANSFER.role))
        before = {topic: len(world.read(topic)) for topic in (*OUTPUTS, "dead-letters")}
        outcome = ask(world, subject, *map(supposed, items[split:]))
        happen(world, items[split:])

        really = explanations(*(lines(world, topic, before[topic]) for topic in OUTPUTS))
        assert in_order(told(outcome)) == in_order(really)
        aside = [letter["reason"] for step in outcome["steps"] for letter in step["set_aside"]]
        assert aside == [one.error_class for one in letters(world.read("dead-letters")[before["dead-letters"] :])]
        sent = [line["event"] for step in outcome["steps"] for line in step["sent_on"]]
        assert sent == [orjson.loads(record.value or b"") for record in world.read(TRANSFER.role)[sent_before:]]
        raw = world.table("members").get(subject.encode())
        document = raw and view(subject, state.decode(raw, Member))
        if document:
            del document["generation"]
        assert outcome["document"]["after"] == document


class TestTime:
    @pytest.fixture
    def ann(self) -> Partition:
        """Ann has points of one order, and a return that waits until 2026-04-01 for an order nobody knows."""
        partition = Partition()
        partition.ticked("2026-03-02 12:00")
        partition.joined("ann")
        partition.ordered("ann", "A1")
        partition.returned("ann", "nowhere")
        partition.work()
        return partition

    def test_passes_deadline_by_deadline(self, ann: Partition) -> None:
        outcome = ask(ann, "ann", until=at("2028-06-01 00:00"))

        ticks = [step["now"] for step in outcome["steps"]]
        assert ticks == sorted(ticks)
        assert ticks[-1] == "2028-06-01T00:00:00Z"
        for step in outcome["steps"][:-1]:
            assert {came["due"] for came in step["due"]} == {step["now"]}
        names = [one["deadline"]["what"] for one in told(outcome) if one["deadline"]]
        assert names[-1] == "points.expire"
        assert [one["reason"] for one in told(outcome) if one["event"]] == ["partner_never_arrived"]
        assert outcome["balance"]["before"]["available"] > 0
        assert outcome["balance"]["after"] == {"available": 0, "reserved": 0, "debt": 0}
        assert all(moved["after"] is None for moved in outcome["deadlines"] if moved["before"])

    def test_is_over_at_its_end_and_not_before(self, ann: Partition) -> None:
        [first, *_] = ann.due("ann")
        just_before = ask(ann, "ann", until=first - timedelta(seconds=1))
        just_then = ask(ann, "ann", until=first.astimezone(UTC))

        assert told(just_before) == []
        assert just_before["deadlines"] == []
        assert len(told(just_then)) == 1

    def test_of_one_who_is_set_aside_passes_without_deadlines(self, ann: Partition) -> None:
        marker = state.Quarantine("BrokenRuleError", 1, None)
        key = state.entry_key(state.Quarantine.KIND, "ann", state.Quarantine.STANDING)
        ann.tables[0]["entries"].committed[key] = state.encode(marker)
        outcome = ask(ann, "ann", until=at("2028-06-01 00:00"))

        assert told(outcome) == []
        assert outcome["now"]["after"] == "2028-06-01T00:00:00Z"
        assert outcome["balance"]["before"] == outcome["balance"]["after"]

    def test_further_ticks_of_the_workers_come_too(self, ann: Partition, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = ask(ann, "ann", Supposed("clock", b'{"at": "2028-06-01T00:00:00Z"}'))
        monkeypatch.setattr(handle, "WAKE_PORTION", 1)
        monkeypatch.setattr(due, "AT_MOST", 1)
        portions = ask(ann, "ann", Supposed("clock", b'{"at": "2028-06-01T00:00:00Z"}'))

        assert len(portions["steps"]) > len(whole["steps"]) == 1
        assert portions["balance"] == whole["balance"]
        assert portions["deadlines"] == whole["deadlines"]


class TestOddStates:
    def test_nobody_yet(self) -> None:
        outcome = ask(Partition(), "ann", until=at("2026-04-01 00:00"))

        assert outcome["document"] == {"before": None, "after": None}
        assert outcome["now"] == {"before": None, "after": "2026-04-01T00:00:00Z"}
        assert (outcome["statuses"], outcome["deadlines"], told(outcome)) == ({}, [], [])

    @pytest.mark.parametrize("raw", [b"\x01rubbish", bytes([state.VERSION + 1]) + b"x"])
    def test_a_value_that_cannot_be_read_is_not_guessed(self, raw: bytes) -> None:
        partition = Partition()
        partition.tables[0]["members"].committed[b"ann"] = raw
        with pytest.raises(state.UNREADABLE):
            ask(partition, "ann", until=at("2026-04-01 00:00"))

    def test_a_rule_that_fails_does_what_it_would_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: object) -> None:
            raise ZeroDivisionError("seventeen")

        partition = Partition()
        partition.joined("ann")
        partition.work()
        record = partition.ordered("ann", "A1")
        monkeypatch.setattr(handle, "decide", fails)
        outcome = ask(partition, "ann", Supposed("orders", record.value or b""))

        [step] = outcome["steps"]
        assert [one["reason"] for one in step["told"]] == ["internal_error"]
        assert step["set_aside"][0]["error"].endswith("ZeroDivisionError: seventeen\n")
        assert outcome["document"]["after"]["quarantined"]["reason"] == "ZeroDivisionError"

    def test_many_lots_are_shown_as_of_any_other_member(self) -> None:
        """given more lots than the hot value holds, then the schedule comes from the pages."""
        partition = Partition()
        partition.joined("ann")
        for number in range(90):
            partition.ordered("ann", f"A{number}")
        partition.work()
        outcome = ask(partition, "ann", Supposed("clock", b'{"at": "2026-04-01T00:00:00Z"}'))

        shown = outcome["document"]["after"]["points"]
        assert partition.tables[0]["lots"].committed
        assert sum(day["points"] for day in shown["expiry_schedule"]) == shown["available"] > 0


def test_what_goes_on_to_other_keys_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sending(handle.PartitionHandler):
        def handle(self, records: Any, emit: Emit) -> None:
            super().handle(records, emit)
            emit(TRANSFER.role, b"guest:1", b'{"type": "guest.account_opened.v1"}')

    monkeypatch.setattr(trial, "PartitionHandler", Sending)
    outcome = ask(Partition(), "ann", Supposed("clock", b'{"at": "2026-04-01T00:00:00Z"}'))

    assert outcome["steps"][0]["sent_on"] == [{"to": "guest:1", "event": {"type": "guest.account_opened.v1"}}]
