"""(state, event, now) -> decision: the one way in. Total, deterministic, without effects.

Order of precedence of the outcomes: a quarantined member's event is dead-lettered, unless it lifts that; then the
duplicate question (GEN-1); then an event from too far ahead of now is dead-lettered (GEN-4); then the event's own rule:
held, superseded, refused or applied. What a rule makes known settles the events held for it, in the same decision.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from models import applied, due, hold, majeure, state
from models.accounts import erasing
from models.accounts import rules as accounts
from models.accounts.events import MemberErasureRequested, MemberReleased
from models.care import orders
from models.care import rules as care
from models.care.events import TRANSFERS
from models.case import AHEAD_OF_NOW, NOT_SPENT, Case, Ruling, not_supported_yet
from models.cleaning import booking as cleaning_booking
from models.cleaning import rules as cleaning
from models.desk import At, Decision, Desk, Followers, Moment, Record
from models.events import EVERYBODY, Event
from models.fees import rules as fees
from models.follow import LoanerShipped, LoansInDefault, ProductBack, ProductKnown, TurnaroundMissed
from models.loans import rules as loans
from models.loans import settling as loan_settling
from models.outputs.base import Output, addressed
from models.outputs.decisions import Decided, EventRef, Phase, decision_id
from models.payload import Payload
from models.points import rules as points
from models.policies import RULES_VERSION, STANDARD, Policies
from models.pro import defaults, remedy
from models.pro import majeure as pro_majeure
from models.pro import rules as pro
from models.products import rules as products
from models.repairs import asking, settling
from models.repairs import deadlines as repair_deadlines
from models.repairs import rules as repairs
from models.state import Member, Quarantine

OURS: Final[tuple[type[Payload], ...]] = (MemberReleased, MemberErasureRequested, *TRANSFERS)
"""Whose dates are not looked at: an operator's word, and what another key sends, whose partition has looked and may be ahead."""

Rule: TypeAlias = Callable[[Case, Any], Ruling]

RULES: Final[Mapping[type[Payload], Rule]] = MappingProxyType(
    {
        **accounts.RULES,
        **orders.followed(points.RULES),
        **fees.RULES,
        **care.RULES,
        **pro.RULES,
        **pro_majeure.RULES,
        **products.RULES,
        **repairs.RULES,
        **cleaning.RULES,
        **loans.RULES,
    }
)
"""Each supported event type's rule."""

DEADLINES: Final[Mapping[str, due.DeadlineRule]] = MappingProxyType(
    {
        **points.DEADLINES,
        **fees.DEADLINES,
        **care.DEADLINES,
        **pro_majeure.DEADLINES,
        **repair_deadlines.DEADLINES,
        **loan_settling.DEADLINES,
    }
)
"""Each deadline's rule, but for held events, which get decisions."""

FOLLOWERS: Final[Followers] = MappingProxyType(
    {
        LoanerShipped: (repairs.loaner_shipped,),
        ProductKnown: (asking.reconsider, cleaning_booking.product_known),
        TurnaroundMissed: (remedy.reimburse,),
        ProductBack: (loan_settling.product_back,),
        LoansInDefault: (defaults.changed,),
    }
)
"""Who is told of what another programme has found out."""

HEARERS: Final[tuple[majeure.Hearer, ...]] = (pro_majeure.schedule, settling.resettle)
"""Whose deadlines depend on force majeure (PRO-11)."""

GIVEN_UP: Final[Mapping[type[Payload], Callable[[Case, Any], str]]] = MappingProxyType(
    {**fees.GIVEN_UP, **care.GIVEN_UP, **loans.GIVEN_UP}
)
"""What else is done when an event of that type has waited in vain (GEN-2); returns the words for it."""


def decide(event: Event[Any], at: At, moment: Moment, policies: Policies = STANDARD) -> Decision:
    """What becomes of one event.

    Raises whatever a broken rule or broken state raises (BooksDoNotBalanceError among them); the caller then
    dead-letters the event and quarantines the member: nothing of the event has been collected.
    """
    record = Record(*moment[2:])
    releases = event.type == MemberReleased.TYPE
    if not releases and is_quarantined(event.subject, at):
        says = "The member is quarantined: the event is set aside until that is lifted."
        return Decision(decisions=[_answer(event, record, moment, Ruling("dead_lettered", says, None, "quarantined"))])
    cause = event.cause
    content, entry = event.content_hash(), applied.key(cause.source, cause.id)
    desk = Desk(event.subject, at, moment, policies, FOLLOWERS)
    case = Case(desk, cause, event.at, event=event, record=record, held_since=moment.now)
    known = applied.known(at, entry, content, moment.now, policies)
    ruling = _told_before(known) if known else _ahead_of_now(case) or _rule(case)
    desk.out.decisions.append(_answer(event, record, moment, ruling, case))
    _settle(desk)
    majeure.hear(desk, HEARERS)
    if releases and ruling.outcome == "applied":
        _work_off(desk)  # what came due meanwhile counts before whatever was set aside
    desk.member.as_of[f"{record.topic}-{record.partition}"] = record.offset
    decision = desk.finish()
    if desk.member_id == EVERYBODY:
        del decision.changes[state.MEMBERS]  # nobody's state
    if not known and ruling.reason not in NOT_SPENT:
        decision.changes[state.APPLIED] = {entry: applied.value(content, moment.now)}
    return decision


def wake(member_id: str, at: At, moment: Moment, policies: Policies = STANDARD) -> Decision:
    """Let a member hear of what was said to everybody, and work off what is due, in due order, at most `due.AT_MOST` at a call.

    Raises as `decide` does.
    """
    if is_quarantined(member_id, at):
        return Decision()
    desk = Desk(member_id, at, moment, policies, FOLLOWERS)
    if not majeure.hear(desk, HEARERS) and not due.is_due(desk):
        return Decision(due=desk.member.due[0].at if desk.member.due else None)
    _work_off(desk)
    return desk.finish()


