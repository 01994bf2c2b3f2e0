"""The books of a member's points: every movement is made here, and booked where it is made, so MS-20 holds by construction.

A movement is into or out of one lot. A part that becomes or pays debt is a movement of the same kind without a lot.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Final, Literal

from models.case import Case
from models.outputs.base import Fact
from models.outputs.ledger import Balance, EntryKind, LedgerEntry
from models.points import expiry
from models.points.lots import Lots
from models.points.state import Lapsed, LotKey, Part, Points
from models.values import joined, permanent_id

Counter = Literal["earned", "taken_back", "redeemed", "expired", "forfeited", "adjusted"]
COUNTED: Final[Mapping[EntryKind, tuple[Counter, int]]] = MappingProxyType(
    {
        "earn": ("earned", 1),
        "bonus": ("earned", 1),
        "take_back": ("taken_back", -1),
        "redeem": ("redeemed", -1),
        "expire": ("expired", -1),
        "forfeit": ("forfeited", -1),
        "adjust": ("adjusted", 1),
    }
)
"""MS-19 Which count over the membership's life a kind of entry adds to, and its sign there. `restore` says it itself."""


class BooksDoNotBalanceError(Exception):
    """MS-20 is violated: the member is to be quarantined, alone and loudly."""


class Books:
    """A member's points while one cause moves them. `close` when all is booked."""

    def __init__(self, case: Case, about: str, *, order: bool = True) -> None:
        """`about`: the id of the order, or of whatever else the points move on account of."""
        if case.member.points is None:
            raise TypeError("only a member has points to move")
        self.case = case
        self.points: Points = case.member.points
        self.lots = Lots(case.desk, self.points)
        self.paid_debt = 0
        """Of the new points (MS-11)."""
        self._expired: dict[LotKey, tuple[int, int]] = {}
        """Points that expire just now: lot -> (how many, of how many before)."""
        self._filled: set[int] = set()
        self._emptied: set[int] = set()
        self._back: set[int] = set()
        """Last days of use of the lots that points came into, were taken out of, and came back to."""
        self._about = about
        self._order_id = about if order else None
        self._debt_before = self.open_debt = self.points.debt
        """`open_debt`: what of it nobody has put back yet, before it is booked."""

    @cached_property
    def today(self) -> int:
        """Ordinal of the day of the cause: lots whose last day is before it cannot be used any more (MS-6)."""
        return self.case.calendar.day_of(self.case.at).toordinal()

    @cached_property
    def _now_day(self) -> int:
        """Ordinal of the day that it is by the partition's time. A deadline that comes up late acts at the time it was due."""
        now_day = expiry.today(self.case)
        return min(now_day, self.today) if self.case.is_deadline else now_day

    def give(self, kind: EntryKind, lot: LotKey, amount: int, clause: str, line_id: str | None = None) -> None:
        """Book new points; MS-11: they pay debt first. MS-6: told of after their last day they expire at once."""
        pays = min(self.points.debt, amount)
        if pays:
            self.paid_debt += pays
            self.enter(kind, pays, None, clause, line_id)
        if amount > pays:
            self.move(kind, amount - pays, lot, clause, line_id)
            if self.is_past(lot):
                self.expire(lot, amount - pays)

    def spend(self, kind: EntryKind, amount: int, clause: str, *, first: Iterable[Part] = ()) -> list[Part]:
        """MS-7 Take from the lots in `first` (at most so much of each), then from those earned first; what is not there
        becomes debt. Returns what came from where, each lot once."""
        taken: dict[LotKey | None, int] = {}
        for part in first:
            taken[part.lot] = min(part.points, amount)
            amount -= taken[part.lot]
            if part.lot:
                self.lots.change(part.lot, -taken[part.lot])
        for part in self.draw(amount):
            taken[part.lot] = taken.get(part.lot, 0) + part.points
        parts = [Part(lot, points) for lot, points in taken.items() if points]
        for part in parts:
            self.enter(kind, -part.points, part.lot, clause)
        return parts

    def draw(self, amount: int, *, past: bool = False, reservation_id: str = "") -> list[Part]:
        """Take from the oldest usable lots; what is not there becomes debt. Booked only as a reservation (MS-8).

        `past`: also from lots whose last day is over at the time of the cause, but that no sweep has emptied yet.
        """
        parts = []
        while amount:
            lot = self.lots.oldest(0 if past else self.today)
            part = Part(lot.key if lot else None, min(lot.left, amount) if lot else amount)
            if reservation_id:
                self.set_aside(part, 1, reservation_id)
            elif part.lot:
                self.lots.change(part.lot, -part.points)
            parts.append(part)
            amount -= part.points
        return parts

    def usable(self, most: int) -> int:
        """Points that can be used today, as far as `most`."""
        expired = sum(lot.left for lot in self.lots.between(0, self.today - 1))
        return min(self.points.available - expired, most)

    def is_past(self, lot: LotKey) -> bool:
        """Whether the lot's last day is over now, so that it has been swept: by the partition's now, whatever an event says
        of its own time (GEN-4)."""
        return lot[0] < self._now_day

    def expire(self, lot: LotKey, amount: int) -> None:
        """MS-6 Points of a lot expire, visibly."""
        self.lots.change(lot, -amount)
        self.lapse(lot, amount)

    def lapse(self, lot: LotKey, amount: int) -> None:
        """Book that points of a lot have expired, or (amount < 0) that they have not after all."""
        before = self.lapsed(lot)
        self.enter("expire", -amount, lot, "MS-6", nth=str(before or ""))
        self.case.put(lot[2], Lapsed(before + amount))
        if amount > 0:
            already, first = self._expired.get(lot, (0, before))
            self._expired[lot] = already + amount, first

    def expire_past(self, parts: Iterable[Part]) -> None:
        """MS-12 What has come back into lots past their last day expires at once."""
        for part in parts:
            if part.lot and part.points and self.is_past(part.lot):
                self.expire(part.lot, part.points)

    def lapsed(self, lot: LotKey) -> int:
        """How many points of a lot have expired."""
        known = self.case.find(Lapsed, lot[2])
        return known.points if known else 0

    def move(
        self,
        kind: EntryKind,
        amount: int,
        lot: LotKey,
        clause: str,
        line_id: str | None = None,
        *,
        counter: Counter | None = None,
    ) -> None:
        """Put points into a lot (amount > 0) or take them out, and book it."""
        self.lots.change(lot, amount)
        self.enter(kind, amount, lot, clause, line_id, counter=counter)

    def enter(
        self,
        kind: EntryKind,
        amount: int,
        lot: LotKey | None,
        clause: str,
        line_id: str | None = None,
        *,
        counter: Counter | None = None,
        nth: str = "",
    ) -> None:
        """Book a movement whose lot has been changed; without a lot it pays debt (amount > 0) or becomes debt.

        `nth` tells apart entries that would be of the same id: more of a lot can expire by the same cause.
        """
        points = self.points
        if lot:
            points.available += amount
            (self._filled if amount > 0 else self._emptied).add(lot[0])
            if kind == "restore":
                self._back.add(lot[0])
        else:
            points.debt -= amount
        points.booked += amount
        count, sign = (counter, -1) if counter else COUNTED[kind]
        setattr(points, count, getattr(points, count) + sign * amount)
        self._write(kind, amount, lot, clause, (self._about, count, line_id or nth), line_id)

    def set_aside(self, part: Part, sign: int, reservation_id: str) -> None:
        """MS-8 Reserve points of a lot (sign 1), or free them (-1): the balance stays, what is available changes."""
        if part.lot is None:
            raise TypeError("debt cannot be reserved")
        amount = sign * part.points
        self.lots.change(part.lot, -amount)
        self.points.available -= amount
        self.points.reserved += amount
        if sign < 0:
            self._filled.add(part.lot[0])
            self._back.add(part.lot[0])
        kind: EntryKind = "reserve" if sign > 0 else "release"
        self._write(kind, 0, part.lot, "MS-8", (self._about, "", reservation_id), reserved=amount)

    @property
    def debt_growth(self) -> int:
        """What debt grew by; negative: what was paid or forgiven."""
        return self.points.debt - self._debt_before

    @property
    def expired(self) -> int:
        """How many points expire just now."""
        return sum(amount for amount, _ in self._expired.values())

    def close(self) -> None:
        """Check MS-20, tell of what expired, and see to it that expiry and reminders come in time."""
        check(self.points, self.lots.total)
        if self._expired:
            self._tell_expired()
        for day in self._filled:
            expiry.plan_for(self.case, self.points, day)
        if self.points.reminders:
            expiry.withdraw(self.case, self.points, self.lots, self._emptied)
        if self._back:
            expiry.tell_again(self.case, self.points, self.lots, self._back)

    def _tell_expired(self) -> None:
        """MS-6, MS-12 One notice for all; a lot can expire again when more comes back, and the notice is another then."""
        about = [self._about]
        for (_, _, lot_id), (_, before) in self._expired.items():
            about += [lot_id, str(before)]
        for day, _, _ in self._expired:
            self.points.reminders.pop(day, None)  # it has come true
        last_day = date.fromordinal(max(day for day, _, _ in self._expired)).isoformat()
        facts: dict[str, Fact] = {"points": self.expired, "expired_on": last_day}
        self.case.notify("points", "points.expired", joined(*about), "MS-6", facts)

    def _write(
        self,
        kind: EntryKind,
        amount: int,
        lot: LotKey | None,
        clause: str,
        about: tuple[str, str, str],
        line_id: str | None = None,
        *,
        reserved: int = 0,
    ) -> None:
        """An entry's id is f(cause, kind, what it is about): a cause moves the same thing in a lot at most once."""
        case, points, lot_id = self.case, self.points, lot[2] if lot else None
        desk, cause = case.desk, case.cause
        entry = LedgerEntry(
            entry_id=permanent_id("ledger", desk.member_id, cause.source, cause.id, kind, *about, lot_id or ""),
            kind=kind,
            points=amount,
            reserved=reserved,
            lot_id=lot_id,
            order_id=self._order_id,
            line_id=line_id,
            clause=clause,
            cause=cause,
            at=case.at,
            booked_at=desk.moment.now,
            balance_after=Balance(available=points.available, debt=points.debt, reserved=points.reserved),
            previous=desk.member.ledger_head,
        )
        case.book(entry)


def check(points: Points, left: int) -> None:
    """MS-20 The entries' sum is available + reserved - debt, and the lots hold what is available."""
    balance = points.available + points.reserved - points.debt
    if points.debt < 0 or points.reserved < 0 or left != points.available or balance != points.booked:
        raise BooksDoNotBalanceError(
            f"entries sum to {points.booked}; available {points.available} (lots {left}), "
            f"reserved {points.reserved}, debt {points.debt}"
        )
