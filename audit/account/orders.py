"""Orders and what becomes of them: each event adds a fact; then the points are moved to where the facts say."""

from datetime import date
from typing import Any

from audit.account.days import years_later
from audit.account.facts import Facts, Refused, Return
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
    facts.room.came.append(("order", order.id))
    if purse:
        purse.lots[own.id] = own
        with facts.on_account_of(order):
            _pay_with_points(facts, order, told, purse, day)
            if told.signed_in:
                _earn(facts, order, told, purse)


def _pay_with_points(facts: Facts, order: Purchase, told: Any, purse: Purse, day: date) -> None:
    """MS-7, MS-9; MS-8 with the points of its reservation first, if it comes in time."""
    points = min(told.points_redeemed, order.most())
    order.share_out(points)
    claimed: list[Part] = []
    if told.reservation_id is not None:
        if told.reservation_id not in facts.reservations:
            facts.room.came.append(("reservation", told.reservation_id))
        until = facts.reservations.get(told.reservation_id)
        facts.reservations[told.reservation_id] = None
        freed = list(each(purse.set_aside.pop(told.reservation_id, [])))
        if until and told.placed_at < until:
            claimed, freed = freed[:points], freed[points:]
        purse.put_back(count(freed), order.own, facts.over_before)
    taken = [*claimed, *purse.take(points - len(claimed), day)]
    lots = list(dict.fromkeys(part.lot for part in taken))
    order.paid_with = order.held = count(
        sorted(taken, key=lambda part: lots.index(part.lot))
    )  # each lot once, as first taken


def _earn(facts: Facts, order: Purchase, told: Any, purse: Purse) -> None:
    """MS-3 Two points a dollar; MS-5 and bonuses, in a lot of their own if they last differently."""
    for line in order.lines.values():
        line.earned = line.money // 50 if line.qualifies else 0
    purse.gain(order.own, sum(line.earned for line in order.lines.values()), facts.over_before)
    for line in told.lines:
        if line.bonus and line.qualifying:
            lot, last_day = order.own, line.bonus.expires_on or order.own.last_day
            if last_day != lot.last_day:
                name = permanent_id("lot", order.id, line.line_id, line.bonus.offer_id)
                lot = purse.open(name, last_day, told.placed_at)
            bought = order.lines[line.line_id]
            bought.bonus, bought.bonus_lot = line.bonus.points, lot.id
            purse.gain(lot, bought.bonus, facts.over_before)


def bring_back(facts: Facts, event: Any) -> None:
    """MS-10: all of it or, where it is more than is left of a line, nothing."""
    told = event.data
    order = facts.orders.get(told.order_id)
    if told.return_id in facts.returns:
        return
    if order is None:
        facts.wait(("order", told.order_id), event)
        return
    facts.room.came.append(("return", told.return_id))
    if not _is_left(order, told):
        facts.refused[told.return_id] = Refused(order, event, facts.room.given_up(facts.now))
        return
    facts.refused.pop(told.return_id, None)
    pieces = {part.line_id: part.quantity for part in told.lines}
    for line_id, number in pieces.items():
        order.lines[line_id].back += number
    facts.returns[told.return_id] = Return(order, pieces)
    settle(facts, order)


def _is_left(order: Purchase, told: Any) -> bool:
    """MS-10 Whether the order has all the pieces, and they are not back yet."""
    left = {line_id: line.pieces - line.back for line_id, line in order.lines.items()}
    return all(part.quantity <= left.get(part.line_id, 0) for part in told.lines)


def reject(facts: Facts, event: Any) -> None:
    """MS-10: a rejected return never was, so that others count that were refused because of it."""
    undone, refused = facts.returns.get(event.data.return_id), facts.refused.pop(event.data.return_id, None)
    if refused:
        facts.returns[event.data.return_id] = Return(refused.order, {}, rejected=True)
    elif undone is None:
        facts.wait(("return", event.data.return_id), event)
    elif not undone.rejected:
        undone.rejected = True
        for line_id, number in undone.pieces.items():
            undone.order.lines[line_id].back -= number
        settle(facts, undone.order)
        for other in facts.refused_of(undone.order):
            if _is_left(undone.order, other.data):
                bring_back(facts, other)


