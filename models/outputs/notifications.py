"""What the notification service is to tell a member (NTF)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta, field

from models.outputs.base import Body, Cause, Fact
from models.outputs.words import Clause, Instant, PermanentId
from models.values import Program

NoticeClass = Literal["transactional", "legal_notice", "marketing"]


Kind = Literal[
    "points.earned",
    "points.not_earned",
    "points.taken_back",
    "points.restored",
    "points.redeemed",
    "points.reservation_expired",
    "points.expiring",
    "points.expired",
    "points.debt",
    "points.adjusted",
    "points.membership_cancelling",
    "points.forfeited",
    "points.welcome",
    "points.refused",
    "care.welcome",
    "care.claim_account",
    "care.claim_missed",
    "care.renewal_notice",
    "care.renewed",
    "care.cancelled",
    "care.refund",
    "care.refund_refused",
    "care.ended",
    "care.refused",
    "care.claim_accepted",
    "care.claim_refused",
    "pro.application_received",
    "pro.incomplete",
    "pro.welcome",
    "pro.rejected",
    "pro.renewal_notice",
    "pro.renewed",
    "pro.cancelled",
    "pro.ended",
    "pro.terminated",
    "pro.lapsed",
    "payment.failed",
    "payment.method_expiring",
    "payment.final_notice",
    "membership.suspended",
    "membership.reinstated",
    "repair.received",
    "repair.estimate",
    "repair.estimate_reminder",
    "repair.returned_unrepaired",
    "repair.turnaround_started",
    "repair.at_risk",
    "repair.loaner_offered",
    "repair.shipped",
    "repair.turnaround_missed",
    "repair.fee_reimbursed",
    "repair.refused",
    "cleaning.booked",
    "cleaning.chargeable",
    "cleaning.done",
    "cleaning.refused",
    "loan.approved",
    "loan.refused",
    "loan.shipped",
    "loan.due_soon",
    "loan.overdue",
    "loan.invoiced",
    "loan.closed",
    "force_majeure.may_terminate",
    "retracted",
]
"""Every kind of notification; the list is closed."""

_LEGAL: Final[frozenset[Kind]] = frozenset({"care.renewal_notice", "pro.renewal_notice", "payment.final_notice"})
"""What must be told before money is taken (CARE-5, PRO-5), and the last word before a membership ends (PAY-6)."""
CLASS_OF: Final[Mapping[Kind, NoticeClass]] = MappingProxyType(
    {kind: "legal_notice" if kind in _LEGAL else "transactional" for kind in get_args(Kind)}
)
"""NTF-2 The legal class of each kind. None is marketing, so nothing has to keep to its hours (NTF-4).

Three could be taken for it. `points.expiring` is about points that the member owns and is about to lose, `points.welcome`
confirms what the member asked for, and `care.claim_account` names what is needed to get what was paid for; none
offers anything.
"""


class Notification(Body, frozen=True, kw_only=True, gc=False):
    """NTF-2 One notice. A retraction is one too: kind `retracted`, params {retracts, why}."""

    TYPE: ClassVar[str] = "notification.v1"

    kind: Kind = field(name="notification")
    program: Program
    legal_class: NoticeClass = field(name="class")
    not_before: Instant
    not_after: Annotated[
        Instant | None,
        Meta(description="From this instant on it is not to be sent: of no use, or not lawful any more."),
    ] = None
    replaces: Annotated[
        tuple[PermanentId, ...], Meta(description="Earlier notices that this one takes the place of.")
    ] = ()
    clause: Clause
    cause: Cause
    ledger: Annotated[tuple[PermanentId, ...], Meta(description="The ledger entries it tells of.")] = ()
    params: Annotated[
        dict[str, Fact], Meta(description="The kind's own facts: money as dollars, dates and instants as ISO strings.")
    ]
