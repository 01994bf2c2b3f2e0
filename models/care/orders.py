"""What Care makes of orders and of what becomes of them, after the points have answered.

The points decide an order's events and keep what is known of it; a member's Care only looks at that. What it has to tell joins
the answer of the points.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from models.care import claims, refunding
from models.care.benefits import has_benefits
from models.care.life import LIFE
from models.care.protection import qualified, show
from models.care.state import Care, Cover, Window
from models.case import Case, Ruling
from models.payload import Payload
from models.points.events import OrderCancelled, OrderPlaced, ReturnCompleted, ReturnRejected
from models.points.state import Order, Return

Rule: TypeAlias = Callable[[Case, Any], Ruling]

FOLLOWED: Final = (OrderPlaced, OrderCancelled, ReturnCompleted, ReturnRejected)
COUNTS: Final = frozenset({"applied", "superseded"})
"""Outcomes that leave something known of the order: a return of a cancelled order moves no points and came back all the same."""


def followed(rules: Mapping[type[Payload], Rule]) -> Mapping[type[Payload], Rule]:
    """The rules, with Care looking at what they have made known."""
    return MappingProxyType(dict(rules) | {kind: partial(_decide, rules[kind]) for kind in FOLLOWED})


def _decide(rule: Rule, case: Case, data: Any) -> Ruling:
    ruling, care = rule(case, data), case.member.care
    if care is None or ruling.outcome not in COUNTS:
        return ruling
    order_id = case.get(Return, data.return_id).order_id if isinstance(data, ReturnRejected) else data.order_id
    order = case.get(Order, order_id)
    if isinstance(data, OrderPlaced):
        _placed(case, care, order)
    says = [ruling.says, *look_at(case, care, order)]
    return replace(ruling, says=" ".join(says)) if says[1:] else ruling


def look_at(case: Case, care: Care, order: Order, *, opening: bool = False) -> list[str]:
    """Protection, claims and refunds follow what is known of an order by now. Returns a sentence for each that changes."""
    show(case, care, order)
    windows = [(window, list(window.claims)) for window in refunding.windows(case, care)]
    says = claims.reconsider(case, order, opening=opening)
    touched = [window for window, used in windows if order.id in window.orders or window.claims != used]
    says += [refunding.reconsider(case, care, window) for window in touched]
    return [words for words in says if words]


def bought_with(case: Case, care: Care, order: Order, invoice_id: str) -> list[str]:
    """CARE-1 Care was bought with this order: its products are bought under that fee."""
    cover = case.find(Cover, order.id) or Cover(order.id)
    cover.bought_with = invoice_id
    case.put(cover.id, cover)
    window = case.get(Window, invoice_id)
    window.own = order.id
    if order.signed_in:
        window.orders = [order.id]
    return look_at(case, care, order, opening=True)


def _placed(case: Case, care: Care, order: Order) -> None:
    """Note what cannot be told from the order later on: that Care was suspended, and under which fee it was bought."""
    if LIFE.status_at(case, care) == "suspended":
        cover = case.find(Cover, order.id) or Cover(order.id)
        cover.suspended = True
        case.put(cover.id, cover)
        return
    window = refunding.window_at(case, care, order.placed_at)
    if window and order.signed_in and (has_benefits(order) or any(qualified(line) for line in order.lines)):
        window.orders.append(order.id)
        case.put(window.id, window)
