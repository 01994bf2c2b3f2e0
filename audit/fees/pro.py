"""PRO: an application, its review and its fee, in any order; and the member's and Sony's words about it."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from audit.account.days import years_later
from audit.account.membership import may_join
from audit.fees import benefits, life
from audit.fees.facts import PROGRAMMES, Facts, Invoice, Membership, Money, Opening, Term

PRO = PROGRAMMES["pro"]
BODIES, LENSES = 2, 3


def apply(facts: Facts, event: Any) -> None:
    """PRO-1 to PRO-3."""
    told, at = event.data, event.time
    known = facts.openings.get(("pro", told.application_id))
    invoice = facts.invoices.setdefault(told.invoice_id, Invoice(told.invoice_id))
    if known or invoice.is_known or invoice.paid:
        return
    opening = Opening(told.application_id, told.invoice_id, told.auto_renew)
    of = facts.memberships.get("pro")
    opening.why_not = not (_may_apply(facts, told, at, of) and _is_professional(facts, told))
    facts.openings["pro", opening.id] = invoice.opening = opening
    invoice.programme = "pro"
    benefits.note_gear(facts, told, at)
    facts.room.came += [("application", opening.id), ("invoice", invoice.id)]
    if of is None:
        facts.memberships["pro"] = Membership(PRO, opening, opening.auto, at)
        return
    if not opening.why_not:
        end_before(facts, of, at)
    if not opening.why_not or of.stage == "rejected":
        of.opening, of.is_open, of.auto, of.auto_at = opening, False, opening.auto, at


def end_before(facts: Facts, of: Membership, at: Any) -> None:
    """GEN-4 An end that is in the past by then has come, whether a tick told so or not."""
    ends = life.ends_at(facts, of) if of.runs else None
    if ends and ends <= at:
        life.end(facts, of, life.left_or_lapsed(of), ends)


def review(facts: Facts, event: Any) -> None:
    """PRO-3, PRO-4 The first answer stands."""
    told = event.data
    opening = facts.openings.get(("pro", told.application_id))
    if opening is None:
        facts.wait(("application", told.application_id), event)
    elif opening.approved is None:
        opening.approved = told.approved
        if not opening.why_not:
            opening.why_not = not told.approved
            answer(facts, facts.memberships["pro"], opening)


def answer(facts: Facts, of: Membership, opening: Opening) -> None:
    """PRO-3, PRO-4 What review and money come to."""
    invoice = facts.invoices[opening.invoice]
    if opening.why_not:
        invoice.spare += [invoice.paid] if invoice.paid else []
        invoice.paid = None
        life.give_back(invoice)
    elif opening.approved and invoice.paid:
        day = facts.day(invoice.paid.at)
        of.is_open, of.cancelled_at = True, None
        life.pay(facts, of, Term(day, years_later(day, 1), day, invoice.id))
        benefits.begin(facts, of)


def money(facts: Facts, invoice: Invoice, opening: Opening, paid: Money) -> None:
    """PRO-3 Money for an application: less than the fee does not pay it; not accepted, all of it goes back."""
    if opening.why_not or paid.cents < PRO.cents:
        invoice.spare.append(paid)
        life.give_back(invoice)
        return
    invoice.paid = paid
    answer(facts, facts.memberships["pro"], opening)


def cancel(facts: Facts, event: Any) -> None:
    """PRO-7."""
    if of := facts.memberships.get("pro"):
        life.cancel(facts, of, event.time)


def switch(facts: Facts, event: Any) -> None:
    """PRO-7."""
    life.switch(facts, facts.memberships.get("pro"), event.time, on=event.data.on)


def terminate(facts: Facts, event: Any) -> None:
    """PRO-8 At once, for good; before it opened, the fee goes back."""
    of = facts.memberships.get("pro")
    if of is None or of.stage in ("rejected", "terminated"):
        return
    was_applied = of.stage == "applied"
    life.end(facts, of, "terminated", event.time)
    if was_applied:
        of.opening.why_not = True
        answer(facts, of, of.opening)


def _may_apply(facts: Facts, told: Any, at: Any, of: Membership | None) -> bool:
    """PRO-1 And who is one, has applied already or was expelled cannot apply."""
    taken = of and (of.stage in ("applied", "terminated") or (of.terms and not life.is_over(facts, of, at)))
    return not taken and may_join(told.state, told.birth_date, facts.day(at))


def _is_professional(facts: Facts, told: Any) -> bool:
    """PRO-2."""
    business = f"{told.business.url or ''}{told.business.description or ''}"
    bodies = _listed(told.bodies, facts.policies.pro_bodies)
    lenses = _listed(told.lenses, facts.policies.pro_lenses)
    return bool(business.strip()) and len(bodies) >= BODIES and len(lenses - bodies) >= LENSES


def _listed(gear: Iterable[Any], patterns: Sequence[str]) -> set[str]:
    return {one.serial for one in gear for pattern in patterns if fnmatchcase(one.model.upper(), pattern)}
