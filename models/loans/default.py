"""LOAN-6 Which loans suspend the membership: overdue and out, or with an invoice that is past due and unpaid. Pure."""

from collections.abc import Mapping
from datetime import datetime

from models.loans.state import Loan


def since(loan: Loan) -> datetime | None:
    """Since when; None: it does not. It ends with the return, the payment, or the cancelled invoice."""
    overdue, past_due = loan.steps.get("overdue"), loan.steps.get("past_due")
    times = [overdue.at] if overdue and loan.is_out else []
    times += [past_due.at] if past_due and loan.owes else []
    return min(times, default=None)


def in_default(loans: Mapping[str, Loan]) -> dict[str, datetime]:
    """All of them, in the order of their ids: loan -> since when. They are at hand, as something is out or owed."""
    found = {loan_id: since(loan) for loan_id, loan in sorted(loans.items())}
    return {loan_id: at for loan_id, at in found.items() if at}
