"""Which points membership an instant belongs to: what happened while one lasted is decided by its own time (MS-4, MS-16)."""

from datetime import datetime

from models.case import Case, Ruling
from models.points.outcomes import refused
from models.points.state import Former, Points
from models.state import Member


def current(member: Member, at: datetime) -> Points | None:
    """The membership that lasts at that instant, as far as it is known: joined before, and its end not reached."""
    points = member.points
    if points is None or points.joined_at >= at or (points.leaving and points.leaving.effect_at <= at):
        return None
    return points


def former(member: Member, at: datetime) -> Former | None:
    """The ended membership that lasted at that instant."""
    return next((past for past in member.former if past.joined_at < at < past.ended_at), None)


def has_ended(member: Member, at: datetime) -> bool:
    """Whether the latest membership known was over by that instant."""
    points = member.points
    if points:
        return bool(points.leaving and points.leaving.effect_at <= at)
    return any(past.ended_at <= at for past in member.former)


def no_member(case: Case, what: str, clause: str) -> Ruling:
    """The refusal of what needs a membership at the time of the event."""
    if has_ended(case.member, case.at) or former(case.member, case.at):
        says = f"{what}: the membership has ended, and its points with it (MS-16)."
        return refused("membership_ended", says, "MS-16")
    return refused("not_a_member", f"{what}: not a member of My Sony then ({clause}).", clause)
