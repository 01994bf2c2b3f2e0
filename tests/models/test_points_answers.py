"""Every answer of the points rules, reached at least once; each names its clause in plain words (GEN-5)."""

import re
from typing import Any, get_args

import pytest

from models.outputs.decisions import Decided
from models.outputs.notifications import Notification
from models.points import outcomes
from tests.models.facts import (
    Fact,
    adjusted,
    cancel_requested,
    cancel_withdrawn,
    cancelled,
    dispute_won,
    disputed,
    joined,
    line,
    order,
    price_matched,
    reserved,
    return_rejected,
    returned,
    set_free,
)
from tests.models.world import World

Step = Fact | tuple[str, Any, str] | str
"""An event, now or at an instant, or the instant of a tick."""
BOUGHT: tuple[Step, ...] = (joined(), "2026-03-02 12:00", order("o1", line("l1", "100.00", 2)))
LEAVING = (*BOUGHT, cancel_requested())
LEFT = (*LEAVING, "2026-03-20 12:00")
CLAIMING = order("o2", line("l1", "1.00"), points_redeemed=5, reservation_id="s1", placed_at="2026-03-02 12:30")
RETURNED = returned("r1", l1=1)

ANSWERS: dict[tuple[str, str], tuple[Step, ...]] = {
    ("duplicate", "already_member"): (joined(), "2026-03-02 12:00", joined()),
    ("duplicate", "already_cancelling"): (*LEAVING, cancel_requested()),
    ("duplicate", "already_rejected"): (*BOUGHT, RETURNED, return_rejected("r1"), return_rejected("r1")),
    ("duplicate", "already_cancelled"): (*BOUGHT, cancelled(), cancelled()),
    ("duplicate", "already_won"): (*BOUGHT, disputed("1.00"), dispute_won(), dispute_won()),
    ("refused", "not_resident"): (joined(state="GU"),),
    ("refused", "under_age"): (joined("2015-01-01"),),
    ("refused", "not_a_member"): (cancel_requested(),),
    ("refused", "membership_ended"): (*LEFT, adjusted(5)),
    ("refused", "nothing_to_withdraw"): (*BOUGHT, cancel_withdrawn()),
    ("refused", "not_in_time"): (*LEAVING, (*cancel_withdrawn(), "2026-03-05 08:00")),
    ("refused", "insufficient_points"): (*BOUGHT, reserved(401)),
    ("refused", "unknown_line"): (*BOUGHT, returned("r1", l9=1)),
    ("refused", "more_than_left"): (*BOUGHT, returned("r1", l1=3)),
    ("refused", "not_lower"): (*BOUGHT, price_matched("100.00")),
    ("refused", "nothing_to_adjust"): (*BOUGHT, adjusted(0)),
    ("refused", "same_actor"): (*BOUGHT, adjusted(6_000), adjusted(6_000, "j2", approves="j1")),
    ("refused", "other_points"): (*BOUGHT, adjusted(6_000), adjusted(6_001, "j2", actor="lee", approves="j1")),
    ("superseded", "already_claimed"): (*BOUGHT, reserved(5), CLAIMING, set_free()),
    ("superseded", "already_released"): (*BOUGHT, reserved(5), set_free(), set_free()),
    ("superseded", "already_expired"): (*BOUGHT, reserved(5), "2026-03-02 14:00", set_free()),
    ("superseded", "already_forfeited"): (
        *LEAVING,
        (*reserved(5), "2026-03-05 07:30"),
        "2026-03-20 12:00",
        set_free(),
    ),
    ("superseded", "lower_known"): (*BOUGHT, price_matched("90.00"), price_matched("95.00")),
    ("superseded", "already_booked"): (*BOUGHT, adjusted(5), adjusted(5, "j2", actor="lee", approves="j1")),
    ("superseded", "order_cancelled"): (*BOUGHT, cancelled(), RETURNED),
    ("superseded", "membership_ended"): (*LEFT, RETURNED),
    ("superseded", "already_refused"): (*BOUGHT, reserved(401), set_free()),
    ("superseded", "return_refused"): (*BOUGHT, returned("r1", l1=3), return_rejected("r1")),
    ("superseded", "adjustment_refused"): (*BOUGHT, adjusted(0), adjusted(0, "j2", actor="lee", approves="j1")),
    ("applied", "membership_ended"): (*LEFT, order("o2")),
    ("applied", "after_the_end"): (*LEFT, order("o2", placed_at="2026-03-10 12:00")),
    ("applied", "before_joining"): (joined(), order("o2", placed_at="2026-02-10 12:00")),
    ("applied", "not_a_member"): (order("o2"),),
    ("applied", "signed_out"): (joined(), order("o2", signed_in=False)),
    ("applied", "nothing_qualifies"): (joined(), order("o2", line(qualifying=False))),
    ("applied", "under_a_point"): (joined(), order("o2", line(price="0.49"))),
    ("applied", "awaits_approval"): (*BOUGHT, adjusted(5_001)),
    ("held", "awaits_order"): (*BOUGHT, disputed("1.00", order_id="o9")),
    ("held", "awaits_return"): (*BOUGHT, return_rejected("r9")),
    ("held", "awaits_dispute"): (*BOUGHT, dispute_won()),
    ("held", "awaits_reservation"): (*BOUGHT, set_free()),
    ("held", "awaits_end"): (*LEAVING, (*adjusted(5), "2026-03-05 08:00")),
    ("held", "awaits_adjustment"): (*BOUGHT, adjusted(6_000, "j2", approves="j1")),
    ("duplicate", "already_known"): (*BOUGHT, RETURNED, RETURNED),
    ("conflict", "other_content"): (*BOUGHT, RETURNED, returned("r1", l1=2)),
}


