"""The life of a PRO membership: opened, renewed, suspended, reinstated, lapsed, each in one function; its deadlines.

Not done yet: proof of the profession and the gear (PRO-2), renewal notices (PRO-5), leaving (PRO-7), termination
(PRO-8), force majeure (PRO-11), charge rounds and the end after 60 days (PAY-1, PAY-2, PAY-6).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from models.case import Case, Ruling, applied, refused
from models.due import DeadlineRule, case_of
from models.fees.state import Invoice, Paid
from models.outputs.base import Cause, Fact
from models.outputs.requests import RefundItem, RefundRequested
from models.pro import terms
from models.pro.state import Application, Pro
from models.state import Due
from models.values import dollars, joined, permanent_id

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


def fee_paid(case: Case, pro: Pro, application: Application, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-3 Money came for an application. Less than the fee does not pay it; not accepted, all of it goes back."""
    if paid.amount < terms.FEE:
        invoice.unused.append(paid)
        return _decline(case, application, invoice) if application.why_not else _too_low(paid)
    invoice.paid = paid
    return answer(case, pro, application)


def renew(case: Case, pro: Pro, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-5, PRO-6 A further year is paid. PAY-5: for the invoice that failed, it reinstates at once."""
    last = pro.term
    if why := _why_not_renewed(case, pro, invoice, paid):
        outcome, reason, clause, words = why
        invoice.unused.append(paid)
        says = f"{words} ({clause}): {give_back(case, invoice, case.cause, clause)}."
        return Ruling(outcome, says, clause, reason)
    if paid.amount < terms.FEE:
        invoice.unused.append(paid)
        return _too_low(paid)
    invoice.paid = paid
    term = terms.next_term(last, case.calendar.day_of(paid.at), invoice.id, automatic=pro.auto_renew)
    pro.paid_for(term)
    pro.stage, pro.open_invoice = "active", None
    replaces, pro.notices = pro.notices, []
    case.unschedule(NOTHING_HEARD, WHICH)
    case.schedule(case.calendar.start_of(term.end), TERM_END, WHICH)
    facts: dict[str, Fact] = {"invoice_id": invoice.id, "term_from": str(term.first), "term_to": str(term.end)}
    case.notify("pro", "pro.renewed", invoice.id, "PRO-5", facts, replaces=replaces)
    says = f"Invoice {invoice.id} renews PRO from {term.first} to {term.end} (PRO-6)."
    return applied(f"{says}{_reinstate(case, pro, invoice, replaces)}", "PRO-5")


def _why_not_renewed(
    case: Case, pro: Pro, invoice: Invoice, paid: Paid
) -> tuple[Literal["applied", "refused"], str, str, str] | None:
    """Why money cannot pay a further year, and goes back (outcome, reason, clause, words); None if it can."""
    late = paid.at >= case.calendar.start_of(pro.term.end)
    if pro.stage not in ("active", "lapsed") or (late and (pro.stage == "lapsed" or not pro.auto_renew)):
        return "applied", "refunded", "PRO-5", f"The term had ended on {pro.term.end}, unpaid, without auto-renewal"
    if pro.opened_on and paid.at < case.calendar.start_of(pro.opened_on):
        return "applied", "refunded", "PRO-5", f"It was paid before PRO opened on {pro.opened_on}"
    if PAYMENT in pro.causes and pro.open_invoice not in (None, invoice.id):
        words = f"Invoice {pro.open_invoice} is what failed, so {invoice.id} does not reinstate"
        return "refused", "other_invoice", "PAY-5", words
    return None


def over(case: Case, pro: Pro, at: datetime) -> bool:
    """Whether at that time the membership had lapsed by its dates, be that handled already or not (PRO-5)."""
    lapsed = pro.stage == "lapsed" or (pro.stage == "active" and not pro.auto_renew)
    return lapsed and at >= case.calendar.start_of(pro.term.end)


def status_at(case: Case, pro: Pro | None) -> Literal["none", "active", "suspended"]:
    """PRO-9 What the membership was at the case's business time, by its dates.

    A deadline that is past counts, handled already or not: a worker that was down must not decide differently.
    """
    if pro is None or not pro.terms:
        return "none"
    at, start_of = case.at, case.calendar.start_of
    if pro.stage == "active" and pro.suspended_at and at >= pro.suspended_at:
        return "suspended"
    if any(start_of(term.first) <= at < start_of(term.end) for term in pro.terms):
        return "active"
    if pro.stage != "active" or at < start_of(pro.term.end) or over(case, pro, at):
        return "none"
    failed = pro.open_invoice is not None and not pro.suspended_at
    return "suspended" if failed or at >= _heard_by(case, pro) else "active"


def renewal_off(case: Case, pro: Pro) -> str:
    """PRO-7, PAY-8 Auto-renewal is off from before the end of the term: no dunning, and at the end PRO lapses.

    Told after that end, whatever the end has done since is undone and decided anew, with the date it was due.
    """
    pro.open_invoice = None
    words = _clear(pro)
    case.unschedule(NOTHING_HEARD, WHICH)
    case.schedule(case.calendar.start_of(pro.term.end), TERM_END, WHICH)
    return words


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
    pro.told(case.notify("pro", "membership.suspended", pro.open_invoice or WHICH, "PAY-3", facts))
    return f"PRO is suspended: {why}, and the paid term ended on {pro.term.end} (PAY-3)."


def give_back(case: Case, invoice: Invoice, cause: Cause, clause: str) -> str:
    """Ask for what came for an invoice and was not given back yet to be given back. Returns the words for it."""
    came = sum([paid.amount for paid in (invoice.paid, *invoice.unused) if paid])
    amount = came - invoice.refunded
    if not amount:
        return "nothing was paid yet; a later payment is refunded"
    about = joined(invoice.id, str(invoice.refunded)) if invoice.refunded else invoice.id
    invoice.refunded = came
    case.put(invoice.id, invoice)
    refund = {
        "refund_id": permanent_id("refund", about),
        "invoice_id": invoice.id,
        "amount": dollars(amount),
        "items": (RefundItem(what="membership fee paid", amount=dollars(amount)),),
    }
    case.request(RefundRequested, about, clause, refund, cause=cause)
    return f"${dollars(amount)} of invoice {invoice.id} is refunded"


def _decline(case: Case, application: Application, invoice: Invoice) -> Ruling:
    """PRO-3 Not accepted, for whatever reason: all that came goes back, also what comes later."""
    before = invoice.refunded
    back = give_back(case, invoice, _cause(application), "PRO-3")
    says = f"Application {application.id} is not accepted ({application.why_not}, PRO-3): {back}."
    return applied(says, "PRO-3", "refunded" if invoice.refunded > before else None)


def _too_low(paid: Paid) -> Ruling:
    says = f"${dollars(paid.amount)} is less than the fee, ${dollars(terms.FEE)}: support has to look at it."
    return refused("amount_too_low", says, "PRO-3")


def _open(case: Case, pro: Pro, application: Application, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-4 Approved and paid: a year begins on the day of the payment, with the digital card."""
    term = terms.first_term(case.calendar.day_of(paid.at), invoice.id)
    pro.stage, pro.opened_on, pro.notices = "active", term.first, []  # what was told of an earlier membership is over
    pro.paid_for(term)
    case.schedule(case.calendar.start_of(term.end), TERM_END, WHICH)
    cause = _cause(application)
    card = {"member_id": case.desk.member_id, "valid_from": str(term.first), "valid_to": str(term.end)}
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
    if words := _clear(pro):
        return words
    facts: dict[str, Fact] = {"cause": PAYMENT, "invoice_id": invoice.id}
    case.notify("pro", "membership.reinstated", invoice.id, "PAY-5", facts, replaces=replaces)
    return " It is reinstated at once (PAY-5)."


def _clear(pro: Pro) -> str:
    """GEN-3 Clear the cause `payment` and no other. Returns the words for what stays, if something does."""
    pro.causes = [cause for cause in pro.causes if cause != PAYMENT]
    if pro.causes:
        return f" It stays suspended: {', '.join(pro.causes)} (GEN-3)."
    pro.suspended_at = None
    return ""


def _heard_by(case: Case, pro: Pro) -> datetime:
    """PAY-1 When silence after the end of the paid term counts as a failure."""
    return case.calendar.start_of(pro.term.end + timedelta(days=case.policies.answer_wait_days))


def lapse_if_over(case: Case, pro: Pro) -> None:
    """Work off the end of the term if the case comes after it and before its deadline: it then acts with its own date."""
    if pro.stage == "active" and over(case, pro, case.at):
        case.unschedule(TERM_END, WHICH)
        end = Due(case.calendar.start_of(pro.term.end), TERM_END, WHICH)
        _term_ended(case_of(case.desk, end), WHICH)


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
        replaces, pro.notices = pro.notices, []
        pro.told(case.notify("pro", "pro.lapsed", which, "PRO-5", facts, replaces=replaces))
    elif pro.open_invoice:
        suspend(case, pro, f"invoice {pro.open_invoice} failed")
    else:
        case.schedule(_heard_by(case, pro), NOTHING_HEARD, which)


def _nothing_heard(case: Case, which: str) -> None:
    """PAY-1 Seven days after a fee was due nothing was heard of it: that counts as a failure, and PAY-3 follows."""
    pro = case.member.pro
    if pro is None or pro.stage != "active" or PAYMENT in pro.causes:
        return
    facts: dict[str, Fact] = {"invoice_id": None, "reason": "no_answer"}
    pro.told(case.notify("pro", "payment.failed", which, "PAY-1", facts))
    suspend(case, pro, f"nothing was heard of its fee for {case.policies.answer_wait_days} days")


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({TERM_END: _term_ended, NOTHING_HEARD: _nothing_heard})
"""The rule of each deadline."""
