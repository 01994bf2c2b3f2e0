"""What people with Care buy, send back, claim and ask back (CARE-1, CARE-2, CARE-7, CARE-9)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from tests.simulation.partition import Json

DEAR, CHEAP = ("0.00", "4.99", "12.50"), ("0.00", "0.00", "0.00", "35.00", "99.99")


class Send(Protocol):
    def __call__(self, kind: str, data: Json, at: datetime, *, late: float = 0.0) -> None: ...


class Buyer:
    """A member at the store. `some`: so many days, by chance between two numbers."""

    def __init__(self, name: str, chance: Random, send: Send, some: Callable[[float, float], timedelta]) -> None:
        self._name, self._chance, self._send, self._some = name, chance, send, some
        self._count = 0
        self._orders: dict[str, list[Json]] = {}
        """The lines of each."""
        self._at_home: set[str] = set()
        """Of which nothing was sent back."""

    def order(self, at: datetime, *, good: float = 0.85, comes: float = 1.0) -> str:
        """`good`: how likely it is that something on it qualifies; `comes`: that the store tells of it. Returns its id."""
        self._count += 1
        order_id, chance = f"{self._name}-o{self._count}", self._chance
        lines = [self._line(order_id, 1, "camera", is_good=chance.random() < good)]
        if chance.random() < 0.4:
            kind = chance.choice(("lens", "warranty", "accessory"))
            lines.append(self._line(order_id, 2, kind, is_good=kind != "accessory" and chance.random() < good))
        data = {
            "order_id": order_id, "signed_in": chance.random() < 0.93, "placed_at": at.isoformat(), "lines": lines,
            "payment_method": "card", "points_redeemed": 0, "shipping_upgrade_value": chance.choice(DEAR),
            "complimentary_items": [{"description": "a strap", "value": "10.00"}] if chance.random() < 0.2 else [],
        }  # fmt: skip
        if chance.random() < comes:
            self._send("order.placed", data, at, late=0.15)
        self._orders[order_id] = lines
        self._at_home.add(order_id)
        return order_id

    def send_back(self, order_id: str, at: datetime) -> None:
        """All of it, part of it, or the order is cancelled; once."""
        if order_id not in self._at_home:
            return
        self._at_home.remove(order_id)
        chance = self._chance
        fate = chance.random()
        if fate < 0.3:
            self._send("order.cancelled", {"order_id": order_id, "before_shipment": fate < 0.2}, at, late=0.1)
            return
        for line in self._orders[order_id]:
            if chance.random() < 0.92:
                self._return(order_id, line["line_id"], line["quantity"], at + self._some(0, 3))

    def claim(self, at: datetime, order_id: str | None = None) -> None:
        """Something is broken; now and then by somebody else, of another shop, or of an order that never comes."""
        self._count += 1
        chance = self._chance
        if order_id is None:
            is_ours = self._orders and chance.random() < 0.95
            order_id = chance.choice(sorted(self._orders)) if is_ours else f"{self._name}-o0"
        lines = self._orders.get(order_id, [])
        serials = [serial for line in lines for serial in line["serial_numbers"]]
        serial = chance.choice(serials) if serials and chance.random() < 0.95 else "elsewhere"
        filed_by = self._name if chance.random() < 0.95 else "somebody"
        data = {
            "claim_id": f"{self._name}-q{self._count}",
            "serial": serial,
            "order_id": order_id,
            "filed_by": filed_by,
        }
        self._send("care.claim_opened", data, at, late=0.2)

    def has_care(self, now: datetime, *, is_new: bool) -> None:
        """A year of Care has begun, or will: they buy, break things, and some regret it."""
        chance = self._chance
        for _ in range(chance.choice((0, 1, 1, 2))):
            self._buys_and_claims(now + self._some(0, 330))
        if chance.random() < (0.35 if is_new else 0.12):
            self._regrets(now)

    def suspended(self, now: datetime) -> None:
        """What is bought meanwhile."""
        if self._chance.random() < 0.3:
            self._buys_and_claims(now + self._some(0, 20))

    def _buys_and_claims(self, at: datetime) -> None:
        order_id = self.order(at)
        if self._chance.random() < 0.25:
            self.send_back(order_id, at + self._some(0, 25))
        if self._chance.random() < 0.2:
            self.claim(at + self._some(729, 733), order_id)  # around the end of its two years
        for _ in range(self._chance.choice((0, 0, 1, 2))):
            self.claim(at + self._some(0, 850 if self._chance.random() < 0.7 else 40))

    def _regrets(self, now: datetime) -> None:
        """The fee is asked back, some time around what goes back, and sometimes twice."""
        chance, out = self._chance, list(self._orders)[-1:]
        out += [self.order(now + self._some(0, 25)) for _ in range(chance.choice((0, 0, 0, 1, 2)))]
        for order_id in out:
            if chance.random() < 0.85:
                self.send_back(order_id, now + self._some(5, 34))
        for _ in range(chance.choice((1, 1, 1, 2))):
            asked = now + self._some(0, 32)
            self._send("care.cancel_requested", {"refund_requested": True}, asked, late=0.1)
        if chance.random() < 0.1:
            self.claim(now + self._some(0, 30))

    def _line(self, order_id: str, number: int, category: str, *, is_good: bool) -> Json:
        quantity = self._chance.choice((1, 1, 2))
        return {
            "line_id": f"l{number}", "sku": category, "category": category, "quantity": quantity,
            "unit_price": "900.00", "discount": self._chance.choice(CHEAP), "qualifying": is_good,
            "serial_numbers": [f"{order_id}-{number}{piece}" for piece in range(quantity)],
            "promo_price_saving": self._chance.choice(CHEAP),
        }  # fmt: skip

    def _return(self, order_id: str, line_id: str, quantity: int, at: datetime) -> None:
        self._count += 1
        chance, return_id = self._chance, f"{self._name}-r{self._count}"
        pieces = quantity if chance.random() < 0.95 else 1
        data = {
            "return_id": return_id, "order_id": order_id, "in_window": chance.random() < 0.93,
            "lines": [{"line_id": line_id, "quantity": pieces}],
        }  # fmt: skip
        self._send("return.completed", data, at, late=0.3)
        if chance.random() < 0.2:  # of what is on its way back, or back
            self.claim(at + self._some(-1, 4), order_id)
        if chance.random() < 0.07:
            sent_on = at + self._some(0.1, 6)
            self._send("return.rejected", {"return_id": return_id}, sent_on)
            if chance.random() < 0.5:
                self._return(order_id, line_id, pieces, sent_on + self._some(21, 28))
