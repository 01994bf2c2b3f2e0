"""What went otherwise than the terms have it, and is for support to look at (GEN-6): facts are noted all the same. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from models.loans.state import Loan
from models.reasons import in_words
from models.values import dollars


class Wrong(NamedTuple):
    """One such thing."""

    code: str
    clause: str
    says: str


def wrong(loan: Loan) -> Iterator[Wrong]:
    """All of them."""
    if "shipped" in loan.steps or loan.returned:
        yield from _shipment(loan)
    if loan.bill:
        yield from _money(loan)


def _shipment(loan: Loan) -> Iterator[Wrong]:
    shipped, insured = loan.steps.get("shipped"), loan.steps.get("insured")
    if loan.reasons:
        yield Wrong("not_to_be_lent", "LOAN-1", f"It was not to be lent: {in_words(loan.reasons)}")
    elif loan.answer is None:
        yield Wrong("not_approved", "LOAN-1", "It was shipped, and no approval is known")
    if loan.needs_insurance and (insured is None or (shipped and insured.at > shipped.at)):
        worth = dollars(loan.retail_value)
        yield Wrong("not_insured", "LOAN-3", f"No insurance was proved before its shipment, at ${worth}")
    if loan.used_up_by:
        yield Wrong("had_before", "LOAN-1", f"Loan {loan.used_up_by} had used up the {loan.model}")


def _money(loan: Loan) -> Iterator[Wrong]:
    bill, back = loan.bill, loan.returned
    if bill is None:
        return
    if back and back.damaged and "overdue" in loan.steps:
        less = f", also against ${dollars(back.insurance_paid)} of insurance" if back.insurance_paid else ""
        yield Wrong("invoice_stands", "GEN-6", f"It came back damaged after its invoice, which stands{less}")
    if back and not back.damaged and not bill.cancelled:
        paid = dollars(loan.paid)
        yield Wrong("paid_before_return", "GEN-6", f"${paid} had been paid for it before it came back whole")
    if bill.cancelled and loan.paid:
        yield Wrong("paid_and_cancelled", "GEN-6", f"${dollars(loan.paid)} came for an invoice that is cancelled")
    elif loan.paid > bill.amount:
        more = dollars(loan.paid - bill.amount)
        yield Wrong("overpaid", "GEN-6", f"${more} more than the invoice was paid")
