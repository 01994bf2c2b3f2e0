"""The shop with points: the same for one seed, within the contract, and with everything members do with points in it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli import lines
from models.catalogue import TOPIC_OF
from models.events import EVENT
from samples.made_up import Story
from samples.made_up.purse import LIFETIME, Purse
from samples.online_retail import MADE_UP, SOURCE, Importer
from samples.retail_rows import Invoice, read_invoices
from samples.script import Line
from tests.cli.world import World

FILE = Path(__file__).parents[3] / "shared" / "data" / "online_retail.csv.xz"
SOLD = 5_000
"""Invoices; eight weeks between two of the shop's make three years of them."""


@pytest.fixture(scope="module")
def invoices() -> list[Invoice]:
    return read_invoices(FILE)[:SOLD]


def told(invoices: list[Invoice], seed: int = 7) -> tuple[Story, list[Line]]:
    story = Story(Importer(invoices, 15, 9), seed)
    return story, story.lines()


@pytest.fixture(scope="module")
def story(invoices: list[Invoice]) -> tuple[Story, list[Line]]:
    return told(invoices)


@pytest.fixture(scope="module")
def world(story: tuple[Story, list[Line]]) -> World:
    world = World()
    world.take(lines.as_item(line) for line in story[1])
    return world


def events(story: tuple[Story, list[Line]]) -> list[dict[str, Any]]:
    return [line["event"] for line in story[1] if "event" in line]


def test_is_the_same_for_one_seed_and_another_for_another(invoices: list[Invoice]) -> None:
    some = invoices[:800]

    assert told(some)[1] == told(some)[1]
    assert told(some)[1] != told(some, seed=8)[1]


def test_keeps_the_contract(story: tuple[Story, list[Line]]) -> None:
    for line in story[1]:
        if "event" in line:
            assert TOPIC_OF[type(EVENT.validate_json(orjson.dumps(line["event"])).data)] == line["topic"]


def test_what_nobody_lived_says_so(story: tuple[Story, list[Line]]) -> None:
    by_source = {
        source: {event["type"] for event in events(story) if event["source"] == source} for source in (SOURCE, MADE_UP)
    }

    assert by_source[SOURCE] == {"order.placed.v1", "return.completed.v1"}
    assert by_source[MADE_UP] == set(story[0].made_up) - {"orders_with_points"}


def test_the_shop_s_own_are_all_there_and_as_they_were(
    invoices: list[Invoice], story: tuple[Story, list[Line]]
) -> None:
    points = ("points_redeemed", "reservation_id")
    plain = {line["event"]["id"]: line["event"] for line in Importer(invoices, 15, 9).purchases()}
    own = {event["id"]: event for event in events(story) if event["source"] == SOURCE}

    assert own.keys() == plain.keys()
    for event_id, event in own.items():
        bare = {name: value for name, value in event["data"].items() if name not in points}
        assert bare == {name: value for name, value in plain[event_id]["data"].items() if name not in points}


def test_a_small_share_comes_late_or_twice(story: tuple[Story, list[Line]]) -> None:
    times = [datetime.fromisoformat(event["time"]) for event in events(story)]
    seen, late = times[0], 0
    for at in times:
        late += at < seen - timedelta(hours=4)
        seen = max(seen, at)
    copies = Counter((event["source"], event["id"]) for event in events(story))
    twice = sum(count == 2 for count in copies.values())

    assert 0.02 < late / len(times) < 0.10
    assert 0.01 < twice / len(copies) < 0.03
    assert max(copies.values()) == 2


def test_ticks_go_on_until_nothing_waits(story: tuple[Story, list[Line]], world: World) -> None:
    ticks = [line["tick"] for line in story[1] if "tick" in line]

    assert ticks == sorted(ticks)
    assert world.outcomes["refused", "partner_never_arrived"] > 0
    last = {
        tuple(decision["data"]["event"].values()): decision["data"]["outcome"]
        for decision in world.written["decisions"]
    }
    assert "held" not in last.values()


def test_everything_members_do_with_points_happens(world: World) -> None:
    kinds = {entry["data"]["kind"] for entry in world.written["points-ledger"]}
    outcomes = world.outcomes

    assert kinds == {"earn", "redeem", "reserve", "release", "restore", "take_back", "expire", "forfeit", "adjust"}
    assert {
        "points.expiring",
        "points.expired",
        "points.reservation_expired",
        "points.debt",
        "points.membership_cancelling",
        "points.forfeited",
        "retracted",
    } <= set(world.kinds)
    for reason in ("insufficient_points", "membership_ended", "same_actor"):
        assert outcomes["refused", reason] > 0, reason
    assert outcomes["superseded", "already_claimed"] > 0
    assert outcomes["applied", "after_the_end"] > 0


def test_most_redemptions_find_their_points(world: World) -> None:
    redeemed = [
        event["data"]["params"]
        for event in world.written["notifications"]
        if event["data"]["notification"] == "points.redeemed"
    ]

    assert 0 < sum(params.get("debt", 0) > 0 for params in redeemed) < len(redeemed) / 5


def test_no_rule_stumbles_over_it(world: World) -> None:
    assert not world.written["dead-letters"]


def test_a_purse_forgets_what_is_too_old() -> None:
    purse, at = Purse(), datetime(2026, 1, 1, tzinfo=UTC)
    purse.earn(at, 100)
    purse.earn(at + timedelta(days=1), 50)
    purse.spend(30)

    assert purse.has(at + LIFETIME) == 120
    assert purse.has(at + LIFETIME + timedelta(seconds=1)) == 50
