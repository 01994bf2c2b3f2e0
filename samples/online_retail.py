"""Turns the invoices of *Online Retail* (D. Chen, UCI, CC BY 4.0) into the events of contract version 1.

Real: invoices, quantities, prices (pounds, read as dollars), times, and what came back. Made up, because the data has
none, and named so in every id: the members' joining (birth date, US state, the day before their first invoice) and
the keys of guests.

A cancellation line goes back to the customer's latest earlier invoice that still has enough of that stock code; what
finds none is sent as a return of an order never seen, which waits for its partner as GEN-2 says.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from models import eligibility
from samples.restated import restated
from samples.retail_rows import Invoice, Row
from samples.script import Line

SOURCE = "/import/online-retail"
MADE_UP = "/import/online-retail/made-up"
ADULT_SINCE = "1980-01-01"
RETURN_WINDOW = timedelta(days=30)
STATES = tuple(sorted(eligibility.STATES))


@dataclass(slots=True)
class Sold:
    """What is left of one order line that could still come back."""

    order_id: str
    line_id: str
    at: datetime
    left: int


@dataclass
class Mapping:
    """What became of the file's rows: every row is in exactly one of the first four counts.

    `corrections` are rows that are no sale and no return: recounts, breakage, write-offs.
    """

    ordered: int = 0
    returned: int = 0
    returned_without_order: int = 0
    corrections: int = 0
    invoices_without_goods: int = 0
    events: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, int]:
        """All counts by name; the events by type."""
        counts = asdict(self)
        del counts["events"]
        return counts | dict(self.events)


class Importer:
    """Walks the invoices in order of time. Deterministic: same file, same events.

    Dates are moved by `years` and spread by `stretch`, see `restated.py`; by default they are the shop's own.
    """

    def __init__(self, invoices: Iterable[Invoice], years: int = 0, stretch: int = 1) -> None:
        self._invoices = list(invoices)
        first = min((invoice.at for invoice in self._invoices), default=datetime(2010, 12, 1, tzinfo=UTC))
        self._restate = restated(first, years, stretch)
        self._sold: defaultdict[tuple[str, str], list[Sold]] = defaultdict(list)
        self.mapping = Mapping()

    @property
    def expected(self) -> int:
        """About how many events there will be: one for an invoice, one for a customer."""
        return len(self._invoices) + len({invoice.customer for invoice in self._invoices} - {None})

    def joins(self) -> Iterator[Line]:
        """One made-up `points.joined` for each known customer, a day before their first invoice."""
        first: dict[str, datetime] = {}
        for invoice in self._invoices:
            if invoice.customer is not None:
                first.setdefault(invoice.customer, invoice.at)
        for customer, at in first.items():
            data = {"birth_date": ADULT_SINCE, "state": made_up_state(customer)}
            joined_at = self._restate(at) - timedelta(days=1)
            line = self._line(
                "memberships", "points.joined.v1", f"joined-{customer}", _member(customer), joined_at, data
            )
            line["event"]["source"] = MADE_UP
            yield line

    def purchases(self) -> Iterator[Line]:
        """Orders and returns, in order of time."""
        for invoice in self._invoices:
            if invoice.is_cancellation:
                yield from self._returns(invoice)
            else:
                yield from self._order(invoice)

    def _order(self, invoice: Invoice) -> Iterator[Line]:
        lines = []
        names: Counter[str] = Counter()
        for row in invoice.rows:
            if row.quantity <= 0 or row.price < 0:
                self.mapping.corrections += 1
                continue
            line_id = _line_id(names, row.stock_code)
            lines.append(_order_line(line_id, row))
            if invoice.customer is not None:
                sold = Sold(invoice.number, line_id, invoice.at, row.quantity)
                self._sold[invoice.customer, row.stock_code].append(sold)
        if not lines:
            self.mapping.invoices_without_goods += 1
            return
        self.mapping.ordered += len(lines)
        at = self._restate(invoice.at)
        data = {
            "order_id": invoice.number,
            "signed_in": invoice.customer is not None,
            "placed_at": at.isoformat(),
            "payment_method": "other",
            "lines": lines,
            "points_redeemed": 0,
        }
        yield self._line("orders", "order.placed.v1", f"order-{invoice.number}", _subject(invoice), at, data)

    def _returns(self, invoice: Invoice) -> Iterator[Line]:
        by_order: defaultdict[str, Counter[str]] = defaultdict(Counter)
        placed: dict[str, datetime] = {}
        names: Counter[str] = Counter()
        for row in invoice.rows:
            if row.quantity >= 0:
                self.mapping.corrections += 1
                continue
            taken = self._take(invoice.customer, row)
            if taken:
                self.mapping.returned += 1
                placed[taken[0][0].order_id] = taken[0][0].at
            else:
                self.mapping.returned_without_order += 1
                by_order[f"unknown-of-{invoice.number}"][_line_id(names, row.stock_code)] += -row.quantity
            for sold, quantity in taken:
                by_order[sold.order_id][sold.line_id] += quantity
        for order_id, lines in by_order.items():
            return_id = f"{invoice.number}-{order_id}"
            data = {
                "return_id": return_id,
                "order_id": order_id,
                "lines": [{"line_id": line_id, "quantity": quantity} for line_id, quantity in lines.items()],
                "in_window": order_id in placed and invoice.at - placed[order_id] <= RETURN_WINDOW,
            }
            at = self._restate(invoice.at)
            yield self._line("returns", "return.completed.v1", f"return-{return_id}", _subject(invoice), at, data)

    def _take(self, customer: str | None, row: Row) -> list[tuple[Sold, int]]:
        """The lines, all of one order, that this cancellation line takes its pieces from; empty without a partner."""
        if customer is None:
            return []
        wanted = -row.quantity
        left: Counter[str] = Counter()
        sold_here = self._sold[customer, row.stock_code]
        for sold in sold_here:
            left[sold.order_id] += sold.left
        order_id = next((sold.order_id for sold in reversed(sold_here) if left[sold.order_id] >= wanted), None)
        taken = []
        for sold in sold_here:
            quantity = min(wanted, sold.left) if sold.order_id == order_id else 0
            if quantity:
                sold.left -= quantity
                wanted -= quantity
                taken.append((sold, quantity))
        return taken

    def _line(self, topic: str, type_: str, event_id: str, subject: str, at: datetime, data: dict[str, Any]) -> Line:
        self.mapping.events[type_] += 1
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": type_,
            "time": at.isoformat(),
            "subject": subject,
            "datacontenttype": "application/json",
            "data": data,
        }
        return {"topic": topic, "event": event}


def made_up_state(customer: str) -> str:
    """A US state that depends on the customer's number alone."""
    return STATES[int.from_bytes(hashlib.sha256(customer.encode()).digest()[:4]) % len(STATES)]


def _subject(invoice: Invoice) -> str:
    return _member(invoice.customer or f"guest-{invoice.number}")


def _member(customer: str) -> str:
    return f"online-retail-{customer}"


def _line_id(names: Counter[str], stock_code: str) -> str:
    """The stock code; its second line on the same invoice is told apart by a number."""
    names[stock_code] += 1
    return stock_code if names[stock_code] == 1 else f"{stock_code}.{names[stock_code]}"


def _order_line(line_id: str, row: Row) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "sku": row.stock_code,
        "category": "other",
        "quantity": row.quantity,
        "unit_price": str(row.price),
        "qualifying": row.is_product,
    }
