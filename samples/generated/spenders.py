"""What members do with points: spend them in every way, wait too long, argue about money, are given some, and leave."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle

from samples.generated import shoppers
from samples.generated.shoppers import Bought
from samples.script import Script

WAYS = ("plain", "reserved", "overtaken", "ran_out", "released", "abandoned", "unaffordable", "too_many")


def spend(script: Script, member: str, day: date, way: str) -> None:
    """MS-7, MS-8, MS-9 A purchase paid with points, or the points only set aside for it."""
    at, name = script.moment(day), f"{member}-spends"
    points = {"unaffordable": 90_000_000, "too_many": 90_000}.get(way, script.chance.randrange(200, 1_500, 50))
    if way not in ("plain", "too_many"):
        arrives = at + timedelta(minutes=40 if way == "overtaken" else 0)
        data = {"reservation_id": name, "points": points}
        script.event(arrives, "orders", "redemption.reserved", f"reserved-{name}", member, data, happened=at)
    if way == "released":
        later = at + timedelta(minutes=9)
        script.event(later, "orders", "redemption.released", f"released-{name}", member, {"reservation_id": name})
    if way in ("plain", "too_many"):
        shoppers.order(script, name, member, day, signed_in=True, at=at, points=points)
    elif way in ("reserved", "overtaken", "ran_out"):
        later = at + timedelta(minutes=95 if way == "ran_out" else 20)
        shoppers.order(script, name, member, day, signed_in=True, at=later, points=points, reservation_id=name)


def longstanding(script: Script, member: str, day: date, number: int) -> None:
    """MS-6, MS-17 Bought two years before `day`, when those points expire; one in three uses them a few days before."""
    back_then = day.replace(year=day.year - 2)
    shoppers.join(script, member, back_then - timedelta(days=20))
    shoppers.order(script, f"{member}-back-then", member, back_then, signed_in=True)
    shoppers.order(script, f"{member}-again", member, back_then + timedelta(days=30), signed_in=True)
    if number % 3 == 0:
        spend(script, member, day - timedelta(days=3), "too_many")


def match_price(script: Script, member: str, bought: Bought) -> None:
    """MS-14 A line was cheaper elsewhere; told twice, the second time with a higher price."""
    line_id, price = next(iter(bought.prices.items()))
    for number, percent in enumerate((85, 90), 1):
        data = {"order_id": bought.order_id, "line_id": line_id, "new_unit_price": _part(price, percent)}
        at = bought.at + timedelta(days=number)
        script.event(at, "orders", "order.price_matched", f"matched-{bought.order_id}-{number}", member, data)


def dispute(script: Script, member: str, bought: Bought, *, won: bool) -> None:
    """MS-15 The bank took back a part of the money, and perhaps gave it back; in one case of two that is told first."""
    dispute_id = f"{bought.order_id}-dispute"
    amount = _part(next(iter(bought.prices.values())), 50)
    at = bought.at + timedelta(days=1)
    data = {"order_id": bought.order_id, "dispute_id": dispute_id, "amount": amount}
    script.event(at, "payments", "payment.disputed", f"disputed-{dispute_id}", member, data)
    if won:
        arrives = at + (timedelta(days=2) if script.odds(50) else -timedelta(minutes=5))
        happened = at + timedelta(days=2)
        data = {"dispute_id": dispute_id}
        script.event(arrives, "payments", "payment.dispute_won", f"won-{dispute_id}", member, data, happened=happened)


def goodwill(script: Script, member: str, day: date, number: int) -> None:
    """MS-18 A little, taken back a little, and much: that waits for a second actor, who is another, the same, or nobody."""
    at, name = script.moment(day), f"{member}-goodwill"
    points = (250, -400, 6_000, 7_500, 9_000)[number % 5]
    data = {"adjustment_id": name, "points": points, "reason": "late parcel", "actor": "support-7"}
    script.event(at, "memberships", "points.adjusted", name, member, data)
    second = {2: "lead-1", 3: "support-7"}.get(number % 5)
    if second:
        approval = data | {"adjustment_id": f"{name}-yes", "actor": second, "approves": name}
        script.event(at + timedelta(hours=2), "memberships", "points.adjusted", f"{name}-yes", member, approval)


def leave(script: Script, member: str, day: date, number: int) -> None:
    """MS-16 Leaves; one in three stays after all, one comes back after two weeks, one comes too late to stay."""
    at = script.moment(day)
    script.event(at, "memberships", "points.cancel_requested", f"leaves-{member}", member, {})
    if number % 3 == 1:
        shoppers.join(script, member, day + timedelta(days=14), name=f"{member}-again")
    else:
        stays = at + (timedelta(hours=18) if number % 3 == 0 else timedelta(days=6))
        script.event(stays, "memberships", "points.cancel_withdrawn", f"stays-{member}", member, {})


def all_of_it(script: Script, members: list[str], days: list[date]) -> None:
    """Every member does one thing, in turn, on some working day in the middle of the month."""
    for number, (member, way) in enumerate(zip(members, cycle((*WAYS, "match", "dispute", "goodwill", "leave")))):
        day = days[10 + number % 8]
        match way:
            case "match":
                match_price(script, member, _bought(script, member, day))
            case "dispute":
                dispute(script, member, _bought(script, member, day), won=number % 24 > 12)
            case "goodwill":
                goodwill(script, member, day, number // 12)
            case "leave":
                leave(script, member, day, number // 12)
            case _:
                spend(script, member, day, way)


def _bought(script: Script, member: str, day: date) -> Bought:
    return shoppers.order(script, f"{member}-argued-about", member, day, signed_in=True)


def _part(price: str, percent: int) -> str:
    return f"{Decimal(price) * percent / 100:.2f}"
