"""What the read side shows of a loan: its state, its trail (LOAN-7), and what the member has promised. JSON-ready."""

from collections.abc import Iterator
from typing import Any

from models.calendar import rfc3339
from models.loans.state import Bill, Loan, Row
from models.loans.terms import DUE, INVOICE_DUE
from models.promises import State, promise
from models.reasons import Reasons
from models.values import dollars


def view(loan: Loan) -> dict[str, Any]:
    """One loan."""
    due = loan.due
    return {
        "loan_id": loan.id,
        "kind": loan.kind,
        "model": loan.model,
        "retail_value": dollars(loan.retail_value),
        "status": loan.status,
        "requested_at": rfc3339(loan.requested_at),
        "needed_on": loan.needed_on.isoformat(),
        "for": {loan.service: loan.which} if loan.service else None,
        "reasons": _reasons(loan.reasons),
        "insurance": "not_needed" if not loan.needs_insurance else "proved" if loan.is_insured else "missing",
        "due": due and {"on": due.on and due.on.isoformat(), "is_certain": due.is_certain, "why": due.why},
        "invoice": loan.bill and _invoice(loan, loan.bill),
        "in_default_since": loan.in_default and rfc3339(loan.in_default),
        "trail": [_row(row) for row in loan.trail],
    }


def promises(loan: Loan) -> Iterator[dict[str, Any]]:
    """LOAN-1 to LOAN-4 To bring it back; LOAN-6 to pay its invoice; LOAN-3 to insure it."""
    if loan.status == "approved" and not loan.is_insured:
        yield promise(
            f"proof of insurance for loan {loan.id}",
            of="pro", kind="loan.insurance", ref=loan.id, clause="LOAN-3", state="open", due=None, by="member",
            options=["show proof of all-risk insurance that names Sony: before that nothing is shipped"],
        )  # fmt: skip
    if loan.due and "shipped" in loan.steps:
        yield _return(loan)
    if loan.bill:
        yield _payment(loan, loan.bill)


def _return(loan: Loan) -> dict[str, Any]:
    due, shipped = loan.due, loan.steps["shipped"]
    if due is None:
        raise TypeError("what is shipped has a due day")
    ways = ["send it back with the prepaid label"]
    if "overdue" in loan.steps and loan.owes:
        ways.append("pay its invoice")
    worth = dollars(loan.retail_value)
    return promise(
        f"loan {loan.id} ({loan.model}) returned",
        of="pro", kind=DUE, ref=loan.id, clause=due.clause, state=_state(loan), due=due.at, by="member",
        started_at=shipped.at, started_by=shipped.cause, counts=due.why, options=ways if loan.is_out else (),
        remedy=f"an invoice of the retail value, ${worth} (LOAN-5); PRO is suspended until it is back, or that is paid (LOAN-6)",
    )  # fmt: skip


def _state(loan: Loan) -> State:
    due, back = loan.due, loan.returned
    if "overdue" in loan.steps:
        return "missed"
    if back:
        return "missed" if due and due.is_missed(back.at) else "kept"
    return "open" if due and due.on else "stopped"


def _payment(loan: Loan, bill: Bill) -> dict[str, Any]:
    state: State = "void" if bill.cancelled else "missed" if "past_due" in loan.steps else "open"
    cause = loan.steps.get("overdue") or loan.returned
    return promise(
        f"invoice {bill.id} of loan {loan.id} paid: ${dollars(bill.amount)}",
        of="pro", kind=INVOICE_DUE, ref=loan.id, clause="LOAN-6", by="member", due=bill.due_at,
        state="kept" if loan.is_paid and state == "open" else state,
        started_at=cause.at if cause else None, started_by=cause.cause if cause else None,
        counts=f"{(bill.due_on - bill.issued_on).days} days after {bill.issued_on}",
        options=["pay what is left of it"] if loan.owes else (),
        remedy="PRO is suspended until it is paid (LOAN-6)",
    )  # fmt: skip


def _invoice(loan: Loan, bill: Bill) -> dict[str, Any]:
    return {
        "invoice_id": bill.id,
        "amount": dollars(bill.amount),
        "working": bill.working,
        "issued_on": bill.issued_on.isoformat(),
        "due_on": bill.due_on.isoformat(),
        "paid": dollars(loan.paid),
        "status": "cancelled" if bill.cancelled else "paid" if loan.is_paid else "open",
    }


def _reasons(reasons: Reasons) -> list[dict[str, str]]:
    return [{"code": code, "says": words} for code, words in reasons]


def _row(row: Row) -> dict[str, Any]:
    return {
        "at": rfc3339(row.at),
        "what": row.what,
        "by": {"source": row.source, "id": row.event_id},
        "due_on": row.due_on and row.due_on.isoformat(),
        "why_moved": row.why,
    }
