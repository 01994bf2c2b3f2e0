"""CARE-7 What the benefits received under a fee come to: from the facts of the orders placed under it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from models.care.protection import is_off, kept
from models.care.state import Benefit, Window
from models.case import Case
from models.points.state import Order
from models.values import LABEL_LENGTH, MONEY_MAX, dollars

SPELLED_OUT: Final = 100
"""Benefits that are items of their own; what more there is comes as one."""


def has_benefits(order: Order) -> bool:
    """Whether anything came with it that a refund is less by."""
    return bool(order.shipping_upgrade or order.gifts) or any(line.saving or line.discount for line in order.lines)


def received(case: Case, window: Window) -> list[Benefit]:
    """All of them, order by order."""
    orders = [case.get(Order, order_id) for order_id in sorted(window.orders)]
    found = [benefit for order in orders for benefit in _of(case, order, window.until)]
    if len(found) <= SPELLED_OUT:
        return found
    rest = found[SPELLED_OUT:]
    value = min(sum(benefit.value for benefit in rest), MONEY_MAX)
    return [*found[:SPELLED_OUT], Benefit(f"{len(rest)} more benefits", value)]


def less(fee: int, benefits: list[Benefit]) -> int:
    """What is left of the fee, not below 0."""
    return max(fee - sum(benefit.value for benefit in benefits), 0)


def working(fee: int, benefits: list[Benefit]) -> str:
    """The same in words; what each of them was is in the items."""
    parts = [f"${dollars(value)}" for value in (fee, *[benefit.value for benefit in benefits])]
    return f"{' - '.join(parts)} = ${dollars(less(fee, benefits))}"


def _of(case: Case, order: Order, before: datetime) -> Iterator[Benefit]:
    """Of an order cancelled before shipment nothing was received. A price is received with the pieces that are kept: what
    was paid for the others went back as well. What was shipped faster or given stays, whatever came back."""
    if order.cancellation and order.cancellation.before_shipment and is_off(order, before):
        return
    left = kept(case, order, before)
    for line in order.lines:
        for what, amount in (("promotional saving", line.saving), ("discount", line.discount)):
            if value := amount - amount * (line.quantity - left[line.id]) // line.quantity:
                yield Benefit(f"{what} on line {line.id} of order {order.id}", value)
    if order.shipping_upgrade:
        yield Benefit(f"shipping upgrade of order {order.id}", order.shipping_upgrade)
    for gift in order.gifts:
        if gift.value:
            what = gift.description[:LABEL_LENGTH] or "complimentary item"
            yield Benefit(f"{what}, given with order {order.id}", gift.value)
