"""Why something is refused: all reasons at once, each a code for programs and words for people (GEN-5)."""

from collections.abc import Sequence
from typing import TypeAlias

from models.outputs.base import Fact

Reason: TypeAlias = tuple[str, str]
"""(code, words)."""
Reasons: TypeAlias = list[Reason]


def codes(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """For programs."""
    return tuple([code for code, _ in reasons])


def in_words(reasons: Sequence[Reason]) -> str:
    """As part of a sentence."""
    return "; ".join([words for _, words in reasons])


def facts(reasons: Sequence[Reason], name: str = "reasons") -> dict[str, Fact]:
    """What a notice has of them: the codes under that name, and `says`."""
    return {name: codes(reasons), "says": tuple([words for _, words in reasons])}
