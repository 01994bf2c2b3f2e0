"""What is told of a repair, brought in line with what follows from its facts (GEN-2, NTF-1, NTF-3).

At most one notice of each sort stands: `stage` says where it is, `received` confirms the receipt; the others are sent by
deadlines, and here only go when their reason is gone. Each is named after what it tells of, and by facts that never come back to
what they were: no notice is ever told again after it was withdrawn.
"""

from typing import NamedTuple

from models.calendar import rfc3339
from models.case import Case
from models.outputs.base import Fact
from models.outputs.notifications import Kind
from models.repairs import terms
from models.repairs.clock import PARTS_MISSING
from models.repairs.facts import Step
from models.repairs.state import Clock, Offer, Repair
from models.values import dollars, joined

RECEIVED, STAGE, AT_RISK, LOANER, REMINDER, REFUSED = "received", "stage", "at_risk", "loaner", "reminder", "refused"


class Notice(NamedTuple):
    """What is to stand."""

    kind: Kind
    about: str
    clause: str
    params: dict[str, Fact]


def tell(case: Case, repair: Repair) -> None:
    """Tell what is to stand and does not; withdraw what stands and is not to, unless a new word takes its place."""
    stage, told = _stage(repair), repair.notices
    stage_id = stage and case.notice_id(repair.name, stage.kind, stage.about)
    keeps = _keeps(repair, is_same=stage_id is not None and stage_id == told.get(STAGE))
    gone = {sort: notice_id for sort, notice_id in told.items() if sort not in keeps}
    repair.notices = {sort: notice_id for sort, notice_id in told.items() if sort in keeps}
    if stage and STAGE not in keeps:
        not_after = repair.offer.answer_by if repair.offer and stage.kind == "repair.estimate" else None
        repair.notices[STAGE] = case.notify(
            "pro", stage.kind, stage.about, stage.clause, stage.params, not_after=not_after,
            replaces=list(gone.values()), named_after=repair.name,
        )  # fmt: skip
    else:
        for notice_id in gone.values():
            case.retract("pro", notice_id, *_why_gone(repair))
    if "received" in repair.steps and repair.way_back is None and RECEIVED not in repair.notices:
        facts: dict[str, Fact] = {"repair_id": repair.id}
        kind: Kind = "repair.received"
        repair.notices[RECEIVED] = case.notify("pro", kind, repair.id, "REP-1", facts, named_after=repair.name)


def _stage(repair: Repair) -> Notice | None:
    """The one notice that says where it is."""
    offer, clock = repair.offer, repair.turnaround
    if repair.way_back:
        return _shipped(repair, repair.way_back)
    if offer and repair.is_returning:
        why = "declined" if offer.state == "declined" else "not answered"
        facts: dict[str, Fact] = {"repair_id": repair.id, "estimate_id": offer.estimate_id, "why": why}
        return Notice("repair.returned_unrepaired", joined(repair.id, offer.mark), "REP-6", facts)
    if offer and offer.state == "awaiting":
        return _estimate(repair, offer)
    if clock and clock.state == "open" and clock.deadline:
        return _started(repair, clock)
    return None


def _shipped(repair: Repair, step: Step) -> Notice:
    """REP-4 A delivery implies the hand-over; one that is told after it takes its place, with the tracking number."""
    about = joined(repair.id, step.at.isoformat(), step.source, step.event_id)
    facts: dict[str, Fact] = {"repair_id": repair.id, "repaired": step.repaired, "tracking": step.tracking}
    return Notice("repair.shipped", about, "REP-4", facts)


def _estimate(repair: Repair, offer: Offer) -> Notice:
    """REP-5 With the arithmetic of the price."""
    shipping = "at the current price" if offer.shipping is None else dollars(offer.shipping)
    facts: dict[str, Fact] = {
        "repair_id": repair.id,
        "estimate_id": offer.estimate_id,
        "standard_fee": dollars(offer.fee),
        "discount": dollars(offer.discount),
        "shipping": shipping if offer.shipping != 0 else "free, by the default service",
        "to_pay": dollars(offer.to_pay),
        "in_warranty": repair.in_warranty,
        "preapproved": None if repair.preapproved is None else dollars(repair.preapproved),
        "answer_by": rfc3339(offer.answer_by),
    }
    return Notice("repair.estimate", joined(repair.id, offer.mark), "REP-5", facts)


def _started(repair: Repair, clock: Clock) -> Notice:
    """REP-4 By when the carrier is to have it."""
    facts: dict[str, Fact] = {
        "repair_id": repair.id,
        "deadline": rfc3339(clock.deadline) if clock.deadline else None,
        "last_day": str(clock.days[-1].day),
    }
    return Notice("repair.turnaround_started", joined(repair.id, clock.mark), "REP-4", facts)


def _keeps(repair: Repair, *, is_same: bool) -> set[str]:
    """The sorts whose notices stand as they are. is_same: whether the stage is what was told last."""
    if repair.way_back:
        return {STAGE} if is_same else set()
    clock, loaner, found = repair.turnaround, repair.loaner, {RECEIVED}
    at_risk = clock is not None and clock.state == "open" and clock.deadline == repair.at_risk
    missed = clock is not None and clock.state == "missed"
    if is_same:
        found.add(STAGE)
    if is_same and repair.offer and repair.offer.state == "awaiting":
        found.add(REMINDER)
    if at_risk:
        found.add(AT_RISK)
    if (at_risk or missed) and not (loaner.requested or loaner.unavailable or loaner.shipped):
        found.add(LOANER)
    return found


def _why_gone(repair: Repair) -> tuple[str, str]:
    """NTF-3 Why a notice is withdrawn, and by which clause."""
    clock, offer = repair.turnaround, repair.offer
    if repair.extended:
        return crowded(repair), "REP-7"
    if clock and clock.state == "stopped":
        return f"the clock stands still: {clock.days[-1].skipped or PARTS_MISSING}", "REP-7"
    if offer and offer.state in ("approved", "moot"):
        return "the estimate is answered", "REP-6"
    if clock and clock.state in ("open", "missed"):
        return "it is answered, or another day counts", "REP-8"
    return "what is known of the repair has changed", "REP-1"


def crowded(repair: Repair) -> str:
    """REP-7 Why there is no deadline."""
    return f"more than {terms.PIECES} pieces in shipment {repair.shipment_id} (REP-7)"
