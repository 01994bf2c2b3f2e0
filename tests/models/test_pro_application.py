"""PRO-1, PRO-3, PRO-4: an application, its review and its fee, in any order; the term that opens."""

from itertools import permutations
from typing import Any

import pytest

from models.fees.state import Invoice
from models.outputs import Notification, RefundRequested, Request
from tests.models.facts import Fact, applied_for, failed, paid, reviewed
from tests.models.world import World

MARCH_1 = "2026-03-01 18:00"


def test_pro_4_approved_and_paid_opens_a_year_from_the_day_of_payment() -> None:
    world = World()
    received = world.send(applied_for(), time=MARCH_1)
    assert (received.outcome, received.clause) == ("applied", "PRO-3")
    assert world.pro.status == "applied"
    world.send(reviewed())
    opened = world.send(paid(paid_at="2026-03-02 18:00"))
    assert opened.says == "PRO is open from 2026-03-02, the day the fee was paid, to 2027-03-02: one year (PRO-4)."
    assert world.pro.status == "active"
    assert world.told == ["pro.application_received", "pro.welcome"]
    welcome = world.notice("pro.welcome")
    assert welcome.params["card"] == {"member_id": "m-1", "valid_from": "2026-03-02", "valid_to": "2027-03-02"}
    assert welcome.replaces == (world.notice_id("pro.application_received"),)
    assert world.requests == []


@pytest.mark.parametrize(
    ("paid_at", "first", "end"),
    [
        ("2026-03-02 07:59:59", "2026-03-01", "2027-03-01"),  # midnight in the programme zone is 08:00 UTC
        ("2026-03-02 08:00:00", "2026-03-02", "2027-03-02"),
        ("2028-02-29 20:00:00", "2028-02-29", "2029-02-28"),
    ],
)
def test_pro_4_the_term_begins_on_the_day_of_payment_in_the_programme_zone(paid_at: str, first: str, end: str) -> None:
    world = World()
    for fact in (applied_for(), reviewed(), paid(paid_at=paid_at)):
        world.send(fact, time=MARCH_1)
    assert (str(world.pro.term.first), str(world.pro.term.end)) == (first, end)


STORIES: dict[str, tuple[list[Fact], str, list[str]]] = {
    "approved": ([applied_for(), reviewed(), paid()], "active", ["pro.welcome"]),
    "rejected": ([applied_for(), reviewed(approved=False), paid()], "rejected", ["pro.rejected"]),
    "not eligible": ([applied_for(state="PR"), reviewed(), paid()], "rejected", ["pro.rejected"]),
    "first attempt failed": ([applied_for(), reviewed(), failed(), paid()], "active", ["pro.welcome"]),
}


@pytest.mark.parametrize("story", STORIES)
def test_gen_2_application_review_and_payment_come_in_any_order(story: str) -> None:
    facts, status, kinds = STORIES[story]
    ends = set()
    for order in permutations(range(len(facts))):
        world = World()
        for n in order:
            world.send(facts[n], event_id=f"e{n}", time=f"2026-03-0{n + 1} 12:00")
            world.send(facts[n], event_id=f"e{n}", time=f"2026-03-0{n + 1} 12:00")
        assert world.pro.status == status
        assert [kind for kind, _ in world.standing()] == kinds
        assert len(world.requests) == (status == "rejected")
        terms = [(term.first, term.end) for term in world.pro.terms]
        ends.add((tuple(terms), frozenset(world.standing()), tuple(world.ids(Request))))
        assert (world.member().held, world.member().due == []) == (0, status == "rejected")
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("change", "time", "reason"),
    [
        ({"state": "DC"}, MARCH_1, None),
        ({"state": "GU"}, MARCH_1, "not_resident"),
        ({"birth_date": "2008-03-10"}, "2026-03-10 07:00", None),
        ({"birth_date": "2008-03-10"}, "2026-03-10 06:59", "under_age"),
        ({"birth_date": "2007-03-10", "state": "NE"}, "2026-03-10 07:00", None),
        ({"birth_date": "2007-03-10", "state": "NE"}, "2026-03-10 06:59", "under_age"),
    ],
)
def test_pro_1_eligible_on_the_day_of_the_application(change: dict[str, Any], time: str, reason: str | None) -> None:
    world = World()
    answer = world.send(applied_for(**change), time=time)
    assert (answer.outcome, answer.reason) == ("refused" if reason else "applied", reason)
    assert world.told == ["pro.rejected" if reason else "pro.application_received"]


def test_pro_3_a_rejected_application_is_refunded_when_it_was_paid() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    world.send(paid(amount="108.25"))
    answer = world.send(reviewed(approved=False))
    assert answer.says == "Application a1 is not accepted (not_approved, PRO-3): $108.25 of invoice i1 is refunded."
    [request] = world.requests
    assert isinstance(request, RefundRequested)
    assert (request.invoice_id, request.amount) == ("i1", "108.25")
    assert request.clause == "PRO-3"


def test_pro_3_and_when_it_is_paid_later_once() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    waiting = world.send(reviewed(approved=False))
    assert world.requests == []
    assert waiting.says.endswith("nothing was paid yet; a later payment is refunded.")
    assert world.send(paid()).reason == "refunded"
    assert world.send(paid()).outcome == "duplicate"
    assert len(world.requests) == 1


def test_pro_3_a_failed_application_fee_starts_no_dunning() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    answer = world.send(failed())
    assert (answer.outcome, answer.reason, answer.clause) == ("applied", "application_fee", "PRO-3")
    assert world.told == ["pro.application_received"]
    assert (world.pro.causes, world.pro.invoice, world.member().due) == ({}, None, [])


