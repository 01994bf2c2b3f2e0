"""The terms of a paid membership: pure arithmetic of years."""

from datetime import date

from models.calendar import add_years
from models.fees.membership import Term


def first_term(paid_on: date, invoice_id: str) -> Term:
    """PRO-4 A year that begins on the day of the payment, which is its anchor."""
    return Term(paid_on, add_years(paid_on, 1), paid_on, invoice_id)


def next_term(last: Term, paid_on: date, invoice_id: str, *, automatic: bool) -> Term:
    """PRO-6 The next year joins on to the last one and keeps its anchor, so that a 29 Feb comes back in leap years.

    Only an automatic renewal that is paid late begins, with a new anchor, on its own day of payment.
    """
    if automatic and paid_on > last.end:
        return first_term(paid_on, invoice_id)
    years = last.end.year - last.anchor.year + 1
    return Term(last.end, add_years(last.anchor, years), last.anchor, invoice_id)
