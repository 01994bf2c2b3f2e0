"""Money that pays nothing goes back (PRO-3, PRO-5, PAY-6), once."""

from collections.abc import Iterable

from models.case import Case
from models.fees.state import Invoice, Paid
from models.outputs.base import Cause
from models.outputs.requests import RefundItem, RefundRequested
from models.values import dollars, joined, permanent_id


def send_back(case: Case, invoice: Invoice, paid: Paid, cause: Cause, clause: str) -> str:
    """This money pays nothing: it goes back. Returns the words for it."""
    invoice.unused.append(paid)
    return give_back(case, invoice, cause, clause)


def give_back(case: Case, invoice: Invoice, cause: Cause, clause: str) -> str:
    """Ask for what came for an invoice, pays nothing and was not given back yet. Returns the words for it."""
    money = invoice.to_give_back
    amount = sum([paid.amount for paid in money])
    if not amount:
        return "nothing was paid yet; a later payment is refunded"
    about = joined(invoice.id, str(invoice.refunded)) if invoice.refunded else invoice.id
    invoice.refunded += amount
    case.put(invoice.id, invoice)
    refund = {
        "refund_id": permanent_id("refund", about),
        "invoice_id": invoice.id,
        "amount": dollars(amount),
        "items": (RefundItem(what="membership fee paid", amount=dollars(amount)),),
        "program": invoice.program,
        "attempt_ids": charges_of(money),
    }
    case.request(RefundRequested, about, clause, refund, cause=cause)
    return f"${dollars(amount)} of invoice {invoice.id} is refunded"


def charges_of(money: Iterable[Paid]) -> tuple[str, ...]:
    """The attempts that brought it; what was paid by hand has none."""
    return tuple(paid.attempt_id for paid in money if paid.attempt_id)