def test_pro_3_less_than_the_fee_does_not_pay_it() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    world.send(reviewed())
    assert world.send(paid(amount="99.99")).reason == "amount_too_low"
    assert world.pro.status == "applied"
    [refund] = world.bodies(RefundRequested)
    assert (refund.amount, refund.clause) == ("99.99", "PRO-3")
    assert world.send(paid(amount="100.00")).outcome == "applied"
    assert world.pro.status == "active"


def test_a_second_application_is_refused_and_its_fee_goes_back() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    second = world.send(applied_for("a2", "i2"), time=MARCH_1)
    assert (second.outcome, second.reason) == ("refused", "already_applied")
    world.send(reviewed())
    world.send(paid())
    assert world.send(applied_for("a3", "i3")).reason == "already_member"
    world.send(paid("i2"))
    world.send(paid("i3"))
    assert [request.invoice_id for request in world.requests] == ["i2", "i3"]  # type: ignore[attr-defined]
    assert (world.pro.status, world.pro.application_id, len(world.pro.terms)) == ("active", "a1", 1)


def test_an_application_told_again_is_no_second_one() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    assert world.send(applied_for(), time=MARCH_1).outcome == "duplicate"
    assert world.send(applied_for(state="NV"), time=MARCH_1).outcome == "conflict"
    assert world.send(applied_for("a2"), time=MARCH_1).reason == "invoice_in_use"
    world.send(reviewed())
    assert world.send(reviewed()).outcome == "duplicate"
    assert world.send(reviewed(approved=False)).outcome == "conflict"


def test_one_rejected_may_apply_again() -> None:
    world = World()
    for fact in (applied_for(), reviewed(approved=False), applied_for("a2", "i2"), reviewed("a2"), paid("i2")):
        world.send(fact, time=MARCH_1)
    assert (world.pro.status, world.pro.application_id) == ("active", "a2")


def test_gen_2_a_payment_of_an_unknown_invoice_waits_for_its_application() -> None:
    world = World()
    assert world.send(paid()).reason == "awaits_invoice"
    world.tick("2026-03-20 20:00")
    world.send(applied_for("a9", "i9"), time=MARCH_1)
    assert world.member().held == 1, "another application does not settle it"
    world.tick("2026-03-31 19:59:59")
    assert world.decisions[-1].reason is None
    world.tick("2026-03-31 20:00")  # 30 days after it was held first
    assert world.decisions[-1].reason == "partner_never_arrived"


def test_a_message_of_the_other_programme_changes_nothing() -> None:
    world = World()
    world.send(applied_for(), time=MARCH_1)
    assert world.send(paid(program="care")).reason == "other_program"
    assert world.send(failed(program="care")).reason == "other_program"
    assert world.entry(Invoice, "i1").paid is None


@pytest.mark.parametrize("first", ["payment", "rejection"])
def test_pro_3_whatever_came_for_a_rejected_application_goes_back(first: str) -> None:
    """PRO-3 Also what is less than the fee, and each further payment for itself."""
    world = World()
    world.send(applied_for(), time=MARCH_1)
    for fact in [paid(amount="99.00"), reviewed(approved=False)][:: 1 if first == "payment" else -1]:
        world.send(fact)
    assert [request.amount for request in world.requests] == ["99.00"]  # type: ignore[attr-defined]
    world.send(paid(amount="99.00"))
    assert len(world.requests) == 1, "the same money, told again"
    world.send(paid(amount="100.00", paid_at="2026-03-09 18:00"))
    assert [request.amount for request in world.requests] == ["99.00", "100.00"]  # type: ignore[attr-defined]
    assert len(set(world.ids(Request))) == 2
    assert world.requests[0].cause == world.requests[1].cause


def test_pro_3_a_payment_whose_application_never_comes_goes_back() -> None:
    world = World()
    world.send(paid())
    world.tick("2026-03-31 20:00")
    [request] = world.requests
    assert (request.clause, world.decisions[-1].reason) == ("PRO-3", "partner_never_arrived")


@pytest.mark.parametrize("reviewed_no", [False, True])
def test_ntf_2_a_rejection_replaces_what_was_sent_and_nothing_else(reviewed_no: bool) -> None:
    world = World()
    world.send(applied_for(**({} if reviewed_no else {"state": "PR"})), time=MARCH_1)
    world.send(reviewed(approved=False))
    told = world.ids(Notification)
    assert set(world.notice("pro.rejected").replaces) == ({told[0]} if reviewed_no else set())


@pytest.mark.parametrize("earlier_first", [True, False])
def test_pro_4_of_two_payments_the_earlier_begins_the_year_whichever_is_told_first(earlier_first: bool) -> None:
    facts = [paid(paid_at="2026-03-02 18:00"), paid(paid_at="2026-03-05 18:00", amount="120.00")]
    world = World()
    world.send(applied_for(), time=MARCH_1)
    world.send(reviewed(), time=MARCH_1)
    for fact in facts if earlier_first else reversed(facts):
        world.send(fact)
    assert (str(world.pro.term.first), str(world.pro.opened_on)) == ("2026-03-02", "2026-03-02")
    assert [refund.amount for refund in world.bodies(RefundRequested)] == ["120.00"]
    [welcome] = [of for kind, of in world.standing() if kind == "pro.welcome"]
    cards = {of: notice.params for of, notice in zip(world.ids(Notification), world.notices, strict=True)}
    assert cards[welcome]["card"]["valid_from"] == "2026-03-02"
    assert {due.ref for due in world.member().due} == {"pro-m-1-2027-03-02"}
