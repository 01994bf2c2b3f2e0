"""The points of one membership: a plain list of lots, a debt, and what is set aside."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple


class Part(NamedTuple):
    """Points that went from one lot; ``lot`` None: there were none, they are owed."""

    lot: str | None
    points: int
    expired: bool = False
    """They had expired there before: nothing was taken (MS-11)."""


@dataclass(slots=True)
class Lot:
    """MS-3 Points that came together."""

    id: str
    last_day: date
    earned_at: datetime
    left: int = 0
    expired: int = 0

    def take(self, points: int) -> int:
        """MS-10 Up to so many of those that are left, and then of those that expired. Returns how many."""
        alive = min(self.left, points)
        dead = min(self.expired, points - alive)
        self.left -= alive
        self.expired -= dead
        return alive + dead


@dataclass(slots=True)
class Purse:
    """What a member has from joining to leaving."""

    joined_at: datetime
    lots: dict[str, Lot] = field(default_factory=dict)
    debt: int = 0
    set_aside: dict[str, list[Part]] = field(default_factory=dict)
    """MS-8 By reservation."""
    asked_to_end: datetime | None = None
    ends: datetime | None = None
    """MS-16 When it ends, once that is asked for."""
    adjusted: int = 0

    def over_by(self, at: datetime) -> bool:
        """MS-16 Whether it has ended by then, whatever has been handled so far."""
        return self.ends is not None and self.ends <= at

    @property
    def available(self) -> int:
        """All that is left in the lots."""
        return sum(lot.left for lot in self.lots.values())

    @property
    def reserved(self) -> int:
        """All that is set aside."""
        return sum(part.points for parts in self.set_aside.values() for part in parts)

    @property
    def total(self) -> int:
        """MS-20 What all entries come to."""
        return self.available + self.reserved - self.debt

    def open(self, lot_id: str, last_day: date, earned_at: datetime) -> Lot:
        """The lot of that name."""
        return self.lots.setdefault(lot_id, Lot(lot_id, last_day, earned_at))

    def usable(self, day: date) -> list[Lot]:
        """MS-6, MS-7 What can be used on that day, oldest first."""
        lots = [lot for lot in self.lots.values() if lot.left and day <= lot.last_day]
        return sorted(lots, key=lambda lot: (lot.earned_at, lot.last_day, lot.id))

    def gain(self, lot: Lot, points: int, over_before: date) -> None:
        """MS-11 New points pay debt first; MS-6 what is told of only after its last day has expired."""
        pays = min(points, self.debt)
        self.debt -= pays
        if lot.last_day < over_before:
            lot.expired += points - pays
        else:
            lot.left += points - pays

    def take(self, points: int, day: date) -> list[Part]:
        """MS-7 From the oldest lots; MS-9, MS-11 what is not there is owed."""
        parts = []
        for lot in self.usable(day):
            part = Part(lot.id, min(lot.left, points))
            lot.left -= part.points
            points -= part.points
            parts.append(part)
        self.debt += points
        return [part for part in [*parts, Part(None, points)] if part.points]

    def put_back(self, parts: Iterable[Part], own: Lot, over_before: date) -> None:
        """MS-12 Into the very lots they came from, where they expire at once if their last day is over.

        What was owed is owed no more; what of that has been paid meanwhile comes back into the order's ``own`` lot.
        """
        for part in parts:
            points = 0 if part.expired else part.points
            if part.lot is None:
                forgiven = min(self.debt, points)
                self.debt -= forgiven
                points -= forgiven
            lot = self.lots[part.lot] if part.lot else own
            if lot.last_day < over_before:
                lot.expired += points
            else:
                lot.left += points

    def expire(self, day: date) -> None:
        """MS-6 What could be used up to that day is gone."""
        for lot in self.lots.values():
            if lot.last_day <= day:
                lot.expired += lot.left
                lot.left = 0


def each(parts: Iterable[Part]) -> Iterator[Part]:
    """The same, point by point."""
    for part in parts:
        for _ in range(part.points):
            yield part._replace(points=1)


def count(points: Iterable[Part]) -> list[Part]:
    """Points as one part for each lot, in the order in which the lots first come."""
    sums: dict[tuple[str | None, bool], int] = {}
    for lot, number, expired in points:
        sums[lot, expired] = sums.get((lot, expired), 0) + number
    return [Part(lot, number, expired) for (lot, expired), number in sums.items() if number]
