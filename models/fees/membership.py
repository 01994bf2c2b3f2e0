"""What is remembered of a paid membership, whichever programme's: its terms, its renewal, its causes of suspension."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Final

from msgspec import Struct, field

from models.values import joined

NOTICES: Final = 32
TERMS: Final = 20
"""The most that is kept of them in the hot value, the latest: it must not grow with a member's whole history."""
PAYMENT: Final = "payment"
LOAN: Final = "loan"
"""The causes of suspension: a fee that is not paid (PAY-3), loaned equipment that is not back or paid for (LOAN-6)."""


class Term(Struct, array_like=True):
    """PRO-4, PRO-6, CARE-2 A paid year: from the start of `first` up to the start of `end`, the next anniversary."""

    first: date
    end: date
    anchor: date
    """The day whose anniversaries the terms keep."""
    invoice_id: str


class Membership(Struct, array_like=True):
    """A paid membership. GEN-3: active and free of causes, or suspended by some."""

    TABLE: ClassVar[Mapping[tuple[str | None, str], str]]
    """(stage, what happens) -> stage."""

    stage: str
    auto_renew: bool
    auto_renew_at: datetime
    """When that was last said."""
    causes: dict[str, datetime] = field(default_factory=dict)
    """GEN-3 Of suspension, in the order of their names: cause -> since when."""
    invoice: str | None = None
    """The renewal fee at hand: named when the term it follows was paid."""
    terms: list[Term] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """Ids of what was told of the renewal at hand or of the end: what comes next replaces them."""
    cancelled_at: datetime | None = None
    over_at: datetime | None = None
    """When it lapsed, ended or was terminated."""
    uncharged: bool = False
    """CARE-5 The renewal at hand was told of too late to be charged: support has to look at it."""
    reopened: int = 0
    """How often what is said of the renewal at hand was changed: what the end of the term tells then is told anew."""

    charged: bool = True
    """Whether the renewal at hand is to be charged, as the last word on it has it: `Standing.wanted`, for the read side."""

    def about(self, what: str) -> str:
        """The name of what a notice of the end tells of: another one each time that it is decided anew (NTF-1)."""
        return joined(what, str(self.reopened)) if self.reopened else what

    def can(self, what: str) -> bool:
        """Whether it can happen in this stage."""
        return (self.stage, what) in self.TABLE

    def happens(self, what: str) -> None:
        """Move to the next stage. KeyError says that a rule has not asked before whether it can."""
        self.stage = self.TABLE[self.stage, what]

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

    def suspend(self, cause: str, since: datetime) -> bool:
        """GEN-3 Add a cause, or put it at another time. Returns whether it is a new one."""
        is_news = cause not in self.causes
        self.causes = dict(sorted({**self.causes, cause: since}.items()))
        return is_news

    def lift(self, cause: str) -> str:
        """GEN-3 Clear that cause and no other. Returns the words for what stays, if something does."""
        self.causes.pop(cause, None)
        return f" It stays suspended: {', '.join(self.causes)} (GEN-3)." if self.causes else ""

    @property
    def suspended_at(self) -> datetime | None:
        """PAY-3 Since when for want of payment."""
        return self.causes.get(PAYMENT)

    @property
    def is_open(self) -> bool:
        """Neither over nor yet to begin."""
        return self.stage in ("active", "ending")

    @property
    def status(self) -> str:
        """`suspended`, or the stage; one who has cancelled is active up to the end of the term."""
        if self.is_open:
            return "suspended" if self.causes else "active"
        return self.stage

    @property
    def term(self) -> Term:
        """The last term paid for. IndexError before the first."""
        return self.terms[-1]
