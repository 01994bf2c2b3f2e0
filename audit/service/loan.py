"""A loan by what is known of it: when it is due, what is to be paid, since when it is in default (LOAN)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from audit.account.days import day_of, end_of
from audit.service.days import DAY
from audit.service.repair import Told
from models.policies import Policies


@dataclass(slots=True)
class Invoice:
    """LOAN-5 Issued once; amount in cents."""

    id: str
    amount: int
    due_on: date
    cancelled: bool = False


class Due(NamedTuple):
    """When a loan is to be back."""

    on: date | None
    """None: nobody knows, as the member's own product is away."""
    at: datetime | None
    """The first instant that is too late."""
    certain: bool
    """Not while that product is away: it can still move."""


@dataclass(slots=True)
class Loan:
    """One that was asked for."""

    id: str
    at: datetime
    kind: str
    model: str
    value: int
    """Cents."""
    product: tuple[str, str] | None = None
    """LOAN-2 What it is for: ("repair", id) or ("cleaning", id)."""
    refused: list[str] = field(default_factory=list)
    """What stood against the request."""
    answer: tuple[Told, list[str]] | None = None
    """LOAN-1 Sony's latest word, and why it is no."""
    steps: dict[str, Told] = field(default_factory=dict)
    """``insurance_proved``, ``shipped``, ``recalled``."""
    product_back: datetime | None = None
    """When the member's own product was back, as noted when the loan was looked at."""
    returned: tuple[Told, bool, int] | None = None
    """How: whether damaged, and what insurance paid in cents."""
    waits: bool = False
    """LOAN-2 Its length was over, and the product still away."""
    overdue: datetime | None = None
    """LOAN-6 The due time that was decided to be missed."""
    past_due: datetime | None = None
    """LOAN-6 The end of the last day of its invoice, which went by unpaid."""
    invoice: Invoice | None = None
    payments: list[tuple[datetime, int]] = field(default_factory=list)
    """The same amount at the same time is the same money."""
    warned: list[datetime | None] | None = None
    """LOAN-5 What the reminder was about: `sets_the_day` of that time."""

    @property
    def shipped(self) -> datetime | None:
        """When it went out."""
        return self.steps["shipped"][0] if "shipped" in self.steps else None

    @property
    def paid(self) -> bool:
        """LOAN-6 Its invoice is paid: nothing is to come back."""
        return self.invoice is not None and sum(amount for _, amount in self.payments) >= self.invoice.amount

    @property
    def owed(self) -> bool:
        """There is an invoice to be paid."""
        return self.invoice is not None and not self.invoice.cancelled and not self.paid

    @property
    def out(self) -> bool:
        """With the member, and neither returned nor paid for."""
        return self.shipped is not None and self.returned is None and not self.paid

    @property
    def reasons(self) -> list[str]:
        """Why it is not lent: what stood against the request, else what Sony said."""
        is_back = self.product_back is not None and self.product_back <= self.at
        against = [*self.refused, *(["product_back"] if is_back else [])]
        return against or (self.answer[1] if self.answer else [])

    @property
    def status(self) -> str:
        """How far it has come."""
        if self.returned or self.paid:
            return "invoiced" if self.owed else "closed"
        if self.overdue or self.shipped:
            return "overdue" if self.overdue else "shipped"
        if self.reasons:
            return "refused"
        return "approved" if self.answer else "requested"

    @property
    def default_since(self) -> datetime | None:
        """LOAN-6 Since when it is out although it is due, or its invoice is late; None: it is not in default."""
        since = [self.overdue] if self.overdue and self.out else []
        return min(since + ([self.past_due] if self.past_due and self.owed else []), default=None)

    def late_from(self, zone: ZoneInfo) -> datetime | None:
        """LOAN-6 The end of the last day on which its invoice can be paid."""
        return end_of(self.invoice.due_on, zone) if self.invoice else None

    @property
    def sets_the_day(self) -> list[datetime | None]:
        """All that sets the day on which it is due."""
        return [self.shipped, self.steps["recalled"][0] if "recalled" in self.steps else None, self.product_back]

    def due(self, policies: Policies, zone: ZoneInfo) -> Due | None:
        """LOAN-1, LOAN-2, LOAN-4; None before it is shipped. What was refused waits for no product."""
        if self.shipped is None:
            return None
        on: date | None = day_of(self.shipped, zone) + policies.loan_days * DAY
        certain = self.kind != "repair" or bool(self.refused) or self.product_back is not None
        if on and self.kind == "repair" and not self.refused:
            if self.product_back:
                on = max(on, day_of(self.product_back, zone))
            elif self.waits:
                on = None
        if "recalled" in self.steps:
            called = day_of(max(self.steps["recalled"][0], self.shipped), zone) + policies.loan_recall_days * DAY
            if on is None or called < on or (called == on and not certain):
                on, certain = called, True
        return Due(on, end_of(on, zone) if on else None, certain)
