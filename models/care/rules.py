"""Care's own events: bought, handed over by a guest's key, cancelled, auto-renewal, claims."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.care import claims, guest, guest_fee, orders, refunding
from models.care.events import (
    CareAutoRenewChanged,
    CareCancelRequested,
    CareClaimOpened,
    CarePurchased,
    GuestAccountOpened,
    GuestCareClaimed,
)
from models.care.life import LIFE, UNPAID
from models.care.protection import qualifies
from models.care.selling import refuse, why_not_sold
from models.care.state import Care, Purchase, Window
from models.case import Case, Ruling, applied, digest, duplicate, refused, retold
from models.due import DeadlineRule
from models.fees import terms
from models.fees.refunds import send_back
from models.fees.state import Invoice, Paid
from models.hold import hold
from models.outputs.base import Fact
from models.payload import Payload
from models.points.state import Order
from models.reasons import Reasons
from models.values import dollars


def purchased(case: Case, data: CarePurchased) -> Ruling:
    """CARE-1 By a resident of an eligible state of the age of majority; CARE-2 a year from the purchase."""
    if guest_fee.is_guest(case):
        return guest.purchased(case, data)
    if told := _told_before(case, data):
        return told
    order = case.find(Order, data.order_id) if data.order_id else None
    if data.order_id and order is None:
        return hold(case, "order", data.order_id, f"Care is bought with order {data.order_id}, which is not known yet")
    return _sell(case, data, _why_not(case, data, order), order)


def claimed(case: Case, data: GuestCareClaimed) -> Ruling:
    """CARE-3 A guest's purchase becomes the member's, from its own day on (CARE-2). The guest's key has seen to CARE-1."""
    case.cause = data.origin.cause
    return _told_before(case, data.purchase) or _sell(case, data.purchase, _has_it_already(case), None)


def order_never_arrived(case: Case, data: CarePurchased) -> str:
    """CARE-1 What it was bought with is not known in time: not sold, and its fee goes back. Returns the words for it."""
    if _told_before(case, data):
        return ""
    reasons = [("no_qualifying_purchase", f"order {data.order_id} is none of the store's")]
    return _sell(case, data, reasons, None).says


def cancel_requested(case: Case, data: CareCancelRequested) -> Ruling:
    """CARE-6 Future renewals stop, benefits stay to the end of the paid term; CARE-4 decides which renewal is the last.
    CARE-7 With the fee back, if it is asked for in time and nothing was kept or used."""
    care = case.member.care
    if data.refund_requested and care and care.is_open and not LIFE.over(case, care, case.at):
        return refunding.asked(case, care)
    if care and care.stage == "refunded":
        return duplicate("already_refunded", "Care was cancelled with a refund already (CARE-7).", "CARE-7")
    return LIFE.asked_to_cancel(case)


def auto_renew_changed(case: Case, data: CareAutoRenewChanged) -> Ruling:
    """CARE-6 At any time before the term ends; CARE-4 decides which renewal is the last."""
    return LIFE.switch(case, on=data.on)


def money(case: Case, invoice: Invoice, paid: Paid) -> Ruling:
    """CARE-1, CARE-4 Money for a purchase, or for a renewal. Not accepted, it goes back."""
    if invoice.application_id is None:
        return _renew(case, invoice, paid)
    purchase = case.get(Purchase, invoice.application_id)
    if purchase.why_not:
        back = send_back(case, invoice, paid, purchase.cause, "CARE-1")
        return applied(f"Care was not sold ({purchase.why_not}, CARE-1): {back}.", "CARE-1", "refunded")
    if paid.amount < LIFE.fee:
        return LIFE.too_low(case, invoice, paid, purchase.cause, "CARE-1")
    invoice.paid = paid
    case.unflag(UNPAID, invoice.id)
    window = case.get(Window, purchase.id)
    if window.answer == "granted":
        return refunding.paid_after_all(case, window)
    return applied(f"The fee of Care, ${dollars(paid.amount)}, is paid (CARE-1).", "CARE-1")


def paid_earlier(_case: Case, _invoice: Invoice, _paid: Paid) -> str:
    """Nothing: no year of Care begins on its day of payment (CARE-2, CARE-4)."""
    return ""


