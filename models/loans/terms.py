"""Numbers that the documents fix, and the names of a loan's deadlines."""

from typing import Final

AHEAD_DAYS: Final = 14
"""LOAN-1 How long before it is needed an evaluation loan is asked for, at least."""

DUE: Final = "loan.due"
SOON: Final = "loan.due_soon"
INVOICE_DUE: Final = "loan.invoice_due"
"""Each has the loan's id as its ref."""

TRAIL: Final = 20
"""LOAN-7 Rows of a loan's trail that are kept, the latest."""
