"""The life of a PRO membership: opened, renewed, suspended, reinstated, lapsed, each in one function; its deadlines.

Not done yet: proof of the profession and the gear (PRO-2), renewal notices (PRO-5), leaving (PRO-7), termination
(PRO-8), force majeure (PRO-11), charge rounds and the end after 60 days (PAY-1, PAY-2, PAY-6).
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from models.case import Case, Ruling, applied, refused
from models.due import DeadlineRule
from models.fees.state import Invoice, Paid
from models.outputs.base import Cause, Fact
from models.outputs.requests import RefundItem, RefundRequested
from models.pro import terms
from models.pro.state import Application, Pro
from models.values import dollars, permanent_id

PAYMENT: Final = "payment"
"""The cause of suspension."""
TERM_END: Final = "pro.term_end"
NOTHING_HEARD: Final = "pro.nothing_heard"
WHICH: Final = "pro"
"""Ref of these deadlines: a member has one PRO membership."""


def answer(case: Case, pro: Pro, application: Application) -> Ruling:
    """PRO-3, PRO-4 Where review and payment have left an application, whichever of them came first."""
    invoice = case.get(Invoice, application.invoice_id)
    if application.why_not:
        return _decline(case, application, invoice)
    if not application.approved:
        return applied(f"The fee of application {application.id} is paid; it waits for its review (PRO-4).", "PRO-4")
    if invoice.paid is None:
        return applied(f"Application {application.id} is approved; it waits for its fee (PRO-4).", "PRO-4")
    return _open(case, pro, application, invoice, invoice.paid)


def renew(case: Case, pro: Pro, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-5, PRO-6 A further year is paid. PAY-5: for the invoice that failed, it reinstates at once."""
    last, in_time = pro.term, paid.at < case.calendar.start_of(pro.term.end)
    if pro.stage not in ("active", "lapsed") or (not in_time and (pro.stage == "lapsed" or not pro.auto_renew)):
        says = f"The term had ended on {last.end}, unpaid and without auto-renewal (PRO-5)"
        return give_back(case, invoice, case.cause, "PRO-5", says)
    if PAYMENT in pro.causes and pro.open_invoice not in (None, invoice.id):
        says = f"Invoice {invoice.id} is not the one that failed, {pro.open_invoice}: it does not reinstate (PAY-5); support has to look at it."
        return refused("other_invoice", says, "PAY-5")
    term = terms.next_term(last, case.calendar.day_of(paid.at), invoice.id, automatic=pro.auto_renew)
    pro.terms.append(term)
    pro.stage, pro.open_invoice = "active", None
    replaces, pro.notices = pro.notices, []
    case.unschedule(NOTHING_HEARD, WHICH)
    case.schedule(case.calendar.start_of(term.end), TERM_END, WHICH)
    facts: dict[str, Fact] = {"invoice_id": invoice.id, "term_from": str(term.first), "term_to": str(term.end)}
    case.notify("pro", "pro.renewed", invoice.id, "PRO-5", facts, replaces=replaces)
    says = f"Invoice {invoice.id} renews PRO from {term.first} to {term.end} (PRO-6)."
    return applied(f"{says}{_reinstate(case, pro, invoice, replaces)}", "PRO-5")


def suspend(case: Case, pro: Pro, why: str) -> str:
    """PAY-3 Suspend with cause `payment`, which the paid term must have ended for. Returns the words for it."""
    pro.causes = sorted({*pro.causes, PAYMENT})
    pro.suspended_at = case.at
    case.unschedule(TERM_END, WHICH)
    case.unschedule(NOTHING_HEARD, WHICH)
    facts: dict[str, Fact] = {
        "cause": PAYMENT,
        "why": why,
        "term_ended": str(pro.term.end),
        "invoice_id": pro.open_invoice,
    }
    pro.notices.append(case.notify("pro", "membership.suspended", pro.open_invoice or WHICH, "PAY-3", facts))
    return f"PRO is suspended: {why}, and the paid term ended on {pro.term.end} (PAY-3)."


