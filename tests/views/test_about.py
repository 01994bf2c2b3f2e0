"""What support may ask by, and what answers: an event, an order, a day, a deadline, an entry, a lot, a notice."""

from zoneinfo import ZoneInfo

import pytest

from models.policies import STANDARD
from tests.models.facts import line, order, reserved, returned
from tests.models.world import World, member
from tests.views.stories import told
from views.about import is_about
from views.ids import SHORT
from views.timeline import Explanation

ZONE = ZoneInfo(STANDARD.zone)


@pytest.fixture(scope="module")
def story() -> list[Explanation]:
    """A return before its order, a reservation nobody claims, an order that earns nothing, an expiry."""
    world = member()
    world.tick("2026-03-02 18:00")
    bonus = {"offer_id": "spring", "points": 300, "expires_on": "2026-03-31"}
    world.send(returned("r1", "o1", l1=1), event_id="evt-r1", time="2026-03-02 18:00")
    world.send(order("o1", line(price="50.00", quantity=2, bonus=bonus)), event_id="evt-o1", time="2026-03-02 18:00")
    world.send(order("o2", signed_in=False), event_id="evt-o2", time="2026-03-02 18:00")
    world.send(reserved(100), event_id="evt-s1", time="2026-03-02 18:00")
    world.tick("2026-03-03 18:00")
    world.tick("2026-04-03 18:00")
    return told(world)


def events(story: list[Explanation], asked: str) -> list[str | None]:
    """Ids of the events, or names of the deadlines, that answer."""
    found = [one for one in story if is_about(one, asked, ZONE)]
    return [one["deadline"]["what"] if one["deadline"] else one["cause"]["id"] for one in found]


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("evt-r1", ["evt-r1", "evt-r1"]),  # held, then settled
        ("/shop|evt-r1", ["evt-r1", "evt-r1"]),
        ("o1", ["evt-r1", "evt-o1", "evt-r1"]),
        ("o2", ["evt-o2"]),  # moved nothing: only the sentence names it
        ("r1", ["evt-r1", "evt-r1"]),
        ("s1", ["evt-s1", "points.reservation"]),
        ("points.expire", ["points.expire"]),
        ("/memberships/deadlines/points.expire", ["points.expire"]),
        ("2026-03-31", ["points.expire"]),  # its last day, though it was handled later
        ("2026-03-02", ["evt-r1", "evt-o1", "evt-r1", "evt-o2", "evt-s1", "points.reservation"]),
        ("2026-04-03", ["points.expire"]),  # when it was handled
        ("2026-02-31", []),
        ("150", []),  # a number of points is not an id
        ("o", []),
        ("points", []),
    ],
)
def test_what_answers(story: list[Explanation], asked: str, answers: list[str]) -> None:
    assert events(story, asked) == answers


def test_days_are_those_of_the_programme_zone() -> None:
    world: World = member("2026-03-03 07:59")  # still 2 March, Pacific
    world.send(order("o1", placed_at="2026-03-03 07:59"), event_id="e1")
    world.tick("2026-03-03 08:00")
    world.send(order("o2", placed_at="2026-03-03 08:00"), event_id="e2")
    assert [events(told(world), f"2026-03-0{day}")[-1:] for day in (2, 3)] == [["e1"], ["e2"]]


def test_an_entry_a_lot_or_a_notice_is_found_by_its_id_or_the_start_of_it(story: list[Explanation]) -> None:
    (expired,) = [one for one in story if one["deadline"] and one["deadline"]["what"] == "points.expire"]
    (entry,), (notice,) = expired["ledger"], expired["notifications"]
    for id_ in (entry["id"], notice["id"]):
        assert events(story, id_) == events(story, id_[:SHORT]) == ["points.expire"]
        assert events(story, id_[: SHORT - 1]) == []
    moved = events(story, entry["lot_id"][:SHORT])
    assert moved == events(story, entry["lot_id"])
    assert moved[0] == "evt-o1"
    assert moved[-1] == "points.expire"
