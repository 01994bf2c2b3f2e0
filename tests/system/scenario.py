"""Scenarios: stories of members as data, one YAML file each, told the same way in memory and on a real broker.

    says: One plain sentence.
    clauses: [MS-3]
    steps:
      - tick: 2026-03-02 09:00            # the clock of all partitions; comes first
      - send: points.joined               # an event; what does not matter is filled in (see `defaults.yaml`)
        from: ann                         # the member: subject and key; `guest ann`: the key of her email
        data: {state: CA}                 # laid over the defaults; `$email ann` is the hash of hers
        then: applied                     # its own answer: outcome, or {outcome, reason, clause, told: [kinds]}
        later: refused partner_never_arrived   # its second answer, if it was held
        # from: everybody               # what concerns every member: subject `*`, answered alike by every partition
      - raw: orders                       # bytes that are no event, under the member's key
        from: ann
        value: "{not json"
        then: dead_lettered not_json
    expect:
      ann:
        told: [points.welcome]            # all notifications in their order; {kind, due, params} looks closer
        booked: [earn 398]                # all ledger entries
        asked: [{type: refund.requested, amount: 100.00}]
        received: [guest.account_opened applied]   # what other keys told her, with the answers
        letters: [not_json]
        view: {points.available: 398}     # dotted paths into the read side's document

Times without a zone are the programme's (Pacific). An event happens at its `at`, else at the last tick. Numbers with a
point are money and stay text. `id` names an event that is sent again: everything else must then be told again too,
unless the step says `again: true`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import orjson
import yaml

from cli.lines import Item, Message, Raw, Tick
from models.catalogue import TOPIC_OF, TRANSFER
from models.events import EVERYBODY, GUEST, PAYLOADS
from models.policies import STANDARD
from tests.system.outcome import Json, Told

FOLDER = Path(__file__).parent / "scenarios"
ZONE = ZoneInfo(STANDARD.zone)


class _Loader(yaml.SafeLoader):
    """YAML whose times and numbers with a point stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":float"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _load(path: Path) -> Any:
    return yaml.load(path.read_text(), _Loader)


@dataclass(frozen=True)
class Answer:
    """What a step expects of a decision; None: not looked at."""

    outcome: str
    reason: str | None = None
    clause: str | None = None
    told: tuple[str, ...] | None = None

    @classmethod
    def of(cls, text: str | Mapping[str, Any]) -> Self:
        if isinstance(text, str):
            outcome, _, reason = text.partition(" ")
            return cls(outcome, reason or None)
        told = text.get("told")
        return cls(text["outcome"], text.get("reason"), text.get("clause"), None if told is None else tuple(told))


@dataclass
class Step:
    """One event or raw record, and the answers that belong to it."""

    member: str
    item: Message | Raw
    then: Answer
    later: Answer | None


@dataclass
class Scenario:
    """`segments` are ticks with the steps that follow each."""

    name: str
    says: str
    clauses: tuple[str, ...]
    segments: list[tuple[datetime, list[Step]]]
    expect: dict[str, Any] = field(default_factory=dict)

    def subject(self, member: str) -> str:
        """The member's id: scenarios share an installation and no members."""
        if member == "everybody":
            return EVERYBODY
        if member.startswith("guest "):
            return f"{GUEST}{self.email(member.removeprefix('guest '))}"
        return f"{self.name}.{member}"

    @property
    def source(self) -> str:
        """The source of its events."""
        return f"/scenarios/{self.name}"

    def email(self, member: str) -> str:
        """The hash of the member's email."""
        return sha256(self.subject(member).encode()).hexdigest()

    @property
    def steps(self) -> list[Step]:
        return [step for _, steps in self.segments for step in steps]

    def differences(self, members: Mapping[str, Told]) -> Iterator[str]:
        """Where what came out is not what the scenario expects, in sentences."""
        steps: dict[str, list[Step]] = defaultdict(list)
        for step in self.steps:
            steps[step.member].append(step)
        for member in steps.keys() | self.expect.keys():
            told = members.get(self.subject(member), Told())
            if member == "everybody":
                yield from self._everybody(steps[member], told)
                continue
            for difference in (*_answers(steps[member], told), *_ends(self.expect.get(member, {}), told)):
                yield f"{member}: {difference}"

    def _everybody(self, steps: list[Step], told: Told) -> Iterator[str]:
        """Each partition has an answer of its own; those to other scenarios' events lie between them."""
        by_partition: dict[int, Told] = defaultdict(Told)
        for decision in told.decisions:
            if decision["data"]["event"]["source"] == self.source:
                by_partition[decision["data"]["event"]["partition"]].decisions.append(decision)
        for number, answers in by_partition.items() or [(0, Told())]:
            yield from (f"everybody, partition {number}: {difference}" for difference in _answers(steps, answers))


