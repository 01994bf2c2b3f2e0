"""People who buy: joining, orders, returns, cancellations; guests and those who forgot to sign in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from samples.script import Line, Script, instant

STATES = ("CA", "NY", "TX", "WA", "FL", "NE", "AL", "IL", "DC", "OR")
TERRITORIES = ("PR", "GU", "VI")
GOODS: tuple[tuple[str, str, str], ...] = (
    ("ILCE-7M4", "camera", "2499.99"),
    ("ILCE-6700", "camera", "1399.99"),
    ("SEL2470GM2", "lens", "2299.99"),
    ("SEL55F18Z", "lens", "999.99"),
    ("WH-1000XM5", "audio", "399.99"),
    ("WF-1000XM5", "audio", "299.99"),
    ("XR-65A95L", "tv", "3499.99"),
    ("HT-A7000", "audio", "1299.99"),
    ("NP-FZ100", "accessory", "79.99"),
    ("CEA-G160T", "accessory", "399.99"),
)
EXTENDED_WARRANTY = ("SPSPT5", "warranty", "149.99")


@dataclass(frozen=True)
class Bought:
    """An order that can be returned, cancelled or argued about: its id, when, how many of each line and for how much."""

    order_id: str
    at: datetime
    quantities: dict[str, int]
    prices: dict[str, str]


def join(
    script: Script,
    member: str,
    day: date,
    *,
    state: str | None = None,
    born: str = "1988-05-17",
    name: str | None = None,
) -> Line:
    """The member joins My Sony on that day."""
    data = {"birth_date": born, "state": state or script.chance.choice(STATES)}
    return script.event(script.moment(day), "memberships", "points.joined", f"join-{name or member}", member, data)


def refused_joins(script: Script, day: date) -> None:
    """MS-1 Too young (in NE even at 18), or in a territory."""
    for number in range(4):
        join(script, f"sample-young-{number}", day, born="2010-06-01", state="CA")
        join(script, f"sample-eighteen-in-ne-{number}", day, born=f"{day.year - 18}-01-15", state="NE")
        join(script, f"sample-territory-{number}", day, state=script.chance.choice(TERRITORIES))


def shop(script: Script, member: str, days: list[date], orders: int) -> None:
    """Some orders on some of the days; a part of them comes back or is cancelled, sometimes told before the order."""
    for number in range(1, orders + 1):
        bought = order(script, f"{member}-order-{number}", member, script.chance.choice(days[:-4]))
        if script.odds(14):
            _give_back(script, member, bought)
        elif script.odds(5):
            _cancel(script, member, bought)


def order(
    script: Script,
    order_id: str,
    member: str,
    day: date,
    *,
    signed_in: bool | None = None,
    at: datetime | None = None,
    points: int = 0,
    reservation_id: str | None = None,
) -> Bought:
    """One order of one to five lines, at some moment of the day or at that one; a line in eight does not qualify."""
    at = at or script.moment(day)
    lines = [_line(script, str(number)) for number in range(1, script.chance.choice((1, 2, 3, 3, 4, 5)) + 1)]
    data: dict[str, Any] = {
        "order_id": order_id,
        "signed_in": not script.odds(5) if signed_in is None else signed_in,
        "placed_at": instant(at),
        "ship_state": script.chance.choice(STATES),
        "payment_method": script.chance.choice(("card", "card", "paypal", "affirm")),
        "lines": lines,
        "tax": "12.34",
        "shipping": "0.00",
        "points_redeemed": points,
    }
    if reservation_id is not None:
        data["reservation_id"] = reservation_id
    script.event(at, "orders", "order.placed", f"placed-{order_id}", member, data)
    quantities = {line["line_id"]: line["quantity"] for line in lines}
    return Bought(order_id, at, quantities, {line["line_id"]: line["unit_price"] for line in lines})


def guests(script: Script, days: list[date], count: int) -> None:
    """MS-4 Orders of people who are nobody's member."""
    for number in range(1, count + 1):
        order(script, f"guest-order-{number}", f"sample-guest-{number}", script.chance.choice(days), signed_in=False)


def _line(script: Script, line_id: str) -> dict[str, Any]:
    qualifying = not script.odds(12)
    sku, category, price = script.chance.choice(GOODS) if qualifying else EXTENDED_WARRANTY
    line: dict[str, Any] = {
        "line_id": line_id,
        "sku": sku,
        "category": category,
        "quantity": script.chance.choice((1, 1, 1, 2, 3)),
        "unit_price": price,
        "qualifying": qualifying,
    }
    if script.odds(15):
        line["discount"] = "20.00"
    if qualifying and script.odds(10):
        line["bonus"] = {"offer_id": "spring-2026", "points": 500}
    return line


def _give_back(script: Script, member: str, bought: Bought) -> None:
    returned = bought.at + timedelta(days=script.chance.randrange(1, 4))
    arrives = bought.at - timedelta(minutes=10) if script.odds(25) else returned  # GEN-2: told before its order
    lines = {
        line_id: script.chance.randint(1, quantity)
        for line_id, quantity in bought.quantities.items()
        if script.odds(60)
    } or dict(list(bought.quantities.items())[:1])
    return_id = f"{bought.order_id}-back"
    data = {
        "return_id": return_id,
        "order_id": bought.order_id,
        "lines": [{"line_id": line_id, "quantity": quantity} for line_id, quantity in lines.items()],
        "in_window": True,
    }
    script.event(arrives, "returns", "return.completed", f"returned-{return_id}", member, data, happened=returned)
    if script.odds(12):
        later = max(returned, arrives) + timedelta(hours=5)
        script.event(later, "returns", "return.rejected", f"rejected-{return_id}", member, {"return_id": return_id})


def _cancel(script: Script, member: str, bought: Bought) -> None:
    cancelled = bought.at + timedelta(hours=2)
    arrives = bought.at - timedelta(minutes=5) if script.odds(30) else cancelled
    data = {"order_id": bought.order_id, "before_shipment": True}
    event_id = f"cancelled-{bought.order_id}"
    script.event(arrives, "orders", "order.cancelled", event_id, member, data, happened=cancelled)
