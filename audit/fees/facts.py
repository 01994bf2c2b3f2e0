"""What is known of one member's fees, as plain lists and dictionaries."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from audit.account.days import end_of
from audit.account.known import Known
from audit.fees.cards import Cards

CARD_KINDS: Final = frozenset({"card", "credit_card", "debit_card"})


class Programme(NamedTuple):
    """The numbers of a paid programme."""

    name: str
    cents: int
    """A year's fee."""
    stop_days: int
    """PRO-7, CARE-4 How many days before a renewal is the last one to stop it."""
    kinds: frozenset[str] | None
    """CARE-8 The kinds of methods that can be charged; None: all."""


PROGRAMMES: Final[Mapping[str, Programme]] = MappingProxyType(
    {"pro": Programme("pro", 100_00, 1, None), "care": Programme("care", 179_99, 15, CARD_KINDS)}
)


class Money(NamedTuple):
    """Money that came for an invoice."""

    at: datetime
    cents: int
    charge: str | None

    def same(self, other: "Money") -> bool:
        """Whether it is the same money told again: a charge brings money once, and two charges bring other money."""
        if self.charge and other.charge:
            return self.charge == other.charge
        return self[:2] == other[:2]


@dataclass(slots=True)
class Charge:
    """PAY-1 A method that was tried for an invoice. Of one that we have not asked, ``round`` is None."""

    id: str
    method: str
    round: int | None
    at: datetime
    failed: datetime | None = None
    reason: str = ""
    silent: bool = False
    """It failed only by silence, so far."""


@dataclass(slots=True)
class Opening:
    """What opens a membership: an application for PRO, a purchase of Care."""

    id: str
    invoice: str
    auto: bool = True
    approved: bool | None = None
    why_not: bool = False


@dataclass(slots=True)
class Invoice:
    """A fee: of what opens a membership, or of a renewal that is due on a day. Neither: only money is known of it."""

    id: str
    programme: str = ""
    opening: Opening | None = None
    due: date | None = None
    paid: Money | None = None
    spare: list[Money] = field(default_factory=list)
    """Money that pays nothing."""
    refunds: list[int] = field(default_factory=list)
    """Cents of each that was asked for."""
    charges: list[Charge] = field(default_factory=list)
    failed_rounds: dict[int, datetime] = field(default_factory=dict)
    reimbursed: tuple[str, int] | None = None
    """REP-9 The repair for which the money that paid it went back, and how many cents."""
    told_of: bool = False
    """CARE-5 The notice of the renewal has gone out, or nobody needs it any more."""
    decided: bool = False
    """What becomes of it on the day it is due has been decided."""
    asking: bool = False
    """PAY-1 It is being asked for."""

    @property
    def is_known(self) -> bool:
        """Whether somebody has said what it is for."""
        return self.opening is not None or self.due is not None

    def knows(self, money: Money) -> bool:
        """Whether that money was told of before."""
        return any(money.same(known) for known in [*self.spare, *([self.paid] if self.paid else [])])


class Term(NamedTuple):
    """A paid year."""

    first: date
    end: date
    anchor: date
    invoice: str


@dataclass(slots=True)
class Membership:
    """A paid membership, from the first word about it on."""

    programme: Programme
    opening: Opening
    """The one at hand."""
    auto: bool
    auto_at: datetime
    is_open: bool = False
    """It was opened by the opening at hand."""
    terms: list[Term] = field(default_factory=list)
    fee: Invoice | None = None
    """The renewal at hand."""
    cancelled_at: datetime | None = None
    over: tuple[str, datetime] | None = None
    """How it ended, and when."""
    suspended_at: datetime | None = None
    uncharged: bool = False
    """CARE-5 The renewal was told of too late."""
    default: datetime | None = None
    """LOAN-6 Since when loaned equipment is neither back nor paid for."""
    told_of_default: bool = False
    """LOAN-6 The member was told that this suspends it."""

    @property
    def stage(self) -> str:
        """As the read side names it, but for suspension."""
        if self.over and self.over[0] == "terminated":
            return "terminated"
        if not self.is_open:
            return "rejected" if self.opening.why_not else "applied"
        if self.over:
            return self.over[0]
        return "ending" if self.cancelled_at else "active"

    @property
    def runs(self) -> bool:
        """Neither over nor yet to begin."""
        return self.is_open and self.over is None


@dataclass(slots=True)
class Facts(Known):
    """What is known of one member."""

    member: str = field(kw_only=True)
    cards: Cards = field(default_factory=Cards)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    openings: dict[tuple[str, str], Opening] = field(default_factory=dict)
    """By programme and id."""
    memberships: dict[str, Membership] = field(default_factory=dict)
    """By programme."""
    default: datetime | None = None
    """LOAN-6 Since when any loan is in default, as was told last: it may be before PRO opens."""
    gear: dict[str, datetime] = field(default_factory=dict)
    """LOAN-1 Models of which an application says that the member has one, and the earliest that does."""
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the member was told (kind, of what)."""

    def start(self, day: date) -> datetime:
        """Its first instant."""
        return end_of(day - timedelta(days=1), self.zone).astimezone(UTC)

    def later(self, instant: datetime, days: int) -> datetime:
        """The same time of day in the programme's zone, days later."""
        return (instant.astimezone(self.zone) + timedelta(days=days)).astimezone(UTC)
