"""What the read side shows of clean-and-check visits. JSON-ready."""

from typing import Any

from models.calendar import rfc3339
from models.cleaning.state import Visit, Year
from models.cleaning.terms import VISITS
from models.state import Member


def view(member: Member) -> dict[str, Any] | None:
    """CLN-2 The counts of the membership year at hand, and the visits at hand of any year; None: no year was ever paid.

    A year that was paid in advance is at hand from its first day on, as of the latest change, by UTC.
    """
    pro, section = member.pro, member.cleanings
    if pro is None or not pro.terms:
        return None
    day = member.changed_at and member.changed_at.date()
    begun = [term for term in pro.terms if day and term.first <= day]
    term = (begun or pro.terms)[-1]
    year = section.years.get(term.invoice_id) or Year()
    return {
        "left": max(0, VISITS - year.free),
        "booked": year.booked,
        "done": year.done,
        "term": {"from": term.first.isoformat(), "to": term.end.isoformat()},
        "visits": [_visit(one) for one in sorted(section.visits.values(), key=lambda one: (one.requested_at, one.id))],
    }


def _visit(visit: Visit) -> dict[str, Any]:
    done, cancelled = visit.done, visit.cancelled_at
    return {
        "cleaning_id": visit.id,
        "status": visit.status,
        "products": [{"serial": serial, "kind": kind} for serial, kind in visit.products.items()],
        "booked_at": rfc3339(visit.requested_at),
        "visit_charged": visit.is_further,
        "products_charged": visit.extra,
        "done_at": rfc3339(done.at) if done and visit.status == "done" else None,
        "cancelled_at": rfc3339(cancelled) if cancelled and visit.status == "cancelled" else None,
        "remarks": done.remarks if done and visit.status == "done" else {},
        "reasons": [code for code, _ in visit.why_not],
    }
