"""A second account of points, kept the naive way, for the audit and for tests: see ``account.py``."""

from audit.account.account import Account

__all__ = ["Account"]
