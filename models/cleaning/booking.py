"""CLN-1, CLN-2 Booking a visit: whether there is one, in which year it counts, and what of it is charged."""

from datetime import datetime

from msgspec.structs import replace

from models import shelf
from models.case import Case
from models.cleaning.settling import settle
from models.cleaning.state import YEARS, Visit, Year
from models.cleaning.terms import PRODUCTS, VISITS
from models.follow import ProductKnown
from models.hold import still_waits
from models.outputs.base import Fact
from models.outputs.notifications import Kind
from models.pro import benefits
from models.products import eligibility
from models.reasons import Reasons, facts
from models.values import dollars


def why_not(case: Case, visit: Visit) -> tuple[Reasons, str]:
    """PRO-9, PRO-10 Every reason against a visit that is booked at the case's time, and the clause of the first."""
    found = [*benefits.why_none(case)]
    for serial in visit.products:
        found += [(reason, "PRO-10") for reason in eligibility.why_not(case, serial, None, case.at)]
    return [reason for reason, _ in found], found[0][1] if found else ""


def refuse(case: Case, visit: Visit, reasons: Reasons, clause: str) -> None:
    """Note and tell why there is no visit."""
    visit.why_not = reasons
    told = {"cleaning_id": visit.id} | facts(reasons)
    visit.notices = [case.notify("pro", "cleaning.refused", visit.id, clause, told, cause=visit.cause)]
    shelf.keep(case, case.member.cleanings.visits, visit)


def accept(case: Case, visit: Visit) -> str:
    """CLN-1 Give it a place in its year, and tell what is charged. Returns the words for it."""
    visit.year, year = _year(case, visit.requested_at)
    visit.is_further, visit.extra = year.free >= VISITS, [*visit.products][PRODUCTS:]
    year.count(visit, None, 1)
    shelf.keep(case, case.member.cleanings.visits, visit)
    left = max(0, VISITS - year.free)
    told: dict[str, Fact] = {"cleaning_id": visit.id, "products": [*visit.products], "visits_left": left}
    says = f"{left} of the year's {VISITS} free visits are left (CLN-1)."
    if visit.is_charged:
        charges, words = _charges(case, visit)
        told, says = told | charges, f"{words} {says}"
    kind: Kind = "cleaning.chargeable" if visit.is_charged else "cleaning.booked"
    notice = case.notify("pro", kind, visit.id, "CLN-1", told, cause=visit.cause, replaces=visit.notices)
    visit.notices = [notice]
    return says


def _year(case: Case, at: datetime) -> tuple[str, Year]:
    """CLN-2 The membership year in which that counts, and its counts: the last one begun by then."""
    pro, section = case.member.pro, case.member.cleanings
    terms = pro.terms if pro else []
    name = [term.invoice_id for term in terms if case.calendar.start_of(term.first) <= at][-1]
    year = section.years.setdefault(name, Year())
    recent = {term.invoice_id for term in terms[-YEARS:]}
    section.years = {known: counts for known, counts in section.years.items() if known in recent}
    return name, year


def _charges(case: Case, visit: Visit) -> tuple[dict[str, Fact], str]:
    """CLN-1 What is charged, at which price: for a notice, and in words."""
    price, count = case.policies.cleaning_price, visit.is_further + len(visit.extra)
    each, total = (None, None) if price is None else (dollars(price), dollars(price * count))
    told: dict[str, Fact] = {
        "visit_charged": visit.is_further,
        "products_charged": visit.extra,
        "price": each,
        "total": total,
    }
    what = ["the visit"] * visit.is_further + visit.extra
    working = f"{count} x {each} = {total}" if total else "at the current price"
    return told, f"Charged: {', '.join(what)}, {working}."


def product_known(case: Case, what: ProductKnown) -> str:
    """PRO-10 Look again at what was refused for want of a registration, as long as events wait for each other (GEN-2)."""
    words = []
    for visit in sorted(case.member.cleanings.visits.values(), key=lambda visit: (visit.requested_at, visit.id)):
        if visit.status != "refused" or what.serial not in visit.products:
            continue
        then = replace(case, at=visit.requested_at)
        if not still_waits(case, visit.requested_at) or why_not(then, visit)[0]:
            continue
        visit.why_not = []
        words.append(f"Visit {visit.id} is booked after all. {accept(then, visit)}")
        settle(case, visit, None)
    return " ".join(words)