def clause_of_refunds(_case: Case) -> str:
    """By which money for nothing goes back."""
    return "CARE-1"


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        CarePurchased: purchased,
        GuestCareClaimed: claimed,
        GuestAccountOpened: guest.account_opened,
        CareCancelRequested: cancel_requested,
        CareAutoRenewChanged: auto_renew_changed,
        CareClaimOpened: claims.opened,
    }
)
"""The rule of each event type."""

DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType(
    {refunding.REFUND: refunding.waited_long_enough, **guest.DEADLINES}
)
"""The rule of each deadline."""

GIVEN_UP: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {CarePurchased: order_never_arrived, CareClaimOpened: claims.never_bought_here}
)
"""What else is done, and the words for it, when an event of that type has waited in vain (GEN-2)."""


def _told_before(case: Case, data: CarePurchased) -> Ruling | None:
    """Why it is no news (GEN-1), or has no invoice of its own; None if it is."""
    known, invoice = case.find(Purchase, data.invoice_id), case.find(Invoice, data.invoice_id)
    if known:
        return retold(known.content, data, f"Purchase {known.id}")
    if invoice and (invoice.application_id or invoice.due_on):
        says = f"Invoice {data.invoice_id} belongs to something else: a purchase needs one of its own (CARE-1)."
        return refused("invoice_in_use", says, "CARE-1")
    return None


def _sell(case: Case, data: CarePurchased, reasons: Reasons, order: Order | None) -> Ruling:
    """The purchase is known from now on, and so is its invoice; Care opens if nothing is against it."""
    purchase = Purchase(data.invoice_id, digest(data), case.cause.source, case.cause.id)
    invoice = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id, "care")
    invoice.program, invoice.application_id = "care", purchase.id
    case.put(purchase.id, purchase)
    case.put(invoice.id, invoice)
    case.arrived("invoice", invoice.id)
    if reasons:
        purchase.why_not = reasons[0][0]
        return refuse(case, purchase.id, reasons)
    return _open(case, purchase, order)


def _open(case: Case, purchase: Purchase, order: Order | None) -> Ruling:
    """CARE-2 A year from the day of the purchase."""
    care = case.member.care
    if care:
        LIFE.catch_up(case)
        care.happens("bought")
        care.auto_renew, care.auto_renew_at, care.cancelled_at = True, case.at, None
        care.notices, care.purchase = [], purchase.id  # what was told of an earlier membership is over
    else:
        care = case.member.care = Care("active", True, case.at, purchase=purchase.id)
    term = terms.first_term(case.calendar.day_of(case.at), purchase.id)
    LIFE.paid_for(case, care, term)
    refunding.open_window(case, purchase.id, case.at, case.at)
    facts: dict[str, Fact] = {"invoice_id": purchase.id, "term_from": str(term.first), "term_to": str(term.end)}
    case.notify("care", "care.welcome", purchase.id, "CARE-2", facts)
    says = [f"Care runs from {term.first} to {term.end}: one year from the purchase (CARE-2)."]
    if order:
        says += orders.bought_with(case, care, order, purchase.id)
    return applied(" ".join(says), "CARE-2")


def _renew(case: Case, invoice: Invoice, paid: Paid) -> Ruling:
    """CARE-4 A further year, whose fee can be asked back as well (CARE-7)."""
    ruling, care = LIFE.renew(case, invoice, paid), case.member.care
    if care and care.terms and care.term.invoice_id == invoice.id:
        begins = case.calendar.start_of(care.term.first)
        refunding.open_window(case, invoice.id, min(paid.at, begins), paid.at)
    return ruling


def _why_not(case: Case, data: CarePurchased, order: Order | None) -> Reasons:
    """CARE-1 Why it is not sold, all reasons at once."""
    reasons = why_not_sold(case, data)
    if order and not qualifies(case, order):
        reasons.append(("no_qualifying_purchase", f"order {order.id} has no qualifying product that was kept"))
    if not data.order_id and not case.policies.care_without_order:
        reasons.append(("no_qualifying_purchase", "it was bought without a qualifying product"))
    return reasons + _has_it_already(case)


def _has_it_already(case: Case) -> Reasons:
    care = case.member.care
    is_open = care is not None and bool(care.terms) and not LIFE.over(case, care, case.at)
    return [("already_member", "a Care membership is open")] if is_open else []
