"""`memberships flags` over a real Redis: what support has to look at, over all members."""

import orjson
import pytest

from cli.errors import ExitCode
from cli.main import execute
from tests.models.depot import at_depot
from tests.models.facts import step
from tests.views.fed import Fed

DECIDED, TOLD = "2026-06-05 07:00", "2026-06-20 20:00"


@pytest.fixture
def fed(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Fed:
    """Given a hand-over in time that is told two weeks after its turnaround was decided as missed (GEN-6)."""
    monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", redis_url)
    world = at_depot("2026-06-01 20:00")
    world.tick(DECIDED)
    world.tick(TOLD)
    world.send(step("handed_to_carrier"), event_id="proof", time="2026-06-03 20:00")
    fed = Fed(redis_url)
    fed.state("m-1", world.member())
    return fed


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert execute(["flags", *arguments]) == ExitCode.DONE
    return capsys.readouterr().out


def test_whose_when_what_about_and_what_is_wrong(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.strip("│ ").split()) for line in shown(capsys).splitlines()]
    assert "m-1 Sat 2026-06-20 13:00 PDT told_after_decision r1 GEN-6" in lines
    assert any(line.startswith("Repair r1: handed to carrier; told after its turnaround was decided") for line in lines)


@pytest.mark.parametrize(("since", "number"), [("2026-06-20T20:00:00Z", 1), ("2026-06-20T20:00:01Z", 0)])
def test_since_goes_by_when_it_was_raised_not_by_what_it_tells_of(
    fed: Fed, capsys: pytest.CaptureFixture[str], since: str, number: int
) -> None:
    answer = orjson.loads(shown(capsys, "--since", since, "--json"))
    assert (len(answer["flags"]), answer["more"]) == (number, 0)


def test_nothing_to_look_at(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    fed.state("m-1", None)
    assert "None." in shown(capsys)


def test_a_time_that_is_none_is_wrong_use(fed: Fed) -> None:
    assert execute(["flags", "--since", "yesterday"]) == ExitCode.WRONG_USE
