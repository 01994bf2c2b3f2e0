"""What one programme's decision means for another of the same member: typed, and handled at once in the same decision.

Whoever finds something out says it with `Case.follow`; who wants to know has a handler in `decide.FOLLOWERS`. So no programme
calls another one's rules, and what is said is here, in one place.
"""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

DEPTH: Final = 3
"""How long a chain of them can get; a longer one is a rule of ours that goes in circles."""


class FollowUp(Struct, frozen=True):
    """Something that another programme may want to know. `at`: when it happened."""

    at: datetime


class ProductBack(FollowUp, frozen=True):
    """LOAN-2 A product is back from the depot, or its visit is over: what was lent for that time is due."""

    what: Literal["repair", "cleaning"]
    which: str


class LoanerShipped(FollowUp, frozen=True):
    """REP-9 A loaner for this repair was handed to a carrier."""

    repair_id: str
    loan_id: str


class TurnaroundMissed(FollowUp, frozen=True):
    """REP-9 Neither product nor loaner was handed over in time: the fee of the term of the clock's start is to go back.

    `at`: the deadline.
    """

    repair_id: str
    started_at: datetime


class LoansInDefault(FollowUp, frozen=True):
    """LOAN-6 Whether there are loans overdue or unpaid. `at`: since when, or until when."""

    loans: tuple[str, ...]
    """Their ids; none: the cause is gone."""


class ProductKnown(FollowUp, frozen=True):
    """PRO-10 A product was registered, or its state was told: what was refused for want of that is looked at again."""

    serial: str
