"""GEN-4 Deadlines: which rule answers which, and how what is due is worked off.

What follows from a deadline names the deadline itself as its cause, and the instant it was due as its business time:
whichever tick brings it up, and however late, the ids and dates come out the same (NTF-1).
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from models.case import Case
from models.desk import Desk
from models.outputs.base import Cause
from models.state import Due

DeadlineRule: TypeAlias = Callable[[Case, str], None]
"""(case, which) -> nothing: a deadline is no event, so it gets no decision."""

AT_MOST: Final = 100
"""Deadlines worked off in one call; `Decision.due` says whether more are due."""


def case_of(desk: Desk, due: Due) -> Case:
    """A deadline as the cause of what follows."""
    cause = Cause(source=f"/memberships/deadlines/{due.what}", id=f"{due.ref}@{due.at:%Y-%m-%dT%H:%M:%SZ}")
    return Case(desk, cause, due.at, is_deadline=True)


def is_due(desk: Desk) -> bool:
    """Whether the member's first deadline has come. Before the partition's first tick nothing is due."""
    due, now = desk.member.due, desk.moment.now
    return bool(due) and now is not None and due[0].at <= now


def work_off(desk: Desk, rules: Mapping[str, DeadlineRule]) -> None:
    """Take the first deadline and run its rule."""
    due = desk.member.due.pop(0)
    rules[due.what](case_of(desk, due), due.ref)