def load(path: Path) -> Scenario:
    """The scenario of a file."""
    raw = _load(path)
    assert raw.keys() <= {"says", "clauses", "steps", "expect"}, f"{path.name}: {raw.keys()}"
    scenario = Scenario(path.stem, raw["says"], tuple(raw["clauses"]), [], raw["expect"])
    known: dict[str, Message] = {}
    for number, step in enumerate(raw["steps"], 1):
        if "tick" in step:
            scenario.segments.append((instant(step["tick"]), []))
        else:
            now, steps = scenario.segments[-1]  # a scenario begins with a tick
            steps.append(_step(scenario, number, step, now, known))
    ticks = [now for now, _ in scenario.segments]
    assert ticks == sorted(ticks), f"{path.name}: ticks go forward"
    return scenario


def load_all() -> list[Scenario]:
    """Every scenario there is, by name."""
    return [load(path) for path in sorted(FOLDER.glob("*.yaml"))]


def told_together(scenarios: list[Scenario]) -> Iterator[Item]:
    """The scenarios' steps merged by tick. Members are independent: nobody sees a difference to being alone."""
    segments = sorted(
        ((now, steps) for scenario in scenarios for now, steps in scenario.segments), key=lambda segment: segment[0]
    )
    for now, steps in segments:
        yield Tick(now.isoformat())
        yield from (step.item for step in steps)


def _step(
    scenario: Scenario,
    number: int,
    step: dict[str, Any],
    now: datetime,
    known: dict[str, Message],
) -> Step:
    extra = step.keys() - {"send", "raw", "from", "at", "id", "again", "data", "value", "then", "later"}
    assert not extra, f"{scenario.name}, step {number}: {extra}"
    member = step["from"]
    item = _raw(scenario, step) if "raw" in step else _event(scenario, number, step, now, known)
    return Step(member, item, Answer.of(step["then"]), Answer.of(step["later"]) if "later" in step else None)


def _raw(scenario: Scenario, step: dict[str, Any]) -> Raw:
    return Raw(step["raw"], scenario.subject(step["from"]).encode(), step["value"].encode())


def _event(
    scenario: Scenario,
    number: int,
    step: dict[str, Any],
    now: datetime,
    known: dict[str, Message],
) -> Message:
    if step.get("again"):
        return known[step["id"]]
    happened = instant(step["at"]) if "at" in step else now
    data = {name: _with_email(scenario, value) for name, value in (step.get("data") or {}).items()}
    event_id, subject = step.get("id", f"step-{number}"), scenario.subject(step["from"])
    known[event_id] = message(step["send"], subject, data, happened, event_id, scenario.source)
    return known[event_id]


def _with_email(scenario: Scenario, value: Any) -> Any:
    of = str(value).removeprefix("$email ")
    return scenario.email(of) if of != value and isinstance(value, str) else value


def message(
    kind: str, subject: str, data: Mapping[str, Any], happened: datetime, event_id: str, source: str
) -> Message:
    """An event of that type (without its version); what the data leaves out comes from `defaults.yaml`."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": f"{kind}.v1",
        "time": happened.isoformat(),
        "subject": subject,
        "data": _filled(_defaults().get(kind, {}), data, happened),
    }
    return Message(TOPIC_OF[PAYLOADS[f"{kind}.v1"]], subject, orjson.dumps(event))


@cache
def _defaults() -> Mapping[str, Any]:
    return _load(FOLDER.parent / "defaults.yaml")  # type: ignore[no-any-return]


def _filled(defaults: Mapping[str, Any], data: Mapping[str, Any], happened: datetime) -> Json:
    """The data over its defaults; each of its `lines` over the defaults of a line; `$now` is when it happened, `$today` its day."""
    template = defaults.get("lines", [{}])[0]
    merged = dict(defaults) | dict(data)
    if "lines" in data:
        merged["lines"] = [template | line for line in data["lines"]]
    today = happened.astimezone(ZONE).date().isoformat()
    moments = {"$now": happened.isoformat(), "$today": today}
    filled = {name: moments.get(value, value) if isinstance(value, str) else value for name, value in merged.items()}
    for name, value in filled.items():
        if name in ("paid_at", "placed_at", "purchased_at") and value != happened.isoformat():
            filled[name] = instant(value).isoformat()
    return {name: value for name, value in filled.items() if value is not None}


def instant(text: str) -> datetime:
    """A time as scenarios write it."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)


# Comparing.


