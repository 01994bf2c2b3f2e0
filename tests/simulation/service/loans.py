"""A loan by what is known of it: when it is due, what is to be paid, since when it is in default (LOAN)."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.simulation.dates import start_of
from tests.simulation.partition import Json
from tests.simulation.service.days import DAY, end_of_day_after

DAYS, CALLED_BACK, AHEAD, TO_PAY, WARNED = 14, 7, 14, 30, 3
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Invoice:
    """LOAN-5 Amount in cents; it is late from the start of the day after `due_on`."""

    id: str
    amount: int
    due_on: date
    cancelled: bool = False
    paid: list[tuple[datetime, int]] = field(default_factory=list)
    withdrawn: bool = False
    """That was asked for."""

    past_due: bool = False
    """LOAN-6 Its last day went by unpaid."""

    def is_late(self) -> None:
        self.past_due = True

    @property
    def is_owed(self) -> bool:
        return not self.cancelled and self.paid_at is None

    @property
    def late_from(self) -> datetime:
        return start_of(self.due_on + DAY)

    @property
    def paid_at(self) -> datetime | None:
        """When the payments, by their times, came to all of it."""
        left = self.amount
        for at, amount in sorted(self.paid):
            left -= amount
            if left <= 0:
                return at
        return None


@dataclass
class Loan:
    """One that was asked for."""

    id: str
    at: datetime
    data: Json
    refused: set[str] = field(default_factory=set)
    answer: tuple[datetime, frozenset[str]] | None = None
    """LOAN-1 Sony's latest word, and why it is no."""
    insured: datetime | None = None
    shipped: datetime | None = None
    recalled: datetime | None = None
    returned: tuple[datetime, bool, int] | None = None
    """When, whether damaged, and what insurance paid in cents."""
    overdue: datetime | None = None
    """LOAN-6 The due time that was decided to be missed."""
    invoice: Invoice | None = None

    @property
    def is_repair(self) -> bool:
        return bool(self.data["kind"] == "repair")

    @property
    def out(self) -> bool:
        return self.shipped is not None and self.returned is None

    @property
    def bought(self) -> bool:
        """LOAN-6 Its invoice is paid: nothing is to come back."""
        return self.invoice is not None and self.invoice.paid_at is not None

    def reasons(self, product_back: datetime | None) -> set[str]:
        """Why it is not lent."""
        if product_back and product_back <= self.at:
            return self.refused | {"product_back"}
        return self.refused or set(self.answer[1] if self.answer else ())

    def due(self, product_back: datetime | None, now: datetime) -> datetime | None:
        """LOAN-1, LOAN-2, LOAN-4; None: while the product is away after its 14 days, nobody knows."""
        if self.shipped is None:
            return None
        due: datetime | None = end_of_day_after(self.shipped, DAYS)
        if self.is_repair and due:
            if product_back:
                due = max(due, end_of_day_after(product_back, 0))
            elif due <= now:
                due = None
        called = end_of_day_after(max(self.recalled, self.shipped), CALLED_BACK) if self.recalled else None
        return min([at for at in (due, called) if at], default=None)

    def came_back_late(self, product_back: datetime | None) -> bool:
        """While the product is away nothing does."""
        due = self.due(product_back, FOREVER)
        return due is not None and self.returned is not None and self.returned[0] >= due

    @property
    def default_since(self) -> datetime | None:
        """LOAN-6 Since when it is out although it is due, or its invoice is late; None: it is not."""
        if self.overdue and self.out and (self.invoice is None or self.invoice.is_owed):
            return self.overdue
        if self.invoice and self.invoice.is_owed and self.invoice.past_due:
            return self.invoice.late_from
        return None
