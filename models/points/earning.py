"""What an order earns (MS-3, MS-4, MS-5)."""

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from models.case import Case, Ruling, digest, retold
from models.outputs.base import Fact
from models.points import redeeming, terms
from models.points.books import Books
from models.points.events import Bonus as BonusData
from models.points.events import OrderLine, OrderPlaced
from models.points.outcomes import Zero, applied
from models.points.standing import current, former, has_ended
from models.points.state import Bonus, Gift, Line, LotKey, Order
from models.points.words import cited, spelled
from models.state import Member
from models.values import dollars, permanent_id

NO_GOODS: Final = frozenset({"warranty", "care"})
"""CARE-2 Categories of lines that are no product."""


def placed(case: Case, data: OrderPlaced) -> Ruling:
    """What an order is paid with in points and what it earns; recorded also where that is nothing, as the answer stands."""
    known = case.find(Order, data.order_id)
    if known:
        return retold(known.content, data, f"Order {known.id}")
    at = case.at  # when it was placed
    lot = terms.lot_key(at, case.calendar.day_of(at), data.order_id)
    order = Order(data.order_id, digest(data), at, lot, [_line(line) for line in data.lines])
    _note_benefits(order, data)
    case.put(order.id, order)
    case.arrived("order", order.id)
    points = current(case.member, at)
    if points is None:
        redeemed = data.points_redeemed
        paid = f"The {redeemed} points redeemed are not taken (MS-9). " if redeemed else ""
        return _zero(case, order, paid, *_no_membership(case.member, at))
    order.since, books = points.joined_at, Books(case, order.id)
    paid = _redeem(case, books, order, data) if data.points_redeemed else ""
    why_zero = _does_not_earn(order, data)
    if why_zero is None:
        return _earn(case, books, order, data, paid)
    books.close()
    return _zero(case, order, paid, *why_zero)


def _line(line: OrderLine) -> Line:
    return Line(
        line.line_id,
        line.quantity,
        line.unit_price,
        line.discount or 0,
        line.qualifying,
        goods=line.category not in NO_GOODS,
        serials=line.serial_numbers or (),
        saving=line.promo_price_saving or 0,
    )


def _note_benefits(order: Order, data: OrderPlaced) -> None:
    """CARE-7 What came with the order besides its lines."""
    order.signed_in, order.shipping_upgrade = data.signed_in, data.shipping_upgrade_value or 0
    if data.complimentary_items:
        order.gifts = tuple([Gift(item.description, item.value) for item in data.complimentary_items])


def _redeem(case: Case, books: Books, order: Order, data: OrderPlaced) -> str:
    """The redemption in words, as a sentence before what the order earns."""
    redeemed = redeeming.redeem(case, books, order, data)
    facts: dict[str, Fact] = {"order_id": order.id, "points": redeemed.points, "debt": redeemed.debt}
    if redeemed.points:
        case.notify("points", "points.redeemed", order.id, "MS-7", facts)
    if redeemed.debt:
        owed: dict[str, Fact] = {"order_id": order.id, "debt": redeemed.debt, "support": True}
        case.flag("debt", order.id, "MS-9", f"Order {order.id} took {redeemed.debt} points more than were there")
        order.notices = [case.notify("points", "points.debt", order.id, "MS-9", owed)]
    return f"{spelled(redeemed.working)}. "


def _no_membership(member: Member, at: datetime) -> tuple[Zero, str, str]:
    """MS-4 Why an order of somebody who was no member then earns nothing (code, clause, words): never revised."""
    if former(member, at):
        return "membership_ended", "MS-16", "the membership it was placed under has ended, and its points are void"
    if has_ended(member, at):
        return "after_the_end", "MS-4", "it was placed after the membership had ended"
    if member.points:
        return "before_joining", "MS-4", "it was placed before the buyer had joined"
    return "not_a_member", "MS-4", "the buyer is not a My Sony member"


def _does_not_earn(order: Order, data: OrderPlaced) -> tuple[Zero, str, str] | None:
    """MS-3, MS-4 Why a member's order earns nothing, if so."""
    if not data.signed_in:
        return "signed_out", "MS-4", "the buyer was not signed in"
    if not any(line.qualifying for line in order.lines):
        return "nothing_qualifies", "MS-3", "no line of it qualifies"
    return None


def _zero(case: Case, order: Order, paid: str, reason: Zero, clause: str, words: str) -> Ruling:
    order.why_zero = reason
    if case.member.points:
        case.notify("points", "points.not_earned", order.id, clause, {"order_id": order.id, "reason": reason})
    return applied(f"{paid}Order {order.id} earned 0 points: {words} ({clause}).", clause, reason)


def _earn(case: Case, books: Books, order: Order, data: OrderPlaced, paid: str) -> Ruling:
    """MS-3 Two points for each dollar paid for every qualifying line, all one lot; MS-5 and the bonus it carries."""
    earned, promised, working = 0, 0, []
    for place, (line, bought) in enumerate(zip(order.lines, data.lines, strict=True)):
        if line.qualifying:
            cents = line.paid
            line.earned = terms.points_for(cents)
            earned += line.earned
            working.append(f"{terms.POINTS_PER_DOLLAR} x ${dollars(cents)} = {line.earned}")
            if bonus := bought.bonus:
                promised += bonus.points
                order.bonuses.append(Bonus(place, bonus.points, _lot_of(order, line, bonus)))
                working.append(f"bonus {bonus.offer_id} = {bonus.points} (MS-5)")
    total = earned + promised
    if not total:
        books.close()
        return _zero(case, order, paid, "under_a_point", "MS-3", f"{spelled(working)}, rounded down")
    expired = books.expired
    if earned:
        books.give("earn", order.lot, earned, "MS-3")
    for given in order.bonuses:
        books.give("bonus", given.lot, given.points, "MS-5", order.lines[given.line].id)
    facts: dict[str, Fact] = {"order_id": order.id, "points": total, **_expiry(order, earned)}
    if books.paid_debt:
        facts["paid_debt"] = books.paid_debt
        working.append(f"{books.paid_debt} of them paid debt (MS-11)")
    if books.expired > expired:
        working.append(f"{books.expired - expired} are past their last day and expired at once (MS-6)")
    case.notify("points", "points.earned", order.id, "MS-3", facts)
    books.close()
    says = cited(f"Order {order.id} earned {total} points: {spelled(working)}", "MS-3")
    return applied(f"{paid}{says}.", "MS-3")


def _lot_of(order: Order, line: Line, bonus: BonusData) -> LotKey:
    """MS-3 Bonus points with another expiry are a lot of their own."""
    last_day = bonus.expires_on.toordinal() if bonus.expires_on else order.lot[0]
    if last_day == order.lot[0]:
        return order.lot
    return last_day, order.lot[1], permanent_id("lot", order.id, line.id, bonus.offer_id)


def _expiry(order: Order, earned: int) -> dict[str, Fact]:
    """The day on which the points expire first; and each day with its points, where there are several."""
    if not order.bonuses:
        return {"expires_on": _day(order.lot[0])}
    by_day = {order.lot[0]: earned} if earned else {}
    for bonus in order.bonuses:
        by_day[bonus.lot[0]] = by_day.get(bonus.lot[0], 0) + bonus.points
    first = _day(min(by_day))
    if len(by_day) == 1:
        return {"expires_on": first}
    return {"expires_on": first, "by_day": {_day(day): by_day[day] for day in sorted(by_day)}}


@lru_cache(maxsize=4096)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
