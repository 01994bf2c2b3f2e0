"""The rules of My Sony points: one function per event type, each (case, data) -> ruling.

Not done yet, hence refused as `not_supported_yet`: redemption and reservations (MS-7, MS-8, MS-9, MS-12), expiry and its
reminders (MS-6, MS-17), price match (MS-14), disputes (MS-15), cancelling the membership (MS-16), adjustments (MS-18).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.case import Case, Ruling, applied, digest, duplicate, not_supported_yet, refused, retold, superseded
from models.eligibility import why_not_eligible
from models.hold import hold
from models.outputs.base import Fact
from models.outputs.notifications import Kind
from models.payload import Payload
from models.points import terms
from models.points.books import Books
from models.points.events import Bonus, OrderCancelled, OrderPlaced, PointsJoined, ReturnCompleted, ReturnRejected
from models.points.state import Grant, Line, Lot, Order, Points, Return
from models.values import dollars, permanent_id

SPELLED_OUT = 10
"""Steps of the arithmetic that `says` spells out; the ledger has them all."""


def joined(case: Case, data: PointsJoined) -> Ruling:
    """MS-1 Who may join. MS-2 One membership per account: joining twice is a duplicate."""
    if case.member.points:
        since = case.calendar.day_of(case.member.points.joined_at)
        return duplicate("already_member", f"A member since {since}: joining again changes nothing (MS-2).", "MS-2")
    today = case.calendar.day_of(case.at)
    reasons = list(why_not_eligible(data.state, data.birth_date, today))
    if reasons:
        codes, words = tuple(code for code, _ in reasons), "; ".join([words for _, words in reasons])
        case.notify("points", "points.refused", "joining", "MS-1", {"reasons": codes})
        return refused(codes[0], f"Not admitted to My Sony: {words} (MS-1).", "MS-1")
    case.member.points = Points(case.at)
    case.notify("points", "points.welcome", "joining", "MS-1", {"joined_on": str(today)})
    return applied(f"Joined My Sony on {today} (MS-1).", "MS-1")


def placed(case: Case, data: OrderPlaced) -> Ruling:
    """MS-3, MS-4, MS-5 What an order earns; recorded also where that is nothing, because the answer stands."""
    known = case.find(Order, data.order_id)
    if known:
        return retold(known.content, data, f"Order {known.id}")
    if data.points_redeemed:
        return not_supported_yet("Redeeming points with an order", "MS-7")
    order = Order(data.order_id, digest(data), data.placed_at)
    case.put(order.id, order)
    case.arrived("order", order.id)
    why_zero = _why_zero(case.member.points, data)
    return _zero(case, order, data, *why_zero) if why_zero else _earn(case, order, data)


def returned(case: Case, data: ReturnCompleted) -> Ruling:
    """MS-10 What came back takes its points along; too much of a line is refused whole."""
    known = case.find(Return, data.return_id)
    if known:
        return retold(known.content, data, f"Return {known.id}")
    order = case.find(Order, data.order_id)
    if order is None:
        return hold(case, "order", data.order_id, f"Return {data.return_id} comes before its order {data.order_id}")
    for part in data.lines:
        line = order.line(part.line_id)
        left = line.quantity - line.returned if line else 0
        if part.quantity > left:
            says = f"Return {data.return_id} has {part.quantity} of line {part.line_id}, of which {left} are left"
            return refused("more_than_left" if line else "unknown_line", f"{says}: refused whole (MS-10).", "MS-10")
    record = Return(data.return_id, digest(data), order.id, {part.line_id: part.quantity for part in data.lines})
    case.arrived("return", record.id)
    return _count(case, order, record, 1, f"Return {record.id} of order {order.id}")


def return_rejected(case: Case, data: ReturnRejected) -> Ruling:
    """MS-10 A rejected return is undone: the points it took come back to the same lots."""
    record = case.find(Return, data.return_id)
    if record is None:
        return hold(case, "return", data.return_id, f"The rejection of return {data.return_id} comes before it")
    if record.rejected:
        return duplicate("already_rejected", f"Return {record.id} had been rejected already (MS-10).", "MS-10")
    record.rejected = True
    order = case.get(Order, record.order_id)
    return _count(case, order, record, -1, f"Rejected return {record.id} of order {order.id}")


def cancelled(case: Case, data: OrderCancelled) -> Ruling:
    """MS-13 As if all pieces that are left came back."""
    order = case.find(Order, data.order_id)
    if order is None:
        return hold(case, "order", data.order_id, f"The cancellation comes before its order {data.order_id}")
    if order.cancelled:
        return duplicate("already_cancelled", f"Order {order.id} had been cancelled already (MS-13).", "MS-13")
    order.cancelled = True
    case.put(order.id, order)
    return _move(case, order, "MS-13", f"Cancelled order {order.id}", "points.taken_back", order.notices)


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        PointsJoined: joined,
        OrderPlaced: placed,
        ReturnCompleted: returned,
        ReturnRejected: return_rejected,
        OrderCancelled: cancelled,
    }
)
"""The rule of each event type."""


def _why_zero(points: Points | None, data: OrderPlaced) -> tuple[str, str, str] | None:
    """MS-4 Why the order earns nothing (code, clause, words): as known now, and never revised."""
    if points is None:
        return "not_a_member", "MS-4", "the buyer is not a My Sony member"
    if not data.signed_in:
        return "signed_out", "MS-4", "the buyer was not signed in"
    if not points.joined_at < data.placed_at:
        return "before_joining", "MS-4", "it was placed before the buyer had joined"
    if not any(line.qualifying for line in data.lines):
        return "nothing_qualifies", "MS-3", "no line of it qualifies"
    return None


def _zero(case: Case, order: Order, data: OrderPlaced, reason: str, clause: str, words: str) -> Ruling:
    order.why_zero = reason
    order.lines = [Line(line.line_id, line.quantity) for line in data.lines]
    if case.member.points:
        case.notify("points", "points.not_earned", order.id, clause, {"order_id": order.id, "reason": reason})
    return applied(f"Order {order.id} earned 0 points: {words} ({clause}).", clause, reason)


def _earn(case: Case, order: Order, data: OrderPlaced) -> Ruling:
    """MS-3 Two points for each dollar of every qualifying line, all one lot; MS-5 and the bonus such a line carries."""
    earned, bonuses, working = Grant("earn", order.id, {}), [], []
    for place, line in enumerate(data.lines):
        order.lines.append(Line(line.line_id, line.quantity))
        if line.qualifying:
            points = terms.points_for(line.net)
            if points:
                earned.points[place] = points
            working.append(f"{terms.POINTS_PER_DOLLAR} x ${dollars(line.net)} = {points}")
            if line.bonus:
                bonuses.append((place, line.bonus))
                working.append(f"bonus {line.bonus.offer_id} = {line.bonus.points} (MS-5)")
    total = earned.total + sum([bonus.points for _, bonus in bonuses])
    if not total:
        return _zero(case, order, data, "under_a_point", "MS-3", f"{_spelled(working)}, rounded down")
    lot = Lot(order.id, data.placed_at, terms.expires_on(case.calendar.day_of(data.placed_at)))
    books = Books(case, order)
    books.open(lot)
    if earned.points:
        books.give(earned, lot, "MS-3")
        order.grants.append(earned)
    order.grants += [_bonus(books, lot, order, place, bonus) for place, bonus in bonuses]
    debt = books.close()
    facts: dict[str, Fact] = {"order_id": order.id, "points": total, "expires_on": str(lot.expires_on)}
    if debt:
        facts["paid_debt"] = -debt
        working.append(f"{-debt} of them paid debt (MS-11)")
    case.notify("points", "points.earned", order.id, "MS-3", facts)
    return applied(f"Order {order.id} earned {total} points: {_spelled(working)} (MS-3).", "MS-3")


def _bonus(books: Books, lot: Lot, order: Order, place: int, bonus: Bonus) -> Grant:
    """MS-5 The bonus of a qualifying line; MS-3: with another expiry it is a lot of its own."""
    if bonus.expires_on and bonus.expires_on != lot.expires_on:
        lot = Lot(permanent_id("lot", lot.id, order.lines[place].id, bonus.offer_id), lot.earned_at, bonus.expires_on)
        books.open(lot)
    grant = Grant("bonus", lot.id, {place: bonus.points})
    books.give(grant, lot, "MS-5")
    return grant


def _count(case: Case, order: Order, record: Return, sign: int, what: str) -> Ruling:
    """Count a return in (+1) or out again (-1), and move the points that follow from it."""
    for line in order.lines:
        line.returned += sign * record.quantities.get(line.id, 0)
    case.put(order.id, order)
    case.put(record.id, record)
    if order.cancelled:
        says = f"{what}: the order is cancelled as a whole, nothing more moves (MS-13)."
        return superseded("order_cancelled", says, "MS-13")
    kind: Kind = "points.taken_back" if sign > 0 else "points.restored"
    ruling = _move(case, order, "MS-10", what, kind, record.notices)
    record.notices = list(case.notices)
    return ruling


def _move(case: Case, order: Order, clause: str, what: str, kind: Kind, replaces: list[str]) -> Ruling:
    """Bring what is gone of each grant to what MS-10 says for the pieces kept, whatever the order of events was.

    The notice is sent even where rounding moves nothing, and names what it replaces: which notices stand depends on
    the facts alone (GEN-2).
    """
    if not order.grants:
        return applied(f"{what}: the order had earned no points, so none move ({clause}).", clause)
    books, working, total = Books(case, order), [], 0
    for grant in order.grants:
        gone = grant.gone
        target, spelled = _gone_by_now(order, grant)
        if target > gone:
            books.take_back(grant, target - gone, clause)
        elif target < gone:
            books.give_back(grant, gone - target, clause)
        if target != gone:
            total += target - gone
            working.append(f"{spelled} = {target} gone in all, {gone} before")
    debt = books.close()
    facts: dict[str, Fact] = {"order_id": order.id, "points": abs(total)}
    case.notify("points", kind, order.id, clause, facts, replaces=replaces)
    if debt > 0:
        case.notify("points", "points.debt", order.id, "MS-11", {"order_id": order.id, "debt": debt})
        working.append(f"{debt} became debt (MS-11)")
    order.notices += case.notices
    verb = "gives back" if total < 0 else "takes back"
    return applied(f"{what} {verb} {abs(total)} points: {_spelled(working) or 'rounded down'} ({clause}).", clause)


def _gone_by_now(order: Order, grant: Grant) -> tuple[int, str]:
    """MS-10 How many of a grant's points are gone for the pieces kept, and the arithmetic; MS-13 all, if cancelled."""
    target, working = 0, []
    for place, line in enumerate(order.lines):
        points, returned = grant.points.get(place, 0), line.quantity if order.cancelled else line.returned
        if points and returned:
            target += terms.gone(points, returned, line.quantity)
            working.append(f"{points} x {returned}/{line.quantity}")
    return target, _spelled(working, " + ") or "no piece returned"


def _spelled(working: list[str], sign: str = "; ") -> str:
    more = len(working) - SPELLED_OUT
    return sign.join(working[:SPELLED_OUT]) + (f"{sign}{more} more" if more > 0 else "")
