"""PRO-5 to PRO-8 The renewal of a PRO membership, and its ends. How its fee is collected is models/fees/dunning.py."""

from datetime import datetime
from typing import Final

from models.case import Case, Ruling, applied, refused, superseded
from models.due import case_of
from models.fees import dunning
from models.fees.refunds import give_back
from models.fees.state import Invoice, Paid
from models.outputs.base import Fact
from models.pro import terms
from models.pro.standing import clear_payment, ends_at, over
from models.pro.state import PAYMENT, Pro, Term
from models.state import Due
from models.values import PaidProgram, dollars


class ProFees:
    """PRO, as its fees see it: implements `models.fees.dunning.Home`."""

    program: PaidProgram = "pro"
    fee: int = terms.FEE

    def current(self, case: Case) -> str | None:
        """The renewal at hand."""
        pro = case.member.pro
        return pro.invoice if pro else None

    def collects(self, case: Case) -> bool:
        """PRO-5, PRO-7 Opted in, not cancelled, and told of in time."""
        pro = case.member.pro
        return pro is not None and pro.stage == "active" and pro.auto_renew and not pro.uncharged

    def not_told_in_time(self, case: Case) -> None:
        """PRO-5 Not charged; unpaid, it lapses as without auto-renewal."""
        pro_of(case).uncharged = True

    def tell(self, case: Case, notice_id: str) -> None:
        """Note it."""
        pro_of(case).told(notice_id)

    def term_over(self, case: Case) -> None:
        """PRO-5 Unpaid without auto-renewal: lapsed. PRO-7 Cancelled: the account closes."""
        pro = pro_of(case)
        if pro.stage == "ending":
            _end(case, pro)
        elif pro.stage == "active":
            _lapse(case, pro, "PRO-5")

    def suspend(self, case: Case, invoice: Invoice, at: datetime) -> None:
        """PAY-3 With cause `payment`. PAY-6 Sixty days later it is over."""
        pro = pro_of(case)
        pro.causes = sorted({*pro.causes, PAYMENT})
        pro.suspended_at = at
        over_at = case.calendar.days_after(at, case.policies.unpaid_days)
        case.schedule(over_at, dunning.END, invoice.id)
        facts: dict[str, Fact] = {
            "cause": PAYMENT,
            "why": f"invoice {invoice.id} failed",
            "invoice_id": invoice.id,
            "term_ended": str(pro.term.end),
            "lapses_on": str(case.calendar.day_of(over_at)),
        }
        once = dunning.named_after(invoice)
        pro.told(case.notify("pro", "membership.suspended", invoice.id, "PAY-3", facts, named_after=once))

    def give_up(self, case: Case) -> None:
        """PAY-6 Lapsed after 60 days of suspension."""
        _lapse(case, pro_of(case), "PAY-6")


FEES: Final[dunning.Home] = ProFees()


def paid_for(case: Case, pro: Pro, term: Term) -> None:
    """A further year is paid: the renewal that follows it is the one at hand."""
    pro.paid_for(term)
    pro.uncharged, pro.over_at = False, None
    pro.invoice = dunning.open_renewal(case, FEES, case.calendar.start_of(term.end)).id


def renew(case: Case, pro: Pro, invoice: Invoice, paid: Paid) -> Ruling:
    """PRO-5, PRO-6 A further year is paid. PAY-5: for the invoice that failed, it reinstates at once."""
    if why := _why_not_renewed(case, pro, invoice, paid):
        clause, words = why
        invoice.unused.append(paid)
        back = give_back(case, invoice, case.cause, clause)
        return applied(f"{words} ({clause}): {back}.", clause, "refunded")
    if paid.amount < terms.FEE:
        invoice.unused.append(paid)
        return too_low(paid)
    invoice.paid = paid
    if pro.stage == "terminated":
        return applied(f"Invoice {invoice.id} was paid before PRO was terminated: no refund (PRO-8).", "PRO-8")
    dunning.settled(case, FEES, invoice, "the fee is paid")
    term = terms.next_term(pro.term, case.calendar.day_of(paid.at), invoice.id, automatic=pro.auto_renew)
    pro.happens("renewed")
    paid_for(case, pro, term)
    replaces = pro.take_notices()
    facts: dict[str, Fact] = {"invoice_id": invoice.id, "term_from": str(term.first), "term_to": str(term.end)}
    once = dunning.named_after(invoice)
    case.notify("pro", "pro.renewed", invoice.id, "PRO-5", facts, replaces=replaces, named_after=once)
    says = f"Invoice {invoice.id} renews PRO from {term.first} to {term.end} (PRO-6)."
    return applied(f"{says}{_reinstate(case, pro, invoice, replaces)}", "PRO-5")


