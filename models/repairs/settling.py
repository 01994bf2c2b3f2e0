"""GEN-2 Settling a repair: what follows from all its facts is worked out anew, and deadlines and notices are brought in line.

What a deadline has decided stays decided (GEN-4, GEN-6): a clock that is missed, an estimate that was not answered.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from models import majeure, shelf
from models.calendar import Pause
from models.case import Case
from models.policies import Policies
from models.repairs import answers, clock, price, terms
from models.repairs.state import Clock, Repair
from models.repairs.telling import tell


def settle(case: Case, repair: Repair) -> None:
    """Work it out, and keep it where it belongs. Of a refused repair the facts are kept, and nothing follows from them."""
    if repair.why_refused:
        case.put(repair.id, repair)
        return
    work_out(case, repair)
    wanted = deadlines(repair, case.policies)
    for what in terms.DEADLINES:
        if what in wanted:
            case.schedule(wanted[what], what, repair.id)
        else:
            case.unschedule(what, repair.id)
    tell(case, repair)
    shelf.keep(case, case.member.repairs, repair)


def resettle(case: Case) -> None:
    """PRO-11 Bring all repairs at hand in line: clocks may stand still, or go on. GEN-6 What was missed stays so."""
    known = majeure.heard(case, "pro")
    for repair in sorted(case.member.repairs.values(), key=_age):
        wrong = _contradicted(case, repair, known)
        settle(case, repair)
        if news := contradicted(case, repair) - wrong:
            answers.told_after(case, repair, majeure.WHY, news)


def work_out(case: Case, repair: Repair) -> None:
    """What follows from the facts, but for what was decided."""
    pauses, days = majeure.pauses(case, "pro"), case.calendar
    repair.in_warranty = clock.warranty(repair).is_valid
    if repair.offer is None or repair.offer.state != "not_answered":
        repair.offer = price.offer(repair, case.policies)
    if repair.turnaround is None or repair.turnaround.state != "missed":
        repair.turnaround = clock.turnaround(repair, pauses, days)
    if repair.diagnosis is None or repair.diagnosis.state != "missed":
        repair.diagnosis = clock.diagnosis(repair, pauses, days)


def contradicted(case: Case, repair: Repair) -> set[str]:
    """GEN-6 Which misses that were decided would not follow from the facts as they are known now."""
    return _contradicted(case, repair, majeure.pauses(case, "pro"))


def _contradicted(case: Case, repair: Repair, pauses: Sequence[Pause]) -> set[str]:
    found = set()
    diagnosis, turnaround = repair.diagnosis, repair.turnaround
    if (
        diagnosis
        and diagnosis.state == "missed"
        and _differs(diagnosis, clock.diagnosis(repair, pauses, case.calendar))
    ):
        found.add("diagnosis")
    if turnaround and turnaround.state == "missed" and turnaround.deadline:
        now = clock.turnaround(repair, pauses, case.calendar)
        if _differs(turnaround, now) or repair.has_loaner_by(turnaround.deadline) != turnaround.by_loaner:
            found.add("turnaround")
    return found


def _differs(decided: Clock, now: Clock | None) -> bool:
    return now is None or now.state != "open" or now.deadline != decided.deadline


def deadlines(repair: Repair, policies: Policies) -> dict[str, datetime]:
    """GEN-4 What is to be looked at, and when."""
    found: dict[str, datetime] = {}
    turnaround, diagnosis, offer = repair.turnaround, repair.diagnosis, repair.offer
    if diagnosis and diagnosis.state == "open" and diagnosis.deadline:
        found[terms.DIAGNOSIS] = diagnosis.deadline
    if turnaround and turnaround.state == "open" and turnaround.deadline:
        found[terms.TURNAROUND] = turnaround.deadline
        if repair.way_back is None and repair.at_risk != turnaround.deadline:
            found[terms.AT_RISK] = policies.calendar.start_of(turnaround.days[-1].day)
    if offer and offer.state == "awaiting":
        found[terms.ESTIMATE] = offer.answer_by
        if reminder := next_reminder(repair, policies):
            found[terms.REMINDER] = reminder
    return found


def next_reminder(repair: Repair, policies: Policies) -> datetime | None:
    """REP-6 The first reminder of the estimate that was not due yet."""
    offer, estimate = repair.offer, price.latest(repair)
    if offer is None or estimate is None or estimate.issued is None:
        return None
    after = max(estimate.issued.at, repair.reminded or estimate.issued.at)
    start = policies.calendar.day_of(offer.since)
    days = [policies.calendar.start_of(start + timedelta(days=lead)) for lead in policies.estimate_reminder_days]
    return min([day for day in days if after < day < offer.answer_by], default=None)


def _age(repair: Repair) -> tuple[datetime, str]:
    return repair.requested_at, repair.id
