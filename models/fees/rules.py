"""Fee payments and their failures (PAY). Only PRO's so far: Care's are refused as `not_supported_yet`.

A success or failure of an invoice that no application names and no open membership can owe waits until it does
(GEN-2); money that has waited in vain goes back. Not done yet: charge requests and rounds (PAY-1, PAY-2), methods on file, the final notice (PAY-6), PAY-7, PAY-9.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.case import Case, Ruling, applied, duplicate, not_supported_yet, superseded
from models.fees.events import PaymentFailed, PaymentSucceeded
from models.fees.state import Invoice, Paid
from models.hold import hold
from models.outputs.base import Fact
from models.payload import Payload
from models.pro import membership
from models.pro.state import Application, Pro


def succeeded(case: Case, data: PaymentSucceeded) -> Ruling:
    """PRO-3, PRO-5 An application's fee or a renewal's is paid; what follows is the membership's."""
    if data.program != "pro":
        return not_supported_yet("Paying for Care", "CARE-1")
    pro, paid = case.member.pro, Paid(data.paid_at, data.amount)
    invoice = _invoice(case, data.invoice_id)
    nothing_to_renew = pro is None or not pro.terms or membership.over(case, pro, data.paid_at)
    if pro is None or invoice is None or (invoice.free and nothing_to_renew):
        return hold(case, "invoice", membership.WHICH, f"Invoice {data.invoice_id} is paid before it is known")
    if invoice.paid:
        return duplicate(
            "already_paid", f"Invoice {invoice.id} had been paid already: nothing changes (PAY-8).", "PAY-8"
        )
    if paid in invoice.unused:
        return duplicate("already_known", f"That payment of invoice {invoice.id} had been answered already.", "PRO-3")
    case.put(invoice.id, invoice)
    if invoice.application_id is None:
        return membership.renew(case, pro, invoice, paid)
    return membership.fee_paid(case, pro, case.get(Application, invoice.application_id), invoice, paid)


def never_claimed(case: Case, data: PaymentSucceeded) -> str:
    """PRO-3, PRO-5 Money that waited in vain for an application or a membership goes back. Returns the words for it."""
    invoice, paid = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id), Paid(data.paid_at, data.amount)
    if invoice.paid or paid in invoice.unused:
        return ""
    case.put(invoice.id, invoice)
    invoice.unused.append(paid)
    pro = case.member.pro
    clause = "PRO-5" if pro and pro.terms else "PRO-3"
    return f"{membership.give_back(case, invoice, case.cause, clause)} ({clause})."


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
    return _why_nothing(case, pro, invoice) or _dunning(case, pro, invoice, data)


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType({PaymentSucceeded: succeeded, PaymentFailed: failed})
"""The rule of each event type."""

GIVEN_UP: Final[Mapping[type[Payload], Any]] = MappingProxyType({PaymentSucceeded: never_claimed})
"""What else is done, and the words for it, when an event of that type has waited in vain (GEN-2)."""

ATTEMPTS: Final = 32
"""Declined attempts of an invoice that are remembered: far more than the rounds of PAY-2 can make."""


def _invoice(case: Case, invoice_id: str) -> Invoice | None:
    """The invoice: known, or taken for a renewal's once a membership is or was open; None: it is not known yet."""
    pro = case.member.pro
    known = case.find(Invoice, invoice_id)
    return known or (Invoice(invoice_id) if pro and pro.stage in ("active", "lapsed") else None)


def _why_nothing(case: Case, pro: Pro, invoice: Invoice) -> Ruling | None:
    """Why a failure starts no dunning; None if it does."""
    if invoice.paid:
        return superseded(
            "already_paid", f"Invoice {invoice.id} is paid: its failure changes nothing (PAY-8).", "PAY-8"
        )
    if invoice.application_id:
        says = f"Invoice {invoice.id} is an application's fee: its failure starts no dunning (PRO-3)."
        return applied(says, "PRO-3", "application_fee")
    if pro.stage != "active" or membership.over(case, pro, case.at):
        return superseded("no_membership", "PRO is not open: nothing is owed for it (PAY-8).", "PAY-8")
    if case.at < case.calendar.start_of(pro.term.first):
        says = f"Invoice {invoice.id} failed before the paid term began on {pro.term.first}: not what is due (PAY-8)."
        return superseded("earlier_term", says, "PAY-8")
    if not pro.auto_renew:
        says = (
            f"Auto-renewal is off: a failed fee has no dunning (PAY-1). If nobody pays, PRO lapses on {pro.term.end}."
        )
        return applied(says, "PAY-1", "auto_renew_off")
    if pro.open_invoice not in (None, invoice.id):
        says = f"Invoice {pro.open_invoice} is the one that is due, not {invoice.id} (PAY-8)."
        return superseded("other_invoice", says, "PAY-8")
    return None


def _dunning(case: Case, pro: Pro, invoice: Invoice, data: PaymentFailed) -> Ruling:
    """PAY-2 The member is told what to do. PAY-3 Suspended, but never before the paid term ends."""
    invoice.failed = [*invoice.failed, data.attempt_id][-ATTEMPTS:]
    case.put(invoice.id, invoice)
    pro.open_invoice = invoice.id
    ends = case.calendar.start_of(pro.term.end)
    over = case.at >= ends
    facts: dict[str, Fact] = {"invoice_id": invoice.id, "reason": data.reason, "suspended_from": str(pro.term.end)}
    pro.told(case.notify("pro", "payment.failed", invoice.id, "PAY-2", facts))
    says = f"Attempt {data.attempt_id} of invoice {invoice.id} failed ({data.reason})."
    if membership.PAYMENT in pro.causes:
        return applied(f"{says} PRO is suspended already (PAY-3).", "PAY-2")
    if over:
        return applied(f"{says} {membership.suspend(case, pro, f'invoice {invoice.id} failed')}", "PAY-3")
    case.unschedule(membership.NOTHING_HEARD, membership.WHICH)
    case.schedule(ends, membership.TERM_END, membership.WHICH)
    return applied(f"{says} Unpaid when the paid term ends on {pro.term.end}, PRO is suspended (PAY-3).", "PAY-2")
