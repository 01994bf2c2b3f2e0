"""The member's document against the account: each promise with its working, prices, loans, visits (REP-10, LOAN-7)."""

from datetime import datetime
from typing import Final

from audit.service import repairs
from audit.service.facts import Facts
from audit.service.loan import Loan
from audit.service.promises import Promise
from audit.service.repair import Repair
from audit.service.shown import promises_of, year_of
from tests.simulation.dates import cents
from tests.simulation.known import Known
from tests.simulation.partition import Json
from tests.simulation.service.closures import CLOSURES

RUNNING: Final = ("open", "stopped")
_WEEKEND: Final = ("Saturday", "Sunday")


def check(known: Known, facts: Facts, document: Json) -> None:
    """The document as it was after the last message or tick."""
    promises = {(one.get("kind"), one.get("ref")): one for one in document["promises"]}
    assert len(promises) == len(document["promises"]), "a promise is shown twice"
    shown = {one["repair_id"]: one for one in document["repairs"]}
    lent = {one["loan_id"]: one for one in document["loans"]}
    expected = promises_of(facts, shown.keys() | lent.keys())
    found = {
        name: {"state": one["state"], "due": instant_of(one["due"])}
        for name, one in promises.items()
        if name[0].startswith(("repair.", "loan."))
    }
    assert found == expected, "REP-10, LOAN-7: another is promised"
    for repair in facts.repairs.values():
        _repair(facts, repair, shown.get(repair.id), promises)
    _cleanings(known, facts, document["cleanings"])
    for loan in facts.loans.values():
        _loan(loan, lent.get(loan.id))


def _repair(facts: Facts, repair: Repair, shown: Json | None, promises: dict[tuple[str, str], Json]) -> None:
    turnaround = None if repair.refused else repairs.turnaround(facts, repair)
    offer = None if repair.refused else repairs.offer(facts, repair)
    if shown is None:  # put away: nothing of it runs
        assert not (turnaround and turnaround.state in RUNNING), f"REP-10: {repair.id} is not shown"
        assert not (offer and offer.state == "awaiting"), f"REP-6: {repair.id} is not shown"
        return
    diagnosis = None if repair.refused else repairs.diagnosis(facts, repair)
    assert (shown["status"] == "refused") == bool(repair.refused), (
        f"{repair.id}: should be refused for {repair.refused}"
    )
    _clock(repair.id, promises.get(("repair.turnaround", repair.id)), turnaround)
    _clock(repair.id, promises.get(("repair.diagnosis", repair.id)), diagnosis)
    if not repair.refused:
        price = shown["estimate"] and cents(shown["estimate"]["to_pay"])
        assert price == (offer and offer.price), f"REP-5: {repair.id} should cost {offer} cents"
        assert shown["in_warranty"] == repair.in_warranty, f"REP-3: {repair.id}"


def _clock(which: str, shown: Json | None, expected: Promise | None) -> None:
    """REP-10 Start, and each day counted or skipped for a reason that is true."""
    assert (shown is None) == (expected is None), f"{which}: shown {shown}, should be {expected}"
    if shown is None or expected is None:
        return
    what = f"{shown['kind']} of {which}"
    assert instant_of(shown["started_at"]) == expected.start, f"{what} should run since {expected.start}"
    days = [(day["day"], day["skipped"]) for day in shown["days"]]
    assert [day for day, _ in days] == [str(day) for day, _ in expected.days], f"{what}: {days}"
    for (day, word), (_, reasons) in zip(days, expected.days, strict=True):
        assert (word is None) == (not reasons), f"REP-10: {what}, {day}: {word}, should be {set(reasons)}"
        assert word is None or _class_of(word) in reasons, f"REP-10: {what}, {day}: {word}, should be {set(reasons)}"


def _class_of(word: str) -> str:
    """What a skipped day is skipped for."""
    if word in _WEEKEND:
        return "weekend"
    if word in {name for name, _ in CLOSURES.values()}:
        return word
    if "force majeure" in word:
        return "majeure"
    return "parts" if "parts" in word else "holiday"


def instant_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _loan(loan: Loan, shown: Json | None) -> None:
    if shown is None:
        assert not loan.out, f"LOAN-7: {loan.id} is out and not shown"
        return
    assert shown["status"] == loan.status, f"{loan.id} should be {loan.status}"
    if not loan.shipped:
        assert [one["code"] for one in shown["reasons"]] == loan.reasons, f"{loan.id}: refused for {loan.reasons}"
    invoice, told = loan.invoice, shown["invoice"]
    assert (invoice is None) == (told is None), f"LOAN-5: {loan.id} should have {invoice}"
    if invoice and told:
        assert cents(told["amount"]) == invoice.amount, f"LOAN-5: {loan.id} should have {invoice}"
        state = "cancelled" if invoice.cancelled else "paid" if loan.paid else "open"
        assert told["status"] == state, f"LOAN-6: {invoice.id} should be {state}"


def _cleanings(known: Known, facts: Facts, shown: Json | None) -> None:
    """CLN-2"""
    own = known.own["pro"]
    assert (shown is None) == (not own.years)
    if shown is None:
        return
    fee = next(year.fee for year in own.years if str(year.first) == shown["term"]["from"])
    year = {"free visits left": shown["left"], "booked": shown["booked"], "done": shown["done"]}
    assert year == year_of(facts, fee), f"CLN-2: should be {year_of(facts, fee)}"
    for one in shown["visits"]:
        visit = facts.visits[one["cleaning_id"]]
        assert one["status"] == visit.status, f"{visit.id} should be {visit.status}"
        assert one["reasons"] == visit.refused, f"{visit.id} should be refused for {visit.refused}"
        if not visit.refused:
            assert one["visit_charged"] == (not visit.free), (
                f"CLN-1: {visit.id} should be {'free' if visit.free else 'charged'}"
            )
            assert one["products_charged"] == visit.charged_products, "CLN-1"
