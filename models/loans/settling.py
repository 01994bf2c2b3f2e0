"""What follows from the facts of a loan: due day, invoice, deadlines, notices, and whether PRO is suspended, all brought in line."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from models import shelf
from models.case import Case
from models.due import DeadlineRule
from models.follow import LoansInDefault, ProductBack
from models.loans import billing, default, due, products, why_not
from models.loans.flags import wrong
from models.loans.state import Loan, Step, StepName
from models.loans.telling import about_due, tell
from models.loans.terms import DUE, INVOICE_DUE, SOON


def find(case: Case, loan_id: str) -> Loan | None:
    """The loan, wherever it is kept."""
    return shelf.find(case, Loan, case.member.loans, loan_id)


def settle(case: Case, loan: Loan) -> str:
    """Bring everything in line with the facts. Returns the words for what came of it, as sentences behind a space."""
    products.note_back(case, loan)
    why_not.use_up(case, loan)
    loan.due = due.due_of(loan, loan.steps, case.policies)
    says = billing.settle(case, loan)
    _set_deadlines(case, loan)
    tell(case, loan)
    says += _flag(case, loan)
    loan.trail = due.trail(loan, case.policies)
    shelf.keep(case, case.member.loans, loan)
    return says + _say_default(case, loan)


def step_of(case: Case) -> Step:
    """The case's cause as a fact."""
    return Step(case.at, case.cause.source, case.cause.id)


def product_back(case: Case, what: ProductBack) -> str:
    """LOAN-2 What was lent for the time of a repair or a cleaning has its due day now."""
    lent = [one for one in case.member.loans.values() if (one.service, one.which) == (what.what, what.which)]
    says = []
    for loan in sorted(lent, key=lambda loan: loan.id):
        products.note_back(case, loan, what.at)
        settled = settle(case, loan)
        if loan.is_out and loan.due:
            says.append(f"Loan {loan.id} is due by the end of {loan.due.on}, {loan.due.why} (LOAN-2).{settled}")
    return " ".join(says)


def _set_deadlines(case: Case, loan: Loan) -> None:
    """GEN-4 What is past already acts at the next tick, with its own date."""
    due_at = soon_at = None
    if loan.due and loan.due.on and loan.is_out and "overdue" not in loan.steps:
        due_at = loan.due.at
        if loan.due.is_certain and loan.warned != about_due(loan):
            before = timedelta(days=case.policies.loan_due_soon_days)
            soon_at = case.calendar.start_of(loan.due.on - before)
    runs = loan.bill if loan.owes and "past_due" not in loan.steps else None
    for what, at in ((DUE, due_at), (SOON, soon_at), (INVOICE_DUE, runs and runs.due_at)):
        if at:
            case.schedule(at, what, loan.id)
        else:
            case.unschedule(what, loan.id)


def _flag(case: Case, loan: Loan) -> str:
    """GEN-6 Support is told what is wrong, and what no longer is. Returns the words for what is new."""
    now = {one.code: one for one in wrong(loan)}
    new = [code for code in now if code not in loan.flagged]
    for code in loan.flagged:
        if code not in now:
            case.unflag(code, loan.id)
    loan.flagged = list(now)
    return "".join([f" {case.flag(code, loan.id, now[code].clause, now[code].says)}" for code in new])


def _say_default(case: Case, loan: Loan) -> str:
    """LOAN-6 PRO is told when something has changed."""
    since = default.since(loan)
    if since == loan.in_default:
        return ""
    loan.in_default = since
    loans = default.in_default(case.member.loans)
    return case.follow(LoansInDefault(min(loans.values(), default=case.at), tuple(loans)))


def _soon(case: Case, loan_id: str) -> None:
    """LOAN-5 A reminder, unless the due day is past by the time it could be sent."""
    loan = _running(case, loan_id)
    if loan.due and loan.due.at and case.acted_at < loan.due.at:
        loan.warned = about_due(loan)
        settle(case, loan)


def _due(case: Case, loan_id: str) -> None:
    """LOAN-5 Not returned when due: overdue. LOAN-2 While the member's product is away it waits for that instead."""
    loan = _running(case, loan_id)
    is_certain = loan.due is not None and loan.due.is_certain
    _decided(case, loan, "overdue" if is_certain else "waits")


def _invoice_due(case: Case, loan_id: str) -> None:
    """LOAN-6 The invoice is past due and unpaid."""
    _decided(case, _running(case, loan_id), "past_due")


def _decided(case: Case, loan: Loan, what: StepName) -> None:
    loan.note(what, step_of(case))
    settle(case, loan)


def _running(case: Case, loan_id: str) -> Loan:
    """The loan of a deadline: what has one is at hand."""
    return case.member.loans[loan_id]


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({SOON: _soon, DUE: _due, INVOICE_DUE: _invoice_due})
"""The rule of each deadline."""
