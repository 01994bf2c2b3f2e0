"""Fees paid and failed, methods on file, and the deadlines of a fee (PAY). Only PRO's so far: Care's are refused as
`not_supported_yet`.

A success or failure of an invoice that nobody knows waits until it is known (GEN-2); money that has waited in vain goes back.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from models.case import Case, Ruling, applied, duplicate, not_supported_yet, superseded
from models.due import DeadlineRule
from models.fees import dunning, methods
from models.fees.events import MethodAdded, MethodRemoved, MethodUpdated, PaymentFailed, PaymentSucceeded
from models.fees.refunds import give_back
from models.fees.state import Invoice, Paid
from models.hold import hold
from models.payload import Payload
from models.pro import membership, renewal
from models.pro.state import Application, Pro

HOMES: Final[tuple[dunning.Home, ...]] = (renewal.FEES,)
"""The programmes with a fee."""


def succeeded(case: Case, data: PaymentSucceeded) -> Ruling:
    """PRO-3, PRO-5 An application's fee or a renewal's is paid; what follows is the membership's."""
    if data.program != "pro":
        return not_supported_yet("Paying for Care", "CARE-1")
    pro, paid, invoice = case.member.pro, _paid(data), case.find(Invoice, data.invoice_id)
    if pro is None or invoice is None or _unnamed(invoice):
        return hold(case, "invoice", data.invoice_id, f"Invoice {data.invoice_id} is paid before it is known")
    if invoice.knows(paid):
        return duplicate("already_known", f"That payment of invoice {invoice.id} had been answered already.", "PRO-3")
    if invoice.paid and invoice.paid.same(paid):
        says = f"Invoice {invoice.id} had been paid already: nothing changes (PAY-8)."
        return duplicate("already_paid", says, "PAY-8")
    case.put(invoice.id, invoice)
    if invoice.paid:
        invoice.unused.append(paid)
        back = give_back(case, invoice, case.cause, "PAY-8")
        return applied(f"Invoice {invoice.id} is paid already (PAY-8): {back}.", "PAY-8", "refunded")
    if invoice.application_id is None:
        return renewal.renew(case, pro, invoice, paid)
    return membership.fee_paid(case, pro, case.get(Application, invoice.application_id), invoice, paid)


def never_claimed(case: Case, data: PaymentSucceeded) -> str:
    """PRO-3, PRO-5 Money that waited in vain for an application or a renewal goes back. Returns the words for it."""
    invoice, paid = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id), _paid(data)
    if invoice.paid or invoice.knows(paid):
        return ""
    invoice.unused.append(paid)
    clause = "PRO-5" if case.member.pro and case.member.pro.terms else "PRO-3"
    return f"{give_back(case, invoice, case.cause, clause)} ({clause})."


def failed(case: Case, data: PaymentFailed) -> Ruling:
    """PAY-1 A charge was declined. PAY-8 Only that of the current, unpaid invoice counts for it."""
    if data.program != "pro":
        return not_supported_yet("Failed payments for Care", "CARE-8")
    pro, invoice = case.member.pro, case.find(Invoice, data.invoice_id)
    if pro is None or invoice is None or _unnamed(invoice):
        return hold(case, "invoice", data.invoice_id, f"Invoice {data.invoice_id} failed before it is known")
    known = dunning.find_attempt(invoice, data.attempt_id)
    if known and known.failed_at and known.reason != dunning.NO_ANSWER:
        says = f"Attempt {data.attempt_id} of invoice {invoice.id} was known to have failed."
        return duplicate("already_failed", says, "PAY-8")
    is_hard = data.hard or data.reason in dunning.HARD
    retired = is_hard and methods.declined_hard(case, data.method_id)
    ruling = _why_nothing(case, pro, invoice) or _count(case, pro, invoice, data)
    if retired:
        ruling = Ruling(
            ruling.outcome,
            f"{ruling.says} Method {data.method_id} is not asked again until it is replaced (PAY-1).",
            ruling.clause,
            ruling.reason,
        )
    return ruling