def cancel(case: Case, pro: Pro) -> Ruling:
    """PRO-7 No refund, access to the end of the term, then the account closes. PAY-8 No dunning from now on."""
    reconsider(case, pro)
    pro.happens("cancelled")
    pro.cancelled_at = case.at
    invoice = _invoice(case, pro)
    dunning.settled(case, FEES, invoice, "PRO is cancelled")
    case.schedule(case.calendar.start_of(pro.term.end), dunning.DUE, invoice.id)
    ends = max(case.calendar.start_of(pro.term.end), case.at)
    on = str(case.calendar.day_of(ends))
    facts: dict[str, Fact] = {"ends_on": on, "refund": None}
    pro.told(case.notify("pro", "pro.cancelled", on, "PRO-7", facts, replaces=pro.take_notices()))
    if ends == case.at:
        _end(case, pro)
        return applied("PRO is cancelled; the paid term is over already: it ends at once, without a refund.", "PRO-7")
    return applied(f"PRO is cancelled: it ends with the paid term, on {on}, without a refund (PRO-7).", "PRO-7")


def terminate(case: Case, pro: Pro, reason: str) -> Ruling:
    """PRO-8 Ended by Sony at once, without a refund, for good."""
    pro.happens("terminated")
    pro.over_at, pro.causes, pro.suspended_at = case.at, [], None
    if pro.invoice:
        dunning.settled(case, FEES, case.get(Invoice, pro.invoice), "PRO is terminated")
    facts: dict[str, Fact] = {"reason": reason, "refund": None}
    case.notify("pro", "pro.terminated", reason, "PRO-8", facts, replaces=pro.take_notices())
    return applied(f"PRO is terminated at once ({reason}), without a refund, for good (PRO-8).", "PRO-8")


def reconsider(case: Case, pro: Pro) -> str:
    """PRO-7, PAY-8 Whatever the end of the term has done is undone: the day it is due decides anew, with its own date.

    Returns the words for what stays.
    """
    invoice = _invoice(case, pro)
    dunning.stop(case, invoice)
    if pro.stage == "lapsed":
        pro.happens("taken_back")
        for notice_id in pro.take_notices():
            case.retract("pro", notice_id, "something said before the end was told after it", "PRO-7")
    pro.over_at = None
    words = clear_payment(pro)
    case.schedule(case.calendar.start_of(pro.term.end), dunning.DUE, invoice.id)
    return words


def catch_up(case: Case, pro: Pro) -> None:
    """Work off the end of the membership if the case comes after it and before its deadline: it then acts with its own date."""
    ends = ends_at(case, pro) if pro.stage in ("active", "ending") else None
    if ends and pro.invoice and over(case, pro, case.at):
        what = dunning.END if PAYMENT in pro.causes else dunning.DUE
        case.unschedule(what, pro.invoice)
        then = case_of(case.desk, Due(ends, what, pro.invoice))
        (FEES.give_up if what == dunning.END else FEES.term_over)(then)


