"""PAY-1: payment methods on file; the latest word on each part of one counts, by the time in the events."""

from itertools import permutations

import pytest

from models.fees.state import METHODS, Declined
from models.view import view
from tests.models.facts import Fact, added, failed, removed, updated
from tests.models.world import World, member, pro_member


def shown(world: World) -> list[tuple[str, int, str | None]]:
    """(id, position, expires) of what the read side shows."""
    methods = view("m-1", world.member())["methods"]
    return [(method["method_id"], method["position"], method["expires"]) for method in methods]


def test_they_are_shown_in_the_members_order() -> None:
    world = member()
    for fact in (added("b", 2), added("a", 2), added("c", 1, None)):
        assert world.send(fact).outcome == "applied"
    assert shown(world) == [("c", 1, None), ("a", 2, "2035-12"), ("b", 2, "2035-12")]


def test_what_an_update_leaves_out_stays_as_it_was() -> None:
    world = member()
    for fact in (added("a", 2), updated("a", position=1), updated("a", expires="2036-01"), updated("a")):
        world.send(fact)
    assert shown(world) == [("a", 1, "2036-01")]


def test_the_latest_word_counts_in_every_order() -> None:
    facts: list[tuple[Fact, str]] = [
        (added("a", 5, "2027-01"), "2026-03-02 12:00"),
        (updated("a", position=1), "2026-03-03 12:00"),
        (updated("a", expires="2036-01"), "2026-03-04 12:00"),
        (removed("a"), "2026-03-05 12:00"),
        (added("a", 3, "2037-01"), "2026-03-06 12:00"),
    ]
    for length in (3, 4, 5):
        ends = set()
        for order in permutations(range(length)):
            world = member()
            for n in order:
                world.send(facts[n][0], event_id=f"f{n}", time=facts[n][1])
            ends.add((tuple(shown(world)), world.member().held))
        assert len(ends) == 1, ends


def test_an_older_word_is_superseded_and_a_removed_one_does_not_come_back() -> None:
    world = member()
    world.send(added("a"), time="2026-03-02 12:00")
    world.send(removed("a"), time="2026-03-05 12:00")
    assert world.send(added("a", 0, None), time="2026-03-01 22:00").reason == "later_word"
    assert shown(world) == []


def test_a_change_before_the_method_is_known_waits_for_it() -> None:
    world = member()
    assert world.send(updated("a", expires="2031-01"), time="2026-03-03 12:00").reason == "awaits_method"
    world.send(added("a"), time="2026-03-02 12:00")
    assert shown(world) == [("a", 0, "2031-01")]


@pytest.mark.parametrize(("renewed", "retired"), [("2026-03-05 11:59:59", True), ("2026-03-05 12:00:01", False)])
def test_pay_1_a_hard_decline_retires_a_method_whichever_is_told_first(renewed: str, retired: bool) -> None:
    facts: list[tuple[Fact, str]] = [
        (failed("pro-m-1-2027-03-02", "t1", method_id="a", reason="stolen"), "2026-03-05 12:00"),
        (failed("pro-m-1-2027-03-02", "t2", method_id="a", reason="closed"), "2026-03-04 12:00"),
        (added("a"), "2026-03-03 12:00"),
        (updated("a", expires="2036-01"), renewed),
    ]
    for order in permutations(facts):
        world = pro_member(World())
        for n, (fact, time) in enumerate(order):
            world.send(fact, event_id=f"f{n}", time=time)
        [method] = world.member().methods
        assert method.retired == retired
        assert world.entry(Declined, "a") is None


def test_the_hot_value_keeps_so_many_and_removed_ones_make_room() -> None:
    world = member()
    for n in range(METHODS):
        world.send(added(f"m{n}", n))
    assert world.send(added("more")).reason == "too_many_methods"
    world.send(removed("m7"))
    assert world.send(added("more")).outcome == "applied"
    assert len(world.member().methods) == METHODS
