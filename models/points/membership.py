"""Joining and leaving My Sony (MS-1, MS-2, MS-16)."""

from typing import Final

from models.case import Case, Ruling
from models.eligibility import why_not_eligible
from models.outputs.base import Fact
from models.points import expiry, redeeming
from models.points.books import Books
from models.points.events import PointsCancelRequested, PointsCancelWithdrawn, PointsJoined
from models.points.outcomes import applied, duplicate, refused
from models.points.standing import THE_END, current, no_member
from models.points.state import Former, Leaving, Points
from models.reasons import codes, in_words

LEAVE: Final = "points.leave"
FORMER_KEPT: Final = 20
"""Ended memberships remembered; what is told of an older one finds no member."""


def joined(case: Case, data: PointsJoined) -> Ruling:
    """MS-1 Who may join. MS-2 One membership per account: joining twice is a duplicate. MS-16 Again after the end."""
    if case.member.points:
        since = case.calendar.day_of(case.member.points.joined_at)
        return duplicate("already_member", f"A member since {since}: joining again changes nothing (MS-2).", "MS-2")
    if any(case.at < past.ended_at for past in case.member.former):
        says = "It tells of the time before a membership ended that has been settled: joining then changes nothing"
        return duplicate("already_member", f"{says} (MS-2, MS-16).", "MS-16")
    today = case.calendar.day_of(case.at)
    reasons = list(why_not_eligible(data.state, data.birth_date, today))
    if reasons:
        case.notify("points", "points.refused", "joining", "MS-1", {"reasons": codes(reasons)})
        return refused(reasons[0][0], f"Not admitted to My Sony: {in_words(reasons)} (MS-1).", "MS-1")
    case.member.points = Points(case.at)
    case.notify("points", "points.welcome", "joining", "MS-1", {"joined_on": str(today)})
    return applied(f"Joined My Sony on {today} (MS-1).", "MS-1")


def cancel_requested(case: Case, _data: PointsCancelRequested) -> Ruling:
    """MS-16 The membership ends with the second business day after the request, and not before."""
    points = current(case.member, case.at)
    if points is None:
        return no_member(case, "Nothing to cancel", "MS-16")
    if points.leaving:
        until = case.calendar.day_of(points.leaving.requested_at)
        return duplicate("already_cancelling", f"The end had been asked for already, on {until} (MS-16).", "MS-16")
    clock = case.calendar.business_clock(case.at, case.policies.leave_business_days)
    last_day, until = clock.fixed
    facts: dict[str, Fact] = {
        "ends_on": str(last_day),
        "available": points.available,
        "reserved": points.reserved,
    }
    notice = case.notify("points", "points.membership_cancelling", "leaving", "MS-16", facts, not_after=until)
    cause = case.cause
    points.leaving = Leaving(case.at, until, notice, cause.source, cause.id, list(clock.days), clock.calendar)
    case.schedule(until, LEAVE, "")
    says = (
        f"The membership ends with {last_day}, the second business day after the request; points can be used until then"
    )
    return applied(f"{says} (MS-16).", "MS-16")


def cancel_withdrawn(case: Case, _data: PointsCancelWithdrawn) -> Ruling:
    """MS-16 The member stays, if that is said before the end."""
    points = case.member.points
    if points is None:
        return no_member(case, "Nothing to withdraw", "MS-16")
    leaving = points.leaving
    if leaving is None:
        says = "No end of the membership was asked for: nothing to withdraw (MS-16)."
        return refused("nothing_to_withdraw", says, "MS-16")
    if not leaving.requested_at <= case.at < leaving.effect_at:
        says = f"Withdrawn outside of the time from the request to its effect ({leaving.effect_at:%Y-%m-%d %H:%M} UTC): it stands"
        return refused("not_in_time", f"{says} (MS-16).", "MS-16")
    points.leaving = None
    case.unschedule(LEAVE, "")
    case.retract("points", leaving.notice, "the member stays", "MS-16")
    case.arrived(*THE_END)
    return applied("The member stays: the end that was asked for is withdrawn (MS-16).", "MS-16")


def leave(case: Case, _ref: str) -> None:
    """MS-16 The end: all points, reservations and debt are void for good."""
    member, points = case.member, case.member.points
    if points is None or points.leaving is None:
        raise TypeError("only a member who is leaving can leave")
    books = Books(case, "leaving", order=False)
    redeeming.free_all(case, books)
    void, debt = points.available, points.debt
    for lot in list(books.lots.all()):
        books.move("forfeit", -lot.left, lot.key, "MS-16")
    if debt:
        books.enter("forfeit", debt, None, "MS-16")
    books.close()
    expiry.plan(case, points, books.lots)
    facts: dict[str, Fact] = {"points": void, "debt": debt}
    case.notify("points", "points.forfeited", "leaving", "MS-16", facts, replaces=[points.leaving.notice])
    member.former = [*member.former, Former(points.joined_at, points.leaving.effect_at)][-FORMER_KEPT:]
    member.points = None
    case.arrived(*THE_END)
