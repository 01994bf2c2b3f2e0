"""GEN-2 of a renewal fee: whatever is told of it, and in whichever order, ends in the same membership.

Everything happens around the day it is due, with the clock standing still; then the clock looks once.
"""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.fees.state import Invoice
from models.outputs import Notification, RefundRequested, Request
from models.policies import Policies
from tests.models.facts import Fact, added, at, auto_renew, failed, paid, removed, updated
from tests.models.world import SLOW_CLOCK, World, pro_member

RENEWAL = "pro-m-1-2027-03-02"
CARDS = ("card-1", "card-2", "card-3")


def charge(card: str) -> str:
    return f"{RENEWAL}-0-{card}"


def decline(card: str, **more: Any) -> Fact:
    return failed(RENEWAL, charge(card), method_id=card, **more)


FACTS: dict[str, tuple[Fact, str]] = {
    "card-1 fails": (decline("card-1"), "2027-03-02 12:01"),
    "card-2 fails": (decline("card-2"), "2027-03-02 12:02"),
    "card-2 fails for good": (decline("card-2", reason="stolen"), "2027-03-02 12:02"),
    "card-3 fails": (decline("card-3"), "2027-03-02 12:03"),
    "card-2 failed before": (decline("card-2", reason="other"), "2027-03-02 11:00"),
    "a stray failure": (failed(RENEWAL, "theirs", method_id="card-2"), "2027-03-02 12:04"),
    "a stray failure before": (failed(RENEWAL, "also theirs", method_id="card-3"), "2027-03-02 11:30"),
    "paid before": (paid(RENEWAL, paid_at="2027-02-25 12:00"), "2027-02-25 12:00"),
    "paid by card-1": (paid(RENEWAL, paid_at="2027-03-02 20:00", attempt_id=charge("card-1")), "2027-03-02 20:00"),
    "paid late": (paid(RENEWAL, paid_at="2027-03-03 20:00"), "2027-03-03 20:00"),
    "paid later": (paid(RENEWAL, paid_at="2027-03-04 20:00", amount="120.00"), "2027-03-04 20:00"),
    "too little": (paid(RENEWAL, paid_at="2027-03-01 20:00", amount="50.00"), "2027-03-01 20:00"),
    "another invoice's": (paid("i9", paid_at="2027-03-02 20:00"), "2027-03-02 20:00"),
    "card-1 renewed": (updated("card-1", expires="2036-01"), "2027-03-02 13:00"),
    "card-2 removed": (removed("card-2"), "2027-03-02 13:30"),
    "card-4 added": (added("card-4", 4), "2027-03-02 14:00"),
    "off": (auto_renew(False), "2027-02-28 12:00"),
    "on": (auto_renew(True), "2027-03-01 12:00"),
    "cancelled": (("pro.cancel_requested", {}), "2027-03-01 18:00"),
}
MONEY = {"paid by card-1", "paid late", "paid later"}
FAILURES = {name for name, ((kind, _), _) in FACTS.items() if kind == "payment.failed"}
NOT_FREE = {
    # Money that would have gone back had the word been told before: a charge is final (GEN-6).
    "cancelled": MONEY,
    # Several words told after the day they are about: what was told of that day in between has other names (NTF-1).
    "off": MONEY | {"cancelled"},
    "on": {"off", "cancelled"},
    # A method that is known when a failure is told is asked before its round fails.
    "card-1 renewed": FAILURES,
    "card-2 removed": FAILURES,
    "card-4 added": FAILURES,
}
"""What is about the same membership and not about the same fee, so that its order can matter."""


def end_of(arrivals: tuple[str, ...]) -> Any:
    world = pro_member(World())
    for n, card in enumerate(CARDS):
        world.send(added(card, n), event_id=f"add-{card}", time="2026-03-03 12:00")
    world.tick("2027-01-31 08:00")
    world.tick("2027-03-02 08:00")
    for name in arrivals:
        fact, time = FACTS[name]
        world.send(fact, event_id=name, time=time)
    world.tick("2027-03-02 08:01")
    for kind in (Notification, Request):
        assert len(set(world.ids(kind))) == len(world.ids(kind)), "NTF-1"
    pro, back = world.pro, sorted(refund.amount for refund in world.bodies(RefundRequested))
    terms = [(term.first, term.end, term.anchor) for term in pro.terms]
    methods = sorted((method.id, method.on_file, method.retired, method.expires) for method in world.member().methods)
    dues = {(due.what, due.ref) for due in world.member().due if due.what in ("fee.notice", "fee.due", "fee.end")}
    standing = world.standing({"membership.reinstated"})
    return pro.status, list(pro.causes), pro.suspended_at, pro.stage, terms, pro.invoice, back, methods, dues, standing


