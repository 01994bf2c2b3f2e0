"""Care: bought, cancelled, its renewal switched."""

from typing import Any

from audit.account.days import years_later
from audit.account.membership import may_join
from audit.fees import life
from audit.fees.facts import PROGRAMMES, Facts, Invoice, Membership, Money, Opening, Term
from audit.fees.pro import end_before

CARE = PROGRAMMES["care"]


def buy(facts: Facts, event: Any) -> None:
    """CARE-1, CARE-2 A year from the day of the purchase, for whom it may be sold to and has none."""
    told, at = event.data, event.data.purchased_at
    invoice = facts.invoices.setdefault(told.invoice_id, Invoice(told.invoice_id))
    if ("care", told.invoice_id) in facts.openings or invoice.is_known:
        return
    opening, of = Opening(told.invoice_id, told.invoice_id), facts.memberships.get("care")
    facts.openings["care", opening.id] = invoice.opening = opening
    invoice.programme = "care"
    facts.room.came.append(("invoice", invoice.id))
    is_sold_there = facts.policies.care_states is None or told.state in facts.policies.care_states
    has_one = of and of.runs and not life.is_over(facts, of, at)
    opening.why_not = bool(has_one or not is_sold_there or not may_join(told.state, told.birth_date, facts.day(at)))
    if opening.why_not:
        return
    if of is None:
        of = facts.memberships["care"] = Membership(CARE, opening, opening.auto, at)
    end_before(facts, of, at)
    of.opening, of.is_open, of.cancelled_at = opening, True, None
    of.auto, of.auto_at = True, at
    day = facts.day(at)
    life.pay(facts, of, Term(day, years_later(day, 1), day, invoice.id))


def money(invoice: Invoice, opening: Opening, paid: Money) -> None:
    """CARE-1 Money for a purchase; not sold, it goes back."""
    if opening.why_not or paid.cents < CARE.cents:
        invoice.spare.append(paid)
        if opening.why_not:
            life.give_back(invoice)
        return
    invoice.paid = paid


def cancel(facts: Facts, event: Any) -> None:
    """CARE-6."""
    if of := facts.memberships.get("care"):
        life.cancel(facts, of, event.time)


def switch(facts: Facts, event: Any) -> None:
    """CARE-6."""
    life.switch(facts, facts.memberships.get("care"), event.time, on=event.data.on)
