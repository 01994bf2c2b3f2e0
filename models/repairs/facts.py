"""The facts of a repair: what happened, when, by which event; nothing that follows from them."""

from datetime import datetime

from msgspec import Struct

from models.outputs.base import Brought

FACTS = 100
"""The most that is kept of what can be told of one repair ever again: it is part of the hot value."""


class Told(Brought, Struct, array_like=True, order=True, frozen=True):
    """When something happened, and the event that said so. The earlier is the smaller."""

    at: datetime
    source: str
    event_id: str


def instant(told: Told) -> tuple[datetime, str, str]:
    """Orders what was told, of whatever kind."""
    return told.at, told.source, told.event_id


class Step(Told, array_like=True, order=True, frozen=True):
    """REP-1 A step; the last two of its facts are those of a hand-over."""

    repaired: bool = True
    tracking: str | None = None


class Word(Told, array_like=True, order=True, frozen=True):
    """A yes or no: proof of warranty, parts available, estimate approved."""

    yes: bool


class Payment(Told, array_like=True, order=True, frozen=True):
    """Money accepted for the repair, in cents."""

    amount: int


class Estimate(Struct, array_like=True):
    """REP-5 An estimate and the first answer to it, whichever is told first."""

    id: str
    issued: Told | None = None
    fee: int = 0
    """Sony's standard fee in cents."""
    answer: Word | None = None


class Loaner(Struct, array_like=True):
    """REP-8, REP-9 What is known of a loaner for the repair."""

    requested: Told | None = None
    unavailable: Told | None = None
    shipped: Told | None = None
    loan_id: str | None = None
