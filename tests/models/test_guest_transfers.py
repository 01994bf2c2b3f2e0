"""CARE-3: what two keys tell each other of a guest's purchase and its fee, in any order."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case import TOO_MANY_HELD
from models.outputs import Notification, RefundRequested, Request
from models.outputs.decisions import Decided
from models.policies import Policies
from models.state import Member
from tests.models.facts import account_opened, added, at, care_bought, failed
from tests.models.guests import BOUGHT, GUEST, LAST, TOO_LATE, Sent, answers, bought, money, shown
from tests.models.world import SLOW_CLOCK, World


class TestFee:
    def test_what_came_before_and_after_the_claim_pays_once(self) -> None:
        world = bought(World())
        world.send(account_opened(), time="2026-03-03 12:00")
        world.send(money(), event_id="again", member=GUEST)
        assert answers(world, "guest.payment_succeeded") == [("applied", None), ("duplicate", "already_paid")]
        world.send(money("2026-03-05 12:00"), event_id="twice", member=GUEST)
        [refund] = world.bodies(RefundRequested)
        assert (refund.clause, refund.cause.id) == ("PAY-8", "twice")

    def test_gen_2_told_under_the_account_s_key_it_waits_for_the_claim(self) -> None:
        world = World()
        assert world.send(money(), event_id="pay").outcome == "held"
        world.send(account_opened(), time="2026-03-02 12:00")
        bought(world, is_paid=False)
        assert answers(world, "payment.succeeded") == [("held", "awaits_invoice"), ("applied", None)]

    def test_pay_1_a_hard_decline_retires_the_account_s_method_told_before_or_after(self) -> None:
        for decline_first in (True, False):
            world = bought(World(), is_paid=False)
            world.send(added(), time="2026-03-01 12:00")
            facts = [
                (failed("c1", program="care", reason="stolen"), "no", "2026-03-02 19:00", GUEST),
                (account_opened(), "open", "2026-03-03 12:00", "m-1"),
            ]
            for fact, event_id, time, key in facts if decline_first else reversed(facts):
                world.send(fact, event_id=event_id, time=time, member=key)
            assert world.member().methods[0].retired

    def test_only_so_much_is_kept(self) -> None:
        world = World(policies=Policies(held_at_most=1, **SLOW_CLOCK))
        bought(world)
        again = world.send(money(attempt_id="t2"), event_id="more", member=GUEST)
        assert (again.outcome, again.reason) == ("refused", TOO_MANY_HELD)
        world.send(account_opened(), time="2026-03-03 12:00")
        assert world.send(money(attempt_id="t2"), event_id="more", member=GUEST).outcome == "applied"

    def test_money_of_nobody_goes_back(self) -> None:
        world = World()
        world.send(money(), member=GUEST)
        world.tick("2026-04-10 12:00")
        assert [request.TYPE for request in world.requests] == ["refund.requested.v1"]
        bought(world, is_paid=False)
        assert world.send(money(), member=GUEST).outcome == "duplicate"


class TestTransfers:
    def test_one_that_finds_its_key_quarantined_is_decided_when_it_is_redriven(self) -> None:
        world = World()
        world.send(account_opened(), time="2026-03-02 12:00")
        world.quarantine()
        bought(world)
        assert answers(world, "guest.care_claimed") == [("dead_lettered", "quarantined")]
        world.lift()
        for sent in [sent for sent in world.transfers if sent.subject == "m-1"] * 2:
            world.receive(sent)
        assert answers(world, "guest.care_claimed")[1:] == [("applied", None), ("duplicate", None)]
        assert shown(world, "m-1")["status"] == "active"

    def test_gen_4_the_clock_of_another_partition_may_be_ahead(self) -> None:
        """Given a key whose partition has slept for a year, when another one that has not tells it something, it is decided."""
        world = World(now="2027-03-01 12:00", policies=Policies())
        world.send_alone(account_opened(), time="2027-02-28 12:00")
        world.now = at("2026-03-01 20:00")
        world.deliver()
        assert answers(world, "guest.account_opened") == [("applied", None)]

    def test_each_names_the_event_that_it_comes_from(self) -> None:
        world = bought(World())
        world.send(account_opened(), event_id="open", time="2026-03-03 12:00")
        assert [sent.data.origin.id for sent in world.transfers] == ["open", "buy", "pay"]


# Any order.

BUY: Sent = (care_bought(), "buy", BOUGHT, GUEST)
PAY: Sent = (money(), "pay", "2026-03-02 18:05", GUEST)
PAY_AT_HOME: Sent = (money(), "pay-2", "2026-03-02 18:05", "m-1")
DECLINE: Sent = (failed("c1", program="care"), "no", "2026-03-02 18:02", GUEST)
OPEN: Sent = (account_opened(), "open", "2026-03-03 12:00", "m-1")
OPEN_AGAIN: Sent = (account_opened(), "open-2", "2026-03-04 12:00", "m-1")
CARD: Sent = (added(), "card", "2026-03-03 13:00", "m-1")


def told(world: World, sent: Sequence[Sent], *, under_way: Random | None = None) -> World:
    """The events as they come; with chance, what one key tells another takes its time."""
    for fact, event_id, time, key in sent:
        if under_way is None:
            world.send(fact, event_id=event_id, time=time, member=key)
        else:
            world.send_alone(fact, event_id=event_id, time=time, member=key)
            while world.under_way and under_way.random() < 0.5:
                world.receive(world.under_way.pop(0))
    world.deliver()
    return world


def end(world: World) -> dict[str, Any]:
    """What must not depend on the order: both keys' states, the standing notices, requests, and what was handed over."""
    states: dict[str, Member] = {}
    for key in (GUEST, "m-1"):
        states[key] = member = world.member(key)
        member.revision, member.as_of, member.changed_at = 0, {}, None
    entries = {key: value for (table, key), value in world.tables.items() if table == "entries"}
    return {
        "states": states,
        "entries": entries,
        "standing": world.standing(),
        "requests": sorted(world.ids(Request)),
        "transfers": {sent.id: sent for sent in world.transfers if sent.subject == "m-1"},
    }


