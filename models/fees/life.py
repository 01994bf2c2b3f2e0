"""The life of a paid membership from its first term on: renewed, suspended, cancelled, lapsed, ended.

A programme is a `Life` with its own numbers, words and clauses; it is the `Home` of its fees.
"""

from datetime import datetime, timedelta
from typing import Literal

from models.case import Case, Ruling, applied, duplicate, refused, superseded
from models.due import case_of
from models.fees import announcing
from models.fees.home import DUE, END, named_after
from models.fees.membership import PAYMENT, Membership, Term
from models.fees.refunds import send_back
from models.fees.standing import Standing
from models.fees.state import Invoice, Paid
from models.outputs.base import Cause, Fact
from models.outputs.notifications import Kind
from models.state import Due
from models.values import dollars, joined


class Life(Standing):
    """A programme's paid memberships, and what happens to them."""

    def not_told_in_time(self, case: Case) -> None:
        """CARE-5 Not charged; unpaid, it lapses."""
        of = self.of(case)
        of.uncharged, of.charged = True, False
        says = f"{self.name}'s renewal of {of.term.end} was told of too late to be charged"
        case.flag("not_told_in_time", of.invoice or "", "CARE-5", says)

    def tell(self, case: Case, notice_id: str) -> None:
        """Note it."""
        self.of(case).told(notice_id)

    def term_over(self, case: Case) -> None:
        """PRO-5 Unpaid without auto-renewal: lapsed. PRO-7, CARE-6 Cancelled: it ends."""
        of = self.of(case)
        if of.stage == "ending":
            self._over(case, of, "term_over", self.kinds.ended, self.clauses.leaving)
        elif of.stage == "active":
            self._over(case, of, "unpaid", self.kinds.lapsed, self.clauses.renewal)

    def suspend(self, case: Case, invoice: Invoice, at: datetime) -> None:
        """PAY-3 With cause `payment`. PAY-6 Sixty days later it is over."""
        of = self.of(case)
        is_news = of.suspend(PAYMENT, at)
        over_at = case.calendar.days_after(at, case.policies.unpaid_days)
        case.schedule(over_at, END, invoice.id)
        if not is_news:
            return
        facts: dict[str, Fact] = {
            "cause": PAYMENT,
            "why": f"invoice {invoice.id} failed",
            "invoice_id": invoice.id,
            "term_ended": str(of.term.end),
            "lapses_on": str(case.calendar.day_of(over_at)),
        }
        once, about = named_after(invoice.id), of.about(invoice.id)
        of.told(case.notify(self.program, "membership.suspended", about, "PAY-3", facts, named_after=once))

    def give_up(self, case: Case) -> None:
        """PAY-6 Lapsed after 60 days of suspension."""
        self._over(case, self.of(case), "unpaid", self.kinds.lapsed, "PAY-6")

    def paid_for(self, case: Case, of: Membership, term: Term) -> None:
        """A further year is paid: the renewal that follows it is the one at hand."""
        of.paid_for(term)
        of.uncharged, of.over_at, of.reopened = False, None, 0
        self._open_renewal(case, of)

    def renew(self, case: Case, invoice: Invoice, paid: Paid) -> Ruling:
        """PRO-5, PRO-6, CARE-4 A further year is paid. PAY-5: for the invoice that failed, it reinstates at once."""
        of = self.of(case)
        if why := self.why_not_renewed(case, of, invoice, paid):
            clause, words = why
            back = send_back(case, invoice, paid, case.cause, clause)
            return applied(f"{words} ({clause}): {back}.", clause, "refunded")
        if paid.amount < self.fee:
            return self.too_low(case, invoice, paid, case.cause, self.clauses.renewal)
        invoice.paid = paid
        if not of.can("renewed"):
            words = f"Invoice {invoice.id} was paid before {self.name} was {of.stage}: no refund (PRO-8)."
            return applied(words, "PRO-8")
        announcing.settled(case, self, invoice, "the fee is paid")
        term = self.next_term(of, case.calendar.day_of(paid.at), invoice.id)
        of.happens("renewed")
        self.paid_for(case, of, term)
        replaces = of.take_notices()
        self.tell_renewed(case, term, replaces)
        if of.stage == "ending":
            self._runs_out(case, of)
        clause = self.clauses.renewal
        says = f"Invoice {invoice.id} renews {self.name} from {term.first} to {term.end} ({clause})."
        return applied(f"{says}{self._reinstate(case, of, invoice, replaces)}", clause)

    def tell_renewed(self, case: Case, term: Term, replaces: list[str]) -> None:
        """Tell of a further year, by its first day: should that turn out to be another one, it is told anew."""
        facts: dict[str, Fact] = {"invoice_id": term.invoice_id, "term_from": str(term.first), "term_to": str(term.end)}
        once, about, clause = named_after(term.invoice_id), self.about_term(term), self.clauses.renewal
        case.notify(self.program, self.kinds.renewed, about, clause, facts, replaces=replaces, named_after=once)

    def about_term(self, term: Term) -> str:
        """What tells of a paid year is named after that and its first day."""
        return joined(term.invoice_id, str(term.first))

    def restate(self, case: Case, of: Membership, term: Term) -> bool:
        """GEN-2 The last paid year is this one instead: earlier money was told of later. Returns whether that could be done.

        It can until the renewal that follows is told of, or anything has come for that.
        """
        follows, notice_days = self.invoice_at_hand(case, of), case.policies.notice_days
        told_at = case.calendar.start_of(term.end - timedelta(days=notice_days))
        if not of.is_open or case.acted_at >= told_at or follows.paid or follows.unused or follows.attempts:
            return False
        announcing.settled(case, self, follows, "the paid year is another one")
        case.take(Invoice, follows.id)
        of.terms = [*of.terms[:-1], term]
        self._open_renewal(case, of)
        if of.stage == "ending":
            self._runs_out(case, of)
        return True

    def asked_to_cancel(self, case: Case) -> Ruling:
        """PRO-7, CARE-6 At any time while it is open."""
        of, clause = self.find(case), self.clauses.leaving
        if of and of.stage == "ending":
            return self.cancel_again(case)
        if of is None or of.stage not in ("active", "lapsed") or self.over(case, of, case.at):
            says = f"There is no open {self.name} membership that could be cancelled."
            return refused("no_active_membership", says, clause)
        return self.cancel(case)

    def cancel(self, case: Case) -> Ruling:
        """PRO-7, CARE-6 No refund, benefits to the end of the term. PAY-8 No dunning from now on, unless CARE-4 has it too late."""
        of, clause = self.of(case), self.clauses.leaving
        of.cancelled_at = case.at
        otherwise = self._charged_otherwise(case, of)
        if of.stage == "lapsed" or (otherwise and case.at < case.calendar.start_of(of.term.end)):
            self.reconsider(case, of)
        of.happens("cancelled")
        if self.to_be_charged(case, of):
            until = case.calendar.day_of(self.stop_by(case, of)) - timedelta(days=1)
            words = f"The renewal of {of.term.end} could be stopped up to {until}: it is the last one ({clause})."
            facts: dict[str, Fact] = {"ends_on": None, "last_renewal_on": str(of.term.end), "refund": None}
            once, kind, about = named_after(of.term.invoice_id), self.kinds.cancelled, joined(str(of.term.end), "last")
            of.told(case.notify(self.program, kind, about, clause, facts, named_after=once))
            return applied(words, clause, "after_the_next_renewal")
        return self._leaves(case, of)

    def cancel_again(self, case: Case) -> Ruling:
        """GEN-2 Of two cancellations the earlier counts: it may be in time to stop the renewal at hand (CARE-4)."""
        of, clause = self.of(case), self.clauses.leaving
        if of.stage == "ending" and of.cancelled_at and case.at < of.cancelled_at:
            of.cancelled_at = case.at
        if not self._charged_otherwise(case, of):
            says = f"{self.name} is cancelled already: the paid term runs to {of.term.end} ({clause})."
            return duplicate("already_cancelled", says, clause)
        self.reconsider(case, of)
        return self._leaves(case, of)

    def _leaves(self, case: Case, of: Membership) -> Ruling:
        """It ends with the paid term, or at once if that is over."""
        ends, clause = self._runs_out(case, of), self.clauses.leaving
        on = case.calendar.day_of(ends)
        if ends == case.at:
            self._over(case, of, "term_over", self.kinds.ended, clause)
            says = f"{self.name} is cancelled; the paid term is over already: it ends at once, without a refund"
            return applied(f"{says} ({clause}).", clause)
        return applied(
            f"{self.name} is cancelled: it ends with the paid term, on {on}, without a refund ({clause}).", clause
        )

    def switch(self, case: Case, *, on: bool) -> Ruling:
        """PRO-7, CARE-6 Auto-renewal is switched while the paid term runs; the latest word counts. PAY-8 Off ends dunning."""
        of, clause = self.find(case), self.clauses.leaving
        if of is None or of.stage not in ("active", "lapsed") or not of.invoice:
            says = f"There is no open {self.name} membership whose renewal could change."
            return refused("no_active_membership", says, clause)
        if case.at < of.auto_renew_at:
            said_on = case.calendar.day_of(of.auto_renew_at)
            says = f"Auto-renewal was set later than this, on {said_on}: that stands (GEN-2)."
            return superseded("later_word", says, clause)
        if case.at >= case.calendar.start_of(of.term.end):
            says = f"The term ended on {of.term.end}: renewal can be switched only before that ({clause})."
            return refused("term_over", says, clause)
        of.auto_renew, of.auto_renew_at = on, case.at
        stays = self.reconsider(case, of) if self._charged_otherwise(case, of) else ""
        announcing.warn(case, self, self.invoice_at_hand(case, of))
        word = "on" if on else "off"
        too_late = "" if on or not self.to_be_charged(case, of) else f" The renewal of {of.term.end} is the last one."
        return applied(
            f"Auto-renewal is {word}; the paid term runs to {of.term.end} ({clause}).{too_late}{stays}", clause
        )

    def reconsider(self, case: Case, of: Membership) -> str:
        """PAY-8 Whatever the end of the term has done is undone: the day it is due decides anew, with its own date.

        Returns the words for what stays.
        """
        invoice = self.invoice_at_hand(case, of)
        announcing.stop(case, invoice)
        untrue = []
        if of.stage == "lapsed":
            of.happens("taken_back")
            untrue = of.take_notices()
        elif PAYMENT in of.causes:
            untrue = [case.notice_id(named_after(invoice.id), "membership.suspended", of.about(invoice.id))]
            of.notices = [notice_id for notice_id in of.notices if notice_id not in untrue]
        for notice_id in untrue:
            why = "something said before the end was told after it"
            case.retract(self.program, notice_id, why, self.clauses.leaving)
        of.over_at, of.reopened = None, of.reopened + 1
        words = of.lift(PAYMENT)
        case.schedule(case.calendar.start_of(of.term.end), DUE, invoice.id)
        return words

    def catch_up(self, case: Case) -> None:
        """Work off the end if the case comes after it and before its deadline: it then acts with its own date."""
        of = self.of(case)
        ends = self.ends_at(case, of) if of.is_open else None
        if ends and of.invoice and case.at >= ends:
            what = END if PAYMENT in of.causes else DUE
            case.unschedule(what, of.invoice)
            then = case_of(case.desk, Due(ends, what, of.invoice))
            (self.give_up if what == END else self.term_over)(then)

    def too_low(self, case: Case, invoice: Invoice, paid: Paid, cause: Cause, clause: str) -> Ruling:
        """Less than the fee pays nothing, and goes back."""
        back = send_back(case, invoice, paid, cause, clause)
        says = f"${dollars(paid.amount)} is less than the fee, ${dollars(self.fee)}: {back} ({clause})."
        return refused("amount_too_low", says, clause)

    def invoice_at_hand(self, case: Case, of: Membership) -> Invoice:
        """The renewal at hand. What was opened has one."""
        return case.get(Invoice, of.invoice or "")

    def _open_renewal(self, case: Case, of: Membership) -> None:
        """The renewal that follows the last paid year is the one at hand."""
        of.invoice = announcing.open_renewal(case, self, case.calendar.start_of(of.term.end)).id
        of.charged = self.wanted(case, of)

    def _charged_otherwise(self, case: Case, of: Membership) -> bool:
        """Whether the renewal at hand is, by what was said now, to be charged otherwise than before; and note it."""
        before, of.charged = of.charged, self.wanted(case, of)
        return of.charged != before

    def _runs_out(self, case: Case, of: Membership) -> datetime:
        """PRO-7, CARE-6 Cancelled: no renewal follows the paid term. Returns when it ends, and tells it."""
        invoice, due = self.invoice_at_hand(case, of), case.calendar.start_of(of.term.end)
        announcing.settled(case, self, invoice, f"{self.name} is cancelled")
        case.schedule(due, DUE, invoice.id)
        ends = max(due, case.at)
        on, once, replaces = str(case.calendar.day_of(ends)), named_after(of.term.invoice_id), of.take_notices()
        facts: dict[str, Fact] = {"ends_on": on, "last_renewal_on": None, "refund": None}
        kind, clause = self.kinds.cancelled, self.clauses.leaving
        of.told(case.notify(self.program, kind, on, clause, facts, replaces=replaces, named_after=once))
        return ends

    def _over(self, case: Case, of: Membership, what: Literal["unpaid", "term_over"], kind: Kind, clause: str) -> None:
        """It lapses or ends: nothing is owed any more."""
        of.happens(what)
        of.lift(PAYMENT)
        of.over_at = case.at
        announcing.settled(case, self, self.invoice_at_hand(case, of), f"{self.name} is over")
        facts: dict[str, Fact] = {"term_ended": str(of.term.end), "over_on": str(case.calendar.day_of(case.at))}
        about = of.about(str(of.term.end))
        of.told(case.notify(self.program, kind, about, clause, facts, replaces=of.take_notices()))

    def _reinstate(self, case: Case, of: Membership, invoice: Invoice, replaces: list[str]) -> str:
        """PAY-5 Clear the cause `payment`; GEN-3: other causes stay."""
        if PAYMENT not in of.causes:
            return ""
        if words := of.lift(PAYMENT):
            return words
        facts: dict[str, Fact] = {"cause": PAYMENT, "invoice_id": invoice.id}
        case.notify(self.program, "membership.reinstated", invoice.id, "PAY-5", facts, replaces=replaces)
        return " It is reinstated at once (PAY-5)."
