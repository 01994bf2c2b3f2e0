"""One member who does with points whatever can be done with them: the demo shows that story in full."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from samples.generated import shoppers
from samples.script import Script, instant

TELEVISION = {"sku": "XR-65A95L", "category": "tv", "unit_price": "3499.99"}
HEADPHONES = {"sku": "WH-1000XM5", "category": "audio", "unit_price": "399.99"}
EARBUDS = {"sku": "WF-1000XM5", "category": "audio", "unit_price": "299.99"}
BATTERIES = {"sku": "NP-FZ100", "category": "accessory", "unit_price": "79.99"}


def save_and_spend(script: Script, member: str, month: date) -> None:
    """Earns, gets a bonus that runs out, reserves in vain and for an order, pays with points, returns, thinks of leaving."""
    shoppers.join(script, member, month - timedelta(days=10), state="WA")
    story = _Story(script, member, month)
    story.order(1, "television", _line(TELEVISION))
    bonus = {"offer_id": "spring-2026", "points": 300, "expires_on": str(month + timedelta(days=19))}
    story.order(2, "headphones", _line(HEADPHONES, bonus=bonus))
    story.reserve(4, "unsure", 250)
    story.reserve(6, "sure", 5_000)
    story.order(6, "earbuds", _line(EARBUDS), points=5_000, reservation="sure", minutes=20)
    back = {"return_id": f"{member}-television-back"}
    pieces = {"order_id": f"{member}-television", "lines": [{"line_id": "1", "quantity": 1}], "in_window": True}
    story.tell(10, "returns", "return.completed", "returned", back | pieces)
    story.order(16, "batteries", _line(BATTERIES, quantity=2), points=2_700)
    story.tell(18, "returns", "return.rejected", "rejected", back)
    match = {"order_id": f"{member}-headphones", "line_id": "1", "new_unit_price": "329.99"}
    story.tell(23, "orders", "order.price_matched", "matched", match)
    story.tell(25, "memberships", "points.cancel_requested", "leaving", {})
    story.tell(26, "memberships", "points.cancel_withdrawn", "staying", {})


class _Story:
    """What the member does, on which day of the month (0 is the first), at nine in the morning, Pacific."""

    def __init__(self, script: Script, member: str, month: date) -> None:
        self._script, self._member = script, member
        self._start = datetime.combine(month, time(17), UTC)

    def tell(self, day: int, topic: str, kind: str, name: str, data: dict[str, Any], *, minutes: int = 0) -> None:
        at = self._start + timedelta(days=day, minutes=minutes)
        self._script.event(at, topic, kind, f"{name}-{self._member}", self._member, data)

    def order(
        self, day: int, name: str, line: dict[str, Any], *, points: int = 0, reservation: str = "", minutes: int = 0
    ) -> None:
        data = {
            "order_id": f"{self._member}-{name}",
            "signed_in": True,
            "placed_at": instant(self._start + timedelta(days=day, minutes=minutes)),
            "ship_state": "WA",
            "payment_method": "card",
            "lines": [line],
            "points_redeemed": points,
        }
        claims = {"reservation_id": f"{self._member}-{reservation}"} if reservation else {}
        self.tell(day, "orders", "order.placed", f"placed-{name}", data | claims, minutes=minutes)

    def reserve(self, day: int, name: str, points: int) -> None:
        data = {"reservation_id": f"{self._member}-{name}", "points": points}
        self.tell(day, "orders", "redemption.reserved", f"reserved-{name}", data)


def _line(goods: dict[str, str], quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"line_id": "1", "quantity": quantity, "qualifying": True, **goods, **more}