def told(steps: tuple[Step, ...]) -> tuple[World, Decided]:
    """The story, and the answer to its last event."""
    world = World(now="2026-03-01 20:00")
    answers = []
    for step in steps:
        if isinstance(step, str):
            world.tick(step)
        else:
            kind, data, *time = step
            answers.append(world.send((kind, data), time=time[0] if time else None))
    return world, answers[-1]


def test_every_answer_of_the_closed_list_has_a_story() -> None:
    listed: set[tuple[str, Any]] = set()
    for outcome, codes in (
        ("duplicate", outcomes.Duplicate),
        ("refused", outcomes.Refused),
        ("superseded", outcomes.Superseded),
        ("applied", outcomes.Zero),
        ("applied", outcomes.Waits),
    ):
        listed |= {(outcome, code) for code in get_args(codes)}
    assert listed - ANSWERS.keys() == set()


@pytest.mark.parametrize(("outcome", "reason"), ANSWERS)
def test_gen_5_an_answer_names_its_clause_and_books_nothing_where_it_comes_to_nothing(
    outcome: str, reason: str
) -> None:
    world, answer = told(ANSWERS[outcome, reason])
    assert (answer.outcome, answer.reason) == (outcome, reason)
    assert answer.clause
    assert answer.says.endswith(".")
    if (outcome, reason) not in {("duplicate", "already_known"), ("conflict", "other_content")}:
        assert f"({answer.clause})" in answer.says, answer.says
    else:
        assert answer.clause == "GEN-1"
    assert answer.ledger == ()
    if outcome != "applied" and reason not in ("not_resident", "under_age"):
        assert answer.notifications == ()
    world.check_books()


@pytest.mark.parametrize("steps", ANSWERS.values(), ids=["-".join(answer) for answer in ANSWERS])
def test_gen_5_ntf_1_ntf_2_whatever_is_booked_or_told_says_why(steps: tuple[Step, ...]) -> None:
    world, _ = told(steps)
    booked = {entry.entry_id for entry in world.ledger}
    for entry in world.ledger:
        assert re.fullmatch(r"MS-\d+", entry.clause)
        assert entry.cause.id
        assert entry.at.utcoffset() is not None
    ids = world.ids(Notification)
    for place, notice in enumerate(world.notices):
        assert notice.program == "points"
        assert re.fullmatch(r"MS-\d+", notice.clause)
        assert notice.cause.id
        assert notice.legal_class == "transactional"
        assert (notice.not_after is None) == (notice.kind not in ("points.expiring", "points.membership_cancelling"))
        assert set(notice.ledger) <= booked
        assert set(notice.replaces) <= set(ids[:place]), "it replaces what was told before"


def test_ntf_1_gen_4_the_same_deadline_has_the_same_id_whichever_tick_brings_it_up() -> None:
    """A deadline's cause is what, which and when due; never the tick."""
    story = (*BOUGHT, reserved(5), cancel_requested())
    on_time, late = (
        told((*story, *ticks))[0] for ticks in (("2026-03-02 13:00", "2026-03-05 08:00"), ("2026-04-01 00:00",))
    )
    assert on_time.ids(Notification) == late.ids(Notification)
    assert [entry.entry_id for entry in on_time.ledger] == [entry.entry_id for entry in late.ledger]
    assert [notice.not_before for notice in on_time.notices] == [notice.not_before for notice in late.notices]


def test_gen_4_before_the_first_tick_nothing_is_due() -> None:
    world = World(now=None)
    world.send(joined(), time="2023-03-01 20:00")
    world.send(order("o1", placed_at="2023-03-02 20:00"), time="2023-03-02 20:00")
    world.send(reserved(5), time="2023-03-02 21:00")
    assert world.points.reserved == 5
    world.tick("2026-03-01 20:00")
    assert world.balance() == (0, 0)
    assert world.booked == [("earn", 398), ("reserve", 0), ("release", 0), ("expire", -398)]
    world.check_books()