def orders(*sent: Sent) -> Iterator[tuple[Sent, ...]]:
    yield from permutations(sent)


@pytest.mark.parametrize(
    "story",
    [(BUY, PAY, OPEN, OPEN_AGAIN), (BUY, PAY, PAY_AT_HOME, OPEN), (BUY, DECLINE, PAY, OPEN), (BUY, OPEN, OPEN, CARD)],
    ids=["an account told of twice", "paid under both keys", "declined first", "the same event twice"],
)
def test_gen_2_any_order_ends_in_the_same(story: tuple[Sent, ...]) -> None:
    expected = end(told(World(), story))
    assert shown(told(World(), story), "m-1")["status"] == "active"
    for order in orders(*story):
        assert end(told(World(), order)) == expected, [event_id for _, event_id, _, _ in order]


@pytest.mark.parametrize("opened", [LAST, TOO_LATE])
def test_gen_2_any_order_around_the_last_day(opened: str) -> None:
    story = (BUY, PAY, (account_opened(), "open", opened, "m-1"))
    ends = []
    for order in orders(*story):
        world = told(World(), order)
        world.tick("2026-05-01 12:00")
        ends.append(end(world))
    assert all(one == ends[0] for one in ends)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([BUY, PAY, PAY_AT_HOME, DECLINE, OPEN, OPEN_AGAIN, CARD]), max_size=8),
    st.sampled_from([None, 5, 9]),
    st.randoms(use_true_random=False),
)
def test_gen_2_any_order_any_delay_of_transfers_and_a_tick_in_between(
    more: list[Sent], tick_after: int | None, chance: Random
) -> None:
    """CARE-3 with GEN-2: duplicates, delays and a reminder on the way change nothing of what both keys end in."""
    story = [BUY, PAY, OPEN, *more]
    chance.shuffle(story)
    half = min(tick_after or len(story), len(story))
    world = told(World(), story[:half], under_way=chance)
    if tick_after:
        world.tick("2026-03-09 17:00")
    told(world, story[half:], under_way=chance)
    canonical = sorted({sent[1]: sent for sent in story}.values(), key=lambda sent: sent[2])
    calm = told(World(), canonical)
    if tick_after:
        calm.tick("2026-03-09 17:00")
    assert end(world)["states"] == end(calm)["states"]
    assert end(world)["standing"] == end(calm)["standing"]
    assert end(world)["transfers"] == end(calm)["transfers"]
    for kind in (Notification, Request, Decided):
        assert len(set(world.ids(kind))) == len(world.ids(kind)), "an id was given twice"
