"""What follows from the facts of a paid membership, without any effect: is it charged, when is it over, what was it then?"""

from abc import ABC, abstractmethod
from datetime import date, datetime, timedelta
from typing import Literal

from models.case import Case, Ruling, applied, superseded
from models.fees.home import Clauses, Kinds
from models.fees.membership import Membership, Term
from models.fees.state import Invoice, Method, Paid
from models.values import PaidProgram


class Standing(ABC):
    """A programme's paid memberships: its numbers, words and clauses, and what they make of the facts."""

    program: PaidProgram
    name: str
    fee: int
    """Cents a year."""
    kinds: Kinds
    clauses: Clauses
    stop_days = 1
    """PRO-7, CARE-4 How many days before a renewal is the last one on which it can be stopped."""

    @abstractmethod
    def find(self, case: Case) -> Membership | None:
        """The member's section, if there is one."""

    @abstractmethod
    def next_term(self, of: Membership, paid_on: date, invoice_id: str) -> Term:
        """The year that a renewal pays."""

    def accepts(self, method: Method) -> bool:
        """Whether its fee can be asked from a method on file."""
        return method.on_file

    def of(self, case: Case) -> Membership:
        """The section of one who has it. TypeError says that the state is broken: where a fee is, there is a membership."""
        found = self.find(case)
        if found is None:
            raise TypeError(f"a fee of {self.program} without its membership")
        return found

    def current(self, case: Case) -> str | None:
        """The renewal at hand."""
        found = self.find(case)
        return found.invoice if found else None

    def collects(self, case: Case) -> bool:
        """PRO-5, PRO-7, CARE-4 Wanted, or not stopped in time; and told of in time (CARE-5)."""
        found = self.find(case)
        return found is not None and self.to_be_charged(case, found)

    def to_be_charged(self, case: Case, of: Membership) -> bool:
        """The same, of a membership at hand."""
        return of.is_open and self.wanted(case, of)

    def wanted(self, case: Case, of: Membership) -> bool:
        """Whether the renewal at hand was told of in time, and no word stops it."""
        if of.uncharged:
            return False
        too_late, end = self.stop_by(case, of), case.calendar.start_of(of.term.end)
        words = [of.cancelled_at, None if of.auto_renew else of.auto_renew_at]
        return all(word is None or too_late <= word < end for word in words)

    def stop_by(self, case: Case, of: Membership) -> datetime:
        """The first instant at which it is too late to stop the renewal at hand."""
        return case.calendar.end_of(of.term.end - timedelta(days=self.stop_days))

    def ends_at(self, case: Case, of: Membership) -> datetime | None:
        """When it is over, as far as is known: not renewed (PRO-5, PRO-7), unpaid too long (PAY-6). None: not in sight."""
        if of.over_at:
            return of.over_at
        if of.suspended_at:
            return case.calendar.days_after(of.suspended_at, case.policies.unpaid_days)
        return None if self.to_be_charged(case, of) else case.calendar.start_of(of.term.end)

    def over(self, case: Case, of: Membership, at: datetime) -> bool:
        """Whether at that time it was over."""
        ends = self.ends_at(case, of) if of.terms else None
        return ends is not None and at >= ends

    def status_at(self, case: Case, of: Membership | None) -> Literal["none", "active", "suspended"]:
        """PRO-9 What it was at the case's business time, by its dates: a deadline that is past counts, handled or not.

        A fee that is still being asked for suspends nothing yet (PAY-3).
        """
        if of is None or not of.terms:
            return "none"
        at, start_of = case.at, case.calendar.start_of
        if of.stage == "terminated" and of.over_at and at >= of.over_at:
            return "none"
        if any(since <= at for since in of.causes.values()) and not self.over(case, of, at):
            return "suspended"
        if any(start_of(term.first) <= at < start_of(term.end) for term in of.terms):
            return "active"
        unpaid = of.is_open and at >= start_of(of.term.end) and not self.over(case, of, at)
        return "active" if unpaid else "none"

    def nothing_owed(self, case: Case, invoice: Invoice) -> Ruling | None:
        """PAY-8 Why the failure of an unpaid renewal starts no dunning; None if it does."""
        of, name = self.of(case), self.name
        if of.invoice != invoice.id or not of.is_open:
            return superseded("no_membership", f"{name} is not open: nothing is owed for it (PAY-8).", "PAY-8")
        if self.to_be_charged(case, of):
            return None
        if of.stage == "ending":
            says = f"{name} is cancelled: nothing is owed after {of.term.end} (PAY-8)."
            return superseded("cancelled", says, "PAY-8")
        if of.uncharged:
            says = f"The renewal was told of too late to be charged (CARE-5): unpaid, {name} lapses on {of.term.end}."
            return applied(says, "CARE-5", "not_charged")
        says = f"Auto-renewal is off: a failed fee has no dunning (PAY-1). Unpaid, {name} lapses on {of.term.end}."
        return applied(says, "PAY-1", "auto_renew_off")

    def why_not_renewed(self, case: Case, of: Membership, invoice: Invoice, paid: Paid) -> tuple[str, str] | None:
        """Why money cannot pay a further year, and goes back (clause, words); None if it can."""
        if invoice.id != of.invoice or of.stage in ("applied", "rejected"):
            return self.clauses.renewal, "The membership it was to renew is over"
        if of.cancelled_at and paid.at >= of.cancelled_at and not self.wanted(case, of):
            return self.clauses.leaving, f"{self.name} had been cancelled on {case.calendar.day_of(of.cancelled_at)}"
        ends = self.ends_at(case, of)
        if ends is None or paid.at < ends:
            return None
        on = case.calendar.day_of(ends)
        if of.stage == "terminated":
            return "PRO-8", f"{self.name} had been terminated on {on}"
        if ends == case.calendar.start_of(of.term.end):
            return self.clauses.renewal, f"The term had ended on {on}, unpaid, without auto-renewal"
        return "PAY-6", f"{self.name} had lapsed on {on}, after {case.policies.unpaid_days} days unpaid"
