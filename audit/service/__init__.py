"""A second account of repairs, cleanings, loans and their promises, kept the naive way: see ``account.py``."""

from audit.service.account import Service
from audit.service.majeure import Majeure

__all__ = ["Majeure", "Service"]
