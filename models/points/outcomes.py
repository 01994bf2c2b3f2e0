"""Every answer a points event can get: a closed list.

Of several that fit, the first of this order is given: what was answered before (GEN-1, by event id, then by business id),
what waits for its partner (GEN-2), what is refused for what it says itself, what is known to be settled otherwise,
and else what is applied, with a code where that comes to nothing or waits.
"""

from typing import Literal

from models.case import Ruling

Duplicate = Literal[
    "already_member",
    "already_cancelling",
    "already_rejected",
    "already_cancelled",
    "already_won",
]
Refused = Literal[
    "not_resident",
    "under_age",
    "not_a_member",
    "membership_ended",
    "nothing_to_withdraw",
    "not_in_time",
    "insufficient_points",
    "unknown_line",
    "more_than_left",
    "not_lower",
    "nothing_to_adjust",
    "same_actor",
    "other_points",
]
Superseded = Literal[
    "already_claimed",
    "already_released",
    "already_expired",
    "already_forfeited",
    "already_refused",
    "return_refused",
    "adjustment_refused",
    "lower_known",
    "already_booked",
    "order_cancelled",
    "membership_ended",
]
Zero = Literal[
    "membership_ended",
    "after_the_end",
    "before_joining",
    "not_a_member",
    "signed_out",
    "nothing_qualifies",
    "under_a_point",
]
"""Why an order earned nothing (MS-4)."""
Waits = Literal["awaits_approval"]


def duplicate(reason: Duplicate, says: str, clause: str) -> Ruling:
    """The same fact once more."""
    return Ruling("duplicate", says, clause, reason)


def refused(reason: Refused, says: str, clause: str) -> Ruling:
    """The terms do not allow it."""
    return Ruling("refused", says, clause, reason)


def superseded(reason: Superseded, says: str, clause: str) -> Ruling:
    """What is known already has answered it (GEN-2)."""
    return Ruling("superseded", says, clause, reason)


def applied(says: str, clause: str, reason: Zero | Waits | None = None) -> Ruling:
    """It has its effect."""
    return Ruling("applied", says, clause, reason)
