"""Reads the file of *Online Retail* (D. Chen, 2015, UCI Machine Learning Repository, doi 10.24432/C5BW33, CC BY 4.0).

Two forms are known: the comma-separated text of the original workbook (dates month/day/year, a Description column)
and the shorter one with ISO dates; both may be compressed with xz. Columns are found by name.
"""

import csv
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

COLUMNS = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
ZONE = ZoneInfo("Europe/London")
CENT = Decimal("0.01")
_PRODUCT = re.compile(r"\d{5}|DCGS")


class NotOnlineRetailError(ValueError):
    """The file is another one, or damaged; the message names the file and the line."""

    hint = (
        f"expected the columns {', '.join(COLUMNS)} with whole quantities, decimal prices, and dates as "
        "2010-12-01T08:26 or 12/1/2010 8:26, month first (doi 10.24432/C5BW33)"
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an invoice. `quantity` is negative for what came back; `price` is read as dollars."""

    stock_code: str
    quantity: int
    price: Decimal

    @property
    def is_product(self) -> bool:
        """Postage, fees, manual entries, discounts and vouchers have codes of letters; goods have numbers."""
        return _PRODUCT.match(self.stock_code) is not None


@dataclass(slots=True)
class Invoice:
    """All rows of one number, at the minute of its first row. `customer` is None for a guest."""

    number: str
    at: datetime
    customer: str | None
    rows: list[Row] = field(default_factory=list)

    @property
    def is_cancellation(self) -> bool:
        """Numbers with a C are what customers sent back."""
        return self.number.startswith("C")


def read_invoices(path: Path) -> list[Invoice]:
    """Every invoice of the file, in order of time (and of the file, within a minute). Raises NotOnlineRetailError."""
    invoices: dict[str, Invoice] = {}
    with _open(path) as file:
        for number, at, customer, row in _rows(path, file):
            invoice = invoices.get(number)
            if invoice is None:
                invoice = invoices[number] = Invoice(number, at, customer)
            invoice.rows.append(row)
    return sorted(invoices.values(), key=lambda invoice: invoice.at)


def _open(path: Path) -> TextIO:
    # Only the descriptions hold more than ASCII, and nothing here reads them.
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _rows(path: Path, file: TextIO) -> Iterator[tuple[str, datetime, str | None, Row]]:
    reader = csv.reader(file)
    try:
        header = next(reader, [])
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise NotOnlineRetailError(f"{path} lacks the columns {', '.join(missing)}")
        places = [header.index(name) for name in COLUMNS]
        for cells in reader:
            yield _row(*(cells[place].strip() for place in places))
    except NotOnlineRetailError:
        raise
    except (ValueError, IndexError, InvalidOperation, csv.Error, lzma.LZMAError, EOFError) as error:
        raise NotOnlineRetailError(f"{path}, line {reader.line_num}: {error}") from error


def _row(
    number: str, stock_code: str, quantity: str, at: str, price: str, customer: str
) -> tuple[str, datetime, str | None, Row]:
    paid = Decimal(price).quantize(CENT, ROUND_HALF_UP)
    return number, _local(at), customer.removesuffix(".0") or None, Row(stock_code, int(quantity), paid)


def _local(text: str) -> datetime:
    # The shop's own wall clock, so the zone is London's.
    naive = datetime.strptime(text, "%m/%d/%Y %H:%M") if "/" in text else datetime.fromisoformat(text)  # noqa: DTZ007
    return naive.replace(tzinfo=ZONE)