def cancel(facts: Facts, event: Any) -> None:
    """MS-13."""
    order = facts.orders.get(event.data.order_id)
    if order is None:
        facts.wait(("order", event.data.order_id), event)
    elif not order.cancelled:
        order.cancelled = True
        settle(facts, order)


def match_price(facts: Facts, event: Any) -> None:
    """MS-14: of several the lowest."""
    order = facts.orders.get(event.data.order_id)
    if order is None:
        facts.wait(("order", event.data.order_id), event)
    elif event.data.line_id in order.lines:
        line = order.lines[event.data.line_id]
        if event.data.new_unit_price < min([line.price, *line.matched]):
            line.matched.append(event.data.new_unit_price)
            settle(facts, order)


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
    facts.room.came.append(("dispute", told.dispute_id))
    settle(facts, order)


def win(facts: Facts, event: Any) -> None:
    """MS-15: a dispute that was won never was."""
    order = facts.disputes.get(event.data.dispute_id)
    if order is None:
        facts.wait(("dispute", event.data.dispute_id), event)
    elif event.data.dispute_id in order.disputed:
        del order.disputed[event.data.dispute_id]
        settle(facts, order)


def settle(facts: Facts, order: Purchase) -> None:
    """Let the points be where the facts of the order say, as long as its membership lasts (MS-16) and it is not cancelled (MS-13)."""
    purse = order.purse
    if purse is None or purse is not facts.purse or order.closed:
        return
    order.closed = order.cancelled
    with facts.on_account_of(order):
        expired = {lot.id: lot.expired for lot in purse.lots.values()}
        purse.put_back(order.held, order.own, facts.over_before)
        others = {lot.id: lot.expired for lot in purse.lots.values()}
        purse.put_back(order.gone, order.own, facts.over_before)
        came = {lot.id: lot.expired - others[lot.id] for lot in purse.lots.values()}
        _pay_again(order, purse)
        _take_back(order, purse, came, expired)


def _pay_again(order: Purchase, purse: Purse) -> None:
    """MS-12 The first of what the order was paid with, as far as it is not restored, from the very lots, and what was owed
    from its own; MS-10 what is not there is owed."""
    held: list[Part] = []
    for part in count(list(each(order.paid_with))[: sum(one.points for one in order.paid_with) - order.to_restore()]):
        lot = purse.lots[part.lot] if part.lot else order.own
        found = lot.take(part.points)
        purse.debt += part.points - found
        held += [Part(lot.id, found), Part(None, part.points - found)]
    order.held = count(held)


def _take_back(order: Purchase, purse: Purse, came: dict[str, int], expired: dict[str, int]) -> None:
    """MS-11 From the lot they were earned in, then from the oldest others, then as debt; anew with each fact.

    ``expired``: how many of each lot had expired before. They are gone already; those that came back just now are taken.
    ``came``: how many of these had been taken back before, which go first (MS-10 never twice).
    """
    gone = []
    for lot_id, points in order.to_go().items():
        lot = purse.lots[lot_id]
        taken = lot.take(min(points, lot.left + max(lot.expired - expired.get(lot_id, 0), 0)))
        gone += [Part(lot_id, taken), Part(lot_id, min(points - taken, lot.expired), expired=True)]
    rest = sum(order.to_go().values()) - sum(part.points for part in gone)
    for lot in sorted(purse.lots.values(), key=lambda lot: (lot.last_day, lot.earned_at, lot.id)):
        again = min(rest, came.get(lot.id, 0), max(lot.expired - expired.get(lot.id, 0), 0))
        lot.expired -= again
        rest -= again
        gone.append(Part(lot.id, again))
    order.gone = count([*gone, *purse.take(rest, date.min)])
