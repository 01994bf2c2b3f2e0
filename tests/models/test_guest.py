"""CARE-3: a guest's purchase of Care and the account that claims it, two keys that tell each other by transfers."""

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
from models.view import view
from tests.models.world import SLOW_CLOCK, Fact, World, account_opened, added, at, care_bought, failed, pacific, paid

GUEST = f"guest:{'e' * 64}"
BOUGHT = "2026-03-02 18:00"
"""10:00 Pacific; in summer, from 8 March on, that is 17:00 UTC."""
LAST, TOO_LATE = pacific("2026-04-01 23:59:59.999999"), pacific("2026-04-02 00:00")
"""The end of day 30."""
Sent = tuple[Fact, str, str, str]
"""Fact, event id, time, key."""


def money(at: str = "2026-03-02 18:05", **more: Any) -> Fact:
    return paid("c1", program="care", amount="179.99", paid_at=at, **more)


def bought(world: World, *, is_paid: bool = True) -> World:
    """Given a guest who bought Care, and paid."""
    world.send(care_bought(), event_id="buy", time=BOUGHT, member=GUEST)
    if is_paid:
        world.send(money(), event_id="pay", member=GUEST)
    return world


def shown(world: World, key: str) -> dict[str, Any]:
    """The Care that is shown of a key."""
    found: dict[str, Any] = view(key, world.member(key))["memberships"]["care"]
    return found


def answers(world: World, kind: str) -> list[tuple[str, str | None]]:
    """The answers to all events of a type."""
    return [(one.outcome, one.reason) for one in world.decisions if one.event.type == f"{kind}.v1"]


class TestClaiming:
    def test_care_3_an_account_in_time_has_the_purchase_from_its_own_day_on(self) -> None:
        world = bought(World())
        world.send(account_opened(), time="2026-03-20 18:00")
        assert answers(world, "guest.care_claimed") == [("applied", None)]
        assert shown(world, "m-1")["term"] == {"from": "2026-03-02", "to": "2027-03-02"}
        assert (shown(world, GUEST)["status"], shown(world, GUEST)["account"]) == ("claimed", "m-1")
        assert world.notice("care.welcome").cause.id == "buy", "the purchase, which the guest's key was told of"
        world.tick("2026-06-01 12:00")
        assert world.requests == []
        assert world.member(GUEST).due == []

    @pytest.mark.parametrize(("opened", "claimed"), [(LAST, True), (TOO_LATE, False)])
    def test_care_3_opened_on_day_30_counts_and_on_day_31_does_not(self, opened: str, claimed: bool) -> None:
        world = bought(World())
        world.send(account_opened(), time=opened)
        assert bool(answers(world, "guest.care_claimed")) == claimed
        world.tick(TOO_LATE)
        assert shown(world, GUEST)["status"] == ("claimed" if claimed else "missed")
        assert len(world.requests) == (0 if claimed else 1)

    @pytest.mark.parametrize("opened", ["2016-01-01 12:00", "2026-03-02 17:59", BOUGHT])
    def test_care_3_an_account_that_was_there_before_has_it_at_once(self, opened: str) -> None:
        world = World()
        world.send(account_opened(), time=opened)
        bought(world)
        assert shown(world, "m-1")["status"] == "active"
        assert "care.claim_account" not in world.told
        assert answers(world, "payment.succeeded") == [("applied", "handed_on")]

    def test_care_3_one_person_one_email(self) -> None:
        world = bought(World())
        world.send(account_opened(), time="2026-03-03 12:00")
        world.send(account_opened(), time="2026-03-04 12:00", member="m-2")
        assert answers(world, "guest.account_opened")[-1] == ("refused", "other_account")
        assert shown(world, GUEST)["account"] == "m-1"
        assert world.member("m-2").care is None

    def test_care_3_an_account_of_another_email_claims_nothing(self) -> None:
        world = bought(World())
        world.send(account_opened("f" * 64), time="2026-03-03 12:00")
        assert shown(world, GUEST)["status"] == "unclaimed"

    def test_an_account_is_told_of_again_by_another_event(self) -> None:
        world = bought(World())
        for event_id, time in (("a1", "2026-03-10 12:00"), ("a2", "2026-03-11 12:00"), ("a1", "2026-03-10 12:00")):
            world.send(account_opened(), event_id=event_id, time=time)
        assert answers(world, "guest.account_opened") == [("applied", "claimed"), ("duplicate", "already_known")]
        assert [notice for notice in world.told if notice == "care.welcome"] == ["care.welcome"]

    def test_the_earliest_word_on_an_account_counts(self) -> None:
        world = bought(World())
        world.send(account_opened(), time=TOO_LATE)
        world.send(account_opened(), time=LAST)
        assert answers(world, "guest.account_opened") == [("applied", "opened_too_late"), ("applied", "claimed")]

    def test_care_1_refused_where_a_care_membership_is_open_and_the_fee_goes_back(self) -> None:
        world = World()
        world.send(care_bought("c0"), time="2026-03-01 18:00")
        world.send(account_opened(), time="2026-03-02 12:00")
        bought(world)
        assert answers(world, "guest.care_claimed") == [("refused", "already_member")]
        [refund] = world.bodies(RefundRequested)
        assert (refund.invoice_id, refund.amount, refund.cause.id) == ("c1", "179.99", "buy")

    def test_an_account_is_no_guest(self) -> None:
        world = World()
        assert world.send(account_opened(), member=GUEST).reason == "no_account"
        assert world.transfers == []

    def test_a_later_purchase_goes_to_the_account_too(self) -> None:
        world = World(now="2027-05-01 12:00")
        bought(world)
        world.send(account_opened(), time="2026-03-03 12:00")
        world.tick("2028-01-01 12:00")
        assert shown(world, "m-1")["status"] == "lapsed"
        world.send(care_bought("c2", "2028-01-02 12:00"), time="2028-01-02 12:00", member=GUEST)
        assert shown(world, "m-1")["term"] == {"from": "2028-01-02", "to": "2029-01-02"}
        world.send(money(), event_id="pay-again", member=GUEST)
        assert answers(world, "guest.payment_succeeded")[-1] == ("duplicate", "already_paid")


