"""Which points membership an instant belongs to: what happened while one lasted is decided by its own time (MS-4, MS-16)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

from models.case import Case, Ruling
from models.hold import hold
from models.points.outcomes import refused
from models.points.state import Former, Points
from models.state import Member

Rule: TypeAlias = Callable[[Case, Any], Ruling]
THE_END: Final = ("end", "points")
"""GEN-2 What is awaited behind an end that can still be withdrawn: that it comes, or that the member stays."""


def unless_leaving(rule: Rule) -> Rule:
    """The rule, which decides nothing from behind an end of the membership that can still be withdrawn (MS-16)."""

    def decided(case: Case, data: Any) -> Ruling:
        points = case.member.points
        if points and points.leaving and points.leaving.effect_at <= case.at:
            says = f"The membership is to end before this, at {points.leaving.effect_at:%Y-%m-%d %H:%M} UTC"
            return hold(case, *THE_END, f"{says}, unless that is withdrawn")
        return rule(case, data)

    return decided


def current(member: Member, at: datetime) -> Points | None:
    """The membership that lasts at that instant: joined before; what is behind its end waits (`unless_leaving`)."""
    points = member.points
    return points if points and points.joined_at < at else None


def former(member: Member, at: datetime) -> Former | None:
    """The ended membership that lasted at that instant."""
    return next((past for past in member.former if past.joined_at < at < past.ended_at), None)


def has_ended(member: Member, at: datetime) -> bool:
    """Whether the latest membership known was over by that instant."""
    return member.points is None and any(past.ended_at <= at for past in member.former)


def no_member(case: Case, what: str, clause: str) -> Ruling:
    """The refusal of what needs a membership at the time of the event."""
    if has_ended(case.member, case.at) or former(case.member, case.at):
        says = f"{what}: the membership has ended, and its points with it (MS-16)."
        return refused("membership_ended", says, "MS-16")
    return refused("not_a_member", f"{what}: not a member of My Sony then ({clause}).", clause)
