"""REP-9 PRO's side of a turnaround that was missed: the fee of the term that contains the clock's start goes back, once."""

from models.case import Case
from models.fees.membership import Term
from models.fees.refunds import refund_of
from models.fees.state import Invoice, Paid
from models.follow import TurnaroundMissed
from models.outputs.base import Fact
from models.outputs.requests import RefundRequested
from models.repairs.state import repair_named
from models.values import dollars, joined, permanent_id


def reimburse(case: Case, missed: TurnaroundMissed) -> str:
    """REP-9 Whatever else has happened to the membership since. Returns the words for what goes back, or why nothing does."""
    day, pro = case.calendar.day_of(missed.started_at), case.member.pro
    term = next((term for term in reversed(pro.terms) if term.first <= day < term.end), None) if pro else None
    if term is None:
        return f"no paid term contains {day}, on which the clock started: no fee goes back (REP-9)"
    invoice = case.find(Invoice, term.invoice_id)
    if invoice is None or invoice.paid is None:
        return f"nothing that was paid is left of invoice {term.invoice_id}: no fee goes back (REP-9)"
    if invoice.reimbursed:
        return f"the fee of invoice {invoice.id} went back for repair {invoice.reimbursed}: once only (REP-9)"
    invoice.reimbursed = missed.repair_id
    case.put(invoice.id, invoice)
    _ask(case, missed, term, invoice, invoice.paid)
    amount = dollars(invoice.paid.amount)
    return f"${amount}, the fee of the term from {term.first} to {term.end}, goes back (REP-9)"


def _ask(case: Case, missed: TurnaroundMissed, term: Term, invoice: Invoice, paid: Paid) -> None:
    """The request, and the notice named after the repair."""
    amount, words = dollars(paid.amount), f"membership fee of the term from {term.first} to {term.end}"
    about = joined(invoice.id, "repair", missed.repair_id)  # no number: those name money that pays nothing
    refund = refund_of(invoice, permanent_id("refund", about), paid.amount, [(words, paid.amount)], [paid])
    case.request(RefundRequested, about, "REP-9", refund)
    facts: dict[str, Fact] = {
        "repair_id": missed.repair_id,
        "invoice_id": invoice.id,
        "amount": amount,
        "term_from": str(term.first),
        "term_to": str(term.end),
    }
    once = repair_named(missed.repair_id)
    case.notify("pro", "repair.fee_reimbursed", missed.repair_id, "REP-9", facts, named_after=once)
