"""The README's first file: one member's first days, each event applied."""

from pathlib import Path

import pytest

from cli import lines
from models.catalogue import INPUTS
from tests.cli.world import World

FILE = Path(__file__).parents[2] / "samples" / "first-day.jsonl"


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    with FILE.open("rb") as file:
        world.take(lines.read(file, [topic.role for topic in INPUTS]))
    return world


def test_every_event_is_applied(world: World) -> None:
    assert {outcome for outcome, _ in world.outcomes} == {"applied"}
    assert not world.written["dead-letters"]


def test_anna_pays_with_points_and_forgets_a_reservation(world: World) -> None:
    kinds = world.kinds

    assert kinds["points.redeemed"] == kinds["points.reservation_expired"] == 1
    assert kinds["points.taken_back"] == 2  # a return and a price match
    assert kinds["pro.welcome"] == kinds["repair.turnaround_started"] == 1


def test_what_is_left_is_what_the_ledger_says(world: World) -> None:
    points = [(entry["data"]["kind"], entry["data"]["points"]) for entry in world.written["points-ledger"]]
    last = world.written["points-ledger"][-1]["data"]["balance_after"]

    assert sum(moved for _, moved in points) == last["available"] + last["reserved"] - last["debt"]
    assert ("redeem", -1_500) in points
    assert ("earn", 769) in points  # 2 x $384.99, the part of $399.99 that was paid in money