def _answers(steps: list[Step], told: Told) -> Iterator[str]:
    """Decisions against steps: the first one on a record is its own answer, a second one settles it.

    Raw records are looked at apart: the publisher keeps the order of events only.
    """
    by_record: dict[tuple[str, int], list[Json]] = {}
    for decision in told.decisions:
        event = decision["data"]["event"]
        if event["topic"] == TRANSFER.role:
            continue  # compared with what is `received`
        by_record.setdefault((event["topic"], event["offset"]), []).append(decision["data"])
    answered = sorted(by_record.values(), key=lambda decisions: decisions[0]["seq"])
    kinds = {notice["id"]: notice["data"]["notification"] for notice in told.notifications}
    for raw in (False, True):
        expected = [step for step in steps if isinstance(step.item, Raw) == raw]
        found = [decisions for decisions in answered if (decisions[0]["event"]["id"] is None) == raw]
        yield from _each_answer(expected, found, kinds)


def _each_answer(steps: list[Step], answered: list[list[Json]], kinds: Mapping[str, str]) -> Iterator[str]:
    if len(answered) != len(steps):
        yield f"{len(steps)} records sent, {len(answered)} decided"
        return
    for number, (step, decisions) in enumerate(zip(steps, answered, strict=True), 1):
        expected = [answer for answer in (step.then, step.later) if answer]
        if len(decisions) != len(expected):
            outcomes = [decision["outcome"] for decision in decisions]
            yield f"record {number}: answered {outcomes}, expected {len(expected)} answers"
        for answer, decision in zip(expected, decisions, strict=False):
            if difference := _difference(answer, decision, kinds):
                yield f"record {number} ({decision['event']['type']}): {difference}; it says: {decision['says']}"


def _difference(answer: Answer, decision: Json, kinds: Mapping[str, str]) -> str | None:
    if (answer.outcome, answer.reason) != (decision["outcome"], decision["reason"]):
        return f"{decision['outcome']} {decision['reason']}, expected {answer.outcome} {answer.reason}"
    if answer.clause and answer.clause != decision["clause"]:
        return f"clause {decision['clause']}, expected {answer.clause}"
    caused = tuple(kinds[notice] for notice in decision["notifications"])
    if answer.told is not None and answer.told != caused:
        return f"caused {caused}, expected {answer.told}"
    return None


def _ends(expected: Mapping[str, Any], told: Told) -> Iterator[str]:
    """What a member was told, what was booked and asked, and where it ended."""
    assert expected.keys() <= {"told", "booked", "asked", "received", "letters", "view"}, expected.keys()
    notices = [notice["data"] for notice in told.notifications]
    yield from _list("told", expected.get("told", []), notices, lambda n: str(n["notification"]))
    entries = [f"{entry['data']['kind']} {entry['data']['points']}" for entry in told.ledger]
    yield from _list("booked", expected.get("booked", []), entries, str)
    requests = [request["data"] | {"type": request["type"].removesuffix(".v1")} for request in told.requests]
    yield from _list("asked", expected.get("asked", []), requests, lambda r: str(r["type"]))
    answers = [decision["data"] for decision in told.decisions if decision["data"]["event"]["topic"] == TRANSFER.role]
    received = [
        " ".join([one["event"]["type"].removesuffix(".v1"), one["outcome"], one["reason"] or ""]) for one in answers
    ]
    yield from _list("received", expected.get("received", []), [text.rstrip() for text in received], str)
    yield from _list("letters", expected.get("letters", []), [letter.error_class for letter in told.letters], str)
    for path, value in expected.get("view", {}).items():
        found = _at(told.view, path)
        if found != value:
            yield f"view {path} is {found!r}, expected {value!r}"


def _list(name: str, wanted: list[Any], found: list[Any], short: Any) -> Iterator[str]:
    """A list is exactly as long and in the order as expected; an entry that is a mapping looks at more."""
    kinds = [want if isinstance(want, str) else want.get("kind") or want["type"] for want in wanted]
    if kinds != (seen := [short(entry) for entry in found]):
        yield f"{name} {seen}, expected {kinds}"
        return
    for want, entry in zip(wanted, found, strict=True):
        if isinstance(want, dict):
            yield from (f"{name} {short(entry)}: {difference}" for difference in _facts(want, entry))


def _facts(want: Mapping[str, Any], entry: Json) -> Iterator[str]:
    for key, value in want.items():
        if key == "kind":
            continue
        if key == "due":
            seen: Any = instant(entry["not_before"])
            value = instant(value)
        elif key == "params":
            seen = {fact: entry["params"].get(fact) for fact in value}
        else:
            seen = entry.get(key)
        if seen != value:
            yield f"{key} is {seen}, expected {value}"


def _at(document: Any, path: str) -> Any:
    for part in re.split(r"\.", path):
        if isinstance(document, list):
            document = document[int(part)] if part.isdigit() and int(part) < len(document) else None
        else:
            document = (document or {}).get(part)
    return document