def give_back(case: Case, invoice: Invoice, cause: Cause, clause: str, why: str) -> Ruling:
    """Ask for what was paid to be given back, once per invoice."""
    if invoice.paid and not invoice.refunded:
        invoice.refunded = True
        amount = invoice.paid.amount
        refund = {
            "refund_id": permanent_id("refund", invoice.id),
            "invoice_id": invoice.id,
            "amount": amount,
            "items": (RefundItem(what="membership fee paid", amount=amount),),
        }
        case.request(RefundRequested, invoice.id, clause, refund, cause=cause)
        return applied(f"{why}: ${dollars(amount)} of invoice {invoice.id} is refunded.", clause, "refunded")
    return applied(f"{why}: nothing was paid yet; a later payment is refunded.", clause)


def _decline(case: Case, application: Application, invoice: Invoice) -> Ruling:
    """PRO-3 Not accepted, for whatever reason: the fee goes back, also when it is paid later."""
    why = f"Application {application.id} is not accepted ({application.why_not}, PRO-3)"
    return give_back(case, invoice, _cause(application), "PRO-3", why)


def _open(case: Case, pro: Pro, application: Application, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-4 Approved and paid: active one year from the day the fee was paid, with the digital card."""
    term = terms.first_term(case.calendar.day_of(paid.at), invoice.id)
    pro.stage = "active"
    pro.terms.append(term)
    case.schedule(case.calendar.start_of(term.end), TERM_END, WHICH)
    cause = _cause(application)
    card: dict[str, Fact] = {"member_id": case.desk.member_id, "valid_from": str(term.first), "valid_to": str(term.end)}
    case.notify(
        "pro",
        "pro.welcome",
        application.id,
        "PRO-4",
        {"application_id": application.id, "card": card, "auto_renew": pro.auto_renew},
        replaces=[case.notice_id(cause, "pro.application_received", application.id)],
        cause=cause,
    )
    case.arrived("invoice", WHICH)
    says = f"PRO is open from {term.first}, the day the fee was paid, to {term.end}: one year (PRO-4)."
    return applied(says, "PRO-4")


def _reinstate(case: Case, pro: Pro, invoice: Invoice, replaces: list[str]) -> str:
    """PAY-5 Clear the cause `payment`; GEN-3: other causes stay."""
    if PAYMENT not in pro.causes:
        return ""
    pro.causes.remove(PAYMENT)
    if pro.causes:
        return f" It stays suspended: {', '.join(pro.causes)} (GEN-3)."
    pro.suspended_at = None
    facts: dict[str, Fact] = {"cause": PAYMENT, "invoice_id": invoice.id}
    case.notify("pro", "membership.reinstated", invoice.id, "PAY-5", facts, replaces=replaces)
    return " It is reinstated at once (PAY-5)."


def _cause(application: Application) -> Cause:
    return Cause(source=application.source, id=application.event_id)


def _term_ended(case: Case, which: str) -> None:
    """PRO-5 The paid term is over: lapsed without auto-renewal. With it PAY: suspended if a fee failed, else 7 days' wait."""
    pro = case.member.pro
    if pro is None or pro.stage != "active":
        return
    if not pro.auto_renew:
        pro.stage, pro.open_invoice = "lapsed", None
        facts: dict[str, Fact] = {"term_ended": str(pro.term.end)}
        pro.notices.append(case.notify("pro", "pro.lapsed", which, "PRO-5", facts))
    elif pro.open_invoice:
        suspend(case, pro, f"invoice {pro.open_invoice} failed")
    else:
        heard_by = pro.term.end + timedelta(days=case.policies.answer_wait_days)
        case.schedule(case.calendar.start_of(heard_by), NOTHING_HEARD, which)


def _nothing_heard(case: Case, which: str) -> None:
    """PAY-1 Seven days after a fee was due nothing was heard of it: that counts as a failure, and PAY-3 follows."""
    pro = case.member.pro
    if pro is None or pro.stage != "active" or PAYMENT in pro.causes:
        return
    facts: dict[str, Fact] = {"invoice_id": None, "reason": "no_answer"}
    pro.notices.append(case.notify("pro", "payment.failed", which, "PAY-1", facts))
    suspend(case, pro, f"nothing was heard of its fee for {case.policies.answer_wait_days} days")


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({TERM_END: _term_ended, NOTHING_HEARD: _nothing_heard})
"""The rule of each deadline."""
