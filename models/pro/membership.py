"""How a PRO membership opens: an application, its fee and its review, in any order (PRO-3, PRO-4)."""

from models.case import Case, Ruling, applied
from models.fees import terms
from models.fees.refunds import give_back
from models.fees.state import Invoice, Paid
from models.outputs.base import Cause
from models.pro.renewal import LIFE
from models.pro.state import Application, Pro


def answer(case: Case, pro: Pro, application: Application) -> Ruling:
    """PRO-3, PRO-4 Where review and payment have left an application, whichever of them came first."""
    invoice = case.get(Invoice, application.invoice_id)
    if application.why_not:
        return decline(case, application, invoice)
    if not application.approved:
        return applied(f"The fee of application {application.id} is paid; it waits for its review (PRO-4).", "PRO-4")
    if invoice.paid is None:
        return applied(f"Application {application.id} is approved; it waits for its fee (PRO-4).", "PRO-4")
    return _open(case, pro, application, invoice, invoice.paid)


def money(case: Case, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-3, PRO-5 Money for an application, or for a renewal."""
    pro = case.member.pro
    if invoice.application_id is None or pro is None:
        return LIFE.renew(case, invoice, paid)
    return _fee_paid(case, pro, case.get(Application, invoice.application_id), invoice, paid)


def _fee_paid(case: Case, pro: Pro, application: Application, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-3 Money came for an application. Less than the fee does not pay it; not accepted, all of it goes back."""
    if paid.amount < LIFE.fee:
        too_low = LIFE.too_low(invoice, paid)
        return decline(case, application, invoice) if application.why_not else too_low
    invoice.paid = paid
    return answer(case, pro, application)


def decline(case: Case, application: Application, invoice: Invoice) -> Ruling:
    """PRO-3 Not accepted, for whatever reason: all that came goes back, also what comes later."""
    before = invoice.refunded
    if invoice.paid:
        invoice.unused, invoice.paid = [*invoice.unused, invoice.paid], None
    back = give_back(case, invoice, cause_of(application), "PRO-3")
    says = f"Application {application.id} is not accepted ({application.why_not}, PRO-3): {back}."
    return applied(says, "PRO-3", "refunded" if invoice.refunded > before else None)


def cause_of(application: Application) -> Cause:
    """The application as the cause of its answer, whichever event brought that."""
    return Cause(source=application.source, id=application.event_id)


def _open(case: Case, pro: Pro, application: Application, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-4 Approved and paid: a year begins on the day of the payment, with the digital card."""
    term = terms.first_term(case.calendar.day_of(paid.at), invoice.id)
    pro.happens("opened")
    pro.opened_on, pro.notices = term.first, []  # what was told of an earlier membership is over
    pro.causes, pro.suspended_at, pro.cancelled_at = [], None, None
    LIFE.paid_for(case, pro, term)
    cause = cause_of(application)
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
    says = f"PRO is open from {term.first}, the day the fee was paid, to {term.end}: one year (PRO-4)."
    return applied(says, "PRO-4")
