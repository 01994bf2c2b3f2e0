"""PRO-11 Force majeure: what was declared to everybody, and the times in which Sony's clocks stand still.

It is said to a whole partition, and kept once in each, under the id that means everybody.
"""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct, field

from models.calendar import Pause
from models.case import Case
from models.values import Program

WHY = "force majeure"


class Said(Struct, array_like=True, order=True, frozen=True):
    """That it was declared, or has ended."""

    at: datetime
    what: Literal["declared", "ended"]
    source: str
    event_id: str


class Majeure(Struct, array_like=True):
    """All that was said of a programme's force majeure, in the order of its time (GEN-2)."""

    KIND: ClassVar[str] = "majeure"

    said: list[Said] = field(default_factory=list)

    @property
    def pauses(self) -> list[Pause]:
        """From each declaration to the next end; what is declared while it lasts changes nothing."""
        found: list[Pause] = []
        for said in self.said:
            lasts = bool(found) and found[-1].until is None
            if said.what == "declared" and not lasts:
                found.append(Pause(said.at, None, WHY))
            elif said.what == "ended" and lasts:
                found[-1] = found[-1]._replace(until=said.at)
        return found


def of(case: Case, program: Program) -> Majeure:
    """What is known of it; nothing, as nearly always, is an empty one. Not to be changed."""
    return case.desk.shared(Majeure, program) or Majeure()


def pauses(case: Case, program: Program) -> list[Pause]:
    """The times in which Sony's clocks in that programme stand still."""
    return of(case, program).pauses
