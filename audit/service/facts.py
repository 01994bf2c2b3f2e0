"""What is known of one member's products, repairs, loans and visits, as plain lists and dictionaries."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from audit.account.known import Known
from audit.service.days import Pause
from audit.service.loan import Loan
from audit.service.products import Products
from audit.service.repair import Repair
from audit.service.visit import Visit


class Pro(Protocol):
    """What this account wants to know of the member's PRO, and has to say to it: another account's."""

    @property
    def is_known(self) -> bool:
        """Whether there was ever a word about it."""

    def status_at(self, at: datetime) -> Literal["active", "suspended", "none"]:
        """PRO-9, PAY-4 What it was then."""

    def owns(self, model: str, at: datetime) -> bool:
        """LOAN-1 Whether an application had said by then that the member has one."""

    def year_at(self, at: datetime) -> str:
        """CLN-2 The invoice of the last paid year that had begun by then."""

    def give_back(self, start: datetime, repair_id: str) -> str:
        """REP-9 The fee of the term that contains the start goes back for the repair, once. Returns its invoice, or nothing."""

    def loans_in_default(self, since: datetime | None) -> None:
        """LOAN-6 Since when any loan is in default; None: none is any more."""


@dataclass(slots=True)
class Shipment:
    """REP-7 Pieces that came together: as stated, and as counted among accepted repairs."""

    stated: int = 0
    repairs: list[str] = field(default_factory=list)

    @property
    def pieces(self) -> int:
        """The larger of the two."""
        return max(self.stated, len(self.repairs))


Due = tuple[str, str]
"""What is due, of which thing."""


@dataclass(slots=True)
class Facts(Known):
    """What is known of one member."""

    member: str = field(kw_only=True)
    products: Products = field(default_factory=Products)
    repairs: dict[str, Repair] = field(default_factory=dict)
    shipments: dict[str, Shipment] = field(default_factory=dict)
    loans: dict[str, Loan] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    refused_for: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """PRO-10 By serial number: repairs that were refused only for what was known of it, and visits, to be looked at again."""
    places: dict[str, set[str]] = field(default_factory=dict)
    """CLN-2 By the invoice of a year: the visits that have a place in it."""
    lent: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """LOAN-1 By model: the first shipment of an evaluation loan, and which."""
    lent_for: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """LOAN-2 By the repair or the cleaning: loans for that time."""
    billed: dict[str, str] = field(default_factory=dict)
    """Loan by invoice."""
    default: datetime | None = None
    """LOAN-6 As PRO was told."""
    in_default: dict[str, datetime] = field(default_factory=dict)
    """LOAN-6 The loans, and since when."""

    heard: int = 0
    """PRO-11 How many of the words on force majeure count for the member."""
    pauses: list[Pause] = field(default_factory=list)
    """What these come to."""
    decided: datetime | None = None
    """PRO-11 Since when the force majeure had lasted for which it was decided last whether the member may leave."""
    running: set[str] = field(default_factory=set)
    """Repairs with a clock that force majeure can stop or set going."""

    dues: dict[Due, datetime] = field(default_factory=dict)
    """All that is to come."""
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the member was told (kind, of what), of what is decided here once."""

    def set_due(self, what: str, which: str, at: datetime | None) -> None:
        """When it is due now, if at all."""
        if at:
            self.dues[what, which] = at
        else:
            self.dues.pop((what, which), None)

    def still_waits(self, since: datetime) -> bool:
        """GEN-2 Whether what has waited since then waits on."""
        until = self.room.given_up(since)
        return self.now is None or until is None or until > self.now

    def standing(self, pro: Pro, at: datetime) -> list[str]:
        """PRO-9, PAY-4 Why there are no benefits then."""
        status = pro.status_at(at)
        return [] if status == "active" else ["suspended" if status == "suspended" else "no_active_membership"]
