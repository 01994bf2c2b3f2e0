"""The events of a loan, in any order (GEN-2): each is noted as a fact with its own time, and what follows is settled.

Facts are noted also where the terms do not allow them; the answer then says so, with a reason code.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from models.case import Case, Ruling, applied, duplicate
from models.follow import LoanerShipped
from models.hold import hold
from models.loans import asking
from models.loans.events import (
    LoanApproved,
    LoanDeclined,
    LoanInsuranceProved,
    LoanInvoicePaid,
    LoanPayload,
    LoanRecalled,
    LoanRequested,
    LoanReturned,
    LoanShipped,
)
from models.loans.settling import find, settle, step_of
from models.loans.state import Loan, LoanInvoice, Payment, Returned, StepName
from models.loans.telling import clause_of
from models.loans.terms import TRAIL
from models.payload import Payload
from models.values import dollars


def insurance_proved(case: Case, data: LoanInsuranceProved) -> Ruling:
    """LOAN-3 Proof of all-risk insurance."""
    return _step(case, data, "insured", "Proof of insurance is noted", "LOAN-3")


def shipped(case: Case, data: LoanShipped) -> Ruling:
    """LOAN-1, LOAN-2 It is on its way: its days run. REP-9 A loaner for a slow repair was handed to a carrier."""
    return _step(case, data, "shipped", "It is shipped", "")


def recalled(case: Case, data: LoanRecalled) -> Ruling:
    """LOAN-4 Sony wants it back."""
    return _step(case, data, "recalled", "It is called back", "LOAN-4")


def returned(case: Case, data: LoanReturned) -> Ruling:
    """LOAN-5 It is back, whole or damaged; of several returns the earliest counts."""
    loan = find(case, data.loan_id)
    if loan is None:
        return asking.wait(case, data)
    step, before = step_of(case), loan.flagged
    back = Returned(step.at, step.source, step.event_id, data.damaged, data.insurance_paid or 0)
    if loan.returned and loan.returned.order <= back.order:
        return _returned_again(case, loan, loan.returned, back)
    loan.returned = back
    says = settle(case, loan)
    how = f"damaged; insurance paid ${dollars(back.insurance_paid)}" if back.damaged else "whole"
    late = ""
    if loan.due and loan.due.on and loan.due.is_certain:
        late = f", {'late' if loan.due.is_missed(back.at) else 'in time'}: it was due by the end of {loan.due.on}"
    return _noted(loan, before, f"It is back on {case.calendar.day_of(back.at)}, {how}{late} (LOAN-5).{says}", "LOAN-5")


def invoice_paid(case: Case, data: LoanInvoicePaid) -> Ruling:
    """LOAN-6 Payments add up; enough closes the loan. The same amount at the same time is the same money (GEN-1)."""
    invoice = case.find(LoanInvoice, data.invoice_id)
    loan = find(case, invoice.loan_id) if invoice else None
    bill = loan.bill if loan else None
    if loan is None or bill is None:
        return hold(case, "loan_invoice", data.invoice_id, f"The payment comes before invoice {data.invoice_id}")
    step, before = step_of(case), loan.flagged
    payment = Payment(step.at, step.source, step.event_id, data.amount)
    known = next((one for one in loan.payments if (one.at, one.amount) == (payment.at, payment.amount)), None)
    payments = [*[one for one in loan.payments if one is not known], min(known or payment, payment, key=_order)]
    loan.payments = sorted(payments, key=_order)[-TRAIL:]
    loan.paid += 0 if known else data.amount
    says = settle(case, loan)
    if known:
        return duplicate("already_known", f"That payment of invoice {bill.id} was known already (LOAN-6).", "LOAN-6")
    left = max(bill.amount - loan.paid, 0)
    working = f"${dollars(loan.paid)} of ${dollars(bill.amount)} is paid, ${dollars(left)} is left"
    return _noted(loan, before, f"Invoice {bill.id}: {working} (LOAN-6).{says}", "LOAN-6")


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        LoanRequested: asking.requested,
        LoanApproved: asking.approved,
        LoanDeclined: asking.declined,
        LoanInsuranceProved: insurance_proved,
        LoanShipped: shipped,
        LoanRecalled: recalled,
        LoanReturned: returned,
        LoanInvoicePaid: invoice_paid,
    }
)
"""The rule of each event type."""

GIVEN_UP: Final[Mapping[type[Payload], Any]] = MappingProxyType({LoanRequested: asking.given_up})
"""What is said to a member whose request has waited in vain."""


def _order(payment: Payment) -> tuple[datetime, str, str]:
    return payment.order


def _step(case: Case, data: LoanPayload, what: StepName, words: str, clause: str) -> Ruling:
    """Note a step with what follows from it."""
    loan = find(case, data.loan_id)
    if loan is None:
        return asking.wait(case, data)
    before, clause = loan.flagged, clause or clause_of(loan)
    if not loan.note(what, step_of(case)):
        return duplicate("already_known", f"Loan {loan.id}: that was known already, of an earlier time.", clause)
    says = settle(case, loan)
    if what == "shipped" and loan.service == "repair" and loan.which:
        says += case.follow(LoanerShipped(case.at, loan.which, loan.id))
    return _noted(loan, before, f"{words} ({clause}).{_due_words(loan)}{says}", clause)


def _due_words(loan: Loan) -> str:
    due = loan.due
    if due is None or not loan.is_out:
        return ""
    if due.on is None:
        return f" It is due {due.why} ({due.clause})."
    later = "" if due.is_certain else ", or when the member's product is back if that is later"
    return f" It is due by the end of {due.on}, {due.why}{later} ({due.clause})."


def _returned_again(case: Case, loan: Loan, known: Returned, told: Returned) -> Ruling:
    """GEN-6 What is told later of a return that is known changes nothing."""
    if (known.damaged, known.insurance_paid) == (told.damaged, told.insurance_paid):
        return duplicate("already_known", f"Loan {loan.id} was known to be back, so (LOAN-5).", "LOAN-5")
    code = "insurance_told_late" if told.insurance_paid > known.insurance_paid else "returned_otherwise"
    says = f"Loan {loan.id} was known to be back at an earlier time, which counts: what was told now differs from that"
    return applied(case.flag(code, loan.id, "GEN-6", says), "GEN-6", code)


def _noted(loan: Loan, before: list[str], says: str, clause: str) -> Ruling:
    """The answer, with what is flagged by it."""
    new = [code for code in loan.flagged if code not in before]
    return applied(f"Loan {loan.id}: {says}", clause, new[0] if new else None)
