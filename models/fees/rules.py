"""Fee payments and their failures (PAY). Only PRO's so far: Care's are refused as `not_supported_yet`.

A success or failure of an invoice that no application names and no open membership can owe waits until it does
(GEN-2). Not done yet: charge requests and rounds (PAY-1, PAY-2), methods on file, the final notice (PAY-6), PAY-7, PAY-9.
"""

from bisect import insort
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.case import Case, Ruling, applied, duplicate, not_supported_yet, refused, superseded
from models.fees.events import PaymentFailed, PaymentSucceeded
from models.fees.state import Invoice, Paid
from models.hold import hold
from models.outputs.base import Fact
from models.payload import Payload
from models.pro import membership, terms
from models.pro.state import Application, Pro
from models.values import dollars


def succeeded(case: Case, data: PaymentSucceeded) -> Ruling:
    """PRO-3, PRO-5 An application's fee or a renewal's is paid; what follows is the membership's."""
    if data.program != "pro":
        return not_supported_yet("Paying for Care", "CARE-1")
    pro, invoice = case.member.pro, _invoice(case, data.invoice_id)
    if pro is None or invoice is None:
        return hold(case, "invoice", membership.WHICH, f"Invoice {data.invoice_id} is paid before it is known")
    if invoice.paid:
        return duplicate(
            "already_paid", f"Invoice {invoice.id} had been paid already: nothing changes (PAY-8).", "PAY-8"
        )
    if data.amount < terms.FEE:
        says = f"${dollars(data.amount)} is less than the fee, ${dollars(terms.FEE)}: support has to look at it."
        return refused("amount_too_low", says, "PRO-3")
    paid = invoice.paid = Paid(data.paid_at, data.amount)
    case.put(invoice.id, invoice)
    if invoice.application_id is None:
        return membership.renew(case, pro, invoice, paid)
    application = case.get(Application, invoice.application_id)
    return membership.answer(case, pro, application)


def failed(case: Case, data: PaymentFailed) -> Ruling:
    """PAY-8 Only the failure of the current, unpaid invoice counts. PRO-3: an application's starts no dunning."""
    if data.program != "pro":
        return not_supported_yet("Failed payments for Care", "CARE-8")
    pro, invoice = case.member.pro, _invoice(case, data.invoice_id)
    if pro is None or invoice is None:
        return hold(case, "invoice", membership.WHICH, f"Invoice {data.invoice_id} failed before it is known")
    if data.attempt_id in invoice.failed:
        says = f"Attempt {data.attempt_id} of invoice {invoice.id} was known to have failed."
        return duplicate("already_failed", says, "PAY-8")
    insort(invoice.failed, data.attempt_id)
    case.put(invoice.id, invoice)
    return _why_nothing(pro, invoice) or _dunning(case, pro, invoice, data)


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType({PaymentSucceeded: succeeded, PaymentFailed: failed})
"""The rule of each event type."""


def _invoice(case: Case, invoice_id: str) -> Invoice | None:
    """The invoice: known, or taken for a renewal's once a membership is or was open; None: it is not known yet."""
    pro = case.member.pro
    known = case.find(Invoice, invoice_id)
    return known or (Invoice(invoice_id) if pro and pro.stage in ("active", "lapsed") else None)


def _why_nothing(pro: Pro, invoice: Invoice) -> Ruling | None:
    """Why a failure starts no dunning; None if it does."""
    if invoice.paid:
        return superseded(
            "already_paid", f"Invoice {invoice.id} is paid: its failure changes nothing (PAY-8).", "PAY-8"
        )
    if invoice.application_id:
        says = f"Invoice {invoice.id} is an application's fee: its failure starts no dunning (PRO-3)."
        return applied(says, "PRO-3", "application_fee")
    if pro.stage != "active":
        return superseded("no_membership", "PRO is not open: nothing is owed for it (PAY-8).", "PAY-8")
    if not pro.auto_renew:
        says = "Auto-renewal is off: a failed fee has no dunning (PAY-1); unpaid at the end of the term, PRO lapses."
        return applied(says, "PAY-1", "auto_renew_off")
    if pro.open_invoice not in (None, invoice.id):
        says = f"Invoice {pro.open_invoice} is the one that is due, not {invoice.id} (PAY-8)."
        return superseded("other_invoice", says, "PAY-8")
    return None


def _dunning(case: Case, pro: Pro, invoice: Invoice, data: PaymentFailed) -> Ruling:
    """PAY-2 The member is told what to do. PAY-3 Suspended, but never before the paid term ends."""
    pro.open_invoice = invoice.id
    ends = case.calendar.start_of(pro.term.end)
    over = case.at >= ends
    facts: dict[str, Fact] = {"invoice_id": invoice.id, "reason": data.reason, "suspended_from": str(pro.term.end)}
    pro.notices.append(case.notify("pro", "payment.failed", invoice.id, "PAY-2", facts))
    says = f"Attempt {data.attempt_id} of invoice {invoice.id} failed ({data.reason})."
    if membership.PAYMENT in pro.causes:
        return applied(f"{says} PRO is suspended already (PAY-3).", "PAY-2")
    if over:
        return applied(f"{says} {membership.suspend(case, pro, f'invoice {invoice.id} failed')}", "PAY-3")
    case.unschedule(membership.NOTHING_HEARD, membership.WHICH)
    case.schedule(ends, membership.TERM_END, membership.WHICH)
    return applied(f"{says} Unpaid when the paid term ends on {pro.term.end}, PRO is suspended (PAY-3).", "PAY-2")
