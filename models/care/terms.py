"""The fixed numbers of Care."""

from typing import Final

FEE: Final = 179_99
"""Cents a year."""
PROTECTED_YEARS: Final = 2
"""CARE-2 How long a product is protected from its purchase on."""
REFUND_DAYS: Final = 30
"""CARE-7 Up to how many days after it was charged a fee can be asked back."""
STOP_DAYS: Final = 15
"""CARE-4 How many days before a renewal is the last one on which it can be stopped."""
CARDS: Final = frozenset({"card", "credit_card", "debit_card"})
"""CARE-8 The kinds of methods that the fee is asked from."""
CLAIM_DAYS: Final = 30
"""CARE-3 How many days after the purchase are left to open an account."""
