"""Goodwill by a named actor; above a limit with a second pair of eyes (MS-18)."""

from models.case import Case, Ruling, digest, retold
from models.hold import hold
from models.outputs.base import Fact
from models.points import terms
from models.points.books import Books
from models.points.events import PointsAdjusted
from models.points.outcomes import applied, refused, superseded
from models.points.standing import current, no_member
from models.points.state import Adjustment
from models.points.words import cited
from models.values import permanent_id


def adjusted(case: Case, data: PointsAdjusted) -> Ruling:
    """MS-18 Book an adjustment, let it wait for the second actor, or book what this actor approves."""
    if data.approves is not None:
        return _approved(case, data, data.approves)
    known = case.find(Adjustment, data.adjustment_id)
    if known and known.since:
        return retold(known.content, data, f"Adjustment {data.adjustment_id}")
    adjustment = Adjustment(digest(data), data.points, data.actor)
    case.put(data.adjustment_id, adjustment)
    case.arrived("adjustment", data.adjustment_id)
    if not data.points:
        return refused("nothing_to_adjust", f"Adjustment {data.adjustment_id} is of 0 points (MS-18).", "MS-18")
    points = current(case.member, case.at)
    if points is None:
        return no_member(case, f"Adjustment {data.adjustment_id}", "MS-18")
    adjustment.since = points.joined_at
    if abs(data.points) > case.policies.adjusted_alone:
        says = f"Adjustment {data.adjustment_id} of {data.points:+} points by {data.actor} is above {case.policies.adjusted_alone}"
        return applied(f"{says}: it waits for a second actor (MS-18).", "MS-18", "awaits_approval")
    return _book(case, data.adjustment_id, adjustment, f"by {data.actor}: {data.reason}")


def _approved(case: Case, data: PointsAdjusted, adjustment_id: str) -> Ruling:
    adjustment = case.find(Adjustment, adjustment_id)
    what = f"Approval of adjustment {adjustment_id} by {data.actor}"
    if adjustment is None:
        return hold(case, "adjustment", adjustment_id, f"{what} comes before it")
    if adjustment.since is None:
        return superseded("adjustment_refused", f"{what}: it had been refused, nothing is booked (MS-18).", "MS-18")
    if adjustment.booked:
        return superseded("already_booked", f"{what}: it had been booked already (MS-18).", "MS-18")
    if _name(data.actor) == _name(adjustment.actor):
        return refused("same_actor", f"{what}: the second actor must be another than the first (MS-18).", "MS-18")
    if data.points != adjustment.points:
        says = f"{what} is for {data.points:+} points, the adjustment for {adjustment.points:+}: nothing is booked"
        return refused("other_points", f"{says} (MS-18).", "MS-18")
    points = current(case.member, case.at)
    if points is None:
        return no_member(case, what, "MS-18")
    if points.joined_at != adjustment.since:
        says = f"{what}: the membership it was asked for in has ended (MS-16)."
        return refused("membership_ended", says, "MS-16")
    adjustment.approved_by = data.actor
    return _book(case, adjustment_id, adjustment, f"by {adjustment.actor}, approved by {data.actor}: {data.reason}")


def _name(actor: str) -> str:
    """What tells actors apart: capitals do not."""
    return actor.casefold()


def _book(case: Case, adjustment_id: str, adjustment: Adjustment, words: str) -> Ruling:
    """Points given are a lot of their own; points taken come from the oldest lots, and what is not there becomes debt."""
    adjustment.booked = True
    case.put(adjustment_id, adjustment)
    books = Books(case, adjustment_id, order=False)
    if adjustment.points > 0:
        lot_id = permanent_id("lot", "adjustment", adjustment_id)
        lot = terms.lot_key(case.at, case.calendar.day_of(case.at), lot_id)
        books.give("adjust", lot, adjustment.points, "MS-18")
    else:
        books.spend("adjust", -adjustment.points, "MS-18")
    books.close()
    debt = books.debt_growth
    facts: dict[str, Fact] = {"adjustment_id": adjustment_id, "points": adjustment.points}
    if debt:
        facts["debt"] = debt
        words += f"; {abs(debt)} {'became debt' if debt > 0 else 'paid debt'} (MS-11)"
    case.notify("points", "points.adjusted", adjustment_id, "MS-18", facts)
    says = cited(f"Adjustment {adjustment_id} of {adjustment.points:+} points {words}", "MS-18")
    return applied(f"{says}.", "MS-18")
