"""The books of a member's points: what every rule gives and takes with, so that MS-20 holds by construction.

Each movement is booked as a ledger entry where it happens. A part that becomes or pays debt is an entry of the same
kind without a lot.
"""

from bisect import insort
from datetime import datetime

from models.case import Case
from models.outputs.ledger import Balance, EntryKind
from models.points.state import Grant, Lot, Order, Points, Taken


class BooksDoNotBalanceError(Exception):
    """MS-20 is violated: the member is to be quarantined, alone and loudly."""


class Books:
    """A member's points while one cause moves them on account of one order. `close` when all is booked."""

    def __init__(self, case: Case, order: Order) -> None:
        if case.member.points is None:
            raise TypeError("only a member has points to move")
        self._case = case
        self._points = case.member.points
        self._order = order
        self._debt_before = self._points.debt

    def open(self, lot: Lot) -> None:
        """Put a lot among the open ones, oldest first."""
        insort(self._points.lots, lot, key=_age)

    def give(self, grant: Grant, lot: Lot, clause: str) -> None:
        """Book new points into their lot; MS-11: they pay debt first."""
        points, total = self._points, grant.total
        points.earned += total
        pays = min(points.debt, total)
        if pays:
            points.debt -= pays
            self._book(grant.kind, pays, grant, None, clause)
        if total > pays:
            self._fill(lot, total - pays)
            self._book(grant.kind, total - pays, grant, lot, clause)

    def take_back(self, grant: Grant, amount: int, clause: str) -> None:
        """MS-11 Take from the grant's own lot first, then from the oldest others; what is left becomes debt."""
        points = self._points
        points.taken_back += amount
        for lot in sorted(points.lots, key=lambda lot: lot.id != grant.lot):  # stable: the others stay oldest first
            part = min(lot.left, amount)
            if part:
                amount -= part
                self._fill(lot, -part)
                _note(grant, lot.id, part)
                self._book("take_back", -part, grant, lot, clause)
        if amount:
            points.debt += amount
            _note(grant, None, amount)
            self._book("take_back", -amount, grant, None, clause)

    def give_back(self, grant: Grant, amount: int, clause: str) -> None:
        """MS-10 Undo the latest of what was taken back, in the same lots; debt paid since comes back as points."""
        points = self._points
        points.taken_back -= amount
        for lot_id, part in _latest(grant, amount).items():
            forgiven = min(points.debt, part) if lot_id is None else 0
            if forgiven:
                points.debt -= forgiven
                self._book("restore", forgiven, grant, None, clause)
            if part > forgiven:
                lot = self._reopened(lot_id or grant.lot)
                self._fill(lot, part - forgiven)
                self._book("restore", part - forgiven, grant, lot, clause)

    def close(self) -> int:
        """Move the lots that are used up out of the hot value, and check MS-20. Returns what debt grew by."""
        points = self._points
        still_open = [lot for lot in points.lots if lot.left or lot.reserved]
        if len(still_open) < len(points.lots):
            for lot in points.lots:
                if not (lot.left or lot.reserved):
                    self._case.put(lot.id, lot)
            points.lots = still_open
        check(points)
        return points.debt - self._debt_before

    def _reopened(self, lot_id: str) -> Lot:
        for lot in self._points.lots:
            if lot.id == lot_id:
                return lot
        lot = self._case.take(Lot, lot_id)
        self.open(lot)
        return lot

    def _fill(self, lot: Lot, amount: int) -> None:
        lot.left += amount
        self._points.available += amount

    def _book(self, kind: EntryKind, amount: int, grant: Grant, lot: Lot | None, clause: str) -> None:
        """An entry's id is f(cause, kind, grant, lot): a cause moves a grant at most once in each lot."""
        points = self._points
        points.booked += amount
        lot_id = lot.id if lot else None
        line_id = self._order.lines[next(iter(grant.points))].id if len(grant.points) == 1 else None
        self._case.book(
            kind,
            amount,
            Balance(available=points.available, debt=points.debt, reserved=points.reserved),
            clause,
            lot_id=lot_id,
            order_id=self._order.id,
            line_id=line_id,
            about=(grant.kind, grant.lot, line_id or "", lot_id or ""),
        )


def check(points: Points) -> None:
    """MS-20 The entries' sum is available + reserved - debt, and the lots hold just that. Else BooksDoNotBalanceError."""
    lefts, reserves = [lot.left for lot in points.lots], [lot.reserved for lot in points.lots]
    left, reserved = sum(lefts), sum(reserves)
    negative = min(points.debt, *lefts, *reserves) < 0 if lefts else points.debt < 0
    balance = points.available + points.reserved - points.debt
    if negative or (left, reserved, balance) != (points.available, points.reserved, points.booked):
        raise BooksDoNotBalanceError(
            f"entries sum to {points.booked}; available {points.available} (lots {left}), "
            f"reserved {points.reserved} (lots {reserved}), debt {points.debt}"
        )


def _age(lot: Lot) -> tuple[datetime, str]:
    return lot.earned_at, lot.id


def _note(grant: Grant, lot_id: str | None, part: int) -> None:
    if grant.taken and grant.taken[-1].lot == lot_id:
        grant.taken[-1].points += part
    else:
        grant.taken.append(Taken(lot_id, part))


def _latest(grant: Grant, amount: int) -> dict[str | None, int]:
    """Strike the latest `amount` out of what was taken: how much of it came from which lot (None: became debt)."""
    parts: dict[str | None, int] = {}
    while amount:
        last = grant.taken[-1]
        part = min(last.points, amount)
        amount -= part
        last.points -= part
        parts[last.lot] = parts.get(last.lot, 0) + part
        if not last.points:
            grant.taken.pop()
    return parts