def quarantine(member_id: str, at: At, moment: Moment, reason: str) -> Decision:
    """Set a member aside. The first reason stays. The hot value shows it too, unless that is what cannot be read."""
    if is_quarantined(member_id, at):
        return Decision()
    marker = Quarantine(reason, moment.seq, moment.now)
    entries: dict[bytes, bytes | None] = {_quarantine_key(member_id): state.encode(marker)}
    return Decision(changes={state.ENTRIES: entries} | _shown(member_id, at, moment, marker))


def _shown(member_id: str, at: At, moment: Moment, marker: Quarantine) -> dict[str, dict[bytes, bytes | None]]:
    """The change of the hot value that shows a quarantine; no change if it cannot be read."""
    member = _readable(member_id, at)
    if member is None:
        return {}
    member.quarantined, member.revision, member.changed_at = marker, moment.seq, moment.now
    return {state.MEMBERS: {state.member_key(member_id): state.encode(member)}}


def _readable(member_id: str, at: At) -> Member | None:
    raw = at(state.MEMBERS, state.member_key(member_id))
    try:
        return state.decode(raw, Member) if raw is not None else Member()
    except state.UNREADABLE:
        return None


def is_quarantined(member_id: str, at: At) -> bool:
    """Whether the member's events are set aside."""
    return at(state.ENTRIES, _quarantine_key(member_id)) is not None


def _quarantine_key(member_id: str) -> bytes:
    return state.entry_key(Quarantine.KIND, member_id, Quarantine.STANDING)


def _rule(case: Case) -> Ruling:
    """The ruling of the case's own rule."""
    event = case.event
    if event is None:
        raise TypeError("a deadline has no event rule")
    if event.data.PERSONAL and case.member.erased_at:
        return erasing.belongs_to_nobody()
    rule = RULES.get(type(event.data))
    return rule(case, event.data) if rule else not_supported_yet(f"Event type {event.type}")


def _told_before(known: str) -> Ruling:
    if known == "duplicate":
        return Ruling("duplicate", "The same event was answered before: nothing more happens (GEN-1).", "GEN-1")
    says = "An event with this id was answered before with other content: nothing happens (GEN-1)."
    return Ruling("conflict", says, "GEN-1", "other_content")


def _ahead_of_now(case: Case) -> Ruling | None:
    """GEN-4 What would act before it is due: a membership joined or left, points spent or set aside in a time to come.

    As much as events may come before each other (GEN-2), they may come before the tick of their time. What is further ahead
    says that a clock is wrong, the sender's or ours: it is set aside, and decided when it is sent again in its time.
    """
    now = case.desk.moment.now
    if now is None or case.at <= now:  # as nearly always
        return None
    days, is_ours = case.policies.ahead_days, case.event is not None and isinstance(case.event.data, OURS)
    if is_ours or case.at <= now + timedelta(days=days):
        return None
    says = (
        f"It is of {case.at:%Y-%m-%d %H:%M} UTC, more than {days} days ahead of now: set aside until it is sent again"
    )
    return Ruling("dead_lettered", f"{says} (GEN-4).", "GEN-4", AHEAD_OF_NOW)


def _work_off(desk: Desk) -> None:
    """Take the deadlines that are due, in due order, at most `due.AT_MOST`; the rest has another tick."""
    for _ in range(due.AT_MOST):
        if not due.is_due(desk):
            break
        if desk.member.due[0].what == hold.WHAT:
            _give_up(desk)
        else:
            due.work_off(desk, DEADLINES)
        _settle(desk)


def _settle(desk: Desk) -> None:
    """GEN-2 Decide the events held for what has become known; depth first, so that a chain settles in its order."""
    while desk.arrivals and desk.member.held:
        for case in hold.release(desk, *desk.arrivals.pop(0)):
            ruling = _rule(case)
            if ruling.outcome != "held":
                _answer_settled(desk, case, ruling)
                _settle(desk)


def _give_up(desk: Desk) -> None:
    """GEN-2 Refuse the events whose partner did not arrive in time."""
    deadline = desk.member.due.pop(0)
    for case in hold.expired(desk, deadline):
        also = GIVEN_UP.get(type(case.event.data)) if case.event else None
        words = also(case, case.event.data) if also and case.event else ""
        _answer_settled(desk, case, hold.never_arrived(deadline, desk.policies.hold_days, words))


def _answer_settled(desk: Desk, case: Case, ruling: Ruling) -> None:
    if case.event is None or case.record is None:
        raise TypeError("only held events settle")
    desk.out.decisions.append(_answer(case.event, case.record, desk.moment, ruling, case, phase="settled"))


def _answer(
    event: Event[Any],
    record: Record,
    moment: Moment,
    ruling: Ruling,
    case: Case | None = None,
    phase: Phase = "decided",
) -> Output[Decided]:
    """The decision for upstream."""
    decided = Decided(
        event=EventRef(
            source=event.source,
            id=event.id,
            type=event.type,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        ),
        seq=moment.seq,
        now=moment.now,
        outcome=ruling.outcome,
        reason=ruling.reason,
        says=ruling.says,
        clause=ruling.clause,
        ledger=tuple(case.ledger) if case else (),
        notifications=tuple(case.notices) if case else (),
        requests=tuple(case.requests) if case else (),
        rules_version=RULES_VERSION,
    )
    return addressed(decided, decision_id(*record, phase), event.subject, moment.now)
