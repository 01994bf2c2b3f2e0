"""All that is owed to a member and by a member, in all programmes: the promises of the read side's document. JSON-ready."""

from collections.abc import Iterator
from typing import Any, Final

from models import hold
from models.care import guest
from models.care import view as care
from models.fees import home
from models.loans import view as loans
from models.loans.terms import SOON
from models.points import expiry
from models.points import view as points
from models.pro import view as pro
from models.promises import soonest_first
from models.repairs import terms
from models.repairs import view as repairs
from models.state import Member

NO_PROMISES: Final = frozenset(
    {
        expiry.EXPIRE,  # MS-6: nobody owes anything; the balance has the schedule, also where this day finds nothing to do
        expiry.REMIND,  # MS-17
        home.EXPIRING,  # PAY-7: a look at the methods, told of if there is something to tell
        guest.REMIND,  # CARE-3
        terms.AT_RISK,  # REP-8
        terms.REMINDER,  # REP-6
        SOON,  # LOAN-5
    }
)
"""Deadlines that are no promises: reminders, and a member's own dates."""


def promises(member: Member) -> list[dict[str, Any]]:
    """What is owed to the member and by the member, in all programmes, soonest first; what has no deadline comes last."""
    return sorted(_promises(member), key=soonest_first)


def _promises(member: Member) -> Iterator[dict[str, Any]]:
    yield from points.promises(member.points, member.due)
    yield from care.promises(member.care, member.guest, member.due)
    yield from pro.promises(member.pro, member.due)
    for repair in member.repairs.values():
        yield from repairs.promised(repair)
    for loan in member.loans.values():
        yield from loans.promises(loan)
    yield from hold.promises(member.due)