def fits(names: list[str]) -> bool:
    """Whether GEN-2 covers them."""
    return not any(name in names and others & set(names) for name, others in NOT_FREE.items())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(FACTS)), min_size=2, max_size=7, unique=True).filter(fits), st.data())
def test_gen_2_any_facts_of_a_fee_end_alike_in_any_order(names: list[str], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(names), max_size=2))
    assert end_of(tuple(data.draw(st.permutations(names + again)))) == end_of(tuple(sorted(names, key=_time)))


@pytest.mark.parametrize(
    "names",
    [
        ("card-1 fails", "card-2 fails", "card-3 fails", "paid late", "paid later"),
        ("paid before", "paid late", "paid later", "too little", "cancelled"),
        ("card-1 fails", "card-2 fails for good", "a stray failure", "card-3 fails", "off"),
        ("card-1 fails", "card-2 fails", "card-2 fails for good", "card-2 failed before", "card-3 fails"),
        ("card-1 fails", "card-2 fails", "a stray failure", "a stray failure before", "card-3 fails"),
        ("off", "card-1 renewed", "card-4 added", "paid before", "another invoice's"),
    ],
)
def test_gen_2_every_order(names: tuple[str, ...]) -> None:
    ends = [end_of(order) for order in permutations(names)]
    assert all(end == ends[0] for end in ends)


def test_gen_2_failures_told_while_nothing_is_owed_count_once_it_is_again() -> None:
    for order in permutations(("off", "on", "card-1 fails", "card-2 fails", "card-3 fails")):
        assert end_of(order)[:3] == ("suspended", ["payment"], at("2027-03-02 12:03"))


@pytest.mark.parametrize("grace", [0, 5])
def test_pay_3_the_grace_and_the_60_days_count_from_the_earlier_failure_told_later(grace: int) -> None:
    """Given a stray failure of 12:04 that completed the round, when that of 12:02 is told, then it counts; told once."""
    world = pro_member(World(policies=Policies(**SLOW_CLOCK, grace_days=grace)))
    world.send(added("card-2"), time="2026-03-03 12:00")
    world.tick("2027-01-31 08:00")
    world.tick("2027-03-02 08:00")
    for name in ("a stray failure", "card-2 fails"):
        fact, time = FACTS[name]
        world.send(fact, time=time)
    world.tick("2027-03-08 00:00")
    assert world.pro.suspended_at == at("2027-03-02 12:02") + timedelta(days=grace)
    [end] = [due.at for due in world.member().due if due.what == "fee.end"]
    assert end == at("2027-05-01 11:02") + timedelta(days=grace), "60 days, and an hour of summer time"
    assert world.told.count("membership.suspended") == 1


def test_pay_1_of_two_answers_to_one_charge_the_earlier_is_known() -> None:
    """GEN-2 Also of one instant; a hard one retires its method, whether it is the one that counts or not."""
    soft, hard, before = decline("card-1", reason="other"), decline("card-1", reason="stolen"), decline("card-1")
    for order in permutations([(soft, "2027-03-02 12:00"), (hard, "2027-03-02 12:00"), (before, "2027-03-02 11:00")]):
        world = pro_member(World())
        world.send(added("card-1"), time="2026-03-03 12:00")
        world.tick("2027-01-31 08:00")
        world.tick("2027-03-02 08:00")
        for fact, time in order:
            world.send(fact, time=time)
        [charge] = world.entry(Invoice, RENEWAL).attempts
        assert (charge.reason, charge.failed_at) == ("insufficient_funds", at("2027-03-02 11:00"))
        assert [method.retired for method in world.member().methods] == [True]


def _time(name: str) -> str:
    return FACTS[name][1]
