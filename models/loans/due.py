"""When a loan is to be back and why then, as one function of its facts (LOAN-1, LOAN-2, LOAN-4), and its trail (LOAN-7)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from models.loans.state import Due, Loan, Row, Step, StepName
from models.loans.terms import TRAIL
from models.policies import Policies
from models.values import dollars


def due_of(loan: Loan, steps: Mapping[StepName, Step], policies: Policies) -> Due | None:
    """The due day, by the end of which it is to be back, from these steps of it. None: it is not shipped yet.

    What was shipped although it was refused waits for no product.
    """
    shipped, recalled = steps.get("shipped"), steps.get("recalled")
    if shipped is None:
        return None
    waits = loan.kind == "repair" and not loan.why_not
    due = _by_product(shipped, steps, policies) if waits else _by_length(shipped, policies)
    if recalled:
        calendar, days = policies.calendar, policies.loan_recall_days
        called_on = calendar.day_of(max(recalled, shipped, key=lambda step: step.at).at)
        on = called_on + timedelta(days=days)
        if due.on is None or on < due.on or (on == due.on and not due.is_certain):
            due = Due(on, None, "LOAN-4", f"{days} days after it was called back on {called_on}", True)
    due.at = policies.calendar.end_of(due.on) if due.on else None
    return due


def _by_length(shipped: Step, policies: Policies) -> Due:
    """LOAN-1 So many days after the day of shipment."""
    shipped_on = policies.calendar.day_of(shipped.at)
    on = shipped_on + timedelta(days=policies.loan_days)
    return Due(on, None, "LOAN-1", f"{policies.loan_days} days after its shipment on {shipped_on}", True)


def _by_product(shipped: Step, steps: Mapping[StepName, Step], policies: Policies) -> Due:
    """LOAN-2 The same, or when the member's product is back if that is later."""
    due, back = _by_length(shipped, policies), steps.get("back")
    due.clause = "LOAN-2"
    if back is None:
        due.is_certain = False
        if "waits" in steps:
            due.on, due.why = None, f"{due.why}, on {due.on}, the member's product was still away: when it is back"
        return due
    back_on = policies.calendar.day_of(back.at)
    if due.on and back_on > due.on:
        due.on, due.why = back_on, f"the day on which the member's product is back, later than {due.why}"
    return due


def trail(loan: Loan, policies: Policies) -> list[Row]:
    """LOAN-7 All that happened, by its own time, with the due day that it led to; the latest rows.

    It is read off the facts anew each time, so it comes out the same in whatever order they were told (GEN-2).
    """
    rows: list[Row] = []
    known: dict[StepName, Step] = {}
    before: Due | None = None
    for what, step in sorted(_facts(loan), key=lambda fact: (fact[1].order, fact[0])):
        if what in loan.steps:
            known[what] = step
        due = due_of(loan, known, policies)
        has_moved = due is not None and (before is None or due.on != before.on)
        on, why = (due.on, due.why if has_moved else None) if due else (None, None)
        rows.append(Row(step.at, what, step.source, step.event_id, on, why))
        before = due
    return rows[-TRAIL:]


def _facts(loan: Loan) -> Iterator[tuple[str, Step]]:
    yield "requested", Step(loan.requested_at, loan.source, loan.event_id)
    if loan.answer:
        yield "declined" if loan.answer.reasons else "approved", loan.answer
    yield from loan.steps.items()
    if loan.returned:
        yield "returned damaged" if loan.returned.damaged else "returned", loan.returned
    for payment in loan.payments:
        yield f"${dollars(payment.amount)} paid", payment
