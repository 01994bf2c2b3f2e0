"""How a PRO membership opens: an application, its fee and its review, in any order (PRO-3, PRO-4)."""

from models.case import Case, Ruling, applied
from models.fees import terms
from models.fees.home import named_after
from models.fees.membership import Term
from models.fees.refunds import give_back
from models.fees.state import Invoice, Paid
from models.outputs.base import Fact
from models.pro import defaults
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
        too_low = LIFE.too_low(case, invoice, paid, application.cause, "PRO-3")
        return decline(case, application, invoice) if application.why_not else too_low
    invoice.paid = paid
    return answer(case, pro, application)


def decline(case: Case, application: Application, invoice: Invoice) -> Ruling:
    """PRO-3 Not accepted, for whatever reason: all that came goes back, also what comes later."""
    before = invoice.refunded
    if invoice.paid:
        invoice.unused, invoice.paid = [*invoice.unused, invoice.paid], None
    back = give_back(case, invoice, application.cause, "PRO-3")
    says = f"Application {application.id} is not accepted ({application.why_not}, PRO-3): {back}."
    return applied(says, "PRO-3", "refunded" if invoice.refunded > before else None)


def _open(case: Case, pro: Pro, application: Application, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-4 Approved and paid: a year begins on the day of the payment, with the digital card."""
    term = terms.first_term(case.calendar.day_of(paid.at), invoice.id)
    pro.happens("opened")
    pro.opened_on, pro.notices = term.first, []  # what was told of an earlier membership is over
    pro.causes, pro.cancelled_at = {}, None
    LIFE.paid_for(case, pro, term)
    received = case.notice_id(application.cause, "pro.application_received", application.id)
    _welcome(case, application, term, received)
    suspended = defaults.begin(case, pro)
    says = f"PRO is open from {term.first}, the day the fee was paid, to {term.end}: one year (PRO-4).{suspended}"
    return applied(says, "PRO-4")


def _welcome(case: Case, application: Application, term: Term, replaces: str) -> None:
    """PRO-4 With the digital card. Told anew when the first day turns out to be another one."""
    card = {"member_id": case.desk.member_id, "valid_from": str(term.first), "valid_to": str(term.end)}
    facts: dict[str, Fact] = {"application_id": application.id, "card": card, "auto_renew": application.auto_renew}
    about, cause = LIFE.about_term(term), application.cause
    case.notify("pro", "pro.welcome", about, "PRO-4", facts, replaces=[replaces], cause=cause)


def paid_earlier(case: Case, invoice: Invoice, paid: Paid) -> str:
    """PRO-4, PRO-6 A year that begins on its day of payment begins on an earlier one. Returns the words for it."""
    pro = case.member.pro
    if pro is None or not pro.terms or pro.term.invoice_id != invoice.id:
        return ""
    paid_on, last = case.calendar.day_of(paid.at), pro.term
    if invoice.application_id:
        term = terms.first_term(paid_on, invoice.id)
    else:
        term = terms.next_term(pro.terms[-2], paid_on, invoice.id, automatic=True)
    if term == last or not LIFE.restate(case, pro, term):
        return ""
    if invoice.application_id:
        application = case.get(Application, invoice.application_id)
        told = case.notice_id(application.cause, "pro.welcome", LIFE.about_term(last))
        pro.opened_on = term.first
        _welcome(case, application, term, told)
    else:
        told = case.notice_id(named_after(invoice.id), "pro.renewed", LIFE.about_term(last))
        LIFE.tell_renewed(case, term, [told])
    return f" The earlier payment counts: the paid year runs from {term.first} to {term.end}."
