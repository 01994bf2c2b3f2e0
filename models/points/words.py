"""Arithmetic in words, for `says`."""

from collections.abc import Sequence
from typing import Final

SPELLED_OUT: Final = 10
"""Steps that are spelled out; the ledger has them all."""


def spelled(working: Sequence[str], sign: str = "; ") -> str:
    """The steps, joined; of many only the first."""
    more = len(working) - SPELLED_OUT
    return sign.join(working[:SPELLED_OUT]) + (f"{sign}{more} more" if more > 0 else "")
