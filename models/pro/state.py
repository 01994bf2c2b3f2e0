"""What is remembered about a PRO membership: the section of the hot value, and one entry per application."""

from datetime import date, datetime
from typing import ClassVar, Final

from msgspec import Struct, field

from models.pro.lifecycle import TABLE, Happening, Stage

NOTICES: Final = 32
TERMS: Final = 20
"""The most that is kept of them in the hot value, the latest: it must not grow with a member's whole history."""
PAYMENT: Final = "payment"
"""The cause of suspension for a fee that is not paid."""


class Application(Struct, array_like=True):
    """An application and what Sony said to it."""

    KIND: ClassVar[str] = "application"

    id: str
    content: bytes
    """Digest of its data: the same application under another event id is recognised."""
    source: str
    event_id: str
    """The event that brought it: the cause of the answer, whichever event completes that."""
    invoice_id: str
    auto_renew: bool
    approved: bool | None = None
    """None until it is reviewed."""
    why_not: str | None = None
    """Code of the first reason why it is not accepted."""


class Term(Struct, array_like=True):
    """PRO-4, PRO-6 A paid year: from the start of `first` up to the start of `end`, the next anniversary."""

    first: date
    end: date
    anchor: date
    """The day whose anniversaries the terms keep."""
    invoice_id: str


class Pro(Struct, array_like=True):
    """A PRO membership, or the application for one. GEN-3: active and free of causes, or suspended by some."""

    stage: Stage
    application_id: str
    auto_renew: bool
    auto_renew_at: datetime
    """When that was last said."""
    causes: list[str] = field(default_factory=list)
    """Of suspension: a sorted set."""
    suspended_at: datetime | None = None
    invoice: str | None = None
    """The renewal fee at hand: named when the term it follows was paid."""
    terms: list[Term] = field(default_factory=list)
    opened_on: date | None = None
    """The day the membership at hand began; of an earlier one only the terms are kept."""
    notices: list[str] = field(default_factory=list)
    """Ids of what was told of the renewal at hand or of the end: what comes next replaces them."""
    cancelled_at: datetime | None = None
    over_at: datetime | None = None
    """When it lapsed, ended or was terminated."""
    uncharged: bool = False
    """CARE-5 (PRO-5) The renewal at hand was told of too late to be charged: support has to look at it."""

    def happens(self, what: Happening) -> None:
        """Move to the next stage. KeyError says that a rule has not asked before whether it can."""
        self.stage = TABLE[self.stage, what]

    def told(self, notice_id: str) -> None:
        """Note what was told of the renewal at hand, or of the end."""
        self.notices = [*self.notices, notice_id][-NOTICES:]

    def take_notices(self) -> list[str]:
        """The same, to be replaced by what is told next."""
        found, self.notices = self.notices, []
        return found

    def paid_for(self, term: Term) -> None:
        """Add a paid term."""
        self.terms = [*self.terms, term][-TERMS:]

    @property
    def status(self) -> str:
        """`suspended`, or the stage; one who has cancelled is active up to the end of the term."""
        if self.stage in ("active", "ending"):
            return "suspended" if self.causes else "active"
        return self.stage

    @property
    def term(self) -> Term:
        """The last term paid for. IndexError before the first."""
        return self.terms[-1]
