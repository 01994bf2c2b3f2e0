"""Arithmetic in words, for `says`."""

import re
from collections.abc import Sequence
from typing import Final

SPELLED_OUT: Final = 10
"""Steps that are spelled out; the ledger has them all."""
_CITED: Final = re.compile(r" \(([A-Z]+-[0-9]+(?:, [A-Z]+-[0-9]+)*)\)$")


def spelled(working: Sequence[str], sign: str = "; ") -> str:
    """The steps, joined; of many only the first."""
    more = len(working) - SPELLED_OUT
    return sign.join(working[:SPELLED_OUT]) + (f"{sign}{more} more" if more > 0 else "")


def cited(words: str, clause: str) -> str:
    """The words with their clause in brackets; where they end with clauses, it is one more of these, and said once."""
    last = _CITED.search(words) if words.endswith(")") else None
    if last is None:
        return f"{words} ({clause})"
    return words if clause in last[1].split(", ") else f"{words[:-1]}, {clause})"
