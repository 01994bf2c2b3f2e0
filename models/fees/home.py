"""What a fee asks of its programme (`Home`), and the names of a fee's deadlines."""

from datetime import datetime
from typing import Final, NamedTuple, Protocol

from models.case import Case
from models.fees.collecting import Collection
from models.fees.state import Invoice, Method
from models.outputs.base import Cause
from models.outputs.notifications import Kind
from models.values import PaidProgram

NOTICE: Final = "fee.notice"
EXPIRING: Final = "fee.expiring"
STOP: Final = "fee.stop"
DUE: Final = "fee.due"
SILENT: Final = "fee.silent"
ROUND: Final = "fee.round"
SUSPEND: Final = "fee.suspend"
END: Final = "fee.end"
"""The deadlines of a fee; each has the invoice's id as its ref."""
WHILE_COLLECTING: Final = (SILENT, ROUND, SUSPEND, END)


class Kinds(NamedTuple):
    """The notices by which a programme tells of its life."""

    renewal_notice: Kind
    renewed: Kind
    cancelled: Kind
    lapsed: Kind
    ended: Kind


class Clauses(NamedTuple):
    """The clauses by which a programme does the same."""

    notice: str
    renewal: str
    leaving: str


class Home(Protocol):
    """A programme, as its fees see it."""

    program: PaidProgram
    fee: int
    """Cents."""
    stop_days: int
    """How many days before a renewal is the last one on which it can be stopped."""
    kinds: Kinds
    clauses: Clauses

    def current(self, case: Case) -> str | None:
        """The id of the renewal invoice at hand."""

    def accepts(self, method: Method) -> bool:
        """Whether its fee can be asked from that method."""

    def collects(self, case: Case) -> bool:
        """PAY-1 Whether the renewal at hand is to be charged: open, auto-renewal on, told of in time."""

    def not_told_in_time(self, case: Case) -> None:
        """CARE-5 The notice went out too late: the renewal is not charged, support has to look at it."""

    def tell(self, case: Case, notice_id: str) -> None:
        """Note what was told of the fee: its payment replaces it."""

    def term_over(self, case: Case) -> None:
        """The paid term is over and nothing is charged."""

    def suspend(self, case: Case, invoice: Invoice, at: datetime) -> None:
        """PAY-3 The first round has failed, and the grace is over; told once, also when that turns out to have been earlier."""

    def give_up(self, case: Case) -> None:
        """PAY-6 Unpaid for too long: the membership lapses."""


def collection_of(case: Case, home: Home, invoice: Invoice) -> Collection:
    """What the fee can be collected with: the methods that the programme accepts."""
    return Collection(invoice, [method for method in case.member.methods if home.accepts(method)], case.policies)


def named_after(invoice_id: str) -> Cause:
    """What the notices of a fee are named after, whichever message completes what they tell (GEN-2, NTF-1)."""
    return Cause(source="/memberships/fees", id=invoice_id)
