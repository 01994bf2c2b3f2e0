"""Loaned equipment (LOAN)."""
