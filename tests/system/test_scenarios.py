"""Every scenario in memory, alone, through the publisher and the workers' handling path."""

import copy
from collections.abc import Iterator, Mapping

import pytest

from cli.publisher import Publisher
from models.catalogue import OUTPUTS
from tests.system import outcome, scenario
from tests.system.memory import Installation, MemoryWire
from tests.system.outcome import Told
from tests.system.scenario import Answer, Scenario

SUPPORTED = {
    *[f"MS-{n}" for n in range(1, 20)],  # without MS-20 no movement of any of them would be booked
    *("GEN-1", "GEN-2", "GEN-4", "NTF-1", "NTF-2", "NTF-3"),
    *("CARE-1", "CARE-2", *[f"CARE-{n}" for n in range(4, 10)]),
    *("PAY-3", "PAY-5", "PAY-8", "PRO-3", "PRO-4", "PRO-10", "PRO-11", "REP-1", "REP-4"),
    *("CLN-1", "CLN-2", "CLN-3"),
    *[f"LOAN-{n}" for n in range(1, 8)],
}
SCENARIOS = scenario.load_all()


def played(story: Scenario) -> dict[str, Told]:
    installation = Installation()
    Publisher(MemoryWire(installation)).publish(scenario.told_together([story]))
    outputs = {topic.role: installation.read(topic.role) for topic in OUTPUTS}
    return outcome.members(outputs, installation.table("members"))


@pytest.mark.parametrize("story", SCENARIOS, ids=[story.name for story in SCENARIOS])
def test_in_memory(story: Scenario) -> None:
    members = played(story)
    assert list(story.differences(members)) == [], story.says
    for wrong in _with_one_thing_wrong(story):
        assert list(wrong.differences(members)), "a wrong expectation was not noticed"


def test_every_supported_clause_has_a_scenario() -> None:
    told = {clause for story in SCENARIOS for clause in story.clauses}
    assert told >= SUPPORTED


def _with_one_thing_wrong(story: Scenario) -> Iterator[Scenario]:
    """The scenario with each of its expectations changed in turn: proof that all of them are looked at."""
    for number, step in enumerate(story.steps):
        for name in ("then", "later"):
            if getattr(step, name):
                wrong = copy.deepcopy(story)
                setattr(wrong.steps[number], name, Answer("unheard_of"))
                yield wrong
    for member, expected in story.expect.items():
        for name, value in expected.items():
            changes: list[object] = (
                [value[:-1], [*value, "x"]] if isinstance(value, list) else [value | {path: "x"} for path in value]
            )
            for change in changes:
                if change != value:
                    wrong = copy.deepcopy(story)
                    wrong.expect[member][name] = change
                    yield wrong
        for number, entry in enumerate(expected.get("told", [])):
            for fact in entry.get("params", {}) if isinstance(entry, Mapping) else ():
                wrong = copy.deepcopy(story)
                wrong.expect[member]["told"][number]["params"][fact] = "x"
                yield wrong
