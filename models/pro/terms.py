"""The fixed numbers and pure arithmetic of PRO: nothing here knows of events."""

from datetime import date
from typing import Final

from models.calendar import add_years
from models.pro.state import Term

FEE: Final = 100_00
"""Cents a year."""


def first_term(paid_on: date, invoice_id: str) -> Term:
    """PRO-4 One year from the day the fee was paid."""
    return Term(paid_on, add_years(paid_on, 1), paid_on, invoice_id)


def next_term(last: Term, paid_on: date, invoice_id: str, *, automatic: bool) -> Term:
    """PRO-6 A renewal starts when the paid term ends; an automatic one that is paid late on the day it is paid.

    Paid on time the anchor stays, so a 29 Feb comes back in leap years; paid late the payment day is the new anchor.
    """
    if automatic and paid_on > last.end:
        return first_term(paid_on, invoice_id)
    years = last.end.year - last.anchor.year + 1
    return Term(last.end, add_years(last.anchor, years), last.anchor, invoice_id)
