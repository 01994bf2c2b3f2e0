"""CARE-3 What the key of a guest's email is told of the fee: kept with the purchase, handed on to the account, or given back."""

from typing import TypeAlias

from models.care.events import GuestPaymentFailed, GuestPaymentSucceeded, Origin
from models.care.state import Guest, GuestPurchase, Kept
from models.case import TOO_MANY_HELD, Case, Ruling, applied, duplicate, refused
from models.events import GUEST
from models.fees.events import PaymentFailed, PaymentSucceeded
from models.fees.refunds import give_back
from models.fees.state import Invoice, Paid
from models.payload import Payload

Payment: TypeAlias = PaymentSucceeded | PaymentFailed


def is_guest(case: Case) -> bool:
    """Whether the key is that of an email and not of an account."""
    return case.desk.member_id.startswith(GUEST)


def find(case: Case, invoice_id: str) -> GuestPurchase | None:
    """The purchase at hand, or an earlier one, which does not change any more but for what goes back of it."""
    guest = case.member.guest
    if guest and guest.purchase and guest.purchase.id == invoice_id:
        return guest.purchase
    return case.find(GuestPurchase, invoice_id)


def told(case: Case, data: Payment) -> Ruling | None:
    """CARE-3 What is told of the fee at the guest's key. None: it is about nothing that is known there."""
    guest, purchase = case.member.guest, find(case, data.invoice_id) if is_guest(case) else None
    if guest is None or purchase is None:
        return None
    invoice = case.find(Invoice, purchase.id)
    if invoice and isinstance(data, PaymentSucceeded) and invoice.knows(Paid.told(data)):
        return duplicate("already_known", f"That payment of invoice {purchase.id} had gone back already.", "PAY-8")
    kept = Kept(case.cause.source, case.cause.id, case.at, data.TYPE, data.content)
    if purchase.stage == "claimed":
        hand_on(case, guest, purchase, kept)
        says = f"Purchase {purchase.id} was claimed by {guest.account}: handed on to that account (CARE-3)."
        return applied(says, "CARE-3", "handed_on")
    if purchase.stage == "unclaimed":
        return _keep(case, purchase, kept)
    if isinstance(data, PaymentFailed):
        says = f"Nothing is owed for purchase {purchase.id}, which was {purchase.stage}: its failure changes nothing."
        return applied(says, "CARE-3", "purchase_fee")
    clause = "CARE-1" if purchase.stage == "refused" else "CARE-3"
    back = money_back(case, purchase, [data], clause)
    return applied(f"Purchase {purchase.id} was {purchase.stage} ({clause}): {back}.", clause, "refunded")


def hand_on(case: Case, guest: Guest, purchase: GuestPurchase, kept: Kept) -> None:
    """What is told of the fee is told to the account, named after the event that told it: once, whenever that was."""
    if guest.account is None:
        raise TypeError("nobody has claimed it")
    origin, key, payment = Origin.of(kept.cause), case.desk.member_id, payment_of(kept)
    sent: Payload
    if isinstance(payment, PaymentSucceeded):
        sent = GuestPaymentSucceeded(origin=origin, guest=key, payment=payment)
    else:
        sent = GuestPaymentFailed(origin=origin, guest=key, payment=payment)
    case.send(guest.account, sent, purchase.id, at=kept.at, cause=kept.cause)


def money_back(case: Case, purchase: GuestPurchase, money: list[PaymentSucceeded], clause: str) -> str:
    """All of it goes back, what was told twice once; returns the words for it."""
    invoice = case.find(Invoice, purchase.id) or Invoice(purchase.id, "care", purchase.id)
    for paid in map(Paid.told, money):
        if not invoice.knows(paid):
            invoice.unused.append(paid)
    purchase.gone_back = True
    return give_back(case, invoice, case.cause, clause)


def payment_of(kept: Kept) -> Payment:
    """What was told, as it was told."""
    kind = PaymentSucceeded if kept.type == PaymentSucceeded.TYPE else PaymentFailed
    return kind.model_validate_json(kept.data)


def _keep(case: Case, purchase: GuestPurchase, kept: Kept) -> Ruling:
    """It stays with the purchase until it is known whose it is."""
    if len(purchase.kept) >= case.policies.held_at_most:
        says = f"{len(purchase.kept)} payments and failures wait with purchase {purchase.id}: send it again later."
        return refused(TOO_MANY_HELD, says, "GEN-2")
    purchase.kept.append(kept)
    return applied(
        f"Kept with purchase {purchase.id}, which waits for its account (CARE-3).", "CARE-3", "awaits_account"
    )