def nothing_owed(case: Case, invoice: Invoice) -> Ruling | None:
    """PAY-8 Why the failure of an unpaid invoice starts no dunning; None if it does."""
    pro = pro_of(case)
    if invoice.application_id:
        says = f"Invoice {invoice.id} is an application's fee: its failure starts no dunning (PRO-3)."
        return applied(says, "PRO-3", "application_fee")
    if pro.invoice != invoice.id or pro.stage not in ("active", "ending"):
        return superseded("no_membership", "PRO is not open: nothing is owed for it (PAY-8).", "PAY-8")
    if pro.stage == "ending":
        says = f"PRO is cancelled: nothing is owed after {pro.term.end} (PAY-8)."
        return superseded("cancelled", says, "PAY-8")
    if pro.uncharged:
        says = f"The renewal was told of too late to be charged (CARE-5): unpaid, PRO lapses on {pro.term.end}."
        return applied(says, "PRO-5", "not_charged")
    if not pro.auto_renew:
        says = f"Auto-renewal is off: a failed fee has no dunning (PAY-1). Unpaid, PRO lapses on {pro.term.end}."
        return applied(says, "PAY-1", "auto_renew_off")
    return None


def clause_of_refunds(case: Case) -> str:
    """By which money for nothing goes back: it was to renew, or for an application."""
    pro = case.member.pro
    return "PRO-5" if pro and pro.terms else "PRO-3"


def too_low(paid: Paid) -> Ruling:
    """Less than the fee pays nothing."""
    says = f"${dollars(paid.amount)} is less than the fee, ${dollars(terms.FEE)}: support has to look at it."
    return refused("amount_too_low", says, "PRO-3")


def _why_not_renewed(case: Case, pro: Pro, invoice: Invoice, paid: Paid) -> tuple[str, str] | None:
    """Why money cannot pay a further year, and goes back (clause, words); None if it can."""
    if invoice.id != pro.invoice or pro.stage in ("applied", "rejected"):
        return "PRO-5", "The membership it was to renew is over"
    if pro.cancelled_at and paid.at >= pro.cancelled_at:
        return "PRO-7", f"PRO had been cancelled on {case.calendar.day_of(pro.cancelled_at)}"
    ends = ends_at(case, pro)
    if ends is None or paid.at < ends:
        return None
    on = case.calendar.day_of(ends)
    if pro.stage == "terminated":
        return "PRO-8", f"PRO had been terminated on {on}"
    if ends == case.calendar.start_of(pro.term.end):
        return "PRO-5", f"The term had ended on {on}, unpaid, without auto-renewal"
    return "PAY-6", f"PRO had lapsed on {on}, after {case.policies.unpaid_days} days unpaid"


def _lapse(case: Case, pro: Pro, clause: str) -> None:
    """PRO-5, PAY-6 Over, unpaid; one may apply again."""
    pro.happens("unpaid")
    facts: dict[str, Fact] = {"term_ended": str(pro.term.end), "lapsed_on": str(case.calendar.day_of(case.at))}
    _over(case, pro)
    pro.told(case.notify("pro", "pro.lapsed", str(pro.term.end), clause, facts, replaces=pro.take_notices()))


def _end(case: Case, pro: Pro) -> None:
    """PRO-7 The account closes."""
    pro.happens("term_over")
    _over(case, pro)
    facts: dict[str, Fact] = {"term_ended": str(pro.term.end)}
    pro.told(case.notify("pro", "pro.ended", str(pro.term.end), "PRO-7", facts, replaces=pro.take_notices()))


def _over(case: Case, pro: Pro) -> None:
    clear_payment(pro)
    pro.over_at = case.at
    dunning.settled(case, FEES, _invoice(case, pro), "PRO is over")


def _reinstate(case: Case, pro: Pro, invoice: Invoice, replaces: list[str]) -> str:
    """PAY-5 Clear the cause `payment`; GEN-3: other causes stay."""
    if PAYMENT not in pro.causes:
        return ""
    if words := clear_payment(pro):
        return words
    facts: dict[str, Fact] = {"cause": PAYMENT, "invoice_id": invoice.id}
    case.notify("pro", "membership.reinstated", invoice.id, "PAY-5", facts, replaces=replaces)
    return " It is reinstated at once (PAY-5)."


def _invoice(case: Case, pro: Pro) -> Invoice:
    """The renewal at hand. What was opened has one."""
    return case.get(Invoice, pro.invoice or "")


def pro_of(case: Case) -> Pro:
    """The section of one who has it; where a fee of PRO is, there is PRO."""
    pro = case.member.pro
    if pro is None:
        raise TypeError("a fee of PRO without PRO is a broken state")
    return pro
