"""What of an order's points is gone: one function of the facts known of it, whatever their order of arrival (GEN-2).

The facts of a line: its price now (MS-14), the pieces that came back (MS-10, MS-13), the money the bank took back (MS-15).
"""

from typing import NamedTuple

from models.points import terms
from models.points.state import Line, LotKey, Order
from models.values import dollars


class Gone(NamedTuple):
    """Points of an order that are gone from one of its own lots, and the arithmetic in words."""

    lot: LotKey
    points: int
    working: tuple[str, ...]


def gone(order: Order) -> list[Gone]:
    """What is gone by now of all that the order earned, each lot once; bonuses go with the pieces alone."""
    earned = 0
    disputed, words = _disputed(order)
    working = [words] if words else []
    for line, of_dispute in zip(order.lines, disputed, strict=True):
        if line.earned:
            part, words = _gone_of(order, line, of_dispute)
            earned += part
            if part:
                working.append(f"line {line.id}: {words}")
    found = {order.lot: Gone(order.lot, earned, tuple(working))}
    for bonus in order.bonuses:
        line, (lot, before, spelled) = order.lines[bonus.line], found.get(bonus.lot, Gone(bonus.lot, 0, ()))
        part = terms.part_of(bonus.points, _back(order, line), line.quantity)
        if part:
            spelled += (f"bonus of line {line.id}: {bonus.points} x {_back(order, line)}/{line.quantity} = {part}",)
        found[lot] = Gone(lot, before + part, spelled)
    return list(found.values())


def restored(order: Order) -> int:
    """MS-12 How many of the points it was paid with go back: each line's share with the pieces of it that came back."""
    return sum(terms.part_of(line.share, _back(order, line), line.quantity) for line in order.lines)


def _gone_of(order: Order, line: Line, of_dispute: int) -> tuple[int, str]:
    """MS-10 A line keeps what its price now is worth, less what went with pieces and with disputed money; not below 0."""
    worth, back = _worth(line), _back(order, line)
    of_return = terms.part_of(worth, back, line.quantity)
    keeps = max(worth - of_return - of_dispute, 0)
    words = []
    if worth < line.earned:
        words.append(f"at ${dollars(line.paid)} now worth {worth} of {line.earned} (MS-14)")
    if back:
        words.append(f"{worth} x {back}/{line.quantity} = {of_return} with what came back")
    if of_dispute:
        words.append(f"{of_dispute} of the disputed")
    return line.earned - keeps, ", ".join(words)


def _disputed(order: Order) -> tuple[list[int], str]:
    """MS-15 Line by line: floor(order points x min(amount, qualifying net) / qualifying net), spread by money paid; in words.

    Rounding must not give a line more than it is worth: that much goes to the others.
    """
    net = sum(line.net for line in order.lines if line.qualifying)
    if not (order.disputed and net):
        return [0] * len(order.lines), ""
    worth = [_worth(line) for line in order.lines]
    paid = [line.paid if line.earned else 0 for line in order.lines]
    amount = min(order.disputed, net)
    points = sum(worth) * amount // net
    words = f"{sum(worth)} x ${dollars(amount)}/${dollars(net)} = {points} with the disputed money (MS-15)"
    return terms.spread_within(points, paid, worth), words


def _worth(line: Line) -> int:
    """MS-14 What the line's points are at its price now."""
    return min(terms.points_for(line.paid), line.earned)


def _back(order: Order, line: Line) -> int:
    return line.quantity if order.cancelled else line.returned
