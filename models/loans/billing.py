"""LOAN-5, LOAN-6 The invoice of a loan: issued at most once, final then (GEN-6), and cancelled by nothing but a return undamaged."""

from datetime import timedelta

from models.case import Case
from models.loans.state import Bill, Loan, LoanInvoice, Step
from models.outputs.requests import InvoiceCancelled, InvoiceIssued
from models.values import dollars, permanent_id


def settle(case: Case, loan: Loan) -> str:
    """Issue or cancel what the facts call for. Returns the words for it, as sentences behind a space."""
    back = loan.returned
    if loan.bill is None:
        if overdue := loan.steps.get("overdue"):
            return _issue(case, loan, overdue, insurance=0)
        return _issue(case, loan, back, back.insurance_paid) if back and back.damaged else ""
    if back and not back.damaged and loan.owes:
        return _cancel(case, loan, back)
    return ""


def _issue(case: Case, loan: Loan, why: Step, insurance: int) -> str:
    """LOAN-5 Retail value less what insurance paid, due in 30 days from the day of the cause; nothing left, no invoice."""
    working = f"retail value ${dollars(loan.retail_value)} less ${dollars(insurance)} that insurance paid"
    amount = max(loan.retail_value - insurance, 0)
    if not amount:
        return f" Nothing is owed: {working} leaves nothing (LOAN-5)."
    issued_on = case.calendar.day_of(why.at)
    due_on = issued_on + timedelta(days=case.policies.loan_invoice_days)
    invoice_id = permanent_id("loan_invoice", case.desk.member_id, loan.id)
    loan.bill = Bill(invoice_id, amount, working, issued_on, due_on, case.calendar.end_of(due_on))
    case.put(invoice_id, LoanInvoice(invoice_id, loan.id))
    case.arrived("loan_invoice", invoice_id)
    facts = {"invoice_id": invoice_id, "loan_id": loan.id, "amount": dollars(amount), "due_on": due_on}
    case.request(InvoiceIssued, invoice_id, "LOAN-5", facts, cause=why.cause)
    return f" Invoice {invoice_id} of ${dollars(amount)} is issued ({working}), to be paid by {due_on} (LOAN-5)."


def _cancel(case: Case, loan: Loan, back: Step) -> str:
    """LOAN-6 It came back whole after its invoice, which is not paid."""
    bill = loan.bill
    if bill is None:
        raise TypeError("there is nothing to cancel")
    bill.cancelled = True
    facts = {"invoice_id": bill.id, "loan_id": loan.id}
    case.request(InvoiceCancelled, bill.id, "LOAN-6", facts, cause=back.cause)
    return f" Invoice {bill.id} of ${dollars(bill.amount)} is cancelled (LOAN-6)."
