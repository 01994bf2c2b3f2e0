"""PRO-11 Force majeure: what was declared to everybody, the times in which Sony's clocks stand still, and how members hear of it.

It is said to a whole partition, and kept once in each, under the id that means everybody. What follows for a member is decided
when the member hears of it: with their next event, or when they are woken for that.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal, TypeAlias

from msgspec import Struct, field

from models import state
from models.calendar import Pause
from models.case import Case
from models.desk import At, Desk
from models.events import EVERYBODY
from models.outputs.base import Brought
from models.state import Member
from models.values import Program

WHY = "force majeure"
PROGRAM: Final[Program] = "pro"
"""The one programme in which anything depends on it."""

Hearer: TypeAlias = Callable[[Case], None]
"""Brings some of a member's deadlines in line with all that was said."""


class Said(Brought, Struct, array_like=True, frozen=True):
    """That it was declared, or has ended."""

    at: datetime
    what: Literal["declared", "ended"]
    source: str
    event_id: str

    @property
    def order(self) -> tuple[datetime, str]:
        """By which the words count: what is declared at the very time at which it ends is over."""
        return self.at, self.what


class Majeure(Struct, array_like=True):
    """All that was said of a programme's force majeure, in the order in which it was told."""

    KIND: ClassVar[str] = "majeure"

    said: list[Said] = field(default_factory=list)

    @property
    def pauses(self) -> list[Pause]:
        """From each declaration to the next end, whatever was told first (GEN-2); a declaration while it lasts changes nothing."""
        found: list[Pause] = []
        for said in sorted(self.said, key=lambda said: said.order):
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


def heard(case: Case, program: Program) -> list[Pause]:
    """The same, as the member's deadlines take them into account: without what the member has yet to hear of."""
    return Majeure(of(case, program).said[: case.member.heard]).pauses


def hear(desk: Desk, hearers: Sequence[Hearer]) -> bool:
    """Bring a member's deadlines in line with what was said since they last heard of it. Returns whether anything was.

    The cause of what follows is the word told last, which no hearing before had for its cause.
    """
    member = desk.member
    if member.pro is None:
        return False
    majeure = desk.shared(Majeure, PROGRAM)
    if majeure is None or member.heard >= len(majeure.said):
        return False
    last = majeure.said[-1]
    case = Case(desk, last.cause, last.at)
    for bring_in_line in hearers:
        bring_in_line(case)
    member.heard = len(majeure.said)
    return True


def words(at: At) -> int:
    """How many were said in a partition."""
    raw = at(state.ENTRIES, state.entry_key(Majeure.KIND, EVERYBODY, PROGRAM))
    return len(state.decode(raw, Majeure).said) if raw is not None else 0


def has_to_hear(member: Member, words: int) -> bool:
    """Whether there is something that the member's deadlines do not take into account yet."""
    return member.pro is not None and member.heard < words
