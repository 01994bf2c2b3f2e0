"""Fees paid and failed, methods on file, and the deadlines of a fee (PAY).

A success or failure of an invoice that nobody knows waits until it is known (GEN-2); money that has waited in vain goes back.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from models.care import guest_fee
from models.care import life as care_life
from models.care import rules as care
from models.care.events import GuestPaymentFailed, GuestPaymentSucceeded
from models.case import Case, Ruling, applied, duplicate, refused, superseded
from models.due import DeadlineRule
from models.fees import announcing, dunning, methods
from models.fees.events import MethodAdded, MethodRemoved, MethodUpdated, PaymentFailed, PaymentSucceeded
from models.fees.home import DUE, END, EXPIRING, NOTICE, ROUND, SILENT, STOP, SUSPEND, Home
from models.fees.life import Life
from models.fees.refunds import send_back
from models.fees.state import Invoice, Paid
from models.hold import hold
from models.payload import Payload
from models.pro import membership, renewal
from models.values import PaidProgram

T = TypeVar("T")


class Programme(NamedTuple):
    """A programme with a fee."""

    home: Life
    paid: Callable[[Case, Invoice, Paid], Ruling]
    """What money for an invoice of it does."""
    paid_earlier: Callable[[Case, Invoice, Paid], str]
    """What changes when the money that pays an invoice is earlier than what was told of before; in words."""
    back: Callable[[Case], str]
    """The clause by which money for nothing goes back."""


PROGRAMMES: Final[Mapping[PaidProgram, Programme]] = MappingProxyType(
    {
        "pro": Programme(renewal.LIFE, membership.money, membership.paid_earlier, renewal.clause_of_refunds),
        "care": Programme(care_life.LIFE, care.money, care.paid_earlier, care.clause_of_refunds),
    }
)


def succeeded(case: Case, data: PaymentSucceeded) -> Ruling:
    """PRO-3, PRO-5 A fee is paid; what follows is the programme's."""
    return _not_decided_here(case, data, "is paid") or _paid(case, data, case.get(Invoice, data.invoice_id))


def _paid(case: Case, data: PaymentSucceeded, invoice: Invoice) -> Ruling:
    programme, paid = PROGRAMMES[data.program], Paid.told(data)
    if invoice.knows(paid):
        return duplicate("already_known", f"That payment of invoice {invoice.id} had been answered already.", "PAY-8")
    if invoice.paid and invoice.paid.same(paid):
        says = f"Invoice {invoice.id} had been paid already: nothing changes (PAY-8)."
        return duplicate("already_paid", says, "PAY-8")
    case.put(invoice.id, invoice)
    if invoice.paid:
        return _paid_twice(case, programme, invoice, invoice.paid, paid)
    return programme.paid(case, invoice, paid)


def _paid_twice(case: Case, programme: Programme, invoice: Invoice, one: Paid, other: Paid) -> Ruling:
    """PAY-8 Of money that comes twice the earlier pays, whichever is told first (GEN-2); the other goes back.

    What has paid a fee that went back (REP-9) stays what has paid it: no charge is given back twice.
    """
    earlier = other.at < one.at and other.amount >= programme.home.fee and not invoice.reimbursed
    if earlier:
        one, other = other, one
    invoice.paid = one
    back = send_back(case, invoice, other, case.cause, "PAY-8")
    words = programme.paid_earlier(case, invoice, one) if earlier else ""
    return applied(f"Invoice {invoice.id} is paid already (PAY-8): {back}.{words}", "PAY-8", "refunded")


def never_claimed(case: Case, data: PaymentSucceeded) -> str:
    """PRO-3, PRO-5 Money that waited in vain for its invoice goes back. Returns the words for it."""
    invoice, paid = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id), Paid.told(data)
    if invoice.paid or invoice.knows(paid):
        return ""
    if not invoice.is_named:
        invoice.program = data.program
    clause = PROGRAMMES[data.program].back(case)
    return f"{send_back(case, invoice, paid, case.cause, clause)} ({clause})."


def failed(case: Case, data: PaymentFailed) -> Ruling:
    """PAY-1 A charge was declined. PAY-8 Only that of the current, unpaid invoice counts for it."""
    return _not_decided_here(case, data, "failed") or _failed(case, data, case.get(Invoice, data.invoice_id))


def _failed(case: Case, data: PaymentFailed, invoice: Invoice) -> Ruling:
    is_hard = data.hard or data.reason in dunning.HARD
    retired = is_hard and methods.declined_hard(case, data.method_id)
    home = PROGRAMMES[data.program].home
    ruling = (
        _already_paid(invoice)
        or _already_failed(case, home, invoice, data)
        or home.nothing_owed(case, invoice)
        or _count(case, home, invoice, data)
    )
    also = f" Method {data.method_id} is not asked again until it is replaced (PAY-1)." if retired else ""
    return Ruling(ruling.outcome, f"{ruling.says}{also}", ruling.clause, ruling.reason)


