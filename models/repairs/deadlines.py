"""GEN-4 What the deadlines of a repair decide: once, with the date at which they were due, however late.

Each works out the repair anew: where its date has moved, as force majeure can have it, it is put there and decides nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from models import shelf
from models.calendar import rfc3339
from models.case import Case
from models.due import DeadlineRule
from models.follow import TurnaroundMissed
from models.outputs.base import Fact
from models.repairs import terms
from models.repairs.settling import deadlines, next_reminder, settle, work_out
from models.repairs.state import Clock, Repair
from models.repairs.telling import AT_RISK, LOANER, REMINDER, STAGE
from models.values import joined


def _diagnosis(_case: Case, repair: Repair) -> None:
    """REP-2 Not diagnosed in time: a promise that is seen to be missed."""
    if repair.diagnosis:
        repair.diagnosis.state = "missed"


def _at_risk(case: Case, repair: Repair) -> None:
    """REP-8 The last day begins: told, with the offer of a loaner, unless the day is over too."""
    clock = repair.turnaround
    if clock is None or clock.deadline is None:
        return
    repair.at_risk = clock.deadline
    if case.acted_at < clock.deadline:
        facts = _dates(repair, clock)
        until = clock.deadline
        repair.notices[AT_RISK] = case.notify("pro", "repair.at_risk", repair.id, "REP-8", facts, not_after=until)
        _offer_loaner(case, repair)


def _turnaround(case: Case, repair: Repair) -> None:
    """REP-4 No repaired product was handed over in time. REP-9 The remedy is decided with it."""
    clock = repair.turnaround
    if clock is None or clock.deadline is None:
        return
    clock.state, clock.by_loaner = "missed", repair.has_loaner_by(clock.deadline)
    clock.remedy = _remedy(case, repair, clock)
    facts = {**_dates(repair, clock), "started": rfc3339(clock.start), "remedy": clock.remedy}
    overtaken = (STAGE, AT_RISK) if repair.way_back is None else ()  # that it is on its way, if late, stays told
    replaces = [repair.notices.pop(sort) for sort in overtaken if sort in repair.notices]
    case.notify("pro", "repair.turnaround_missed", repair.id, "REP-4", facts, replaces=replaces)
    if repair.way_back is None:
        _offer_loaner(case, repair)


def _estimate(_case: Case, repair: Repair) -> None:
    """REP-6 No answer within the days from the receipt: it goes back unrepaired."""
    if repair.offer:
        repair.offer.state = "not_answered"


def _reminder(case: Case, repair: Repair) -> None:
    """REP-6 Ask for the answer once more. Of reminders that were missed only the latest is sent."""
    offer, repair.reminded = repair.offer, case.at
    coming, now = next_reminder(repair, case.policies), case.acted_at
    if offer is None or now >= offer.answer_by or (coming and coming <= now):
        return
    facts: dict[str, Fact] = {
        "repair_id": repair.id,
        "estimate_id": offer.estimate_id,
        "answer_by": rfc3339(offer.answer_by),
    }
    replaces = [repair.notices[REMINDER]] if REMINDER in repair.notices else []
    about = joined(repair.id, offer.mark)
    repair.notices[REMINDER] = case.notify(
        "pro", "repair.estimate_reminder", about, "REP-6", facts, not_after=offer.answer_by, replaces=replaces
    )


def _remedy(case: Case, repair: Repair, clock: Clock) -> str:
    """REP-9 What the miss leads to, in words; the fee is PRO's to give back."""
    if not repair.in_warranty:
        return "out of warranty no fee goes back (REP-9)"
    if clock.by_loaner:
        return "a loaner was shipped in time: no fee goes back (REP-9)"
    if clock.deadline is None:
        raise ValueError("a clock without a deadline cannot be missed")
    return case.follow(TurnaroundMissed(clock.deadline, repair.id, clock.start)).strip()


def _offer_loaner(case: Case, repair: Repair) -> None:
    """REP-8 Once, unless it was asked for or there is none."""
    loaner = repair.loaner
    if LOANER in repair.notices or loaner.requested or loaner.unavailable or loaner.shipped:
        return
    facts: dict[str, Fact] = {"repair_id": repair.id, "subject_to": "availability"}
    repair.notices[LOANER] = case.notify("pro", "repair.loaner_offered", repair.id, "REP-8", facts)


def _dates(repair: Repair, clock: Clock) -> dict[str, Fact]:
    last_day, deadline = str(clock.days[-1].day), rfc3339(clock.deadline) if clock.deadline else None
    return {"repair_id": repair.id, "last_day": last_day, "deadline": deadline}


_DECIDE: Final = {
    terms.DIAGNOSIS: _diagnosis,
    terms.TURNAROUND: _turnaround,
    terms.AT_RISK: _at_risk,
    terms.ESTIMATE: _estimate,
    terms.REMINDER: _reminder,
}


def _rule(what: str) -> DeadlineRule:
    def fired(case: Case, repair_id: str) -> None:
        repair = shelf.find(case, Repair, case.member.repairs, repair_id)
        if repair is None or repair.why_refused:
            return
        work_out(case, repair)
        if deadlines(repair, case.policies).get(what) == case.at:
            _DECIDE[what](case, repair)
        settle(case, repair)

    return fired


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({what: _rule(what) for what in terms.DEADLINES})
"""The rule of each deadline."""
