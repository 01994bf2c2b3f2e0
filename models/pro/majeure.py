"""PRO-11 Force majeure is declared and ends; while it lasts for more than fifteen days the member is told that they may leave."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

from models.calendar import Pause, rfc3339
from models.case import Case, Ruling, applied, duplicate
from models.due import DeadlineRule
from models.majeure import PROGRAM, Majeure, Said, pauses
from models.outputs.base import Fact
from models.payload import Payload
from models.pro.events import ForceMajeureDeclared, ForceMajeureEnded
from models.pro.renewal import LIFE
from models.pro.terms import MAJEURE_DAYS
from models.values import Program

MAY_TERMINATE: Final = "majeure.may_terminate"
"""Name of the deadline; its ref is the programme."""


def declared(case: Case, data: ForceMajeureDeclared) -> Ruling:
    """PRO-11 Sony's clocks stop."""
    return _said(case, data.program, "declared")


def ended(case: Case, data: ForceMajeureEnded) -> Ruling:
    """PRO-11 They go on."""
    return _said(case, data.program, "ended")


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType({ForceMajeureDeclared: declared, ForceMajeureEnded: ended})
"""The rule of each event type."""


def _said(case: Case, program: Program, what: Literal["declared", "ended"]) -> Ruling:
    """Note a word, and let everybody hear of it; a word that came late counts by its own time (GEN-2)."""
    if program != PROGRAM:
        says = f"Force majeure is {what} for {program}: no deadline of that programme depends on it (PRO-11)."
        return applied(says, "PRO-11", "nothing_depends_on_it")
    majeure = case.find(Majeure, program) or Majeure()
    word = Said(case.at, what, case.cause.source, case.cause.id)
    if word.order in [said.order for said in majeure.said]:
        return duplicate("already_known", f"That force majeure is {what} at that time was told before.", "PRO-11")
    before = majeure.pauses
    majeure.said.append(word)
    case.put(program, majeure)
    case.desk.out.everybody = True
    if majeure.pauses == before:
        says = "It lasted already" if what == "declared" else "None lasted at that time, as far as is known"
        return applied(f"{says}: this is noted, and changes nothing (PRO-11).", "PRO-11", "changes_nothing")
    if what == "declared":
        return applied(
            f"Force majeure is declared for PRO: from {_day(case)} on Sony's clocks stop (PRO-11).", "PRO-11"
        )
    return applied(f"Force majeure for PRO ended on {_day(case)}: Sony's clocks go on (PRO-11).", "PRO-11")


def _day(case: Case) -> str:
    return str(case.calendar.day_of(case.at))


def schedule(case: Case) -> None:
    """PRO-11 Bring the day on which the member is told that they may leave in line with what was said."""
    found = _next(case)
    if found is None:
        case.unschedule(MAY_TERMINATE, PROGRAM)
    else:
        case.schedule(found[1], MAY_TERMINATE, PROGRAM)


def _may_terminate(case: Case, _program: str) -> None:
    """PRO-11 Told once for each force majeure, by the date that was due, if PRO is open then."""
    found = _next(case)
    if found is None:
        return
    pause, _ = found
    case.member.may_leave = pause.since
    if LIFE.status_at(case, case.member.pro) != "none":
        told: dict[str, Fact] = {"declared_at": rfc3339(pause.since), "days": MAJEURE_DAYS, "refund": None}
        case.notify("pro", "force_majeure.may_terminate", PROGRAM, "PRO-11", told)
    schedule(case)


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({MAY_TERMINATE: _may_terminate})
"""The rule of each deadline."""


def _next(case: Case) -> tuple[Pause, datetime] | None:
    """The first force majeure that was not decided yet and has lasted, or still may, to the end of the fifteenth day; and that end."""
    calendar, done = case.calendar, case.member.may_leave
    for pause in pauses(case, PROGRAM):
        due = calendar.end_of(calendar.day_of(pause.since) + timedelta(days=MAJEURE_DAYS))
        if (done is None or done < pause.since) and (pause.until is None or due <= pause.until):
            return pause, due
    return None
