"""Which notices of a loan stand, as a function of its state; and bringing what was told in line with that (NTF-1, NTF-3).

Notices are named after the loan and what they tell of it, not after the message that completed that: in whatever order
its facts are told, the same ones stand in the end (GEN-2).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from models.calendar import rfc3339
from models.case import Case
from models.loans.state import Bill, Loan
from models.outputs.base import Cause, Fact
from models.outputs.notifications import Kind
from models.reasons import facts
from models.values import dollars, joined


class Wanted(NamedTuple):
    """A notice that is to stand."""

    kind: Kind
    about: str
    clause: str
    facts: dict[str, Fact]
    not_after: datetime | None = None


def tell(case: Case, loan: Loan) -> None:
    """Tell what is to stand and was not told; it replaces what does not stand any more, which else is withdrawn."""
    named_after = Cause(source="/memberships/loans", id=loan.id)
    wanted = {case.notice_id(named_after, one.kind, one.about): one for one in _wanted(loan)}
    gone = [notice_id for notice_id in loan.told if notice_id not in wanted]
    for notice_id, one in wanted.items():
        if notice_id not in loan.told:
            told = {"loan_id": loan.id, "model": loan.model} | one.facts
            kind, about, clause, until = one.kind, one.about, one.clause, one.not_after
            case.notify(
                "pro", kind, about, clause, told, not_after=until, replaces=gone, named_after=named_after
            )  # fmt: skip
            gone = []
    for notice_id in gone:
        case.retract("pro", notice_id, f"loan {loan.id} is {loan.status} now", "NTF-3")
    loan.told = list(wanted)


def about_due(loan: Loan) -> str:
    """What tells of the due day is named after all that sets it: it is told anew when one of them changes."""
    known = [loan.steps.get(name) for name in ("shipped", "recalled", "back")]
    return joined(loan.id, *[rfc3339(step.at) if step else "" for step in known])


def clause_of(loan: Loan) -> str:
    """By which it is lent."""
    return "LOAN-1" if loan.kind == "evaluation" else "LOAN-2"


def _wanted(loan: Loan) -> Iterator[Wanted]:
    status = loan.status
    if status == "refused":
        codes = [code for code, _ in loan.reasons]
        said = rfc3339(loan.answer.at) if loan.answer and not loan.why_not else ""
        yield Wanted("loan.refused", joined(loan.id, said, *codes), clause_of(loan), facts(loan.reasons))
    elif status == "approved" and loan.answer:
        yield _approved(loan, loan.answer.at)
    elif status == "shipped" and loan.due:
        yield from _shipped(loan)
    elif status == "overdue" and loan.due:
        late: dict[str, Fact] = {"due_on": str(loan.due.on), "why": loan.due.why}
        yield Wanted("loan.overdue", loan.id, "LOAN-5", late)
    elif status == "closed":
        yield _closed(loan)
    if loan.bill and loan.owes:
        yield _invoiced(loan.bill)


def _approved(loan: Loan, at: datetime) -> Wanted:
    """LOAN-3 Says whether proof of insurance is still needed."""
    told: dict[str, Fact] = {"needed_on": str(loan.needed_on), "insurance_needed": not loan.is_insured}
    about = joined(loan.id, rfc3339(at), "insured" if loan.is_insured else "")
    return Wanted("loan.approved", about, "LOAN-1" if loan.is_insured else "LOAN-3", told)


def _shipped(loan: Loan) -> Iterator[Wanted]:
    due, about = loan.due, about_due(loan)
    if due is None:
        raise TypeError("what is shipped has a due day")
    told: dict[str, Fact] = {"due_on": str(due.on) if due.on else None, "why": due.why, "is_certain": due.is_certain}
    yield Wanted("loan.shipped", about, due.clause, told)
    if loan.warned == about and due.on:
        yield Wanted("loan.due_soon", about, "LOAN-5", {"due_on": str(due.on), "why": due.why}, due.at)


def _invoiced(bill: Bill) -> Wanted:
    amount, due_on = dollars(bill.amount), str(bill.due_on)
    told: dict[str, Fact] = {"invoice_id": bill.id, "amount": amount, "working": bill.working, "due_on": due_on}
    return Wanted("loan.invoiced", bill.id, "LOAN-5", told)


def _closed(loan: Loan) -> Wanted:
    """Told anew when money comes or it is returned after that."""
    back, bill = loan.returned, loan.bill
    told: dict[str, Fact] = {
        "returned_at": rfc3339(back.at) if back else None,
        "damaged": back.damaged if back else None,
        "paid": dollars(loan.paid),
        "invoice_cancelled": bill.id if bill and bill.cancelled else None,
    }
    about = joined(loan.id, rfc3339(back.at) if back else "", str(loan.paid))
    return Wanted("loan.closed", about, "LOAN-6" if bill else "LOAN-5", told)
