"""GEN-2 of repairs: a set of facts ends alike in every order, with no deadline passing in between."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.outputs import Notification, Request
from models.view import view
from tests.models.depot import loaner_shipped
from tests.models.facts import MEMBER, Fact, loaner, registered, repair, step
from tests.models.world import World, pro_member

FACTS: dict[str, tuple[Fact, str]] = {
    "request": (repair(preapproved_amount="20.00"), "2026-06-01 15:00"),
    "received": (step("received"), "2026-06-02 15:00"),
    "received again": (step("received"), "2026-06-02 16:00"),
    "diagnosed": (step("diagnosed"), "2026-06-03 15:00"),
    "proof": (step("warranty_validated"), "2026-06-03 17:00"),
    "proof told by another": (step("warranty_validated"), "2026-06-03 17:00"),
    "paid told by another": (step("payment_accepted"), "2026-06-04 19:00"),
    "no proof": (step("warranty_validated", proof=False), "2026-06-03 16:00"),
    "proof withdrawn": (step("warranty_validated", proof=False), "2026-06-03 18:00"),
    "estimate": (step("estimate_issued"), "2026-06-03 19:00"),
    "approved": (step("estimate_answered"), "2026-06-04 15:00"),
    "declined": (step("estimate_answered", approved=False), "2026-06-04 16:00"),
    "dearer": (step("estimate_issued", estimate_id="e2", standard_fee="150.00"), "2026-06-04 17:00"),
    "dearer approved": (step("estimate_answered", estimate_id="e2"), "2026-06-04 18:00"),
    "paid": (step("payment_accepted"), "2026-06-04 19:00"),
    "paid the rest": (step("payment_accepted", amount="40.00"), "2026-06-04 20:00"),
    "no parts": (step("parts_unavailable"), "2026-06-04 21:00"),
    "parts": (step("parts_available"), "2026-06-05 15:00"),
    "loaner": (loaner("requested"), "2026-06-05 16:00"),
    "no loaner": (loaner("unavailable"), "2026-06-05 17:00"),
    "more pieces": (repair("r2", serial="S2", shipment_id="ship-r1", pieces=4), "2026-06-05 18:00"),
    "completed": (step("completed"), "2026-06-05 19:00"),
    "handed": (step("handed_to_carrier", tracking="1Z9"), "2026-06-05 20:00"),
    "sent back": (step("handed_to_carrier", repaired=False), "2026-06-05 21:00"),
    "delivered": (step("delivered"), "2026-06-06 15:00"),
}


def end_of(arrivals: tuple[str, ...]) -> Any:
    world = pro_member(World(now="2026-06-01 12:00"))
    world.send(registered("S2"), time="2026-03-02 18:00")
    for name in arrivals:
        fact, time = FACTS[name]
        world.send(fact, event_id=name, time=time)
    for kind in (Notification, Request):
        assert len(set(world.ids(kind))) == len(world.ids(kind)), "NTF-1"
    assert world.member().held == 0
    found = world.repair("r1")
    found.estimates, found.notices = dict(sorted(found.estimates.items())), {}
    promises = sorted(view(MEMBER, world.member())["promises"], key=str)
    return found, promises, world.standing(), world.requests, world.member().due


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (("request", "received", "proof", "completed", "handed"), "handed_to_carrier"),
        (("request", "estimate", "approved", "paid", "handed"), "handed_to_carrier"),
        (("request", "no proof", "estimate", "approved", "paid"), "in_repair"),
        (("request", "estimate", "proof", "approved", "no parts"), "in_repair"),
        (("request", "received", "estimate", "declined", "sent back"), "handed_to_carrier"),
        (("request", "received", "estimate", "declined", "loaner"), "returning_unrepaired"),
        (("request", "estimate", "approved", "dearer", "dearer approved", "paid"), "awaiting_payment"),
        (("request", "received", "proof", "more pieces", "loaner"), "in_repair"),
    ],
)
def test_gen_2_every_order(names: tuple[str, ...], status: str) -> None:
    """REP-1 to REP-7."""
    expected = end_of(names)
    assert expected[0].status == status
    for order in permutations(names):
        assert end_of(order) == expected


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(sorted(set(FACTS) - {"request"})), max_size=9, unique=True), st.data())
def test_gen_2_any_facts_of_a_repair_end_alike_in_any_order(names: list[str], data: st.DataObject) -> None:
    """REP-1 to REP-8, GEN-1 Also what contradicts each other, and what is told twice."""
    again = data.draw(st.lists(st.sampled_from(["request", *names]), max_size=2))
    arrivals = data.draw(st.permutations(["request", *names, *again]))
    assert end_of(tuple(arrivals)) == end_of(("request", *sorted(names, key=lambda name: FACTS[name][1])))


def test_rep_9_a_loaner_and_the_repair_it_is_for_in_any_order() -> None:
    ends = []
    for first in (True, False):
        world = pro_member(World(now="2026-06-01 12:00"))
        world.send(repair(), event_id="asked", time="2026-06-01 15:00")
        if first:
            loaner_shipped(world, "2026-06-04 20:00")
        world.send(step("warranty_validated"), event_id="valid", time="2026-06-02 15:00")
        if not first:
            loaner_shipped(world, "2026-06-04 20:00")
        world.tick("2026-07-01 00:00")
        ends.append((world.repair("r1"), world.standing(), world.requests))
    assert ends[0] == ends[1]
