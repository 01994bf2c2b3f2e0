"""A second account of fees, cards and paid memberships, kept the naive way: see ``account.py``."""

from audit.fees.account import Fees

__all__ = ["Fees"]
