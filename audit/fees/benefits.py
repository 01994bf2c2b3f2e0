"""PRO-9, REP-9, LOAN-6 What others want to know of PRO, and what they have to say to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from audit.fees import life
from audit.fees.facts import Facts, Membership

ABOUT_LOANS = "loan"
"""What notices of a suspension by loans are about, in place of an invoice."""


@dataclass(slots=True)
class Benefits:
    """A view of an account of fees: it has no state of its own."""

    facts: Facts

    @property
    def is_known(self) -> bool:
        """Whether there was ever an application."""
        return "pro" in self.facts.memberships

    def status_at(self, at: datetime) -> Literal["active", "suspended", "none"]:
        """PRO-9, PAY-4 What PRO was then, by its dates: an end that is past counts, and a fee that is still asked for
        suspends nothing yet (PAY-3)."""
        facts, of = self.facts, self.facts.memberships.get("pro")
        if of is None or not of.terms or (of.stage == "terminated" and of.over and of.over[1] <= at):
            return "none"
        is_over = life.is_over(facts, of, at)
        if not is_over and any(since and since <= at for since in (of.suspended_at, of.default)):
            return "suspended"
        if any(facts.start(term.first) <= at < facts.start(term.end) for term in of.terms):
            return "active"
        return "active" if of.runs and life.term_end(facts, of) <= at and not is_over else "none"

    def owns(self, model: str, at: datetime) -> bool:
        """LOAN-1 Whether an application had said by then that the member has one."""
        since = self.facts.gear.get(model.upper())
        return since is not None and since <= at

    def year_at(self, at: datetime) -> str:
        """CLN-2 The invoice of the last paid year that had begun by then."""
        years = self.facts.memberships["pro"].terms
        return [term.invoice for term in years if self.facts.start(term.first) <= at][-1]

    def give_back(self, start: datetime, repair_id: str) -> str:
        """REP-9 The fee of the term that contains the start goes back for the repair, once. Returns its invoice, or nothing."""
        facts, day, of = self.facts, self.facts.day(start), self.facts.memberships.get("pro")
        terms = [term for term in of.terms if term.first <= day < term.end] if of else []
        invoice = facts.invoices[terms[-1].invoice] if terms else None
        if invoice is None or invoice.paid is None or invoice.reimbursed:
            return ""
        invoice.reimbursed = repair_id, invoice.paid.cents
        return invoice.id

    def loans_in_default(self, since: datetime | None) -> None:
        """LOAN-6 Since when any loan is in default; None: none is any more. What is owed outlives a membership."""
        facts, of = self.facts, self.facts.memberships.get("pro")
        facts.default = since
        if of is None:
            return
        is_news, of.default = (of.default is None) != (since is None), since
        if is_news and since and of.runs:
            _suspend(facts, of)
        elif is_news and not since:
            was_told, of.told_of_default = of.told_of_default, False
            facts.told[life.REINSTATED, ABOUT_LOANS] += was_told and of.runs and of.suspended_at is None


def begin(facts: Facts, of: Membership) -> None:
    """LOAN-6 A membership that opens while loans are in default begins suspended."""
    of.default = facts.default
    if of.default:
        _suspend(facts, of)


def _suspend(facts: Facts, of: Membership) -> None:
    of.told_of_default = True
    facts.told[life.SUSPENDED, ABOUT_LOANS] += 1


def note_gear(facts: Facts, told: Any, at: datetime) -> None:
    """LOAN-1 What an application says that the member has."""
    for one in (*told.bodies, *told.lenses):
        model = one.model.upper()
        facts.gear[model] = min(at, facts.gear.get(model, at))
