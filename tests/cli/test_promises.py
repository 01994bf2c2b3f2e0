"""`memberships promises` over a real Redis: a table, the working day by day, and what is at risk over all members."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from cli.errors import ExitCode
from cli.main import execute
from cli.promises import length
from tests.models.facts import cancel_requested, repair, reserved, returned, step
from tests.models.world import World, earned, member, pro_member
from tests.views.fed import Fed

AT = ("--at", "2026-03-16T19:00:00Z")


@pytest.fixture
def fed(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Fed:
    monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", redis_url)
    return Fed(redis_url)


def leaving() -> World:
    """Given a member who asked to leave on Friday, 13 March 2026, with inventory on the Monday after."""
    world = member(closures={"2026-03-16": "inventory"})
    world.send(cancel_requested(), event_id="bye", time="2026-03-13 19:00")
    return world


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert execute(["promises", *arguments]) == ExitCode.DONE
    return capsys.readouterr().out


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(shown(capsys, *arguments, "--json"))
    return found


def test_all_of_a_member_in_a_table(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    fed.state("m-1", leaving().member())
    [line] = [line for line in shown(capsys, "m-1", *AT).splitlines() if "MS-16" in line]
    assert " ".join(line.strip("│ ").split()) == (
        "open the points membership ended Sony Thu 2026-03-19 00:00 PDT in 2 d 12 h MS-16 points.leave"
    )


def test_the_working_has_a_line_for_each_day_and_a_picture_of_the_weeks(
    fed: Fed, capsys: pytest.CaptureFixture[str]
) -> None:
    fed.state("m-1", leaving().member())
    text = [" ".join(line.strip("│ ").split()) for line in shown(capsys, "m-1", "points.leave", *AT).splitlines()]
    for line in (
        "owed by Sony to member",
        "started Fri 2026-03-13 12:00 PDT, by event bye of /shop",
        "counts 2 business days",
        "due before Thu 2026-03-19 00:00 PDT, in 2 d 12 h",
        "can be done member: withdraw the cancellation, or use the points, until then",
        "Fri 2026-03-13 the day it starts on never counts",
        "Sat 2026-03-14 skipped: Saturday",
        "Mon 2026-03-16 skipped: inventory",
        "Tue 2026-03-17 1",
        "Wed 2026-03-18 2",
        "Mon Tue Wed Thu Fri Sat Sun",
        "09 Mar S - -",
        "16 Mar - 1 2",
    ):
        assert line in text
    assert any(line.startswith("calendar US federal holidays") for line in text)


def test_the_working_of_a_repair_is_asked_for_by_its_id(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-03-12 18:00")
    world.send(step("warranty_validated"), event_id="val", time="2026-03-13 18:00")
    world.tick("2026-03-19 07:00")
    fed.state("m-1", world.member())
    text = shown(capsys, "m-1", "r1", "--at", "2026-03-19T08:00:00Z")
    assert "missed" in text
    assert "1 h ago" in text
    assert "by event val of /shop" in text
    assert "as it was missed  $100.00, the fee of the term" in " ".join(text.split(" ")), (
        "what it led to, not what it would"
    )


def test_what_is_held_is_asked_for_by_what_it_waits_for(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.send(returned("r1", "o9", l1=1))
    fed.state("m-1", world.member())
    for about in ("o9", "order|o9", "held"):
        assert [one["ref"] for one in answer(capsys, "m-1", about)["promises"]] == ["order|o9"]


def test_nothing_owed(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    fed.state("m-1", member().member())
    assert "Nothing is owed." in shown(capsys, "m-1")
    assert answer(capsys, "m-1", *AT) == {"member": "m-1", "at": "2026-03-16T19:00:00Z", "promises": []}


def test_at_risk_over_all_members(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    buyer = earned(member(), ("o1", 200, "2026-03-02 10:00"))
    buyer.tick("2026-03-16 18:30")
    buyer.send(reserved(150))
    fed.state("ann", leaving().member())
    fed.state("ben", buyer.member())
    found = answer(capsys, "--at-risk", *AT)["at_risk"]
    assert [(one["member"], one["kind"]) for one in found["promises"]] == [
        ("ben", "points.reservation"),
        ("ann", "points.leave"),
    ]
    assert [one["member"] for one in answer(capsys, "--at-risk", "--by", "sony", *AT)["at_risk"]["promises"]] == ["ann"]
    assert [one["member"] for one in answer(capsys, "--at-risk", "--within", "1", *AT)["at_risk"]["promises"]] == [
        "ben"
    ]
    text = shown(capsys, "--at-risk", "--limit", "1", *AT)
    assert "reservation s1 claimed by an order" in text
    assert "and 1 more (--limit)" in text


def test_what_stands_still_is_shown_on_request(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(now=None)
    world.send(returned("r1", "o9", l1=1), time="2026-03-01 20:00")
    fed.state("ann", world.member())
    assert answer(capsys, "--at-risk", *AT).keys() == {"at", "at_risk"}
    assert [one["state"] for one in answer(capsys, "--at-risk", "--stopped", *AT)["stopped"]["promises"]] == ["stopped"]
    assert "no deadline" in shown(capsys, "--at-risk", "--stopped", *AT)


@pytest.mark.parametrize("arguments", [(), ("m-1", "--at-risk"), ("m-1", "--at", "noon")])
def test_wrong_use(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["promises", *arguments]) == ExitCode.WRONG_USE
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("arguments", "code"), [(("nobody",), "unknown_member"), (("m-1", "r-7"), "unknown_promise")])
def test_what_is_not_there(fed: Fed, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str) -> None:
    fed.state("m-1", leaving().member())
    assert execute(["promises", *arguments, "--json"]) == ExitCode.CHECK_FAILED
    assert orjson.loads(capsys.readouterr().out)["code"] == code


def test_data_is_neither_markup_nor_control_code(fed: Fed, capsys: pytest.CaptureFixture[str]) -> None:
    world = member(closures={"2026-03-16": "[bold]x[/]\x1b[2J"})
    world.send(cancel_requested(), event_id="[red]bye[/]", time="2026-03-13 19:00")
    fed.state("m-1", world.member())
    text = shown(capsys, "m-1", "--working", *AT)
    assert "\x1b" not in text
    assert "[bold]x[/]" in text
    assert "[red]bye[/]" in text


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (61, "1 h 1 min"), (1440, "1 d"), (1501, "1 d 1 h"), (1445, "1 d")],
)
def test_a_length_has_its_two_largest_units(minutes: int, words: str) -> None:
    assert length(timedelta(minutes=minutes)) == words
