"""Money goes back: what pays nothing (PRO-3, PRO-5, PAY-6), once; and what a request for any fee says."""

from collections.abc import Sequence
from typing import Any

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
    refund = refund_of(invoice, permanent_id("refund", about), amount, [("membership fee paid", amount)], money)
    case.request(RefundRequested, about, clause, refund, cause=cause)
    return f"${dollars(amount)} of invoice {invoice.id} is refunded"


def refund_of(
    invoice: Invoice, refund_id: str, amount: int, items: Sequence[tuple[str, int]], money: Sequence[Paid]
) -> dict[str, Any]:
    """The facts of a `RefundRequested`: `amount` cents of an invoice, with the steps of the arithmetic.

    money: that came; the charges that brought it are named, what was paid by hand has none.
    """
    return {
        "refund_id": refund_id,
        "invoice_id": invoice.id,
        "amount": dollars(amount),
        "items": tuple(RefundItem(what=what, amount=dollars(value)) for what, value in items),
        "program": invoice.program,
        "attempt_ids": tuple(paid.attempt_id for paid in money if paid.attempt_id),
    }
