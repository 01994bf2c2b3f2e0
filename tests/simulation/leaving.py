"""Auto-renewal switched, cancelled (PRO-7, CARE-4, CARE-6)."""

from datetime import datetime

from tests.simulation.known import Known
from tests.simulation.partition import Message
from tests.simulation.terms import Membership


def switched(known: Known, own: Membership, message: Message) -> None:
    """The latest word before the end of the term counts."""
    is_on = message.data["on"]
    if own.stage != "open" or own.cancelled or message.time < own.word[0] or message.time >= own.due:
        return
    known.counts["switched"] += own.word[1] != is_on
    known.counts["switched late"] += own.word[1] != is_on and known.now >= own.due
    own.word = (message.time, is_on)


def asked(known: Known, own: Membership, message: Message) -> None:
    """Without a refund."""
    cancelled(known, own, message.time)


def cancelled(known: Known, own: Membership, at: datetime) -> None:
    """The renewals from then on stop."""
    if own.stage == "open" and own.cancelled:
        own.cancelled = min(own.cancelled, at)
    if own.stage != "open" or own.cancelled or own.is_over(at):
        return
    own.cancelled = at
    known.counts["cancelled too late" if own.wanted else "cancelled"] += 1
    known.counts["cancelled while suspended"] += bool(own.at_hand.failed_at)
