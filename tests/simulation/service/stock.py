"""Loans: asked for, shipped where there is stock, returned in time, late, damaged or never (LOAN)."""

from datetime import datetime
from random import Random
from typing import Final

from audit.service.days import end_of_day_after
from tests.simulation.dates import PACIFIC, cents, day_of
from tests.simulation.partition import DAY, Json
from tests.simulation.post import Sender

MODELS: Final = (
    ("ILCE-1M2", "camera", "6499.99"), ("ILCE-7CR", "camera", "2999.99"), ("SEL600F40GM", "lens", "12999.99"),
    ("SEL24F14GM", "lens", "1399.99"), ("SEL300F28GM", "lens", "3000.00"), ("ILCE-7M4", "camera", "2499.99"),
    ("SEL2470GM2", "lens", "2299.99"), ("SEL50F14GM", "lens", "1299.99"), ("HVL-F60RM2", "accessory", "599.99"),
)  # fmt: skip
"""Some of them are owned by most members."""


class Stock:
    """What one member borrows."""

    def __init__(self, name: str, chance: Random, sender: Sender) -> None:
        self._name, self._chance, self._sender = name, chance, sender
        self._some = sender.some
        self._count = 0
        self._lent: dict[str, Json] = {}
        """What was asked for and may be shipped yet."""

    def evaluation(self, at: datetime) -> None:
        """LOAN-1"""
        chance = self._chance
        model, category, value = chance.choice(MODELS[:-1] if chance.random() < 0.95 else MODELS)
        ahead = self._some(14, 40) if chance.random() < 0.9 else self._some(12, 14)
        self._lend({"kind": "evaluation", "model": model, "category": category, "retail_value": value}, at, at + ahead)

    def loaner(self, at: datetime, what: str, which: str) -> None:
        """LOAN-2 For the time of a repair or a cleaning: `what` is `repair_id` or `cleaning_id`."""
        model, category, value = self._chance.choice(MODELS[:-1])
        data = {"kind": "repair", "model": model, "category": category, "retail_value": value, what: which}
        self._lend(data, at, at)

    def invoiced(self, invoice: Json, at: datetime) -> None:
        """LOAN-5, LOAN-6 Paid in time, in parts, late, or never."""
        chance, amount = self._chance, cents(invoice["amount"])
        drawn = chance.random()
        if drawn < 0.25:
            return
        when = at + (self._some(0, 28) if drawn < 0.6 else self._some(29, 70))
        parts = [amount] if chance.random() < 0.8 else [amount // 3, amount - amount // 3]
        for part in parts:
            data = {"invoice_id": invoice["invoice_id"], "amount": f"{part // 100}.{part % 100:02}"}
            self._sender.send("loan_invoice.paid", data, when, late=0.1)
            when += self._some(0, 5)

    def _lend(self, data: Json, at: datetime, needed: datetime) -> None:
        chance = self._chance
        self._count += 1
        loan_id = f"{self._name}-ln{self._count}"
        asked = {
            "loan_id": loan_id,
            "needed_on": str(day_of(needed)),
            "ship_to_state": chance.choice(["CA"] * 30 + ["PR"]),
        }
        self._sender.send("loan.requested", asked | data, at, late=0.1)
        answered = at + (self._some(0, 0.5) if data["kind"] == "repair" else self._some(0.1, 6))
        if chance.random() < 0.15:
            reason = {"reason": "out of stock"} if chance.random() < 0.5 else {}
            self._sender.send("loan.declined", {"loan_id": loan_id} | reason, answered, late=0.1)
            return
        self._sender.send("loan.approved", {"loan_id": loan_id}, answered, late=0.1)
        self._lent[loan_id] = data
        if data["kind"] == "evaluation" and chance.random() < 0.04:  # whatever the answer is
            self._ship(loan_id, answered + self._some(0, 3))

    def approved(self, loan_id: str, at: datetime) -> None:
        """LOAN-3 The member is told that it comes; once insured, it does."""
        if loan_id in self._lent and self._chance.random() < 0.95:
            self._ship(
                loan_id, at + (self._some(0, 0.7) if self._lent[loan_id]["kind"] == "repair" else self._some(0.5, 8))
            )

    def _ship(self, loan_id: str, shipped: datetime) -> None:
        chance, data = self._chance, self._lent.pop(loan_id)
        if cents(data["retail_value"]) >= 3_000_00 and chance.random() < 0.95:
            self._sender.send("loan.insurance_proved", {"loan_id": loan_id}, shipped - self._some(0, 0.4), late=0.1)
        self._sender.send("loan.shipped", {"loan_id": loan_id}, shipped, late=0.12)
        self._come_back(loan_id, shipped, cents(data["retail_value"]))

    def _come_back(self, loan_id: str, shipped: datetime, value: int) -> None:
        chance, due = self._chance, end_of_day_after(shipped, 14, PACIFIC)
        if chance.random() < 0.1:
            called = shipped + self._some(0, 12)
            self._sender.send("loan.recalled", {"loan_id": loan_id}, called, late=0.1)
            if chance.random() < 0.7:
                due = min(due, end_of_day_after(called, 7, PACIFIC))
        drawn = chance.random()
        if drawn < 0.07:
            return
        if drawn < 0.6:
            back = shipped + (due - shipped) * chance.uniform(0.2, 1)
        elif drawn < 0.72:
            back = due + DAY / 86_400 * chance.choice((-60, -1, 0, 60))
        else:
            back = due + self._some(0, 5 if chance.random() < 0.5 else 50)
        self._return(loan_id, back, value)
        if chance.random() < 0.02:  # told of by two
            self._return(loan_id, back + self._some(0, 1), value)

    def _return(self, loan_id: str, at: datetime, value: int) -> None:
        chance = self._chance
        data: Json = {"loan_id": loan_id, "damaged": chance.random() < 0.12}
        if data["damaged"] and chance.random() < 0.6:
            insured = chance.choice((value, value // 2, value // 3))
            data["insurance_paid"] = f"{insured // 100}.{insured % 100:02}"
        self._sender.send("loan.returned", data, at, late=0.2)
