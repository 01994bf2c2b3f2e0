"""What is known of an order, and what follows from it: every answer is worked out from the whole set of facts."""

from dataclasses import dataclass, field
from typing import Any

from audit.account.purse import Lot, Part, Purse


@dataclass(slots=True)
class Bought:
    """A line as bought. Money in cents."""

    pieces: int
    price: int
    discount: int
    qualifies: bool
    share: int = 0
    """MS-12 Of the points the order was paid with: one is worth a cent."""
    bonus: int = 0
    bonus_lot: str = ""
    earned: int = 0
    back: int = 0
    matched: list[int] = field(default_factory=list)
    """MS-14 Lower prices of a piece."""

    @property
    def net(self) -> int:
        """What it costs, at the lowest price told."""
        return max(min([self.price, *self.matched]) * self.pieces - self.discount, 0)

    @property
    def money(self) -> int:
        """What of that was paid with money."""
        return max(self.net - self.share, 0)

    @property
    def worth(self) -> int:
        """MS-3 One point for every full 50 cents, if it earned any."""
        return self.money // 50 if self.earned else 0


@dataclass(slots=True)
class Purchase:
    """One order."""

    id: str
    lines: dict[str, Bought]
    own: Lot
    purse: Purse | None
    """The membership under which it was placed; None: under none, so it never moves any points."""
    paid_with: list[Part] = field(default_factory=list)
    """MS-7 The points it was paid with, in the order in which they were taken."""
    held: list[Part] = field(default_factory=list)
    """Where those that are not back come from now."""
    gone: list[Part] = field(default_factory=list)
    """MS-11 Where the earned points that are gone were taken from."""
    disputed: dict[str, int] = field(default_factory=dict)
    """MS-15 Cents, by dispute that was not won back."""
    cancelled: bool = False
    closed: bool = False
    """MS-13 Its points are where a cancelled order leaves them: nothing moves any more."""

    @classmethod
    def told(cls, order: Any, own: Lot, purse: Purse | None) -> "Purchase":
        """From the event's data, before anything is earned or paid with points."""
        lines = {
            line.line_id: Bought(line.quantity, line.unit_price, line.discount or 0, line.qualifying)
            for line in order.lines
        }
        return cls(order.order_id, lines, own, purse)

    def most(self) -> int:
        """MS-7 How many points it can be paid with."""
        return sum(line.net for line in self.lines.values() if line.qualifies)

    def share_out(self, points: int) -> None:
        """MS-12 Spread the points it is paid with over the lines by net price."""
        lines = [line for line in self.lines.values() if line.qualifies]
        for line, share in zip(lines, in_proportion(points, [line.net for line in lines]), strict=True):
            line.share = share

    def back(self, line: Bought) -> int:
        """MS-13 How many pieces came back; of a cancelled order all."""
        return line.pieces if self.cancelled else line.back

    def to_restore(self) -> int:
        """MS-12 How many of the points it was paid with belong to what came back."""
        return sum(line.share * self.back(line) // line.pieces for line in self.lines.values())

    def to_go(self) -> dict[str, int]:
        """How many of the earned points are gone, by the lot in which they were earned.

        MS-14, MS-10, MS-15: a line keeps its worth at the lowest price, less what came back, less the disputed part.
        """
        earning = [line for line in self.lines.values() if line.earned]
        net, money_back = self.most(), sum(self.disputed.values())
        points = sum(line.worth for line in earning) * min(money_back, net) // net if net else 0
        disputed = in_proportion(points, [line.money for line in earning])
        while over := sum(max(lost - line.worth, 0) for line, lost in zip(earning, disputed, strict=True)):
            disputed = [min(lost, line.worth) for line, lost in zip(earning, disputed, strict=True)]
            room = [line.money if lost < line.worth else 0 for line, lost in zip(earning, disputed, strict=True)]
            disputed = [lost + more for lost, more in zip(disputed, in_proportion(over, room), strict=True)]
        gone = {self.own.id: 0}
        for line, lost in zip(earning, disputed, strict=True):
            kept = line.worth - line.worth * self.back(line) // line.pieces - lost
            gone[self.own.id] += line.earned - max(kept, 0)
        for line in self.lines.values():
            if line.bonus:
                lost = line.bonus * self.back(line) // line.pieces
                gone[line.bonus_lot] = gone.get(line.bonus_lot, 0) + lost
        return gone


def in_proportion(points: int, weights: list[int]) -> list[int]:
    """Whole shares that add up: each its floor, then one more for the largest fractions, the earlier first among equals."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    shares = [points * weight // whole for weight in weights]
    fractions = [points * weight - share * whole for weight, share in zip(weights, shares, strict=True)]
    for _ in range(points - sum(shares)):
        largest = fractions.index(max(fractions))
        shares[largest] += 1
        fractions[largest] = -1
    return shares
