"""LOAN-5, LOAN-6: reminders, what is overdue, its invoice, and the suspension of PRO while any of it lasts."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.outputs import Notification
from models.outputs.requests import InvoiceCancelled, InvoiceIssued
from models.view import view
from tests.models.facts import Fact, applied_for, at, failed, loan, loan_paid, loan_step, pacific, paid, reviewed
from tests.models.lending import INVOICE, INVOICE_DUE, OVERDUE, deadlines, lent, loan_of, requested
from tests.models.world import World, pro_member

BEFORE = {
    OVERDUE: pacific("2026-07-04 23:59:59"),
    INVOICE_DUE: pacific("2026-08-04 23:59:59"),
}
"""The minute before each of them is over."""
RENEWAL = "pro-m-1-2027-03-02"


def overdue(**more: str) -> World:
    """Given a loan that is not back when due."""
    world = lent(**more)  # type: ignore[arg-type]
    world.tick(OVERDUE)
    return world


def invoice_promise(world: World) -> str:
    [found] = [one for one in view("m-1", world.member())["promises"] if one["kind"] == "loan.invoice_due"]
    assert found["by"] == "member"
    return str(found["state"])


def test_loan_5_a_reminder_three_days_before() -> None:
    world = lent()
    world.tick(pacific("2026-06-30 23:59:59"))
    assert "loan.due_soon" not in world.told
    world.tick(pacific("2026-07-01 00:00"))
    soon = world.notice("loan.due_soon")
    assert (soon.params["due_on"], soon.not_after) == ("2026-07-04", at(OVERDUE))
    assert soon.cause.id == "n1@2026-07-01T07:00:00Z"
    world.send(loan_step("returned"), time="2026-07-02 12:00")
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "loan.closed"}


def test_loan_5_called_back_within_those_three_days_it_is_reminded_of_at_once() -> None:
    world = lent()
    world.tick("2026-07-01 12:00")
    world.send(loan_step("recalled"), time="2026-06-25 12:00")
    assert "loan.due_soon" not in {kind for kind, _ in world.standing()}, "the one of the later day is replaced"
    world.tick("2026-07-01 12:01")
    assert [notice.params["due_on"] for notice in world.notices if notice.kind == "loan.due_soon"] == [
        "2026-07-04",
        "2026-07-02",
    ]


def test_loan_5_no_reminder_of_what_is_overdue_already() -> None:
    world = lent()
    world.tick("2026-07-10 12:00")
    assert "loan.due_soon" not in world.told
    assert world.notice("loan.overdue").cause.id == f"n1@{at(OVERDUE):%Y-%m-%dT%H:%M:%SZ}"


def test_loan_5_not_returned_when_due_the_retail_value_is_invoiced() -> None:
    world = lent()
    world.tick(BEFORE[OVERDUE])
    assert world.requests == []
    world.tick(OVERDUE)
    [invoice] = world.requests
    assert isinstance(invoice, InvoiceIssued)
    assert (invoice.invoice_id, invoice.loan_id, invoice.amount) == (INVOICE, "n1", "2999.99")
    assert str(invoice.due_on) == "2026-08-04", "30 days after 5 July"
    assert world.told[-3:] == ["loan.overdue", "loan.invoiced", "membership.suspended"]
    told = world.notice("loan.invoiced").params
    assert told["working"] == "retail value $2999.99 less $0.00 that insurance paid"
    assert (world.pro.status, world.pro.causes) == ("suspended", {"loan": at(OVERDUE)})
    assert world.notice("membership.suspended").params["loans"] == ["n1"]
    assert deadlines(world) == ["loan.invoice_due"]


@pytest.mark.parametrize("back", [BEFORE[OVERDUE], OVERDUE], ids=["in time", "late"])
def test_loan_6_back_whole_after_the_invoice_cancels_it(back: str) -> None:
    """Also when it was back in time and that is told late."""
    world = overdue()
    answer = world.send(loan_step("returned"), time=back)
    assert requested(world) == ["invoice.issued.v1", "invoice.cancelled.v1"]
    assert isinstance(world.requests[-1], InvoiceCancelled)
    assert f"Invoice {INVOICE} of $2999.99 is cancelled (LOAN-6)" in answer.says
    assert ("whole, in time" in answer.says) == (back != OVERDUE)
    assert (loan_of(world).status, world.pro.status, invoice_promise(world)) == ("closed", "active", "void")
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "loan.closed", "membership.reinstated"}
    assert deadlines(world) == []


@pytest.mark.parametrize(
    ("retail", "insurance", "owed"),
    [
        ("2000.00", None, "2000.00"),
        ("2000.00", "0.01", "1999.99"),
        ("2000.00", "1999.99", "0.01"),
        ("2000.00", "2000.00", None),
        ("2000.00", "2500.00", None),
        ("0.00", None, None),
    ],
)
def test_loan_5_back_damaged_what_insurance_did_not_pay_is_invoiced(
    retail: str, insurance: str | None, owed: str | None
) -> None:
    world = lent(retail_value=retail)
    more = {"insurance_paid": insurance} if insurance else {}
    answer = world.send(loan_step("returned", damaged=True, **more), time="2026-07-01 12:00")
    if owed is None:
        assert (world.requests, loan_of(world).status) == ([], "closed")
        assert "leaves nothing (LOAN-5)" in answer.says
        return
    [invoice] = world.requests
    assert isinstance(invoice, InvoiceIssued)
    assert (invoice.amount, str(invoice.due_on)) == (owed, "2026-07-31")
    assert (loan_of(world).status, world.pro.status, invoice_promise(world)) == ("invoiced", "active", "open")
    assert "loan.due" not in deadlines(world)


@given(st.integers(0, 999_999_999), st.integers(0, 999_999_999))
def test_loan_5_whatever_was_paid(retail: int, insurance: int) -> None:
    """LOAN-5: the retail value less what insurance paid; nothing left, no invoice."""
    world = lent(retail_value=f"{retail // 100}.{retail % 100:02d}")
    told = loan_step("returned", damaged=True, insurance_paid=f"{insurance // 100}.{insurance % 100:02d}")
    world.send(told, time="2026-07-01 12:00")
    bill = loan_of(world).bill
    assert (bill.amount if bill else 0) == max(retail - insurance, 0)
    assert len(world.requests) == (retail > insurance)


@given(st.integers(1, 400_000), st.lists(st.integers(0, 200_000), max_size=5))
def test_loan_6_payments_add_up(retail: int, money: list[int]) -> None:
    """ADR 8: payments add up; LOAN-6: the cause stands until it is paid."""
    world = overdue(retail_value=f"{retail // 100}.{retail % 100:02d}")
    for n, cents in enumerate(money):
        world.send(loan_paid(INVOICE, f"{cents // 100}.{cents % 100:02d}"), time=f"2026-07-1{n} 12:00")
    is_paid = sum(money) >= retail
    assert loan_of(world).status == ("closed" if is_paid else "overdue")
    assert world.pro.status == ("active" if is_paid else "suspended")
    assert [flag.code for flag in world.member().flags if flag.code == "overpaid"] == ["overpaid"] * (
        sum(money) > retail
    )


def test_loan_6_paid_in_parts() -> None:
    world = overdue(retail_value="2000.00")
    answer = world.send(loan_paid(INVOICE, "1999.99"), time="2026-07-10 12:00")
    assert "$1999.99 of $2000.00 is paid, $0.01 is left (LOAN-6)" in answer.says
    assert world.pro.status == "suspended"
    answer = world.send(loan_paid(INVOICE, "0.01"), time="2026-07-11 12:00")
    assert answer.says.endswith("$0.00 is left (LOAN-6). PRO is reinstated at once (LOAN-6).")
    assert invoice_promise(world) == "kept"
    more = world.send(loan_paid(INVOICE, "0.01"), time="2026-07-12 12:00")
    assert (more.outcome, more.reason) == ("applied", "overpaid")
    back = world.send(loan_step("returned"), time="2026-07-13 12:00")
    assert (back.outcome, back.reason) == ("applied", "paid_before_return")
    assert requested(world) == ["invoice.issued.v1"]


def test_loan_6_money_for_a_cancelled_invoice_is_flagged() -> None:
    world = overdue()
    world.send(loan_step("returned"), time="2026-07-10 12:00")
    answer = world.send(loan_paid(INVOICE, "2999.99"), time="2026-07-11 12:00")
    assert (answer.outcome, answer.reason) == ("applied", "paid_and_cancelled")


def test_loan_6_the_same_payment_told_by_another_event_is_one() -> None:
    """GEN-1, as with fees and repairs: the same amount at the same time is the same money."""
    world = overdue()
    world.send(loan_paid(INVOICE, "1500.00"), event_id="first", time="2026-07-10 12:00")
    again = world.send(loan_paid(INVOICE, "1500.00"), event_id="again", time="2026-07-10 12:00")
    assert (again.outcome, again.reason, loan_of(world).paid) == ("duplicate", "already_known", 150_000)
    world.send(loan_paid(INVOICE, "1500.00"), event_id="other", time="2026-07-10 12:01")
    assert loan_of(world).status == "closed"


def test_loan_6_partly_paid_and_back_whole_it_is_cancelled_and_flagged() -> None:
    world = overdue()
    world.send(loan_paid(INVOICE, "10.00"), time="2026-07-09 12:00")
    answer = world.send(loan_step("returned"), time="2026-07-10 12:00")
    assert answer.reason == "paid_and_cancelled"
    assert requested(world) == ["invoice.issued.v1", "invoice.cancelled.v1"]


def test_loan_6_back_damaged_after_the_invoice_that_stands() -> None:
    world = overdue()
    answer = world.send(loan_step("returned", damaged=True, insurance_paid="500.00"), time="2026-07-10 12:00")
    assert (answer.outcome, answer.reason) == ("applied", "invoice_stands")
    assert "also against $500.00 of insurance" in answer.says
    assert (requested(world), loan_of(world).status) == (["invoice.issued.v1"], "invoiced")
    assert world.pro.status == "active", "returned, and the invoice is not past due yet"
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "loan.invoiced", "membership.reinstated"}
    world.tick(BEFORE[INVOICE_DUE])
    assert world.pro.status == "active"
    world.tick(INVOICE_DUE)
    assert (world.pro.causes, invoice_promise(world)) == ({"loan": at(INVOICE_DUE)}, "missed")
    assert len(set(world.ids(Notification))) == len(world.notices)
    world.send(loan_paid(INVOICE, "2999.99"), time="2026-08-10 12:00")
    assert (world.pro.status, loan_of(world).status) == ("active", "closed")


def test_gen_6_insurance_that_is_told_later_changes_no_invoice() -> None:
    world = lent()
    world.send(loan_step("returned", damaged=True), time="2026-07-01 12:00")
    again = world.send(loan_step("returned", damaged=True, insurance_paid="100.00"), time="2026-07-02 12:00")
    assert (again.outcome, again.reason) == ("applied", "insurance_told_late")
    assert world.send(loan_step("returned", damaged=True), time="2026-07-02 12:00").outcome == "duplicate"
    assert world.send(loan_step("returned"), time="2026-07-02 12:00").reason == "returned_otherwise"
    assert requested(world) == ["invoice.issued.v1"]


def test_loan_6_a_payment_waits_for_its_invoice() -> None:
    world = lent()
    world.tick("2026-07-04 12:00")
    assert world.send(loan_paid(INVOICE, "2999.99"), time="2026-07-04 12:00").reason == "awaits_loan_invoice"
    world.tick(OVERDUE)
    assert (loan_of(world).status, world.pro.status) == ("closed", "active")


ORDERS = list(permutations(["loan", "payment"]))


@pytest.mark.parametrize("coming", ORDERS)
@pytest.mark.parametrize("going", ORDERS)
def test_gen_3_loan_6_causes_come_and_go_on_their_own(coming: tuple[str, ...], going: tuple[str, ...]) -> None:
    """LOAN-6 and PAY-3 suspend, each until what it is about is settled."""
    world = pro_member(World())
    world.tick("2027-02-01 12:00")
    world.send(loan(needed_on="2027-02-28"), time="2027-01-20 12:00")
    world.send(loan_step("approved"), time="2027-01-21 12:00")
    world.send(loan_step("shipped"), time="2027-02-10 12:00" if coming[0] == "loan" else "2027-02-25 12:00")
    world.tick("2027-03-03 12:00")
    world.send(failed(RENEWAL), time="2027-03-03 12:00")
    assert list(world.pro.causes) == sorted(coming[: 2 if coming[0] == "loan" else 1])
    world.tick("2027-03-15 12:00")
    assert list(world.pro.causes) == ["loan", "payment"]
    facts: dict[str, Fact] = {
        "loan": loan_step("returned"),
        "payment": paid(RENEWAL, paid_at="2027-03-16 12:00"),
    }
    answer = world.send(facts[going[0]], time="2027-03-16 12:00")
    assert (world.pro.status, list(world.pro.causes)) == ("suspended", [going[1]])
    assert f"It stays suspended: {going[1]} (GEN-3)" in answer.says
    assert "membership.reinstated" not in world.told
    world.send(facts[going[1]], time="2027-03-17 12:00")
    assert (world.pro.status, world.told.count("membership.reinstated")) == ("active", 1)
    assert "membership.suspended" not in {kind for kind, _ in world.standing()}


def test_loan_6_suspended_as_long_as_any_loan_is_in_default() -> None:
    world = lent()
    lent("n2", model="SEL14F18GM", shipped="2026-06-22 20:00", world=world)
    world.tick("2026-07-08 12:00")
    assert world.told.count("membership.suspended") == 1
    world.send(loan_step("returned"), time="2026-07-09 12:00")
    assert world.pro.causes == {"loan": at(pacific("2026-07-07 00:00"))}
    answer = world.send(loan_step("returned", "n2"), time="2026-07-10 12:00")
    assert (world.pro.status, answer.clause) == ("active", "LOAN-5")
    assert world.told.count("membership.reinstated") == 1


def test_loan_6_obligations_outlive_the_membership_and_a_new_one_begins_suspended() -> None:
    world = lent(world=pro_member(World(), auto=False), shipped="2027-02-20 20:00")
    world.tick("2027-03-10 12:00")
    assert (world.pro.status, list(world.pro.causes)) == ("lapsed", ["loan"])
    assert "membership.suspended" not in world.told
    world.send(applied_for("a2", "i2"), time="2027-04-01 12:00")
    world.send(reviewed("a2"), time="2027-04-02 12:00")
    answer = world.send(paid("i2", paid_at="2027-04-02 13:00"), time="2027-04-02 13:00")
    assert "PRO is suspended with cause loan" in answer.says
    assert world.pro.causes == {"loan": at(pacific("2027-03-07 00:00"))}
    world.send(loan_step("returned"), time="2027-04-03 12:00")
    assert (world.pro.status, world.told[-1]) == ("active", "membership.reinstated")


def test_loan_6_an_earlier_membership_was_suspended_for_it_as_well() -> None:
    world = lent(world=pro_member(World(), auto=False), shipped="2027-02-10 20:00")
    world.tick("2027-03-10 12:00")
    assert (world.pro.status, world.told.count("membership.suspended")) == ("lapsed", 1)
    world.send(applied_for("a2", "i2"), time="2027-04-01 12:00")
    world.send(reviewed("a2"), time="2027-04-02 12:00")
    world.send(paid("i2", paid_at="2027-04-02 13:00"), time="2027-04-02 13:00")
    assert world.told.count("membership.suspended") == 2
    assert [kind for kind, _ in world.standing() if kind.startswith("membership")] == ["membership.suspended"]


def test_loan_6_settled_while_it_lapsed_a_new_membership_begins_free() -> None:
    world = lent(world=pro_member(World(), auto=False), shipped="2027-02-20 20:00")
    world.tick("2027-03-10 12:00")
    world.send(loan_step("returned"), time="2027-03-11 12:00")
    assert (world.pro.status, world.pro.causes) == ("lapsed", {})
    assert "membership.reinstated" not in world.told
    world.send(applied_for("a2", "i2"), time="2027-04-01 12:00")
    world.send(reviewed("a2"), time="2027-04-02 12:00")
    world.send(paid("i2", paid_at="2027-04-02 13:00"), time="2027-04-02 13:00")
    assert world.pro.status == "active"


def test_loan_6_a_membership_that_is_ending_is_suspended_as_well() -> None:
    world = lent()
    world.send(("pro.cancel_requested", {}), time="2026-06-30 12:00")
    world.tick(OVERDUE)
    assert (world.pro.stage, world.pro.status, world.told[-1]) == ("ending", "suspended", "membership.suspended")
    world.tick("2027-03-03 12:00")
    assert (world.pro.stage, list(world.pro.causes)) == ("ended", ["loan"])
    world.send(loan_step("returned"), time="2027-03-04 12:00")
    assert world.pro.causes == {}
    assert "membership.suspended" not in {kind for kind, _ in world.standing()}


def test_loan_6_pro_8_sony_terminates_one_who_is_suspended() -> None:
    world = overdue()
    assert world.send(("pro.terminated", {"reason": "breach"}), time="2026-07-10 12:00").outcome == "applied"
    assert (world.pro.status, list(world.pro.causes)) == ("terminated", ["loan"])
    world.send(loan_step("returned"), time="2026-07-11 12:00")
    assert (world.pro.status, world.pro.causes, loan_of(world).status) == ("terminated", {}, "closed")


def test_loan_6_a_suspended_membership_is_still_renewed() -> None:
    world = overdue()
    assert view("m-1", world.member())["memberships"]["pro"]["next_charge"] is not None


def test_gen_4_what_was_missed_while_down_is_done_once_with_its_dates() -> None:
    world = lent()
    world.tick("2026-12-01 12:00")
    [invoice] = world.requests
    assert isinstance(invoice, InvoiceIssued)
    assert str(invoice.due_on) == "2026-08-04"
    assert world.pro.causes == {"loan": at(OVERDUE)}
    assert [row["what"] for row in view("m-1", world.member())["loans"][0]["trail"][-2:]] == ["overdue", "past_due"]


def test_loan_6_a_loan_of_no_value_is_overdue_without_an_invoice() -> None:
    world = overdue(retail_value="0.00")
    assert (world.requests, world.pro.status, loan_of(world).status) == ([], "suspended", "overdue")
    world.send(loan_step("returned"), time="2026-07-10 12:00")
    assert world.pro.status == "active"
