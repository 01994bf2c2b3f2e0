"""Orders and what becomes of them: each event adds a fact; then the points are moved to where the facts say."""

from datetime import date, datetime
from typing import Any

from audit.account.days import years_later
from audit.account.facts import Facts, Return
from audit.account.purchase import Purchase
from audit.account.purse import Lot, Part, Purse, count, each
from models.values import permanent_id

YEARS_USABLE = 2
"""MS-6."""


def buy(facts: Facts, event: Any) -> None:
    """MS-3, MS-4, MS-5, MS-7: the first telling of an order counts."""
    told = event.data
    if told.order_id in facts.orders:
        return
    day, purse = facts.day(told.placed_at), facts.purse_at(told.placed_at)
    own = Lot(told.order_id, years_later(day, YEARS_USABLE), told.placed_at)
    order = Purchase.told(told, own, purse)
    facts.orders[order.id] = order
    facts.came.append(("order", order.id))
    if purse:
        purse.lots[own.id] = own
        with facts.on_account_of(order):
            _pay_with_points(facts, order, told, purse, day)
            if told.signed_in:
                _earn(order, told, purse)


def _pay_with_points(facts: Facts, order: Purchase, told: Any, purse: Purse, day: date) -> None:
    """MS-7, MS-9; MS-8 with the points of its reservation first, if it comes in time."""
    points = min(told.points_redeemed, order.most())
    order.share_out(points)
    claimed: list[Part] = []
    if told.reservation_id is not None:
        if told.reservation_id not in facts.reservations:
            facts.came.append(("reservation", told.reservation_id))
        until = facts.reservations.get(told.reservation_id)
        facts.reservations[told.reservation_id] = None
        freed = list(each(purse.set_aside.pop(told.reservation_id, [])))
        if until and told.placed_at < until:
            claimed, freed = freed[:points], freed[points:]
        purse.put_back(count(freed), order.own, day)
    taken = [*claimed, *purse.take(points - len(claimed), day)]
    lots = list(dict.fromkeys(part.lot for part in taken))
    order.paid_with = order.held = count(
        sorted(taken, key=lambda part: lots.index(part.lot))
    )  # each lot once, as first taken


def _earn(order: Purchase, told: Any, purse: Purse) -> None:
    """MS-3 Two points a dollar; MS-5 and bonuses, in a lot of their own if they last differently."""
    for line in order.lines.values():
        line.earned = line.money // 50 if line.qualifies else 0
    purse.gain(order.own, sum(line.earned for line in order.lines.values()))
    for line in told.lines:
        if line.bonus and line.qualifying:
            lot, last_day = order.own, line.bonus.expires_on or order.own.last_day
            if last_day != lot.last_day:
                name = permanent_id("lot", order.id, line.line_id, line.bonus.offer_id)
                lot = purse.open(name, last_day, told.placed_at)
            bought = order.lines[line.line_id]
            bought.bonus, bought.bonus_lot = line.bonus.points, lot.id
            purse.gain(lot, bought.bonus)


def bring_back(facts: Facts, event: Any) -> None:
    """MS-10: all of it or, where it is more than is left of a line, nothing."""
    told = event.data
    order = facts.orders.get(told.order_id)
    if told.return_id in facts.returns:
        return
    if order is None:
        facts.wait(("order", told.order_id), event)
        return
    pieces = {part.line_id: part.quantity for part in told.lines}
    for line_id, number in pieces.items():
        if line_id not in order.lines or number > order.lines[line_id].pieces - order.lines[line_id].back:
            return
    for line_id, number in pieces.items():
        order.lines[line_id].back += number
    facts.returns[told.return_id] = Return(order, pieces)
    facts.came.append(("return", told.return_id))
    settle(facts, order, event.time)


def reject(facts: Facts, event: Any) -> None:
    """MS-10: a rejected return never was."""
    undone = facts.returns.get(event.data.return_id)
    if undone is None:
        facts.wait(("return", event.data.return_id), event)
    elif not undone.rejected:
        undone.rejected = True
        for line_id, number in undone.pieces.items():
            undone.order.lines[line_id].back -= number
        settle(facts, undone.order, event.time)


