"""Clean-and-check visits: booked, cancelled, done, in any order of arrival (CLN, GEN-2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models import shelf
from models.case import Case, Ruling, applied, digest, duplicate, refused, retold, superseded
from models.cleaning.booking import accept, refuse, why_not
from models.cleaning.events import CleaningBooked, CleaningCancelled, CleaningDone
from models.cleaning.settling import settle
from models.cleaning.state import Done, Visit
from models.cleaning.terms import not_in_order, remarks
from models.hold import hold
from models.payload import Payload
from models.reasons import codes, in_words


def booked(case: Case, data: CleaningBooked) -> Ruling:
    """CLN-1, CLN-2 Reserve a visit for one whose PRO is active (PRO-9, PAY-4), and for eligible products alone (PRO-10)."""
    known = _find(case, data.cleaning_id)
    if known:
        return retold(known.content, data, f"Visit {known.id}")
    products = {product.serial: product.kind for product in data.products}
    cause = case.cause
    visit = Visit(data.cleaning_id, digest(data), cause.source, cause.id, case.at, products)
    case.arrived("cleaning", visit.id)
    reasons, clause = why_not(case, visit)
    if reasons:
        refuse(case, visit, reasons, clause)
        return refused(reasons[0][0], f"Visit {visit.id} is refused: {in_words(reasons)} ({clause}).", clause)
    return applied(f"Visit {visit.id} is booked. {accept(case, visit)}", "CLN-1")


def cancelled(case: Case, data: CleaningCancelled) -> Ruling:
    """CLN-2 Its place is free for the next booking, unless it had taken place by then."""
    visit = _find(case, data.cleaning_id)
    if visit is None:
        return _wait(case, data.cleaning_id)
    before = visit.over
    visit.cancelled_at = min(case.at, visit.cancelled_at or case.at)
    if visit.why_not:
        return _noted(case, visit)
    follows = settle(case, visit, before)
    if visit.over and visit.over.how == "done":
        says = f"Visit {visit.id} had taken place on {case.calendar.day_of(visit.over.at)}: that stands (CLN-2)."
        return superseded("already_done", says, "CLN-2")
    if before and before.how == "cancelled":
        return duplicate("already_cancelled", f"Visit {visit.id} was known to be cancelled (CLN-2).{follows}", "CLN-2")
    place = "" if visit.is_further else " Its place is free for the next booking."
    return applied(f"Visit {visit.id} is cancelled (CLN-2).{place}{follows}", "CLN-2")


def done(case: Case, data: CleaningDone) -> Ruling:
    """CLN-3 It took place, if its checklist is complete; with anything missing it stays booked."""
    visit = _find(case, data.cleaning_id)
    if visit is None:
        return _wait(case, data.cleaning_id)
    if faults := list(not_in_order(visit.products, data.checklist)):
        says = f"Visit {visit.id} is not done by this: {in_words(faults)} (CLN-3)."
        return refused(faults[0][0], says, "CLN-3")
    before = visit.over
    noted = {serial: remarks(kind, data.checklist[serial]) for serial, kind in visit.products.items()}
    told = Done(case.at, case.cause.source, case.cause.id, {serial: items for serial, items in noted.items() if items})
    visit.done = min(told, visit.done or told, key=lambda one: one.order)
    if visit.why_not:
        return _noted(case, visit)
    follows = settle(case, visit, before)
    if visit.over and visit.over.how == "cancelled":
        says = f"Visit {visit.id} had been cancelled on {case.calendar.day_of(visit.over.at)} (CLN-2)."
        return refused("cancelled_before", says, "CLN-2")
    if before and before.how == "done":
        return duplicate("already_done", f"Visit {visit.id} was known to be done (CLN-3).{follows}", "CLN-3")
    return applied(f"Visit {visit.id} is done, with a complete checklist (CLN-3).{follows}", "CLN-3")


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {CleaningBooked: booked, CleaningCancelled: cancelled, CleaningDone: done}
)
"""The rule of each event type."""


def _find(case: Case, cleaning_id: str) -> Visit | None:
    return shelf.find(case, Visit, case.member.cleanings.visits, cleaning_id)


def _wait(case: Case, cleaning_id: str) -> Ruling:
    return hold(case, "cleaning", cleaning_id, f"Visit {cleaning_id} is not booked yet, as far as is known")


def _noted(case: Case, visit: Visit) -> Ruling:
    """What is told of a refused visit counts if that is booked after all (PRO-10)."""
    shelf.keep(case, case.member.cleanings.visits, visit)
    says = f"Visit {visit.id} was refused ({', '.join(codes(visit.why_not))}): this is noted and changes nothing."
    return refused("cleaning_refused", says, "CLN-2")
