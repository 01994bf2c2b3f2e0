"""The account of repairs and loans, against cases worked out by hand."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit.service import clocks, price
from audit.service.days import Pause
from audit.service.loan import Invoice, Loan
from audit.service.promises import Promise
from audit.service.repair import Repair
from models.policies import STANDARD

ZONE = ZoneInfo(STANDARD.zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def repair(*facts: tuple[str, str, dict[str, Any]], preapproved: int = 0) -> Repair:
    """(step, when, data) of Monday 2 March 2026 and the days after it."""
    one = Repair("r", utc("2026-03-01 18:00"), "s", "ILCE-1", "sh", 1, preapproved, next_day=False)
    for number, (step, when, data) in enumerate(facts):
        told = SimpleNamespace(type=f"repair.{step}.v1", time=utc(when), source="/t", id=str(number))
        told.data = SimpleNamespace(**data)
        one.note(told)
    return one


def turnaround(one: Repair, *, crowded: bool = False) -> Promise | None:
    return clocks.turnaround(one, STANDARD, ZONE, [], crowded=crowded)


PROVED = ("warranty_validated", "2026-03-02 18:00", {"proof": True})
DENIED = ("warranty_validated", "2026-03-03 18:00", {"proof": False})
PROVED_AGAIN = ("warranty_validated", "2026-03-04 18:00", {"proof": True})


def estimate(cents: int, number: int = 1, when: str = "2026-03-02 19:00") -> tuple[str, str, dict[str, Any]]:
    return "estimate_issued", when, {"estimate_id": f"e{number}", "standard_fee": cents}


def answer(when: str, *, yes: bool = True, number: int = 1) -> tuple[str, str, dict[str, Any]]:
    return "estimate_answered", when, {"estimate_id": f"e{number}", "approved": yes}


def payment(when: str, cents: int) -> tuple[str, str, dict[str, Any]]:
    return "payment_accepted", when, {"amount": cents}


def start_of(one: Repair) -> str | None:
    start = clocks.started(one, STANDARD, ZONE)
    return start and f"{start:%d %H:%M}"


def test_in_warranty_the_clock_starts_with_the_first_proof_after_the_last_denial() -> None:
    assert start_of(repair(PROVED)) == "02 18:00"
    assert start_of(repair(PROVED_AGAIN, DENIED, PROVED)) == "04 18:00"
    assert start_of(repair(PROVED, DENIED)) is None


@pytest.mark.parametrize(("fee", "to_pay"), [(100_00, 80_00), (89_99, 71_99), (120_01, 96_01), (33_33, 26_66), (2, 2)])
def test_out_of_warranty_a_fifth_is_off(fee: int, to_pay: int) -> None:
    assert price.price(repair(estimate(fee)), STANDARD) == to_pay
    assert price.price(repair(estimate(fee), PROVED), STANDARD) == fee


def test_out_of_warranty_payment_and_approval_start_it() -> None:
    paid = payment("2026-03-05 18:00", 80_00)
    assert start_of(repair(estimate(100_00), paid)) == "05 18:00", "who pays has approved"
    assert start_of(repair(estimate(100_00), payment("2026-03-05 18:00", 79_99))) is None
    assert start_of(repair(estimate(100_00), paid, answer("2026-03-04 18:00"))) == "05 18:00"
    assert start_of(repair(estimate(100_00), paid, answer("2026-03-06 18:00"))) == "06 18:00"
    assert start_of(repair(estimate(100_00), paid, preapproved=80_00)) == "05 18:00"
    assert start_of(repair(estimate(100_00), payment("2026-03-05 18:00", 79_99), preapproved=80_00)) is None


def test_a_second_estimate_needs_an_approval_only_if_it_is_more() -> None:
    facts = [estimate(100_00), answer("2026-03-04 18:00"), payment("2026-03-05 18:00", 80_00)]
    assert start_of(repair(*facts, estimate(90_00, 2, "2026-03-03 18:00"))) == "05 18:00"
    assert start_of(repair(*facts, estimate(120_00, 2, "2026-03-03 18:00"))) is None


@pytest.mark.parametrize(("when", "approves"), [("2026-04-02 06:59", True), ("2026-04-02 07:00", False)])
def test_an_answer_counts_up_to_the_end_of_the_30th_day(when: str, approves: bool) -> None:
    """Received on 2 March, Pacific; 1 April is over there at 07:00 UTC on the 2nd."""
    received = ("received", "2026-03-02 18:00", dict[str, Any]())
    offer = price.offer(repair(received, estimate(100_00), answer(when)), STANDARD, ZONE)
    assert offer
    assert bool(offer.approved_at) == approves


@pytest.mark.parametrize(("handed", "state"), [("2026-03-06 07:59", "kept"), ("2026-03-06 08:00", "open")])
def test_handed_over_by_the_end_of_the_third_business_day(handed: str, state: str) -> None:
    promise = turnaround(repair(PROVED, ("handed_to_carrier", handed, {"repaired": True})))
    assert promise
    assert (promise.state, promise.due) == (state, utc("2026-03-06 08:00"))


def test_states_of_a_turnaround() -> None:
    missing = ("parts_unavailable", "2026-03-04 18:00", dict[str, Any]())
    stopped, extended = turnaround(repair(PROVED, missing)), turnaround(repair(PROVED), crowded=True)
    unrepaired = turnaround(repair(PROVED, ("handed_to_carrier", "2026-03-03 18:00", {"repaired": False})))
    assert stopped
    assert (stopped.state, stopped.due) == ("stopped", None)
    assert extended
    assert (extended.state, extended.due) == ("extended", None)
    assert unrepaired
    assert unrepaired.state == "open"


def test_force_majeure_stops_the_clock_of_the_diagnosis() -> None:
    one = repair(("received", "2026-03-02 18:00", dict[str, Any]()))
    strike = Pause(utc("2026-03-03 18:00"), utc("2026-03-04 18:00"), "majeure")
    promise = clocks.diagnosis(one, STANDARD, ZONE, [strike])
    assert promise
    assert promise.due == utc("2026-03-07 08:00")


def loan(kind: str = "evaluation", back: str | None = None) -> Loan:
    one = Loan("l", utc("2026-03-01 18:00"), kind, "SEL14F18GM", 1000_00)
    one.steps["shipped"] = utc("2026-03-02 18:00"), "/t", "s"
    one.product_back = utc(back) if back else None
    return one


def due_on(one: Loan) -> date | None:
    due = one.due(STANDARD, ZONE)
    assert due
    return due.on


def test_a_loan_is_due_on_its_14th_day_or_when_the_product_is_back() -> None:
    assert due_on(loan()) == date(2026, 3, 16)
    assert due_on(loan("repair")) == date(2026, 3, 16)
    waiting = loan("repair")
    waiting.waits = True
    assert due_on(waiting) is None, "the product is away after 14 days"
    assert due_on(loan("repair", "2026-03-05 18:00")) == date(2026, 3, 16)
    assert due_on(loan("repair", "2026-03-20 18:00")) == date(2026, 3, 20)


def test_a_loan_that_is_called_back_is_due_a_week_later_if_that_is_earlier() -> None:
    one = loan()
    one.steps["recalled"] = utc("2026-03-04 18:00"), "/t", "c"
    assert due_on(one) == date(2026, 3, 11)
    one.steps["recalled"] = utc("2026-03-14 18:00"), "/t", "c"
    assert due_on(one) == date(2026, 3, 16)


def test_a_default_lasts_until_return_or_payment_and_begins_again_when_the_invoice_is_late() -> None:
    one = loan()
    one.overdue = utc("2026-03-17 07:00")
    one.invoice = Invoice("i", 1000_00, date(2026, 4, 16))
    assert one.default_since == one.overdue
    one.returned = ((utc("2026-03-21 18:00"), "/t", "r"), True, 0)
    assert one.default_since is None
    one.past_due = one.late_from(ZONE)
    assert one.default_since == utc("2026-04-17 07:00")
    one.payments = [(utc("2026-04-20 18:00"), 999_99)]
    assert one.default_since == utc("2026-04-17 07:00"), "a cent is left"
    one.payments.append((utc("2026-04-21 18:00"), 1))
    assert one.default_since is None
