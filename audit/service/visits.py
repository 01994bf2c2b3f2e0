"""What is told of clean-and-check visits, and of products (CLN, PRO-10)."""

from typing import Any, Final

from audit.service import loans, repairs
from audit.service.facts import Facts, Pro
from audit.service.visit import VISITS, Visit

AT_HAND: Final = 3
"""How many of the visits that do not take place, or have, are looked at again: the latest."""
LOOKED_AT: Final = 20
"""How many refused repairs of one product are: the latest."""


def book(facts: Facts, pro: Pro, event: Any) -> None:
    """CLN-1, CLN-2"""
    told = event.data
    if told.cleaning_id in facts.visits:
        return
    visit = Visit(told.cleaning_id, event.time, {one.serial: one.kind for one in told.products})
    facts.visits[visit.id] = visit
    facts.room.came.append(("cleaning", visit.id))
    visit.refused = _why_not(facts, pro, visit)
    if not visit.refused:
        _accept(facts, pro, visit)
        return
    facts.told["cleaning.refused", visit.id] += 1
    for serial in visit.products:
        facts.refused_for.setdefault(serial, []).append(("cleaning", visit.id))


def _why_not(facts: Facts, pro: Pro, visit: Visit) -> list[str]:
    """PRO-9, PRO-10"""
    reasons = facts.standing(pro, visit.at)
    for serial in visit.products:
        reasons += facts.products.why_not(serial, None, visit.at, facts.policies)
    return reasons


def _accept(facts: Facts, pro: Pro, visit: Visit) -> None:
    """CLN-2 It counts in the year that had begun last, and reserves a place there, if one is left."""
    visit.refused, visit.fee = [], pro.year_at(visit.at)
    visit.free = len(facts.places.setdefault(visit.fee, set())) < VISITS
    charged = not visit.free or visit.charged_products
    facts.told["cleaning.chargeable" if charged else "cleaning.booked", visit.id] += 1
    _settle(facts, visit, "booked")


def tell(facts: Facts, _pro: Pro, event: Any) -> None:
    """CLN-2, CLN-3 It is off, or has taken place."""
    visit = facts.visits.get(event.data.cleaning_id)
    if visit is None:
        facts.wait(("cleaning", event.data.cleaning_id), event)
        return
    before = f"{visit.status} {visit.over_at}"
    if event.type == "cleaning.cancelled.v1":
        visit.cancelled = min(event.time, visit.cancelled or event.time)
    elif visit.checked(event.data.checklist):
        visit.done = min(event.time, visit.done or event.time)
    if not visit.refused:
        _settle(facts, visit, before)


def _settle(facts: Facts, visit: Visit, before: str) -> None:
    """CLN-2 A cancelled visit leaves its place to the next booking."""
    if visit.free and visit.status in ("booked", "done"):
        facts.places[visit.fee].add(visit.id)
    else:
        facts.places[visit.fee].discard(visit.id)
    if visit.status != "booked" and f"{visit.status} {visit.over_at}" != before:
        facts.told["cleaning.done", visit.id] += visit.status == "done"
        loans.product_back(facts, ("cleaning", visit.id))


def register(facts: Facts, pro: Pro, event: Any) -> None:
    """PRO-10 What was refused only for what was known of the product is looked at again, as long as events wait (GEN-2)."""
    facts.products.note(event)
    found = facts.refused_for.pop(event.data.serial, [])
    waiting = [one for one in found if facts.still_waits(_asked_at(facts, *one))]
    mended = [facts.repairs[which] for what, which in waiting if what == "repair"][-LOOKED_AT:]
    for repair in mended:
        if repair.refused and not facts.products.why_not(repair.serial, repair.model, repair.at, facts.policies):
            repairs.accept(facts, repair)
            if "delivered" in repair.steps:
                loans.product_back(facts, ("repair", repair.id))
    visits = [facts.visits[which] for what, which in waiting if what == "cleaning"]
    at_hand = _at_hand(facts) if visits else set()
    for visit in sorted(visits, key=lambda visit: (visit.at, visit.id)):
        if visit.refused and visit.id in at_hand and not _why_not(facts, pro, visit):
            _accept(facts, pro, visit)
    still = [(what, which) for what, which in waiting if _is_refused(facts, what, which)]
    if still:
        facts.refused_for[event.data.serial] = still


def _asked_at(facts: Facts, what: str, which: str) -> Any:
    return facts.repairs[which].at if what == "repair" else facts.visits[which].at


def _is_refused(facts: Facts, what: str, which: str) -> bool:
    return bool(facts.repairs[which].refused if what == "repair" else facts.visits[which].refused)


def _at_hand(facts: Facts) -> set[str]:
    over = sorted((visit.at, visit.id) for visit in facts.visits.values() if visit.status != "booked")
    return {which for _, which in over[-AT_HAND:]}
