"""PAY: money and declines that were told, and methods on file."""

from datetime import datetime
from typing import Any, Final

from audit.fees import care, life, pro
from audit.fees.facts import Charge, Facts, Invoice, Money

FAILURES: Final = ("payment.failed.v1", "guest.payment_failed.v1")
HARD: Final = ("stolen", "closed", "expired")


def succeed(facts: Facts, event: Any) -> None:
    """PAY-5, PAY-8 Money pays what it is for, or goes back."""
    told = event.data
    invoice, paid = facts.invoices.get(told.invoice_id), _money(told)
    if invoice is None or not invoice.is_known:
        facts.wait(("invoice", told.invoice_id), event)
    elif invoice.programme != told.program or invoice.knows(paid):
        return
    elif invoice.paid:
        _paid_twice(facts, invoice, invoice.paid, paid)
    elif invoice.opening is None:
        life.renew(facts, facts.memberships[told.program], invoice, paid)
    elif told.program == "pro":
        pro.money(facts, invoice, invoice.opening, paid)
    else:
        care.money(invoice, invoice.opening, paid)


def succeed_as_guest(facts: Facts, event: Any) -> None:
    """CARE-3 What a guest's key hands on is told as if the account had been told it."""
    succeed(facts, _handed_on(event, "payment.succeeded.v1"))


def fail_as_guest(facts: Facts, event: Any) -> None:
    """CARE-3 Likewise."""
    fail(facts, _handed_on(event, "payment.failed.v1"))


def _handed_on(event: Any, kind: str) -> Any:
    return event.model_copy(update={"type": kind, "data": event.data.payment})


def _paid_twice(facts: Facts, invoice: Invoice, one: Money, other: Money) -> None:
    """PAY-8, GEN-2 The earlier pays; the other goes back."""
    of = facts.memberships[invoice.programme]
    earlier = other.at < one.at and of.programme.cents <= other.cents
    invoice.paid = other if earlier else one
    invoice.spare.append(one if earlier else other)
    life.give_back(invoice)
    if earlier and of.terms:
        life.begins_earlier(facts, of, invoice, other)


def in_vain(facts: Facts, event: Any) -> None:
    """GEN-2 Money that has waited in vain for its invoice goes back."""
    if event.type != "payment.succeeded.v1":
        return
    told = event.data
    invoice, paid = facts.invoices.setdefault(told.invoice_id, Invoice(told.invoice_id)), _money(told)
    if not invoice.paid and not invoice.knows(paid):
        invoice.spare.append(paid)
        life.give_back(invoice)


def programme_of(event: Any) -> str:
    """Of a fee that is told to have failed; of all else nothing."""
    return _failed(event).program if event.type in FAILURES else ""


def retire(facts: Facts, event: Any) -> None:
    """PAY-1 A hard decline counts for its method whatever was asked for, also where the programme is not followed."""
    told = _failed(event)
    if told.hard or told.reason in HARD:
        facts.cards.declined_hard(told.method_id, event.time)


def _failed(event: Any) -> Any:
    return getattr(event.data, "payment", event.data)


def fail(facts: Facts, event: Any) -> None:
    """PAY-1, PAY-8 A failure of the renewal at hand, as long as it is owed, counts as a try of its method."""
    told, at = event.data, event.time
    invoice = facts.invoices.get(told.invoice_id)
    if invoice is None or not invoice.is_known:
        facts.wait(("invoice", told.invoice_id), event)
        return
    if invoice.programme != told.program:
        return
    if told.hard or told.reason in HARD:
        facts.cards.declined_hard(told.method_id, at)
    if invoice.paid or invoice.opening or not _note_failure(invoice, told, at):
        return
    of = facts.memberships[told.program]
    life.failed_earlier(facts, of, invoice, at)
    if of.fee is invoice:
        life.ask(facts, of, invoice, at)


def _note_failure(invoice: Invoice, told: Any, at: datetime) -> bool:
    """Of several answers to one charge the earliest counts. Returns whether this one does."""
    known = next((charge for charge in invoice.charges if charge.id == told.attempt_id), None)
    if known is None:
        invoice.charges.append(Charge(told.attempt_id, told.method_id, None, at, at, told.reason))
    elif known.failed is None or known.silent:
        known.failed, known.reason, known.silent = known.failed or at, told.reason, False
    elif (at, told.reason) < (known.failed, known.reason):
        known.failed, known.reason = at, told.reason
        known.at = known.at if known.round is not None else at
    else:
        return False
    return True


def add(facts: Facts, event: Any) -> None:
    """PAY-1."""
    is_new = event.data.method_id not in facts.cards.known
    if facts.cards.add(event.data, event.time):
        facts.room.came += [("method", event.data.method_id)] if is_new else []
        _ask_again(facts, event)


def change(facts: Facts, event: Any) -> None:
    """PAY-1."""
    if event.data.method_id not in facts.cards.known:
        facts.wait(("method", event.data.method_id), event)
    elif facts.cards.change(event.data, event.time):
        _ask_again(facts, event)


def remove(facts: Facts, event: Any) -> None:
    """PAY-1."""
    if event.data.method_id not in facts.cards.known:
        facts.wait(("method", event.data.method_id), event)
    elif facts.cards.remove(event.data, event.time):
        _ask_again(facts, event)


def _ask_again(facts: Facts, event: Any) -> None:
    """PAY-5 A new method is tried at once."""
    for of in facts.memberships.values():
        if of.fee:
            life.ask(facts, of, of.fee, event.time)


def _money(told: Any) -> Money:
    return Money(told.paid_at, told.amount, told.attempt_id)
