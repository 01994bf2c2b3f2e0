"""The member's document against the account: each promise with its working, prices, loans, visits (REP-10, LOAN-7)."""

from datetime import datetime
from typing import Final

from tests.simulation.dates import cents
from tests.simulation.partition import Json
from tests.simulation.service.account import Service
from tests.simulation.service.closures import CLOSURES
from tests.simulation.service.loans import Loan
from tests.simulation.service.repairs import Promise, Repair

RUNNING: Final = ("open", "stopped")
_WEEKEND: Final = ("Saturday", "Sunday")


def check(service: Service, document: Json) -> None:
    """The document as it was after the last message or tick."""
    promises = {(one.get("kind"), one.get("ref")): one for one in document["promises"]}
    assert len(promises) == len(document["promises"]), "a promise is shown twice"
    shown = {one["repair_id"]: one for one in document["repairs"]}
    for repair in service.repairs.values():
        _repair(service, repair, shown.get(repair.id), promises)
    _cleanings(service, document["cleanings"])
    lent = {one["loan_id"]: one for one in document["loans"]}
    for loan in service.loans.values():
        _loan(service, loan, lent.get(loan.id), promises)


def _repair(service: Service, repair: Repair, shown: Json | None, promises: dict[tuple[str, str], Json]) -> None:
    turnaround = None if repair.refused else service.turnaround(repair)
    if shown is None:  # put away: nothing of it runs
        assert not (turnaround and turnaround.state in RUNNING), f"REP-10: {repair.id} is not shown"
        assert repair.refused or not repair.answer_by, f"REP-6: {repair.id} is not shown"
        return
    diagnosis = None if repair.refused else service.diagnosis(repair)
    assert (shown["status"] == "refused") == bool(repair.refused), (
        f"{repair.id}: should be refused for {repair.refused}"
    )
    _clock(repair.id, promises.get(("repair.turnaround", repair.id)), turnaround)
    _clock(repair.id, promises.get(("repair.diagnosis", repair.id)), diagnosis)
    if not repair.refused:
        price = shown["estimate"] and cents(shown["estimate"]["to_pay"])
        assert price == repair.price, f"REP-5: {repair.id} should cost {repair.price} cents"
        assert shown["in_warranty"] == repair.in_warranty, f"REP-3: {repair.id}"


def _clock(which: str, shown: Json | None, expected: Promise | None) -> None:
    """REP-10 State, deadline, and each day counted or skipped for a reason that is true."""
    assert (shown is None) == (expected is None), f"{which}: shown {shown}, should be {expected}"
    if shown is None or expected is None:
        return
    what = f"{shown['kind']} of {which}"
    assert shown["state"] == expected.state, f"{what} should be {expected.state}, is {shown['state']}"
    assert instant_of(shown["started_at"]) == expected.start, f"{what} should run since {expected.start}"
    assert instant_of(shown["due"]) == expected.due, f"{what} should be due at {expected.due}, is {shown['due']}"
    days = [(day["day"], day["skipped"]) for day in shown["days"]]
    assert [day for day, _ in days] == [str(day) for day, _ in expected.clock.days], f"{what}: {days}"
    for (day, word), (_, reasons) in zip(days, expected.clock.days, strict=True):
        assert (word is None) == (not reasons), f"REP-10: {what}, {day}: {word}, should be {set(reasons)}"
        assert word is None or _class_of(word) in reasons, f"REP-10: {what}, {day}: {word}, should be {set(reasons)}"


def _class_of(word: str) -> str:
    """What a skipped day is skipped for."""
    if word in _WEEKEND:
        return "weekend"
    if word in {closure.name for closure in CLOSURES.values()}:
        return word
    if "force majeure" in word:
        return "majeure"
    return "parts" if "parts" in word else "holiday"


def instant_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _loan(service: Service, loan: Loan, shown: Json | None, promises: dict[tuple[str, str], Json]) -> None:
    if shown is None:
        assert not loan.out or loan.bought, f"LOAN-7: {loan.id} is out and not shown"
        return
    if not loan.shipped:
        reasons = loan.reasons(service.product_back(loan))
        assert {one["code"] for one in shown["reasons"]} == reasons, f"{loan.id}: should be refused for {reasons}"
        return
    promise = promises[("loan.due", loan.id)]
    due = service.due(loan)
    if not loan.overdue and loan.out:
        assert instant_of(promise["due"]) == due, f"{loan.id}: due at {due}, shown {promise['due']}"
    missed = loan.overdue is not None or loan.came_back_late(service.product_back(loan))
    assert (promise["state"] == "missed") == missed, f"{loan.id}: {promise}"
    invoice, told = loan.invoice, shown["invoice"]
    assert (invoice is None) == (told is None), f"LOAN-5: {loan.id} should have {invoice}"
    if invoice and told:
        assert cents(told["amount"]) == invoice.amount, f"LOAN-5: {loan.id} should have {invoice}"
        state = "cancelled" if invoice.cancelled else "paid" if invoice.paid_at else "open"
        assert told["status"] == state, f"LOAN-6: {invoice.id} should be {state}"


def _cleanings(service: Service, shown: Json | None) -> None:
    """CLN-2"""
    own, visits = service.known.own["pro"], service.cleanings
    assert (shown is None) == (not own.years)
    if shown is None:
        return
    fee = next(year.fee for year in own.years if str(year.first) == shown["term"]["from"])
    booked, done = len(visits.of(fee, "booked")), len(visits.of(fee, "done"))
    assert shown["left"] == visits.left(fee), f"CLN-2: {visits.left(fee)} should be left"
    assert (shown["booked"], shown["done"]) == (booked, done), f"CLN-2: {booked} should be booked, {done} done"
    for one in shown["visits"]:
        visit = visits.visits[one["cleaning_id"]]
        assert one["status"] == visit.status, f"{visit.id} should be {visit.status}"
        assert set(one["reasons"]) == visit.refused, f"{visit.id} should be refused for {visit.refused}"
        if not visit.refused:
            assert one["visit_charged"] == (not visit.free), (
                f"CLN-1: {visit.id} should be {'free' if visit.free else 'charged'}"
            )
            assert one["products_charged"] == visit.charged_products, "CLN-1"
