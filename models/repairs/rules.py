"""The steps of a repair in warranty, in any order of arrival (REP-1, GEN-2), and its turnaround clock (REP-4).

Not done yet, hence refused as `not_supported_yet`: the diagnosis clock (REP-2), repairs out of warranty (REP-3, REP-5,
REP-6), extensions for want of parts (REP-7), loaners and the remedy (REP-8, REP-9). Which products are eligible (PRO-10)
is not checked yet, for want of the register of products. Pieces of a shipment are counted among the repairs of the hot
value: one that was closed and moved to the entries counts no more, and neither does one that was refused.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.calendar import rfc3339
from models.case import Case, Ruling, applied, digest, duplicate, not_supported_yet, refused, retold, superseded
from models.due import DeadlineRule
from models.eligibility import STATES
from models.fees.membership import PAYMENT
from models.hold import hold
from models.outputs.base import Fact
from models.payload import Payload
from models.pro.renewal import LIFE
from models.pro.state import Pro
from models.repairs import terms
from models.repairs.events import (
    RepairCompleted,
    RepairDelivered,
    RepairDiagnosed,
    RepairHandedToCarrier,
    RepairPayload,
    RepairReceived,
    RepairRequested,
    RepairWarrantyValidated,
)
from models.repairs.state import Repair, Turnaround

TURNAROUND: Final = "repair.turnaround"
RECENT: Final = 3
"""Closed repairs that stay in the hot value; older ones move to entries."""


def requested(case: Case, data: RepairRequested) -> Ruling:
    """REP-1 A repair begins, for a member whose PRO is active (PRO-9, PAY-4); every reason against it is named."""
    known = _find(case, data.repair_id)
    if known:
        return retold(known.content, data, f"Repair {known.id}")
    repair = Repair(data.repair_id, digest(data), data.serial, data.model, data.shipment_id, case.at)
    case.arrived("repair", repair.id)
    reasons = _why_not(case, data)
    if not reasons:
        crowded = _crowded(case, data)
        repair.extended = bool(crowded)
        case.member.repairs[repair.id] = repair
        return applied(f"Repair {repair.id} of {data.model} {data.serial} is announced (REP-1).{crowded}", "REP-1")
    codes = tuple(code for code, _, _ in reasons)
    repair.why_refused = codes[0]
    case.put(repair.id, repair)
    facts: dict[str, Fact] = {"repair_id": repair.id, "reasons": codes}
    case.notify("pro", "repair.refused", repair.id, reasons[0][2], facts)
    words = "; ".join([f"{words} ({clause})" for _, words, clause in reasons])
    return refused(codes[0], f"Repair {repair.id} is refused: {words}.", reasons[0][2])


def received(case: Case, data: RepairReceived) -> Ruling:
    """REP-1 The product is at the depot."""
    return _step(case, data, "received")


def diagnosed(case: Case, data: RepairDiagnosed) -> Ruling:
    """REP-1 The product is diagnosed."""
    return _step(case, data, "diagnosed")


def warranty_validated(case: Case, data: RepairWarrantyValidated) -> Ruling:
    """REP-3 In warranty only with proof. REP-4 The turnaround starts."""
    if not data.proof:
        return not_supported_yet("A repair without proof of warranty, which is out of warranty,", "REP-3")
    return _step(case, data, "warranty_validated")


def completed(case: Case, data: RepairCompleted) -> Ruling:
    """REP-1 The work is done."""
    return _step(case, data, "completed")


def handed_to_carrier(case: Case, data: RepairHandedToCarrier) -> Ruling:
    """REP-4 The repaired product is on its way back: what the turnaround counts to."""
    if not data.repaired:
        return not_supported_yet("Returning a product unrepaired", "REP-6")
    return _step(case, data, "handed_to_carrier", data.tracking)


def delivered(case: Case, data: RepairDelivered) -> Ruling:
    """REP-11 The product is back."""
    return _step(case, data, "delivered")


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        RepairRequested: requested,
        RepairReceived: received,
        RepairDiagnosed: diagnosed,
        RepairWarrantyValidated: warranty_validated,
        RepairCompleted: completed,
        RepairHandedToCarrier: handed_to_carrier,
        RepairDelivered: delivered,
    }
)
"""The rule of each event type."""


def _why_not(case: Case, data: RepairRequested) -> list[tuple[str, str, str]]:
    """Each reason (code, words, clause) why the repair is not done at member terms."""
    reasons = []
    why = _why_no_benefits(case, case.member.pro)
    if why:
        reasons.append(why)
    if data.sent_by != "member":
        reasons.append(("not_sent_by_member", f"sent by a {data.sent_by.replace('_', ' ')}", "PRO-10"))
    if data.ship_to_state not in STATES:
        reasons.append(("not_shipped_there", f"{data.ship_to_state} is neither a US state nor DC", "REP-11"))
    return reasons


def _why_no_benefits(case: Case, pro: Pro | None) -> tuple[str, str, str] | None:
    """PRO-9 A repair needs an active membership when it is asked for. PAY-4 Suspended means no new repairs."""
    status = LIFE.status_at(case, pro)
    if status == "none":
        return "no_active_membership", "no PRO membership was active", "PRO-9"
    if status == "suspended" and pro:
        return "suspended", f"PRO is suspended ({', '.join(pro.causes) or PAYMENT})", "PAY-4"
    return None


def _crowded(case: Case, data: RepairRequested) -> str:
    """REP-7 Extend the clocks of a shipment that the new repair makes too large. Returns the words for it.

    The shipment's other repairs are looked for in the hot value. None of these answers depends on who came first.
    """
    others = [repair for repair in case.member.repairs.values() if repair.shipment_id == data.shipment_id]
    if max(data.pieces, len(others) + 1) <= terms.PIECES and not any(repair.extended for repair in others):
        return ""
    for repair in others:
        _extend(case, repair)
    return f" More than {terms.PIECES} pieces are in shipment {data.shipment_id}: none of them has a deadline (REP-7)."


def _extend(case: Case, repair: Repair) -> None:
    """REP-7 There is no deadline any more; what was told of one is withdrawn. A miss that was told stays (GEN-6)."""
    clock, repair.extended = repair.turnaround, True
    if clock is None or clock.state in ("missed", "extended"):
        return
    if clock.state == "running":
        case.unschedule(TURNAROUND, repair.id)
        if not repair.on_its_way and repair.notices:
            started = repair.notices.pop()
            why = f"more than {terms.PIECES} pieces in shipment {repair.shipment_id} (REP-7)"
            case.retract("pro", started, why, "REP-7")
    clock.state = "extended"


def _find(case: Case, repair_id: str) -> Repair | None:
    return case.member.repairs.get(repair_id) or case.find(Repair, repair_id)


def _step(case: Case, data: RepairPayload, step: str, tracking: str | None = None) -> Ruling:
    """REP-1 Note a step; a later one that is known already implied it, and then only the clock can still matter."""
    repair = _find(case, data.repair_id)
    words = step.replace("_", " ")
    if repair is None:
        return hold(case, "repair", data.repair_id, f"Step '{words}' comes before repair {data.repair_id}")
    if repair.why_refused:
        return refused("repair_refused", f"Repair {repair.id} was refused ({repair.why_refused}).", "REP-1")
    if step in repair.steps:
        return duplicate("already_known", f"Repair {repair.id} was known to be {words} (REP-1).", "REP-1")
    overtaken = any(later in repair.steps for later in terms.STEPS[terms.STEPS.index(step) + 1 :])
    repair.steps[step] = case.at
    repair.tracking = tracking or repair.tracking
    clock = _start(case, repair) if step == "warranty_validated" else ""
    _check_clock(case, repair)
    _tell(case, repair, step)
    _file(case, repair)
    if overtaken and not clock:
        says = f"Repair {repair.id} is {repair.status.replace('_', ' ')}, which implied '{words}' (REP-1)."
        return superseded("later_step_known", says, "REP-1")
    return applied(f"Repair {repair.id}: {words}.{clock}", "REP-4" if clock else "REP-1")


def _start(case: Case, repair: Repair) -> str:
    """REP-4 Start the turnaround with its working (REP-10); REP-7 an extended one has that, and no deadline."""
    clock = case.calendar.business_clock(case.at, terms.TURNAROUND_DAYS)
    days = [(day.day, day.skipped) for day in clock.days]
    last_day, deadline = clock.fixed
    repair.turnaround = Turnaround(case.at, case.cause.source, case.cause.id, deadline, days, clock.calendar)
    if repair.extended:
        repair.turnaround.state = "extended"
        return f" No deadline: more than {terms.PIECES} pieces are in shipment {repair.shipment_id} (REP-7)."
    skipped = ", ".join([f"{day} skipped ({why})" for day, why in days if why])
    working = f"; {skipped}" if skipped else ""
    return (
        f" The carrier is to have it before {last_day} is over: {terms.TURNAROUND_DAYS} business days after "
        f"{case.calendar.day_of(case.at)}{working} (REP-4)."
    )


def _check_clock(case: Case, repair: Repair) -> None:
    """The clock is met by a hand-over before its deadline, by its own date; else the deadline decides (REP-9)."""
    clock, handed = repair.turnaround, repair.steps.get("handed_to_carrier") or repair.steps.get("delivered")
    if clock is None or clock.state in ("missed", "extended"):
        return
    if handed and handed < clock.deadline:
        clock.state = "met"
        case.unschedule(TURNAROUND, repair.id)
    else:
        case.schedule(clock.deadline, TURNAROUND, repair.id)


def _tell(case: Case, repair: Repair, step: str) -> None:
    """Notices of a step; a later one replaces the earlier, and none is sent of what is past (GEN-2).

    A delivery implies the hand-over; one that is told after it takes its place, with the tracking number.
    """
    facts: dict[str, Fact] = {"repair_id": repair.id}
    if step == "received" and not (repair.turnaround or repair.on_its_way):
        repair.notices.append(case.notify("pro", "repair.received", repair.id, "REP-1", facts))
    elif step == "warranty_validated" and repair.turnaround and not (repair.extended or repair.on_its_way):
        facts["deadline"] = rfc3339(repair.turnaround.deadline)
        facts["last_day"] = str(repair.turnaround.days[-1][0])
        notice = case.notify("pro", "repair.turnaround_started", repair.id, "REP-4", facts, replaces=repair.notices)
        repair.notices.append(notice)
    elif step == "handed_to_carrier" or (step == "delivered" and "handed_to_carrier" not in repair.steps):
        facts["tracking"] = repair.tracking
        repair.notices.append(case.notify("pro", "repair.shipped", repair.id, "REP-4", facts, replaces=repair.notices))


def _file(case: Case, repair: Repair) -> None:
    """Write back a repair from the entries; move the oldest closed ones out of the hot value."""
    repairs = case.member.repairs
    if repair.id not in repairs:
        case.put(repair.id, repair)
        return
    closed = sorted([other for other in repairs.values() if other.closed], key=lambda other: other.requested_at)
    for old in closed[:-RECENT]:
        case.put(old.id, repairs.pop(old.id))


def _missed(case: Case, repair_id: str) -> None:
    """REP-4 No hand-over before the deadline: told under the deadline's own date, however late (GEN-4)."""
    repair = _find(case, repair_id)
    if repair is None or repair.turnaround is None or repair.turnaround.state != "running":
        return
    clock = repair.turnaround
    clock.state = "missed"
    facts: dict[str, Fact] = {
        "repair_id": repair.id,
        "started": rfc3339(clock.start),
        "last_day": str(clock.days[-1][0]),
        "deadline": rfc3339(clock.deadline),
    }
    case.notify("pro", "repair.turnaround_missed", repair.id, "REP-4", facts)
    _file(case, repair)


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({TURNAROUND: _missed})
"""The rule of each deadline."""
