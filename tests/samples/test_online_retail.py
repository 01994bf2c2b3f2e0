"""The importer on the real file: what its figures mean, and that every row ends somewhere."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import lines
from models.events import EVENT
from samples.online_retail import Importer
from samples.retail_rows import ZONE, Invoice, NotOnlineRetailError, Row, read_invoices
from samples.script import Line
from tests.cli.world import World

FILE = Path(__file__).parents[3] / "shared" / "data" / "online_retail.csv.xz"
HEADER = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture(scope="module")
def invoices() -> list[Invoice]:
    return read_invoices(FILE)


@pytest.fixture(scope="module")
def imported(invoices: list[Invoice]) -> tuple[Importer, list[Line], list[Line]]:
    importer = Importer(invoices)
    return importer, list(importer.joins()), list(importer.purchases())


def rows_of(invoices: list[Invoice]) -> list[tuple[Invoice, Row]]:
    return [(invoice, row) for invoice in invoices for row in invoice.rows]


def at(hour: int) -> datetime:
    return datetime(2011, 3, 1, hour, tzinfo=ZONE)


def bought(number: str, hour: int, *rows: tuple[str, int], customer: str | None = "7") -> Invoice:
    return Invoice(number, at(hour), customer, [Row(code, quantity, Decimal("2.50")) for code, quantity in rows])


def returns_of(*invoices: Invoice) -> list[dict[str, Any]]:
    lines = Importer(invoices).purchases()
    return [line["event"]["data"] for line in lines if line["topic"] == "returns"]


class TestFigures:
    def test_the_file_s_own(self, invoices: list[Invoice]) -> None:
        rows = rows_of(invoices)

        assert len(rows) == 240_007
        assert len(invoices) == 12_468
        assert sum(invoice.is_cancellation for invoice, _ in rows) == 4_350
        assert sum(invoice.customer is None for invoice, _ in rows) == 67_225
        assert len({invoice.customer for invoice in invoices} - {None}) == 2_974

    def test_every_row_is_accounted_for_once(self, imported: tuple[Importer, list[Line], list[Line]]) -> None:
        mapping = imported[0].mapping

        assert mapping.returned + mapping.returned_without_order == 4_350
        assert mapping.ordered + mapping.returned + mapping.returned_without_order + mapping.corrections == 240_007

    def test_one_order_for_an_invoice_that_sold_something(
        self, invoices: list[Invoice], imported: tuple[Importer, list[Line], list[Line]]
    ) -> None:
        orders = [line["event"]["data"]["order_id"] for line in imported[2] if line["topic"] == "orders"]
        sold = [i.number for i in invoices if not i.is_cancellation and any(row.quantity > 0 for row in i.rows)]

        assert orders == sold
        assert len(orders) + imported[0].mapping.invoices_without_goods == 12_468 - 1_946

    def test_one_join_for_each_customer_before_anything_of_theirs(
        self, imported: tuple[Importer, list[Line], list[Line]]
    ) -> None:
        _, joins, purchases = imported
        joined = {line["event"]["subject"]: datetime.fromisoformat(line["event"]["time"]) for line in joins}
        first: dict[str, datetime] = {}
        for line in purchases:
            first.setdefault(line["event"]["subject"], datetime.fromisoformat(line["event"]["time"]))

        assert len(joins) == len(joined) == 2_974
        assert all(joined[subject] < first[subject] for subject in joined if subject in first)
        assert all("made-up" in line["event"]["source"] for line in joins)


class TestEvents:
    def test_keep_the_contract(self, imported: tuple[Importer, list[Line], list[Line]]) -> None:
        _, joins, purchases = imported

        for line in joins + purchases:
            EVENT.validate_json(orjson.dumps(line["event"]))

    def test_ids_are_unique(self, imported: tuple[Importer, list[Line], list[Line]]) -> None:
        _, joins, purchases = imported
        ids = Counter((line["event"]["source"], line["event"]["id"]) for line in joins + purchases)

        assert ids.most_common(1)[0][1] == 1

    def test_no_return_exceeds_what_was_bought(self, imported: tuple[Importer, list[Line], list[Line]]) -> None:
        bought: dict[tuple[str, str], int] = {}
        owner: dict[str, str] = {}
        matched = 0
        for line in imported[2]:
            data = line["event"]["data"]
            if line["topic"] == "orders":
                owner[data["order_id"]] = line["event"]["subject"]
                bought |= {(data["order_id"], sold["line_id"]): sold["quantity"] for sold in data["lines"]}
            elif data["order_id"] in owner:
                matched += 1
                assert owner[data["order_id"]] == line["event"]["subject"]
                for back in data["lines"]:
                    bought[data["order_id"], back["line_id"]] -= back["quantity"]
            else:
                assert data["order_id"].startswith("unknown-of-C")

        assert matched > 1_000
        assert min(bought.values()) == 0

    def test_pieces_returned_are_the_file_s(
        self, invoices: list[Invoice], imported: tuple[Importer, list[Line], list[Line]]
    ) -> None:
        returned = sum(
            back["quantity"]
            for line in imported[2]
            if line["topic"] == "returns"
            for back in line["event"]["data"]["lines"]
        )

        assert returned == -sum(row.quantity for invoice, row in rows_of(invoices) if invoice.is_cancellation)

    def test_same_file_same_events(
        self, invoices: list[Invoice], imported: tuple[Importer, list[Line], list[Line]]
    ) -> None:
        again = Importer(invoices[:500])

        assert list(again.purchases()) == imported[2][: sum(again.mapping.events.values())]

    def test_what_is_no_product_does_not_qualify(self, imported: tuple[Importer, list[Line], list[Line]]) -> None:
        lines = [sold for line in imported[2] if line["topic"] == "orders" for sold in line["event"]["data"]["lines"]]
        not_qualifying = {sold["sku"] for sold in lines if not sold["qualifying"]}

        assert {"POST", "DOT", "M", "AMAZONFEE"} <= not_qualifying
        assert not [sku for sku in not_qualifying if sku[0].isdigit()]


class TestReturns:
    def test_go_to_the_latest_order_that_still_has_enough(self) -> None:
        [back] = returns_of(
            bought("1", 8, ("10001", 9)),
            bought("2", 9, ("10001", 5)),
            bought("3", 10, ("10001", 2)),
            bought("C4", 11, ("10001", -4)),
        )

        assert (back["order_id"], back["lines"]) == ("2", [{"line_id": "10001", "quantity": 4}])
        assert back["in_window"]

    def test_do_not_take_the_same_pieces_twice(self) -> None:
        orders = [
            back["order_id"]
            for back in returns_of(
                bought("1", 8, ("10001", 4)),
                bought("2", 9, ("10001", 4)),
                bought("C3", 10, ("10001", -4)),
                bought("C4", 11, ("10001", -4)),
                bought("C5", 12, ("10001", -1)),
            )
        ]

        assert orders == ["2", "1", "unknown-of-C5"]

    def test_use_all_lines_of_one_stock_code(self) -> None:
        [back] = returns_of(bought("1", 8, ("10001", 2), ("10001", 3)), bought("C2", 9, ("10001", -4)))

        assert back["lines"] == [{"line_id": "10001", "quantity": 2}, {"line_id": "10001.2", "quantity": 2}]

    def test_one_cancellation_may_concern_several_orders(self) -> None:
        backs = returns_of(
            bought("1", 8, ("10001", 2)), bought("2", 9, ("10002", 3)), bought("C3", 10, ("10001", -1), ("10002", -3))
        )

        assert [(back["return_id"], back["order_id"]) for back in backs] == [("C3-1", "1"), ("C3-2", "2")]

    @pytest.mark.parametrize("customer", ["8", None])
    def test_of_somebody_else_find_no_order(self, customer: str | None) -> None:
        order, cancellation = bought("1", 8, ("10001", 2)), bought("C2", 9, ("10001", -1), customer=customer)

        assert returns_of(order, cancellation)[0]["order_id"] == "unknown-of-C2"

    def test_before_the_order_find_no_order(self) -> None:
        assert (
            returns_of(bought("C1", 8, ("10001", -1)), bought("2", 9, ("10001", 1)))[0]["order_id"] == "unknown-of-C1"
        )

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.sampled_from(["10001", "10002"])), max_size=30))
    def test_never_more_than_was_bought(self, history: list[tuple[bool, int, str]]) -> None:
        invoices = [
            bought(f"C{n}" if back else f"{n}", 8, (code, -quantity if back else quantity))
            for n, (back, quantity, code) in enumerate(history)
        ]
        importer = Importer(invoices)
        left: Counter[tuple[str, str]] = Counter()
        for line in importer.purchases():
            data = line["event"]["data"]
            sign = 1 if line["topic"] == "orders" else -1
            if not data["order_id"].startswith("unknown"):
                left.update({(data["order_id"], piece["line_id"]): sign * piece["quantity"] for piece in data["lines"]})

        assert all(pieces >= 0 for pieces in left.values())
        assert importer.mapping.returned + importer.mapping.returned_without_order == sum(
            back for back, _, _ in history
        )


class TestFile:
    def test_the_original_form(self, tmp_path: Path) -> None:
        file = tmp_path / "data.csv"
        file.write_bytes(
            b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n"
            b"536365,85123A,T-LIGHT \xa3 HOLDER,6,12/1/2010 8:26,2.555,17850.0,United Kingdom\r\n"
        )

        [invoice] = read_invoices(file)

        assert invoice == Invoice(
            "536365", datetime(2010, 12, 1, 8, 26, tzinfo=ZONE), "17850", [Row("85123A", 6, Decimal("2.56"))]
        )

    def test_summer_has_its_own_offset(self) -> None:
        summer = replace(bought("1", 8, ("10001", 1)), at=datetime(2011, 6, 1, 8, tzinfo=ZONE))
        [line] = Importer([summer]).purchases()

        assert line["event"]["time"] == "2011-06-01T08:00:00+01:00"

    def test_years_move_every_date_and_keep_the_hour_and_the_weekday(self) -> None:
        [line] = Importer([bought("1", 8, ("10001", 1))], years=15).purchases()

        assert line["event"]["data"]["placed_at"] == line["event"]["time"] == "2026-03-03T08:00:00+00:00"

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("a,b\n", "lacks the columns InvoiceNo"),
            ("", "lacks the columns"),
            (HEADER + "1,10001,six,2011-01-01T08:00,1.00,,\n", "line 2"),
            (HEADER + "1,10001,6,13/13/2011 8:00,1.00,,\n", "line 2"),
            (HEADER + "1,10001\n", "line 2"),
        ],
    )
    def test_another_file_is_refused_with_the_place(self, tmp_path: Path, text: str, says: str) -> None:
        file = tmp_path / "data.csv"
        file.write_text(text)

        with pytest.raises(NotOnlineRetailError, match=says):
            read_invoices(file)

    def test_damaged_archive_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "data.csv.xz"
        file.write_bytes(FILE.read_bytes()[:10_000])

        with pytest.raises(NotOnlineRetailError):
            read_invoices(file)


class TestRules:
    def test_decide_all_of_it_and_find_no_return_too_large(
        self, imported: tuple[Importer, list[Line], list[Line]]
    ) -> None:
        _, joins, purchases = imported
        world = World()
        world.take(lines.as_message(line) for line in joins + purchases)
        outcomes = world.outcomes
        unknown = [line for line in purchases if line["event"]["data"]["order_id"].startswith("unknown-of")]

        assert outcomes.total() == len(joins) + len(purchases)
        assert {outcome for outcome, _ in outcomes} == {"applied", "held"}
        assert outcomes["held", "awaits_order"] == len(unknown)