class TestBuying:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [({"state": "PR"}, "not_resident"), ({"birth_date": "2008-03-02"}, None), ({"birth_date": "2008-03-03"}, "under_age")],
    )  # fmt: skip
    def test_care_1_is_decided_at_the_purchase(self, change: dict[str, Any], reason: str | None) -> None:
        world = World()
        answer = world.send(care_bought(**change), time=BOUGHT, member=GUEST)
        assert (answer.outcome, answer.reason) == ("refused" if reason else "applied", reason or "awaits_account")

    @pytest.mark.parametrize("paid_first", [False, True])
    def test_care_1_not_sold_the_fee_goes_back_and_nobody_can_claim_it(self, paid_first: bool) -> None:
        world = World()
        for n in (1, 0) if paid_first else (0, 1):
            world.send((care_bought(state="PR"), money())[n], event_id=f"f{n}", time=BOUGHT, member=GUEST)
        world.send(failed("c1", program="care"), member=GUEST)
        world.send(account_opened(), time="2026-03-03 12:00")
        [refund] = world.requests
        assert (refund.TYPE, refund.clause) == ("refund.requested.v1", "CARE-1")
        assert world.told == ["care.refused"]
        assert answers(world, "guest.care_claimed") == []

    def test_one_purchase_waits_at_a_time(self) -> None:
        world = bought(World())
        assert world.send(care_bought("c2", "2026-03-05 12:00"), member=GUEST).reason == "already_bought"
        assert world.send(care_bought(), member=GUEST).outcome == "duplicate"
        assert world.send(care_bought(state="NV"), member=GUEST).outcome == "conflict"

    def test_bought_again_after_it_was_missed(self) -> None:
        world = bought(World())
        world.send(care_bought("c2", "2026-04-05 12:00"), time="2026-04-05 12:00", member=GUEST)
        assert [one.invoice_id for one in world.bodies(RefundRequested)] == ["c1"], "it was over, tick or not"
        world.send(account_opened(), time="2026-05-05 12:00")
        assert shown(world, "m-1")["term"] == {"from": "2026-04-05", "to": "2027-04-05"}
        assert world.send(money("2026-04-06 12:00"), member=GUEST).reason == "refunded", "c1 is an entry now"