def _already_failed(case: Case, home: Home, invoice: Invoice, data: PaymentFailed) -> Ruling | None:
    """The failure of a renewal is noted in any case: it may be owed again, by a word that comes late."""
    if invoice.due_on is None or dunning.note(case, home, invoice, data):
        return None
    says = f"Attempt {data.attempt_id} of invoice {invoice.id} was known to have failed."
    return duplicate("already_failed", says, "PAY-8")


def _count(case: Case, home: Home, invoice: Invoice, data: PaymentFailed) -> Ruling:
    """PAY-1, PAY-2 What the failure of a fee that is owed leads to."""
    asked, told = len(case.desk.out.requests), len(invoice.failed_rounds)
    dunning.proceed(case, home, invoice)
    says = f"Attempt {data.attempt_id} of invoice {invoice.id} failed ({data.reason})."
    if not invoice.collecting:
        return applied(f"{says} It is due on {invoice.due_on}: that is when it is asked for (PAY-1).", "PAY-1")
    if len(invoice.failed_rounds) > told:
        words = f"Round {invoice.failed_rounds[-1]} has failed: the member is told what to do (PAY-2)."
        return applied(f"{says} {words}", "PAY-2")
    if len(case.desk.out.requests) > asked:
        return applied(f"{says} The next method is asked (PAY-1).", "PAY-1")
    return applied(f"{says} A charge is still open (PAY-9), or its round had failed already.", "PAY-1")


def _already_paid(invoice: Invoice) -> Ruling | None:
    """PAY-8 A failure after the success changes nothing."""
    if invoice.paid is None:
        return None
    says = f"Invoice {invoice.id} is paid: its failure changes nothing (PAY-8)."
    return superseded("already_paid", says, "PAY-8")


def _not_decided_here(case: Case, data: guest_fee.Payment, happened: str) -> Ruling | None:
    """Why what was told of a fee is not decided here and now; None if its invoice is known."""
    if of_guest := guest_fee.told(case, data):
        return of_guest
    invoice = case.find(Invoice, data.invoice_id)
    if invoice is None or not invoice.is_named:
        return hold(case, "invoice", data.invoice_id, f"Invoice {data.invoice_id} {happened} before it is known")
    if invoice.program == data.program:
        return None
    says = f"Invoice {invoice.id} is one of {invoice.program}, not of {data.program}, and nothing changes"
    return refused("other_program", case.flag("other_program", invoice.id, "PAY-8", says), "PAY-8")


def _method(rule: Callable[[Case, Any], Ruling]) -> Callable[[Case, Any], Ruling]:
    """PAY-5, PAY-6 A method that changes is asked at once where a fee is being collected; PAY-7 and may expire too early."""

    def decide(case: Case, data: Any) -> Ruling:
        ruling = rule(case, data)
        if ruling.outcome == "applied":
            for home, *_ in PROGRAMMES.values():
                invoice_id = home.current(case)
                if invoice_id:
                    invoice = case.get(Invoice, invoice_id)
                    dunning.proceed(case, home, invoice)
                    announcing.warn(case, home, invoice)
        return ruling

    return decide


def _handed_on(rule: Callable[[Case, Any], T]) -> Callable[[Case, Any], T]:
    """CARE-3 What a guest's key was told of the fee, as if it had been told here: what follows names that event."""

    def decide(case: Case, data: GuestPaymentSucceeded | GuestPaymentFailed) -> T:
        case.cause = data.origin.cause
        return rule(case, data.payment)

    return decide


def _deadline(rule: Callable[[Case, Home, Invoice], None]) -> DeadlineRule:
    """A deadline of a fee; one that is not the current one any more has none."""

    def act(case: Case, invoice_id: str) -> None:
        invoice = case.get(Invoice, invoice_id)
        home = PROGRAMMES[invoice.program].home
        if home.current(case) == invoice_id:
            rule(case, home, invoice)

    return act


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        PaymentSucceeded: succeeded,
        PaymentFailed: failed,
        GuestPaymentSucceeded: _handed_on(succeeded),
        GuestPaymentFailed: _handed_on(failed),
        MethodAdded: _method(methods.added),
        MethodUpdated: _method(methods.updated),
        MethodRemoved: _method(methods.removed),
    }
)
"""The rule of each event type."""

DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType(
    {
        NOTICE: _deadline(announcing.notice),
        EXPIRING: _deadline(announcing.warn),
        STOP: _deadline(lambda _case, _home, _invoice: None),  # from now on it is too late: the facts say so (CARE-4)
        DUE: _deadline(dunning.due),
        SILENT: _deadline(dunning.silent),
        ROUND: _deadline(dunning.proceed),
        SUSPEND: _deadline(lambda case, home, invoice: home.suspend(case, invoice, case.at)),
        END: _deadline(lambda case, home, _: home.give_up(case)),
    }
)
"""The rule of each deadline."""

GIVEN_UP: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {PaymentSucceeded: never_claimed, GuestPaymentSucceeded: _handed_on(never_claimed)}
)
"""What else is done, and the words for it, when an event of that type has waited in vain (GEN-2)."""
