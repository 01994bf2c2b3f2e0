"""What becomes of an order after it was placed: each rule notes a fact, and the points follow from the facts.

MS-13 cancellation, MS-14 price match, MS-15 dispute; MS-10 returns are in `returning.py`.
"""

from collections.abc import Sequence
from typing import Final

from models.case import Case, Ruling, digest, retold
from models.hold import hold
from models.outputs.base import Fact
from models.outputs.notifications import Kind
from models.points.books import Books
from models.points.events import (
    OrderCancelled,
    OrderPriceMatched,
    PaymentDisputed,
    PaymentDisputeWon,
)
from models.points.outcomes import applied, duplicate, refused, superseded
from models.points.settling import Settled, settle
from models.points.state import Cancellation, Dispute, Order
from models.points.words import cited, spelled
from models.values import dollars

NOTICES_KEPT: Final = 100
"""Notices of an order that a cancellation replaces."""


def cancelled(case: Case, data: OrderCancelled) -> Ruling:
    """MS-13 As if all pieces that are left came back."""
    order = case.find(Order, data.order_id)
    if order is None:
        return hold(case, "order", data.order_id, f"The cancellation comes before its order {data.order_id}")
    if order.cancelled:
        return duplicate("already_cancelled", f"Order {order.id} had been cancelled already (MS-13).", "MS-13")
    order.cancellation = Cancellation(case.at, data.before_shipment)
    case.put(order.id, order)
    return follow(case, order, "MS-13", f"Cancelled order {order.id}", order.notices)


def price_matched(case: Case, data: OrderPriceMatched) -> Ruling:
    """MS-14 The line's points are those of the lower price; of several matches the lowest price counts."""
    order = case.find(Order, data.order_id)
    what = f"Price match of line {data.line_id} of order {data.order_id}"
    if order is None:
        return hold(case, "order", data.order_id, f"{what} comes before the order")
    place = order.place(data.line_id)
    if place is None:
        return refused("unknown_line", f"{what}: the order has no such line (MS-14).", "MS-14")
    line = order.lines[place]
    if data.new_unit_price >= line.price:
        says = f"{what}: ${dollars(data.new_unit_price)} is not below ${dollars(line.price)}, its price already"
        if place in order.matches:
            return superseded("lower_known", f"{says} (MS-14).", "MS-14")
        return refused("not_lower", f"{says} (MS-14).", "MS-14")
    what = f"{what} from ${dollars(line.price)} to ${dollars(data.new_unit_price)}"
    line.price = data.new_unit_price
    case.put(order.id, order)
    if not line.qualifying:
        return applied(f"{what}: it does not qualify, so no points of it can move (MS-14).", "MS-14")
    before = order.matches.get(place, [])
    ruling = follow(case, order, "MS-14", what, before)
    order.matches[place] = _replaceable(case, order)
    return ruling


def disputed(case: Case, data: PaymentDisputed) -> Ruling:
    """MS-15 The bank took money back: the points of that money go."""
    known = case.find(Dispute, data.dispute_id)
    if known:
        return retold(known.content, data, f"Dispute {data.dispute_id}")
    order = case.find(Order, data.order_id)
    if order is None:
        return hold(case, "order", data.order_id, f"Dispute {data.dispute_id} comes before its order {data.order_id}")
    dispute = Dispute(digest(data), order.id, data.amount)
    case.arrived("dispute", data.dispute_id)
    what = f"Dispute {data.dispute_id} of ${dollars(data.amount)} of order {order.id}"
    return _dispute(case, order, dispute, data.dispute_id, 1, what)


def dispute_won(case: Case, data: PaymentDisputeWon) -> Ruling:
    """MS-15 The bank gave the money back: the same points return to the same lots."""
    dispute = case.find(Dispute, data.dispute_id)
    if dispute is None:
        return hold(case, "dispute", data.dispute_id, f"The end of dispute {data.dispute_id} comes before it")
    if dispute.won:
        return duplicate("already_won", f"Dispute {data.dispute_id} had been won already (MS-15).", "MS-15")
    dispute.won = True
    order = case.get(Order, dispute.order_id)
    return _dispute(case, order, dispute, data.dispute_id, -1, f"Won dispute {data.dispute_id} of order {order.id}")


