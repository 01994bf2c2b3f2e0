"""The rules of My Sony points: which function answers which event, and which deadline."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from models.due import DeadlineRule
from models.payload import Payload
from models.points import adjusting, earning, events, expiring, expiry, membership, redeeming, returning, undoing
from models.points.standing import Rule, unless_leaving

_DATED: Final[Mapping[type[Payload], Rule]] = MappingProxyType(
    {
        events.PointsJoined: membership.joined,
        events.PointsCancelRequested: membership.cancel_requested,
        events.OrderPlaced: earning.placed,
        events.RedemptionReserved: redeeming.reserved,
        events.RedemptionReleased: redeeming.released,
        events.ReturnCompleted: returning.returned,
        events.ReturnRejected: returning.return_rejected,
        events.OrderCancelled: undoing.cancelled,
        events.OrderPriceMatched: undoing.price_matched,
        events.PaymentDisputed: undoing.disputed,
        events.PaymentDisputeWon: undoing.dispute_won,
        events.PointsAdjusted: adjusting.adjusted,
    }
)
RULES: Final[Mapping[type[Payload], Rule]] = MappingProxyType(
    {kind: unless_leaving(rule) for kind, rule in _DATED.items()}
    | {events.PointsCancelWithdrawn: membership.cancel_withdrawn}
)
"""The rule of each event type: (case, data) -> ruling."""

DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType(
    {
        expiry.EXPIRE: expiring.expire,
        expiry.REMIND: expiring.remind,
        redeeming.TIMEOUT: redeeming.timed_out,
        membership.LEAVE: membership.leave,
    }
)
"""The rule of each deadline: (case, which) -> nothing."""