def cancel(facts: Facts, event: Any) -> None:
    """MS-13."""
    order = facts.orders.get(event.data.order_id)
    if order is None:
        facts.wait(("order", event.data.order_id), event)
    elif not order.cancelled:
        order.cancelled = True
        settle(facts, order, event.time)


def match_price(facts: Facts, event: Any) -> None:
    """MS-14: of several the lowest."""
    order = facts.orders.get(event.data.order_id)
    if order is None:
        facts.wait(("order", event.data.order_id), event)
    elif event.data.line_id in order.lines:
        line = order.lines[event.data.line_id]
        if event.data.new_unit_price < min([line.price, *line.matched]):
            line.matched.append(event.data.new_unit_price)
            settle(facts, order, event.time)


def dispute(facts: Facts, event: Any) -> None:
    """MS-15."""
    told = event.data
    order = facts.orders.get(told.order_id)
    if told.dispute_id in facts.disputes:
        return
    if order is None:
        facts.wait(("order", told.order_id), event)
        return
    order.disputed[told.dispute_id] = told.amount
    facts.disputes[told.dispute_id] = order
    facts.came.append(("dispute", told.dispute_id))
    settle(facts, order, event.time)


def win(facts: Facts, event: Any) -> None:
    """MS-15: a dispute that was won never was."""
    order = facts.disputes.get(event.data.dispute_id)
    if order is None:
        facts.wait(("dispute", event.data.dispute_id), event)
    elif event.data.dispute_id in order.disputed:
        del order.disputed[event.data.dispute_id]
        settle(facts, order, event.time)


def settle(facts: Facts, order: Purchase, at: datetime) -> None:
    """Let the points be where the facts of the order say, as long as its membership lasts (MS-16)."""
    purse = order.purse
    if purse is None or purse is not facts.purse or purse.over_by(at) or purse.over_by(order.own.earned_at):
        return
    if order.closed:
        return
    order.closed = order.cancelled
    with facts.on_account_of(order):
        day = facts.day(at)
        held, gone = _that_stay(order.held, order, purse, day), _that_stay(order.gone, order, purse, day)
        loose = [part for part in order.held if part not in held] + [part for part in order.gone if part not in gone]
        purse.put_back(loose, order.own, day)
        _pay_again(order, purse, day, held)
        _take_back(order, purse, day, gone)


def _that_stay(parts: list[Part], order: Purchase, purse: Purse, day: date) -> list[Part]:
    """What would be lost by being put back: what had expired, or was taken from lots whose last day is over."""
    return [part for part in parts if part.expired or purse.lots[part.lot or order.own.id].last_day < day]


def _pay_again(order: Purchase, purse: Purse, day: date, stay: list[Part]) -> None:
    """MS-12 The first of what the order was paid with, as far as it is not restored, from the very lots; MS-10."""
    paid_with, points = list(each(order.paid_with)), list(each(stay))
    still = len(paid_with) - order.to_restore()
    purse.put_back(reversed(count(points[still:])), order.own, day)
    stay = count(points[:still])
    missing = [
        part._replace(points=part.points - sum(one.points for one in stay if one.lot == part.lot))
        for part in count(paid_with[:still])
    ]
    order.held = count([*stay, *purse.take_again([part for part in missing if part.points > 0], order.own)])


def _take_back(order: Purchase, purse: Purse, day: date, stay: list[Part]) -> None:
    """MS-11 From the lot they were earned in, then from the oldest others, then as debt; anew with each fact."""
    to_go = order.to_go()
    total, points = sum(to_go.values()), list(each(stay))
    purse.put_back(reversed(count(points[total:])), order.own, day)
    gone = stay = count(points[:total])
    rest = max(total - len(points), 0)
    for lot_id, number in to_go.items():
        lot, here = purse.lots[lot_id], [part for part in stay if part.lot == lot_id]
        missing = min(max(number - sum(part.points for part in here), 0), rest)
        found = min(missing, lot.left)
        had_expired = max(lot.expired - sum(part.points for part in here if part.expired), 0)
        had_expired = min(missing - found, had_expired)
        lot.left -= found
        gone = [*gone, Part(lot_id, found), Part(lot_id, had_expired, expired=True)]
        rest -= found + had_expired
    order.gone = count([*gone, *purse.take(rest, day)])