class TestReminding:
    def test_care_3_told_at_the_purchase_and_after_7_21_and_28_days(self) -> None:
        world = bought(World())
        for before, on, count in (
            ("2026-03-09 16:59:59", "2026-03-09 17:00", 2),
            ("2026-03-23 16:59:59", "2026-03-23 17:00", 3),
            ("2026-03-30 16:59:59", "2026-03-30 17:00", 4),
        ):
            world.tick(before)
            assert world.told == ["care.claim_account"] * (count - 1)
            world.tick(on)
            assert world.told == ["care.claim_account"] * count
        assert len(world.standing()) == 1, "each takes the place of the one before"
        assert world.notices[-1].params["open_by"] == "2026-04-01"

    def test_care_3_the_days_are_a_setting(self) -> None:
        world = bought(World(policies=Policies(claim_reminder_days=(3,), **SLOW_CLOCK)))
        world.tick("2026-04-01 12:00")
        assert world.told == ["care.claim_account"] * 2

    def test_gen_4_of_reminders_that_were_missed_only_the_latest_is_sent(self) -> None:
        world = bought(World())
        world.tick("2026-03-24 12:00")
        assert [str(notice.not_before) for notice in world.notices][1:] == ["2026-03-23 17:00:00+00:00"]
        world = bought(World())
        world.tick("2026-04-03 12:00")
        assert world.told == ["care.claim_account", "care.claim_missed"]

    def test_ntf_3_none_after_the_account_is_open(self) -> None:
        world = bought(World())
        world.tick("2026-03-09 17:00")
        world.send(account_opened(), time="2026-03-09 18:00")
        world.tick("2026-04-03 12:00")
        assert [kind for kind, _ in world.standing()] == ["care.welcome"]
        assert world.told.count("care.claim_account") == 2

    def test_a_purchase_told_of_after_its_30_days_asks_for_nothing(self) -> None:
        world = bought(World(now="2026-05-01 12:00"))
        world.tick("2026-05-01 12:01")
        assert world.told == ["care.claim_missed"]


class TestMissed:
    def test_care_3_cancelled_and_refunded_at_the_end_of_day_30(self) -> None:
        world = bought(World())
        world.tick(LAST)
        assert world.requests == []
        world.tick(TOO_LATE)
        [refund] = world.bodies(RefundRequested)
        assert (refund.clause, refund.invoice_id, refund.amount) == ("CARE-3", "c1", "179.99")
        missed = world.notice("care.claim_missed")
        assert (missed.params["open_by"], missed.params["refund"]) == (
            "2026-04-01",
            "$179.99 of invoice c1 is refunded",
        )
        assert len(world.standing()) == 1

    def test_care_3_a_payment_after_that_goes_back_too(self) -> None:
        world = bought(World(), is_paid=False)
        world.tick(TOO_LATE)
        assert (world.requests, world.notice("care.claim_missed").params["refund"]) == ([], None)
        assert world.send(money(), member=GUEST).reason == "refunded"
        assert world.send(money(), member=GUEST).outcome == "duplicate"
        assert world.send(failed("c1", program="care"), member=GUEST).reason == "purchase_fee"
        assert [request.TYPE for request in world.requests] == ["refund.requested.v1"]

    def test_all_that_came_goes_back_once(self) -> None:
        world = bought(World())
        world.send(money(attempt_id="t1"), member=GUEST)
        world.send(money(), member=GUEST)
        world.send(paid("c1", program="care", amount="20.00"), member=GUEST)
        world.tick(TOO_LATE)
        [refund] = world.bodies(RefundRequested)
        assert refund.amount == "199.99", "the same money told again is not other money"

    def test_gen_6_opened_in_time_and_told_of_after_the_refund_is_flagged(self) -> None:
        world = bought(World())
        world.tick(TOO_LATE)
        world.send(account_opened(), time=LAST)
        assert answers(world, "guest.account_opened") == [("applied", "refunded_already")]
        assert world.decisions[-1].clause == "GEN-6"
        assert world.member().care is None
        assert len(world.requests) == 1

    def test_opened_in_time_and_told_of_late_still_counts_if_nothing_went_back(self) -> None:
        world = bought(World(), is_paid=False)
        world.tick(TOO_LATE)
        world.send(account_opened(), time=LAST)
        assert shown(world, "m-1")["status"] == "active"
        assert [kind for kind, _ in world.standing()] == ["care.welcome"]
        assert world.send(money(), member=GUEST).reason == "handed_on"
        assert world.requests == []


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
