"""Care: bought, cancelled, its renewal switched.

Not followed from the first of these on: Care that was bought with an order, which depends on that (CARE-1), and Care whose
fee is asked back (CARE-7). ``goes_beyond`` tells them.
"""

from typing import Any

from audit.account.days import years_later
from audit.account.membership import may_join
from audit.fees import life
from audit.fees.facts import PROGRAMMES, Facts, Invoice, Membership, Money, Opening, Term
from audit.fees.pro import end_before

CARE = PROGRAMMES["care"]


def goes_beyond(event: Any) -> bool:
    """Whether what becomes of Care depends on orders from now on."""
    return bool(getattr(event.data, "refund_requested", False)) or (
        event.type == "care.purchased.v1" and event.data.order_id is not None
    )


def buy(facts: Facts, event: Any) -> None:
    """CARE-1 For whom it may be sold to."""
    told, policies = event.data, facts.policies
    is_sold = policies.care_without_order and (policies.care_states is None or told.state in policies.care_states)
    of_age = may_join(told.state, told.birth_date, facts.day(told.purchased_at))
    _buy(facts, told, may_be_sold=bool(is_sold and of_age))


def claim(facts: Facts, event: Any) -> None:
    """CARE-3 A guest's purchase, which the guest's key has found in order."""
    _buy(facts, event.data.purchase, may_be_sold=True)


def _buy(facts: Facts, told: Any, *, may_be_sold: bool) -> None:
    """CARE-2 A year from the day of the purchase, for who has none."""
    at = told.purchased_at
    invoice = facts.invoices.setdefault(told.invoice_id, Invoice(told.invoice_id))
    if ("care", told.invoice_id) in facts.openings or invoice.is_known:
        return
    opening, of = Opening(told.invoice_id, told.invoice_id), facts.memberships.get("care")
    facts.openings["care", opening.id] = invoice.opening = opening
    invoice.programme = "care"
    facts.room.came.append(("invoice", invoice.id))
    has_one = of and not life.is_over(facts, of, at)
    opening.why_not = bool(has_one or not may_be_sold)
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
