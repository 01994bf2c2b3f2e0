"""A professional with products: registers them, sends them in, has them cleaned, borrows others (PRO-10, REP, CLN, LOAN)."""

from datetime import datetime
from random import Random
from typing import Final

from audit.service.visit import CHECKLIST
from tests.simulation.partition import Json
from tests.simulation.post import Post, Sender
from tests.simulation.service.depot import Depot
from tests.simulation.service.stock import Stock

BODIES: Final = ("ILCE-7M4", "ILCE-9M3", "ILCE-6700")
LENSES: Final = ("SEL50F14GM", "SEL70200GM2", "SEL35F18F", "SEL2470GM2")
CONDITIONS: Final = ("new",) * 14 + (
    "refurbished_sony",
    "modified_sony",
    "refurbished_other",
    "modified_other",
    "counterfeit",
)


class Owner:
    """What one member does with products."""

    def __init__(self, name: str, seed: int, post: Post) -> None:
        self._name = name
        self._chance = Random(f"{seed}-{name}-products")
        sender = Sender(name, self._chance, post, "p")
        self._send, self._some = sender.send, sender.some
        self._depot, self._stock = Depot(name, self._chance, sender), Stock(name, self._chance, sender)
        self._products: list[Json] = []
        self._is_busy = self._chance.random() < 0.4
        """The others never need any of it."""
        self._unregistered: set[str] = set()
        self._visits = 0

    def told(self, kind: str, params: Json, now: datetime) -> None:
        """React to a notice, or not."""
        chance = self._chance.random()
        if kind == "pro.welcome" and self._is_busy:
            self._registers(now)
            self._year(now)
        elif kind == "pro.renewed" and self._is_busy:
            self._year(now)
        elif kind in ("membership.suspended", "pro.lapsed") and self._products and chance < 0.25:
            self._asks_for_something(now + self._some(0, 20))
        elif kind == "loan.approved":
            self._stock.approved(params["loan_id"], now)
        elif kind == "repair.loaner_offered" and chance < 0.6:
            asked = now + self._some(0, 0.3)
            self._send("loaner.requested", {"repair_id": params["repair_id"]}, asked, late=0.1)
            if chance < 0.1:
                self._send("loaner.unavailable", {"repair_id": params["repair_id"]}, asked + self._some(0, 0.3))
            else:
                self._stock.loaner(asked, "repair_id", params["repair_id"])

    def invoiced(self, invoice: Json, now: datetime) -> None:
        """LOAN-5"""
        self._stock.invoiced(invoice, now)

    def _registers(self, now: datetime) -> None:
        """Most of what they have, most of it in time and as new."""
        chance = self._chance
        for kind, models in (("body", BODIES), ("lens", LENSES)):
            for model in chance.sample(models, k=chance.choice((1, 2, 2, 3))):
                product = {"serial": f"{self._name}-{len(self._products)}", "model": model, "kind": kind}
                if chance.random() < 0.04:
                    product["model"] = "DSC-RX100M7"
                self._products.append(product)
                if chance.random() < 0.9:
                    at = now + (self._some(0, 2) if chance.random() < 0.8 else self._some(0, 120))
                    self._register(product, at, chance.choice(CONDITIONS))
                    if chance.random() < 0.06:
                        self._register(product, at + self._some(0, 300), chance.choice(CONDITIONS))

                else:
                    self._unregistered.add(product["serial"])

    def _register_now(self, products: list[Json], at: datetime) -> None:
        """What was forgotten before is done when it is needed, and told late."""
        for product in products:
            if product["serial"] in self._unregistered and self._chance.random() < 0.6:
                self._unregistered.remove(product["serial"])
                self._register(product, at - self._some(0, 1), "new", late=0.7)

    def _register(self, product: Json, at: datetime, condition: str, late: float = 0.2) -> None:
        data = {"serial": product["serial"], "model": product["model"], "condition": condition}
        self._send("product.registered", data, at, late=late)

    def _year(self, now: datetime) -> None:
        """A year at member terms has begun, or will."""
        chance = self._chance
        for _ in range(chance.choice((0, 0, 0, 1, 1))):
            self._sends_in(now + self._some(0.5, 360))
        for _ in range(chance.choice((0, 0, 1))):
            self._borrows(now + self._some(1, 355))
        for _ in range(chance.choice((0, 0, 0, 0, 1, 2, 5))):
            self._visit(now + self._some(1, 375))

    def _asks_for_something(self, at: datetime) -> None:
        self._chance.choice((self._sends_in, self._borrows, self._visit))(at)

    def _sends_in(self, at: datetime) -> None:
        chance = self._chance
        pieces = min(len(self._products), chance.choice((1,) * 14 + (2, 2, 3, 4, 5)))
        sent_by = chance.choice(("member",) * 28 + ("third_party", "dealer"))
        products = chance.sample(self._products, k=pieces)
        self._register_now(products, at)
        repairs = self._depot.shipment(products, at, sent_by=sent_by, state="PR" if chance.random() < 0.02 else "CA")
        if chance.random() < 0.08:  # asked for at once
            self._stock.loaner(at + self._some(2, 5), "repair_id", repairs[0])

    def _borrows(self, at: datetime) -> None:
        self._stock.evaluation(at)

    def _visit(self, at: datetime) -> None:
        """CLN"""
        chance = self._chance
        self._visits += 1
        visit = f"{self._name}-v{self._visits}"
        products = chance.sample(self._products, k=min(len(self._products), chance.choice((1, 1, 2, 2, 2, 3))))
        self._register_now(products, at)
        brought = [{"serial": product["serial"], "kind": product["kind"]} for product in products]
        self._send("cleaning.booked", {"cleaning_id": visit, "products": brought}, at, late=0.12)
        drawn, then = chance.random(), at + self._some(1, 25)
        if drawn < 0.15:
            self._send("cleaning.cancelled", {"cleaning_id": visit}, then, late=0.1)
        if drawn > 0.08:
            then += self._some(-1, 1) if drawn < 0.15 else self._some(0, 0)
            checklist = {one["serial"]: sorted(CHECKLIST[one["kind"]]) for one in brought}
            if chance.random() < 0.1:
                some = {serial: items[1:] for serial, items in checklist.items()}
                self._send("cleaning.done", {"cleaning_id": visit, "checklist": some}, then, late=0.1)
                then += self._some(0, 2)
            if chance.random() < 0.93:
                self._send("cleaning.done", {"cleaning_id": visit, "checklist": checklist}, then, late=0.1)
        if chance.random() < 0.08:
            self._stock.loaner(at + self._some(0, 1), "cleaning_id", visit)