def _dispute(case: Case, order: Order, dispute: Dispute, dispute_id: str, sign: int, what: str) -> Ruling:
    order.disputed += sign * dispute.amount
    case.put(order.id, order)
    case.put(dispute_id, dispute)
    ruling = follow(case, order, "MS-15", what, dispute.notices, undoes=sign < 0)
    dispute.notices = list(case.standing)
    return ruling


def follow(
    case: Case, order: Order, clause: str, what: str, replaces: Sequence[str], *, undoes: bool = False
) -> Ruling:
    """Bring the points to what the facts say by now, and tell. `undoes`: the event takes an earlier one back."""
    if order.cancelled and clause != "MS-13":
        says = f"{what}: the order is cancelled as a whole, nothing more moves (MS-13)."
        return superseded("order_cancelled", says, "MS-13")
    if not order.moved_points:
        return applied(f"{what}: the order had moved no points, so none move now ({clause}).", clause)
    points = case.member.points
    if points is None or points.joined_at != order.since:
        return superseded("membership_ended", f"{what}: the membership has ended, nothing moves (MS-16).", "MS-16")
    books = Books(case, order.id)
    settled = settle(books, order, clause)
    working = list(settled.working)
    _tell(case, order, clause, settled, list(replaces), undoes=undoes)
    books.close()
    if books.expired:
        working.append(f"{books.expired} of what came back expired at once (MS-12)")
    if books.debt_growth > 0:
        facts: dict[str, Fact] = {"order_id": order.id, "debt": books.debt_growth}
        case.notify("points", "points.debt", order.id, "MS-11", facts)
        working.append(f"{books.debt_growth} became debt (MS-11)")
    elif books.debt_growth < 0:
        working.append(f"{-books.debt_growth} less are owed (MS-11)")
    standing = [told for told in order.notices if told not in replaces]
    order.notices = [*standing, *_replaceable(case, order)][-NOTICES_KEPT:]
    moved = []
    if order.earned_points:
        verb = "gives back" if settled.taken < 0 or (undoes and not settled.taken) else "takes back"
        moved.append(f"{verb} {abs(settled.taken)} points")
    if settled.restored or not moved:
        verb = "redeems again" if settled.restored < 0 or (undoes and not settled.restored) else "restores"
        moved.append(f"{verb} {abs(settled.restored)} redeemed {'ones' if moved else 'points'} (MS-12)")
    words = ", ".join(moved) + (f": {spelled(working)}" if working else "")
    return applied(f"{cited(f'{what} {words}', clause)}.", clause)


def _replaceable(case: Case, order: Order) -> list[str]:
    """Ids of what was told just now and whatever comes next of the order may replace: not that points are owed, which
    only the undoing of this very event ends."""
    owed = case.notice_id(case.cause, "points.debt", order.id)
    return [told for told in case.standing if told != owed]


def _tell(case: Case, order: Order, clause: str, settled: Settled, replaces: list[str], *, undoes: bool) -> None:
    """Notices go out even where rounding moves nothing: which of them stand depends on the facts alone (GEN-2)."""
    earned: Kind = "points.restored" if undoes else "points.taken_back"
    redeemed: Kind = "points.redeemed" if undoes else "points.restored"
    if order.earned_points:
        facts: dict[str, Fact] = {"order_id": order.id, "points": abs(settled.taken)}
        case.notify("points", earned, order.id, clause, facts, replaces=replaces)
        replaces = []
    if order.redeemed and clause in ("MS-10", "MS-13"):
        facts = {"order_id": order.id, "points": abs(settled.restored), "redeemed": True}
        case.notify("points", redeemed, f"{order.id}|redeemed", "MS-12", facts, replaces=replaces)