def _count(case: Case, pro: Pro, invoice: Invoice, data: PaymentFailed) -> Ruling:
    asked, told = len(case.desk.out.requests), len(invoice.failed_rounds)
    dunning.failed(case, renewal.FEES, invoice, data.attempt_id, data.method_id, data.reason)
    says = f"Attempt {data.attempt_id} of invoice {invoice.id} failed ({data.reason})."
    if not invoice.collecting:
        return applied(f"{says} It is due on {invoice.due_on}: the paid term ends first (PAY-3).", "PAY-1")
    if len(case.desk.out.requests) > asked:
        return applied(f"{says} The next method is asked (PAY-1).", "PAY-1")
    if len(invoice.failed_rounds) > told:
        suspended = " PRO is suspended (PAY-3)." if pro.causes else ""
        return applied(f"{says} Round {invoice.round} has failed (PAY-2).{suspended}", "PAY-2")
    return applied(f"{says} A charge is still open (PAY-9), or its round had failed already.", "PAY-1")


def _why_nothing(case: Case, pro: Pro, invoice: Invoice) -> Ruling | None:
    """PAY-8 Why a failure counts for nothing but its method; None if it counts."""
    if invoice.paid:
        says = f"Invoice {invoice.id} is paid: its failure changes nothing (PAY-8)."
        return superseded("already_paid", says, "PAY-8")
    if invoice.application_id:
        says = f"Invoice {invoice.id} is an application's fee: its failure starts no dunning (PRO-3)."
        return applied(says, "PRO-3", "application_fee")
    if pro.invoice != invoice.id or pro.stage not in ("active", "ending"):
        return superseded("no_membership", "PRO is not open: nothing is owed for it (PAY-8).", "PAY-8")
    if pro.stage == "ending":
        says = f"PRO is cancelled: nothing is owed after {pro.term.end} (PAY-8)."
        return superseded("cancelled", says, "PAY-8")
    if not renewal.FEES.collects(case):
        says = (
            f"Auto-renewal is off: a failed fee has no dunning (PAY-1). If nobody pays, PRO lapses on {pro.term.end}."
        )
        return applied(says, "PAY-1", "auto_renew_off")
    return None


def _paid(data: PaymentSucceeded) -> Paid:
    return Paid(data.paid_at, data.amount, data.attempt_id)


def _unnamed(invoice: Invoice) -> bool:
    """Nothing but returned money is known of it: an application may still name it as its own."""
    return invoice.application_id is None and invoice.due_on is None


def _method(rule: Callable[[Case, Any], Ruling]) -> Callable[[Case, Any], Ruling]:
    """PAY-5, PAY-6 A method that changes is asked at once where a fee is being collected; PAY-7 and may expire too early."""

    def decide(case: Case, data: Any) -> Ruling:
        ruling = rule(case, data)
        if ruling.outcome == "applied":
            for home in HOMES:
                invoice_id = home.current(case)
                if invoice_id:
                    invoice = case.get(Invoice, invoice_id)
                    dunning.proceed(case, home, invoice)
                    dunning.warn(case, home, invoice)
        return ruling

    return decide


def _deadline(rule: Callable[[Case, dunning.Home, Invoice], None]) -> DeadlineRule:
    """A deadline of a fee; one that is not the current one any more has none."""

    def act(case: Case, invoice_id: str) -> None:
        invoice = case.get(Invoice, invoice_id)
        for home in HOMES:
            if home.program == invoice.program and home.current(case) == invoice_id:
                rule(case, home, invoice)

    return act


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        PaymentSucceeded: succeeded,
        PaymentFailed: failed,
        MethodAdded: _method(methods.added),
        MethodUpdated: _method(methods.updated),
        MethodRemoved: _method(methods.removed),
    }
)
"""The rule of each event type."""

DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType(
    {
        dunning.NOTICE: _deadline(dunning.notice),
        dunning.EXPIRING: _deadline(dunning.warn),
        dunning.DUE: _deadline(dunning.due),
        dunning.SILENT: _deadline(dunning.silent),
        dunning.ROUND: _deadline(dunning.proceed),
        dunning.SUSPEND: _deadline(lambda case, home, invoice: home.suspend(case, invoice, case.at)),
        dunning.END: _deadline(lambda case, home, _: home.give_up(case)),
    }
)
"""The rule of each deadline."""

GIVEN_UP: Final[Mapping[type[Payload], Any]] = MappingProxyType({PaymentSucceeded: never_claimed})
"""What else is done, and the words for it, when an event of that type has waited in vain (GEN-2)."""
