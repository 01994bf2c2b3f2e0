"""What happens to products that are sent in: the depot works in time or too late, for money or for none (REP)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from tests.simulation.partition import Json
from tests.simulation.post import Sender
from tests.simulation.service.closures import business_days

SECOND: Final = timedelta(seconds=1)
FEES: Final = ("89.99", "120.01", "199.98", "249.99", "333.33", "512.47")
"""Standard ones."""


@dataclass
class Case:
    """One product at the depot."""

    repair_id: str
    at: datetime
    """Latest that anything happened."""
    preapproved: str | None


class Depot:
    """Of one member's products."""

    def __init__(self, name: str, chance: Random, sender: Sender) -> None:
        self._name, self._chance, self._sender = name, chance, sender
        self._some = sender.some
        self._count = self._shipments = 0

    def shipment(self, products: list[Json], at: datetime, *, sent_by: str = "member", state: str = "CA") -> list[str]:
        """Products are sent in; their stories. Returns the ids of their repairs."""
        chance = self._chance
        self._shipments += 1
        pieces = len(products)
        if chance.random() < 0.1:
            pieces = chance.choice((1, 4, 6))
        found = []
        for product in products:
            self._count += 1
            repair_id, preapproved = (
                f"{self._name}-rp{self._count}",
                chance.choice((None, None, None, "100.00", "500.00")),
            )
            data = {
                "repair_id": repair_id, "serial": product["serial"], "model": product["model"], "issue": "it rattles",
                "shipment_id": f"{self._name}-sh{self._shipments}", "pieces": pieces, "sent_by": sent_by,
                "ship_to_state": state, "next_day_shipping": chance.random() < 0.1,
            }  # fmt: skip
            self._sender.send("repair.requested", data | ({"preapproved_amount": preapproved} if preapproved else {}), at,
                              late=0.1)  # fmt: skip
            self._work_on(Case(repair_id, at, preapproved))
            found.append(repair_id)
        return found

    def _work_on(self, case: Case) -> None:
        chance = self._chance
        if chance.random() < 0.02:
            return  # it was never sent
        self._step(case, "received", 1, 4)
        if chance.random() < 0.85:
            self._step(case, "diagnosed", 0.1, 2 if chance.random() < 0.8 else 7)
        kind = chance.random()
        if kind < 0.45:
            self._in_warranty(case)
        elif kind < 0.53:
            self._not_all_in_warranty(case)
        elif kind < 0.6:  # the proof is not good enough, another one is
            self._word(case, proof=False)
            self._in_warranty(case)
        elif kind < 0.63:  # it is good enough until somebody looks again
            self._word(case, proof=True)
            self._word(case, proof=False)
            self._out_of_warranty(case)
        else:
            if chance.random() < 0.5:
                self._word(case, proof=False)
            self._out_of_warranty(case)

    def _in_warranty(self, case: Case) -> None:
        self._word(case, proof=True)
        self._repair(case, case.at)

    def _not_all_in_warranty(self, case: Case) -> None:
        """REP-4 Part of it is to be paid for: an amount without discount."""
        if is_proved := self._chance.random() < 0.5:
            self._word(case, proof=True)
        fee = self._estimate(case, 1)
        if self._answer(case, 1, fee) == "yes":
            if not is_proved:
                self._word(case, proof=True)
            elif self._chance.random() < 0.3 and self._estimate(case, 2) > fee:
                return
            self._repair(case, case.at)

    def _out_of_warranty(self, case: Case) -> None:
        """REP-5, REP-6"""
        chance, number = self._chance, 1
        price = _less_discount(self._estimate(case, 1))
        if chance.random() < 0.12:
            if chance.random() < 0.5:
                self._say(case, 1, self._some(0.1, 2), yes=True)
            number, price = 2, _less_discount(self._estimate(case, 2))
        if self._answer(case, number, price) != "yes":
            return
        if chance.random() < 0.06:
            return  # never paid
        case.at += self._some(0, 4)
        if chance.random() < 0.06:
            self._pay(case, price - 1)
            case.at += self._some(0, 3)
            price = price if chance.random() < 0.5 else 1
        self._pay(case, price)
        self._repair(case, case.at)

    def _estimate(self, case: Case, number: int) -> int:
        case.at += self._some(0.05, 2)
        fee = self._chance.choice(FEES)
        data = {"repair_id": case.repair_id, "estimate_id": f"{case.repair_id}-e{number}", "standard_fee": fee}
        self._sender.send("repair.estimate_issued", data, case.at, late=0.12)
        return int(fee.replace(".", ""))

    def _answer(self, case: Case, number: int, price: int) -> str:
        """`yes`, `no`, or nothing; what was approved before needs none."""
        chance, drawn = self._chance, self._chance.random()
        if case.preapproved and int(case.preapproved.replace(".", "")) >= price and drawn < 0.9:
            return "yes"
        if drawn < 0.62:
            self._say(case, number, self._some(0.1, 9), yes=True)
            return "yes"
        if drawn < 0.74:
            self._say(case, number, self._some(0.1, 9), yes=False)
            if chance.random() < 0.1:
                self._say(case, number, self._some(0.1, 2), yes=True)
            self._back(case, repaired=False, within=4)
            return "no"
        if drawn < 0.84:  # too late, or nearly
            self._say(case, number, self._some(22, 33), yes=True)
            if chance.random() < 0.5:
                return "yes"
        else:
            case.at += self._some(31, 34)
        self._back(case, repaired=False, within=4)
        return ""

    def _say(self, case: Case, number: int, after: timedelta, *, yes: bool) -> None:
        case.at += after
        data = {"repair_id": case.repair_id, "estimate_id": f"{case.repair_id}-e{number}", "approved": yes}
        self._sender.send("repair.estimate_answered", data, case.at, late=0.15)

    def _pay(self, case: Case, amount: int) -> None:
        data = {"repair_id": case.repair_id, "amount": f"{amount // 100}.{amount % 100:02}"}
        self._sender.send("repair.payment_accepted", data, case.at, late=0.15)

    def _word(self, case: Case, *, proof: bool) -> None:
        case.at += self._some(0.02, 0.8)
        data = {"repair_id": case.repair_id, "proof": proof}
        self._sender.send("repair.warranty_validated", data, case.at, late=0.12)

    def _repair(self, case: Case, start: datetime) -> None:
        """The turnaround runs: in time, on its last moment, too late or never; parts may be missing."""
        chance, due = self._chance, business_days(start, 3).deadline or start
        if chance.random() < 0.22:
            due += self._wait_for_parts(case, start)
        drawn = chance.random()
        if drawn < 0.02:
            return  # it is lost
        if drawn < 0.6:
            handed = start + (due - start) * chance.uniform(0.1, 1)
        elif drawn < 0.72:
            handed = due + SECOND * chance.choice((-60, -1, 0, 60))
        else:
            handed = due + self._some(0, 6)
        case.at = handed
        if chance.random() < 0.6:
            data = {"repair_id": case.repair_id}
            self._sender.send("repair.completed", data, start + (handed - start) * chance.random(), late=0.1)
        self._back(case, repaired=chance.random() < 0.96, within=0)

    def _wait_for_parts(self, case: Case, start: datetime) -> timedelta:
        missing = start + self._some(-1, 2)
        lasts = self._some(0.1, 6)
        data = {"repair_id": case.repair_id}
        self._sender.send("repair.parts_unavailable", data, missing, late=0.15)
        if self._chance.random() < 0.9:
            self._sender.send("repair.parts_available", data, missing + lasts, late=0.15)
        return lasts

    def _back(self, case: Case, *, repaired: bool, within: float) -> None:
        """It is handed to the carrier, who tells of it late now and then, or only of the delivery."""
        case.at += self._some(0, within)
        data = {"repair_id": case.repair_id, "repaired": repaired}
        if self._chance.random() < 0.95:
            self._sender.send("repair.handed_to_carrier", data, case.at, late=0.2)
        if self._chance.random() < 0.93:
            self._step(case, "delivered", 1, 4)

    def _step(self, case: Case, step: str, least: float, most: float) -> None:
        case.at += self._some(least, most)
        self._sender.send(f"repair.{step}", {"repair_id": case.repair_id}, case.at, late=0.12)


def _less_discount(fee: int) -> int:
    """REP-5"""
    return (fee * 4 + 2) // 5
