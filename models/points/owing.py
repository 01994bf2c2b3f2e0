"""MS-9, MS-11: an order on whose account points are owed is told of once, until nothing is owed on it any more.

Which event of several brought the debt depends on their order of arrival, so the notice is named after the order (GEN-2).
"""

from typing import Final

from models.case import Case
from models.outputs.base import Cause, Fact
from models.points.state import Order

ORDERS: Final = "/memberships/orders"
"""Source of the name of such a notice."""


def owes(order: Order) -> bool:
    """Whether some of what the order's account took became debt."""
    return any(part.lot is None for part in (*order.held, *order.taken))


def settled(order: Order) -> list[str]:
    """The notice that something is owed, if that is over: what is told next replaces it."""
    if not order.owing or owes(order):
        return []
    told, order.owing = order.owing, ""
    return [told]


def tell(case: Case, order: Order, debt: int, clause: str) -> None:
    """Tell that points of the order became debt, unless that is known. Support is to look at what a shop let a member pay
    with points that were not there (MS-9)."""
    if order.owing or not owes(order):
        return
    order.debts += 1
    facts: dict[str, Fact] = {"order_id": order.id, "debt": debt}
    if clause == "MS-9":
        facts["support"] = True
    name = Cause(source=ORDERS, id=order.id)
    order.owing = case.notify("points", "points.debt", str(order.debts), clause, facts, named_after=name)
    case.standing.remove(order.owing)  # nothing but the end of the debt replaces it
