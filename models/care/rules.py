"""Care's own events: bought, cancelled, auto-renewal. Not built yet: a guest's purchase (CARE-3), full cancellation with
a refund (CARE-7), claims (CARE-9); that the order qualifies (CARE-1) is not checked yet.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.care.events import CareAutoRenewChanged, CareCancelRequested, CarePurchased
from models.care.life import LIFE
from models.care.state import Care, Purchase
from models.case import Case, Ruling, applied, digest, duplicate, not_supported_yet, refused, retold
from models.eligibility import why_not_eligible
from models.fees import terms
from models.fees.refunds import give_back
from models.fees.state import Invoice, Paid
from models.outputs.base import Cause, Fact
from models.payload import Payload
from models.values import dollars

GUEST: Final = "guest:"


def purchased(case: Case, data: CarePurchased) -> Ruling:
    """CARE-1 By a resident of an eligible state of the age of majority; CARE-2 a year from the purchase."""
    if case.desk.member_id.startswith(GUEST):
        return not_supported_yet("A guest's purchase of Care", "CARE-3")
    known = case.find(Purchase, data.invoice_id)
    if known:
        return retold(known.content, data, f"Purchase {known.id}")
    invoice = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id, "care")
    if invoice.application_id or invoice.due_on:
        says = f"Invoice {data.invoice_id} belongs to something else: a purchase needs one of its own (CARE-1)."
        return refused("invoice_in_use", says, "CARE-1")
    purchase = Purchase(data.invoice_id, digest(data), case.cause.source, case.cause.id)
    invoice.program, invoice.application_id = "care", purchase.id
    case.put(purchase.id, purchase)
    case.put(invoice.id, invoice)
    case.arrived("invoice", invoice.id)
    if reasons := _why_not(case, data):
        purchase.why_not = reasons[0][0]
        facts: dict[str, Fact] = {
            "invoice_id": invoice.id,
            "reasons": tuple(code for code, _ in reasons),
            "says": tuple(words for _, words in reasons),
        }
        case.notify("care", "care.refused", purchase.id, "CARE-1", facts)
        words = "; ".join([words for _, words in reasons])
        return refused(
            purchase.why_not, f"Care is not sold: {words} (CARE-1). Its fee goes back if it is paid.", "CARE-1"
        )
    return _open(case, purchase)


def cancel_requested(case: Case, data: CareCancelRequested) -> Ruling:
    """CARE-6 Future renewals stop, benefits stay to the end of the paid term; CARE-4 decides which renewal is the last."""
    if data.refund_requested:
        return not_supported_yet("A cancellation of Care with a refund", "CARE-7")
    care = case.member.care
    if care and care.stage == "ending":
        says = f"Care is cancelled already: the paid term runs to {care.term.end} (CARE-6)."
        return duplicate("already_cancelled", says, "CARE-6")
    if care is None or care.stage not in ("active", "lapsed") or LIFE.over(case, care, case.at):
        return refused("no_active_membership", "There is no open Care membership that could be cancelled.", "CARE-6")
    return LIFE.cancel(case)


def auto_renew_changed(case: Case, data: CareAutoRenewChanged) -> Ruling:
    """CARE-6 At any time before the term ends; CARE-4 decides which renewal is the last."""
    return LIFE.switch(case, on=data.on)


def money(case: Case, invoice: Invoice, paid: Paid) -> Ruling:
    """CARE-1, CARE-4 Money for a purchase, or for a renewal. Not accepted, it goes back."""
    if invoice.application_id is None:
        return LIFE.renew(case, invoice, paid)
    purchase = case.get(Purchase, invoice.application_id)
    if purchase.why_not:
        invoice.unused.append(paid)
        back = give_back(case, invoice, Cause(source=purchase.source, id=purchase.event_id), "CARE-1")
        return applied(f"Care was not sold ({purchase.why_not}, CARE-1): {back}.", "CARE-1", "refunded")
    if paid.amount < LIFE.fee:
        return LIFE.too_low(invoice, paid)
    invoice.paid = paid
    return applied(f"The fee of Care, ${dollars(paid.amount)}, is paid (CARE-1).", "CARE-1")


def clause_of_refunds(_case: Case) -> str:
    """By which money for nothing goes back."""
    return "CARE-1"


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        CarePurchased: purchased,
        CareCancelRequested: cancel_requested,
        CareAutoRenewChanged: auto_renew_changed,
    }
)
"""The rule of each event type."""


def _open(case: Case, purchase: Purchase) -> Ruling:
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
    facts: dict[str, Fact] = {"invoice_id": purchase.id, "term_from": str(term.first), "term_to": str(term.end)}
    case.notify("care", "care.welcome", purchase.id, "CARE-2", facts)
    return applied(f"Care runs from {term.first} to {term.end}: one year from the purchase (CARE-2).", "CARE-2")


def _why_not(case: Case, data: CarePurchased) -> list[tuple[str, str]]:
    """CARE-1 Why it is not sold (code, words), all reasons at once."""
    reasons: list[tuple[str, str]] = list(why_not_eligible(data.state, data.birth_date, case.calendar.day_of(case.at)))
    sold_in = case.policies.care_states
    if sold_in is not None and data.state not in sold_in:
        reasons.append(("not_sold_there", f"Care is not sold in {data.state}"))
    care = case.member.care
    if care and care.is_open and not LIFE.over(case, care, case.at):
        reasons.append(("already_member", "a Care membership is open"))
    return reasons
