"""What is told of repairs, and what their deadlines decide (REP)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from audit.account.days import end_of
from audit.account.membership import RESIDENT
from audit.service import clocks, price
from audit.service.facts import Facts, Pro, Shipment
from audit.service.promises import Offer, Promise
from audit.service.repair import Repair

PIECES: Final = 3
"""REP-7 The most in a shipment for which a turnaround is promised."""
AT_RISK, DIAGNOSIS, ANSWER, REMINDER, TURNAROUND = (
    "repair.at_risk", "repair.diagnosis", "repair.estimate", "repair.estimate_reminder", "repair.turnaround",
)  # fmt: skip


def offer(facts: Facts, repair: Repair) -> Offer | None:
    """REP-5"""
    return price.offer(repair, facts.policies, facts.zone)


def turnaround(facts: Facts, repair: Repair) -> Promise | None:
    """REP-4, REP-7"""
    return clocks.turnaround(repair, facts.policies, facts.zone, facts.pauses, crowded=crowded(facts, repair))


def diagnosis(facts: Facts, repair: Repair) -> Promise | None:
    """REP-2"""
    return clocks.diagnosis(repair, facts.policies, facts.zone, facts.pauses)


def crowded(facts: Facts, repair: Repair) -> bool:
    """REP-7"""
    return repair.shipment in facts.shipments and facts.shipments[repair.shipment].pieces > PIECES


def request(facts: Facts, pro: Pro, event: Any) -> None:
    """REP-1, PRO-9, PRO-10"""
    told, at = event.data, event.time
    if told.repair_id in facts.repairs:
        return
    repair = facts.repairs[told.repair_id] = Repair(
        told.repair_id, at, told.serial, told.model, told.shipment_id, told.pieces, told.preapproved_amount or 0,
        told.next_day_shipping,
    )  # fmt: skip
    facts.room.came.append(("repair", repair.id))
    others = facts.standing(pro, at)
    others += ["not_sent_by_member"] if told.sent_by != "member" else []
    others += ["not_shipped_there"] if told.ship_to_state not in RESIDENT else []
    product = facts.products.why_not(repair.serial, repair.model, at, facts.policies)
    repair.refused = others + product
    if not repair.refused:
        accept(facts, repair)
        return
    facts.told["repair.refused", repair.id] += 1
    if not others:
        facts.refused_for.setdefault(repair.serial, []).append(("repair", repair.id))


def accept(facts: Facts, repair: Repair) -> None:
    """REP-7 It counts among the pieces of its shipment; when they become too many, that is so for all of them."""
    repair.refused = []
    shipment = facts.shipments.setdefault(repair.shipment, Shipment())
    was_crowded = shipment.pieces > PIECES
    shipment.stated = max(shipment.stated, repair.pieces)
    if not was_crowded:
        shipment.repairs.append(repair.id)
    for other in [repair.id] if was_crowded else shipment.repairs:
        settle(facts, facts.repairs[other])


def tell(facts: Facts, _pro: Pro, event: Any) -> None:
    """A step, a word, an estimate, money: whatever is told of a repair."""
    repair = facts.repairs.get(event.data.repair_id)
    if repair is None:
        facts.wait(("repair", event.data.repair_id), event)
    elif repair.note(event) and not repair.refused:
        settle(facts, repair)


def settle(facts: Facts, repair: Repair) -> None:
    """What is due of it now, and what deadlines have told and is not so any more (NTF-3)."""
    found, clock, seen = offer(facts, repair), turnaround(facts, repair), diagnosis(facts, repair)
    due = clock.due if clock and clock.state == "open" else None
    facts.set_due(TURNAROUND, repair.id, due)
    risk = clock and due and not repair.gone and repair.risk != due
    facts.set_due(AT_RISK, repair.id, last_day(facts, clock) if risk and clock else None)
    facts.set_due(DIAGNOSIS, repair.id, seen.due if seen and seen.state == "open" else None)
    awaited = found if found and found.state == "awaiting" else None
    facts.set_due(ANSWER, repair.id, awaited.answer_by if awaited else None)
    reminder = price.next_reminder(repair, awaited, facts.policies, facts.zone) if awaited else None
    facts.set_due(REMINDER, repair.id, reminder)
    _withdraw(facts, repair, awaited, clock)
    states = {one.state for one in (clock, seen) if one}
    if states & {"open", "stopped"}:
        facts.running.add(repair.id)
    else:
        facts.running.discard(repair.id)


def _withdraw(facts: Facts, repair: Repair, awaited: Offer | None, clock: Promise | None) -> None:
    """NTF-3"""
    at_risk = clock is not None and clock.state == "open" and clock.due == repair.risk
    missed = clock is not None and clock.state == "missed"
    based_on = price.basis(repair, facts.policies) if awaited else []
    if repair.gone or not at_risk:
        repair.stands.discard("at_risk")
    if repair.gone or not (at_risk or missed) or repair.loaner_asked or repair.loaners:
        repair.stands.discard("loaner_offered")
    if repair.gone or not awaited or based_on != repair.reminded_of:
        repair.stands.discard("estimate_reminder")
    repair.reminded_of = based_on


def last_day(facts: Facts, clock: Promise) -> datetime:
    """REP-8 When the last day begins."""
    return end_of(clock.days[-1][0] - timedelta(days=1), facts.zone)


def act(facts: Facts, pro: Pro, what: str, repair_id: str, at: datetime) -> None:
    """What a deadline of it brings. One that has moved, as by force majeure, brings nothing."""
    repair = facts.repairs[repair_id]
    settle(facts, repair)
    if facts.dues.pop((what, repair_id), None) != at:
        settle(facts, repair)
        return
    match what:
        case "repair.turnaround":
            _missed(facts, pro, repair)
        case "repair.diagnosis":
            seen = diagnosis(facts, repair)
            repair.undiagnosed = replace(seen, state="missed") if seen else None
        case "repair.estimate":
            found = offer(facts, repair)
            repair.unanswered = replace(found, state="not_answered") if found else None
        case "repair.at_risk":
            _at_risk(facts, repair, at)
        case "repair.estimate_reminder":
            _remind(facts, repair, at)
    settle(facts, repair)


def _missed(facts: Facts, pro: Pro, repair: Repair) -> None:
    """REP-4, REP-9"""
    clock = turnaround(facts, repair)
    if clock is None or clock.due is None:
        return
    repair.missed = replace(clock, state="missed")
    facts.told["repair.turnaround_missed", repair.id] += 1
    repair.by_loaner = any(at < clock.due for at in repair.loaners)
    if not repair.in_warranty:
        repair.remedy = "out of warranty"
    elif repair.by_loaner:
        repair.remedy = "a loaner"
    elif fee := pro.give_back(clock.start, repair.id):
        repair.remedy = f"invoice {fee}"
        facts.told["repair.fee_reimbursed", repair.id] += 1
    else:
        repair.remedy = "no fee"
    repair.stands.discard("at_risk")
    if not repair.gone:
        _offer_loaner(facts, repair)


def _at_risk(facts: Facts, repair: Repair, at: datetime) -> None:
    """REP-8 Told on the last day, unless that is over too."""
    clock = turnaround(facts, repair)
    if clock is None or clock.due is None:
        return
    repair.risk = clock.due
    if facts.moment(at) < clock.due:
        repair.stands.add("at_risk")
        facts.told["repair.at_risk", repair.id] += 1
        _offer_loaner(facts, repair)


def _offer_loaner(facts: Facts, repair: Repair) -> None:
    """REP-8 Unless that stands, or is answered."""
    if "loaner_offered" not in repair.stands and not repair.loaner_asked and not repair.loaners:
        repair.stands.add("loaner_offered")
        facts.told["repair.loaner_offered", repair.id] += 1


def _remind(facts: Facts, repair: Repair, at: datetime) -> None:
    """REP-6 Of reminders that were missed only the latest is sent."""
    repair.reminded, found, now = at, offer(facts, repair), facts.moment(at)
    coming = found and price.next_reminder(repair, found, facts.policies, facts.zone)
    if found and now < found.answer_by and not (coming and coming <= now):
        repair.stands.add("estimate_reminder")
        facts.told["repair.estimate_reminder", repair.id] += 1
