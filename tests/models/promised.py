"""The rule that every deadline is a promise, for whoever has a member's hot value."""

from typing import Any

from models import hold
from models.calendar import rfc3339
from models.owed import NO_PROMISES, promises
from models.state import Due, Member


def promised(member: Member, kind: str) -> list[dict[str, Any]]:
    """The member's promises of that kind: `repair.turnaround`, or all of `loan.`."""
    return [
        one for one in promises(member) if one["kind"] == kind or (kind[-1] == "." and one["kind"].startswith(kind))
    ]


def unpromised(member: Member) -> list[Due]:
    """The deadlines that no promise of theirs shows, with the same instant; what waits for the first tick has none yet."""
    shown = {(one["kind"], one["ref"], one["due"]) for one in promises(member)}
    owed = [due for due in member.due if due.what not in NO_PROMISES]
    return [due for due in owed if (due.what, due.ref, _instant(due)) not in shown]


def _instant(due: Due) -> str | None:
    return None if due.what == hold.WHAT and due.at == hold.FIRST_TICK else rfc3339(due.at)
