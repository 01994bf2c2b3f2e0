"""What the account says of each thing, as plain values: what the member's state, and the read side, should say too."""

from collections.abc import Container
from datetime import date
from typing import Any, Final

from audit.service import repairs
from audit.service.facts import Facts
from audit.service.loan import Loan
from audit.service.promises import Promise
from audit.service.repair import STEPS, Repair
from audit.service.visit import VISITS, Visit

Parts = dict[str, Any]
ANSWER_PROMISED: Final = {
    "awaiting": "open", "approved": "kept", "declined": "kept", "not_answered": "missed", "moot": "void",
}  # fmt: skip
"""REP-6 What the state of an estimate makes of the promise to answer it."""


def repair_of(facts: Facts, repair: Repair, *, at_hand: bool) -> Parts:
    """REP. at_hand: also what force majeure can still change (PRO-11)."""
    steps = {step: repair.steps[step][0] for step in STEPS if step in repair.steps}
    if repair.refused:
        return {"status": "refused", "refused for": repair.refused[0], "steps": steps}
    found = repairs.offer(facts, repair)
    return {
        "status": _status(facts, repair),
        "refused for": None,
        "steps": steps,
        "in warranty": repair.in_warranty,
        "estimate": found and (found.estimate, found.price, found.asks, found.answer_by, found.state),
        "too many pieces": repairs.crowded(facts, repair),
        "turnaround": clock(repairs.turnaround(facts, repair), at_hand=at_hand),
        "diagnosis": clock(repairs.diagnosis(facts, repair), at_hand=at_hand),
        "saved by a loaner": repair.by_loaner,
        "last day begun for": repair.risk,
    }


def clock(found: Promise | None, *, at_hand: bool) -> Parts | None:
    """REP-10 With its working; of one that is over and away only how it ended."""
    if found is None:
        return None
    if not at_hand and found.state not in ("open", "stopped", "missed"):
        return {"state": found.state, "since": found.start}
    days: list[tuple[date, bool]] = [(day, not reasons) for day, reasons in found.days]
    return {"state": found.state, "since": found.start, "due": found.due, "days": days}


def _status(facts: Facts, repair: Repair) -> str:
    """REP-1 The furthest that is known."""
    done = [step for step in STEPS if step in repair.steps]
    found = repairs.offer(facts, repair)
    state = found.state if found else ""
    if done and done[-1] in STEPS[2:]:
        return done[-1]
    if state in ("declined", "not_answered"):
        return "returning_unrepaired"
    if state == "awaiting":
        return "awaiting_approval"
    if repairs.turnaround(facts, repair):
        return "in_repair"
    if state == "approved" and not repair.in_warranty:
        return "awaiting_payment"
    return "diagnosed" if repair.words or found else done[-1] if done else "requested"


def loan_of(facts: Facts, loan: Loan) -> Parts:
    """LOAN."""
    due, bill = loan.due(facts.policies, facts.zone), loan.invoice
    return {
        "status": loan.status,
        "refused for": loan.reasons,
        "due": due and (due.on, due.certain),
        "overdue": loan.overdue,
        "returned": loan.returned and (loan.returned[0][0], loan.returned[1]),
        "invoice": bill and (bill.id, bill.amount, bill.due_on, "cancelled" if bill.cancelled else "stands"),
        "invoice late": loan.past_due,
        "paid": sum(amount for _, amount in loan.payments),
        "in default": loan.default_since,
    }


def visit_of(visit: Visit) -> Parts:
    """CLN."""
    is_one = not visit.refused
    return {
        "status": visit.status,
        "refused for": visit.refused,
        "year": visit.fee if is_one else None,
        "charged": not visit.free if is_one else None,
        "charged products": visit.charged_products if is_one else None,
        "done": visit.done,
        "cancelled": visit.cancelled,
    }


def year_of(facts: Facts, invoice: str) -> Parts:
    """CLN-2 A membership year."""
    statuses = [visit.status for visit in facts.visits.values() if visit.fee == invoice]
    left = VISITS - len(facts.places.get(invoice, ()))
    return {"free visits left": left, "booked": statuses.count("booked"), "done": statuses.count("done")}


def majeure_of(facts: Facts) -> Parts:
    """PRO-11."""
    return {"words heard": facts.heard, "decided for": facts.decided}


def promises_of(facts: Facts, some: Container[str]) -> dict[tuple[str, str], Parts]:
    """REP-10, LOAN-7 What is owed, by kind and thing; of these repairs and loans."""
    found: dict[tuple[str, str], Parts] = {}
    for repair in facts.repairs.values():
        if repair.id in some and not repair.refused:
            offer = repairs.offer(facts, repair)
            if offer and offer.asks:
                found["repair.estimate", repair.id] = {"state": ANSWER_PROMISED[offer.state], "due": offer.answer_by}
            for kind, one in (("turnaround", repairs.turnaround), ("diagnosis", repairs.diagnosis)):
                if promise := one(facts, repair):
                    found[f"repair.{kind}", repair.id] = {"state": promise.state, "due": promise.due}
    for loan in facts.loans.values():
        if loan.id in some:
            found |= {(kind, loan.id): parts for kind, parts in _of_loan(facts, loan).items()}
    return found


def _of_loan(facts: Facts, loan: Loan) -> dict[str, Parts]:
    due, bill, found = loan.due(facts.policies, facts.zone), loan.invoice, dict[str, Parts]()
    if (
        loan.status == "approved"
        and loan.value >= facts.policies.loan_insured_from
        and "insurance_proved" not in loan.steps
    ):
        found["loan.insurance"] = {"state": "open", "due": None}
    if due:
        late = loan.returned and due.certain and due.at and loan.returned[0][0] >= due.at
        state = "open" if due.on else "stopped"
        state = ("missed" if late else "kept") if loan.returned else state
        found["loan.due"] = {"state": "missed" if loan.overdue else state, "due": due.at}
    if bill:
        state = "missed" if loan.past_due else "kept" if loan.paid else "open"
        found["loan.invoice_due"] = {"state": "void" if bill.cancelled else state, "due": loan.late_from(facts.zone)}
    return found
