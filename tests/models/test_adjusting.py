"""MS-18: goodwill by a named actor, above 5,000 points only with a second, different one."""

import pytest

from models.points.state import Adjustment
from tests.models.facts import adjusted, cancel_requested, joined, pacific
from tests.models.world import World, earned, member


def a_member(**settings: int) -> World:
    """Given a member on the day after joining."""
    return member(now="2026-03-02 12:00", **settings)


def two_lots() -> World:
    return earned(a_member(), ("b", 40, "2026-03-02 03:00"), ("a", 60, "2026-03-02 02:00"))


def test_ms_18_points_granted_are_a_lot_of_their_own_for_24_months() -> None:
    world = a_member()
    answer = world.send(adjusted(500), time=pacific("2026-03-31 23:59:59"))
    assert answer.says == "Adjustment j1 of +500 points by kim: a late parcel (MS-18)."
    assert (answer.outcome, answer.clause, answer.reason) == ("applied", "MS-18", None)
    assert [(str(lot.expires_on), lot.left) for lot in world.lots] == [("2028-03-31", 500)]
    assert world.booked == [("adjust", 500)]
    assert (world.ledger[0].clause, world.ledger[0].order_id) == ("MS-18", None)
    assert world.notice("points.adjusted").params == {"adjustment_id": "j1", "points": 500}
    assert (world.points.adjusted, world.points.earned) == (500, 0)
    world.check_books()


def test_ms_18_points_taken_come_from_the_oldest_lots() -> None:
    world = two_lots()
    answer = world.send(adjusted(-70))
    assert world.moved_by(answer) == [("adjust", "a", -60), ("adjust", "b", -10)]
    assert answer.says == "Adjustment j1 of -70 points by kim: a late parcel (MS-18)."
    assert world.points.adjusted == -70
    world.check_books()


def test_ms_18_ms_11_what_is_missing_becomes_debt() -> None:
    world = two_lots()
    answer = world.send(adjusted(-130))
    assert world.moved_by(answer)[-1] == ("adjust", None, -30)
    assert answer.says == "Adjustment j1 of -130 points by kim: a late parcel; 30 became debt (MS-11, MS-18)."
    assert world.notice("points.adjusted").params == {"adjustment_id": "j1", "points": -130, "debt": 30}
    assert world.balance() == (0, 30)
    world.check_books()


def test_ms_18_ms_11_points_granted_pay_debt_first() -> None:
    world = a_member()
    world.send(adjusted(-30, "j0"))
    answer = world.send(adjusted(100))
    assert [(kind, points) for kind, _, points in world.moved_by(answer)] == [("adjust", 30), ("adjust", 70)]
    assert "; 30 paid debt (MS-11, MS-18)." in answer.says
    assert world.balance() == (70, 0)
    world.check_books()


@pytest.mark.parametrize(
    ("points", "waits"), [(5_000, False), (5_001, True), (-5_000, False), (-5_001, True), (1, False), (-1, False)]
)
def test_ms_18_above_5000_points_it_waits_for_a_second_actor(points: int, waits: bool) -> None:
    world = a_member()
    answer = world.send(adjusted(points))
    assert (answer.outcome, answer.reason) == ("applied", "awaits_approval" if waits else None)
    assert world.booked == ([] if waits else [("adjust", points)])
    assert world.entry(Adjustment, "j1").booked != waits
    if waits:
        says = f"Adjustment j1 of {points:+} points by kim is above 5000: it waits for a second actor (MS-18)."
        assert answer.says == says
    second = world.send(adjusted(points, "yes", actor="lee", approves="j1"))
    assert (second.outcome, second.reason) == (("applied", None) if waits else ("superseded", "already_booked"))
    assert world.booked == [("adjust", points)]
    world.check_books()


def test_ms_18_the_limit_is_a_setting() -> None:
    assert a_member(adjusted_alone=10).send(adjusted(11)).reason == "awaits_approval"


def test_ms_18_booked_when_approved_dated_and_told_then() -> None:
    world = a_member()
    world.send(adjusted(6_000), time="2026-03-02 12:00")
    assert world.told == ["points.welcome"]
    answer = world.send(
        adjusted(6_000, "j2", actor="lee", approves="j1", reason="agreed"), event_id="yes", time="2026-03-05 12:00"
    )
    assert answer.says == "Adjustment j1 of +6000 points by kim, approved by lee: agreed (MS-18)."
    assert f"{world.ledger[0].at:%m-%d}" == "03-05"
    assert world.ledger[0].cause.id == "yes"
    assert world.notice("points.adjusted").params == {"adjustment_id": "j1", "points": 6_000}
    assert world.entry(Adjustment, "j1").approved_by == "lee"
    world.check_books()


def test_ms_18_the_second_actor_must_be_another() -> None:
    world = a_member()
    world.send(adjusted(6_000))
    for other, actor in enumerate(("Kim", "KIM", "kim")):
        answer = world.send(adjusted(6_000, f"k{other}", actor=actor, approves="j1"))
        assert (answer.outcome, answer.reason) == ("refused", "same_actor")
    assert answer.says == "Approval of adjustment j1 by kim: the second actor must be another than the first (MS-18)."
    assert world.ledger == []
    assert world.send(adjusted(6_000, "j3", actor="lee", approves="j1")).outcome == "applied"
    assert world.balance() == (6_000, 0)


def test_ms_18_the_second_actor_must_mean_the_same_points() -> None:
    world = a_member()
    world.send(adjusted(6_000))
    answer = world.send(adjusted(-6_000, "j2", actor="lee", approves="j1"))
    assert (answer.outcome, answer.reason) == ("refused", "other_points")
    assert (
        answer.says
        == "Approval of adjustment j1 by lee is for -6000 points, the adjustment for +6000: nothing is booked (MS-18)."
    )
    assert world.ledger == []


def test_ms_18_approved_twice_is_booked_once() -> None:
    world = a_member()
    world.send(adjusted(6_000))
    for actor in ("lee", "ann"):
        answer = world.send(adjusted(6_000, "yes", actor=actor, approves="j1"))
    assert (answer.outcome, answer.reason, answer.clause) == ("superseded", "already_booked", "MS-18")
    assert world.booked == [("adjust", 6_000)]


def test_ms_18_gen_2_an_approval_before_its_adjustment_waits_for_it() -> None:
    world = a_member()
    early = world.send(adjusted(6_000, "yes", actor="lee", approves="j1"))
    assert (early.outcome, early.reason) == ("held", "awaits_adjustment")
    world.send(adjusted(6_000))
    assert [(d.outcome, d.reason) for d in world.decisions[-2:]] == [("applied", "awaits_approval"), ("applied", None)]
    assert world.balance() == (6_000, 0)
    world.check_books()


def test_ms_18_told_again_it_is_no_second_one() -> None:
    world = a_member()
    world.send(adjusted(10))
    again, other = world.send(adjusted(10)), world.send(adjusted(11))
    assert (again.outcome, again.reason, other.outcome, other.reason) == (
        "duplicate",
        "already_known",
        "conflict",
        "other_content",
    )
    assert world.balance() == (10, 0)


def test_ms_16_ms_18_a_later_membership_knows_nothing_of_what_waits_from_an_earlier_one() -> None:
    """Given an adjustment that waits when its membership ends, when it is approved in the next one, then nothing is booked."""
    world = a_member()
    world.send(adjusted(6_000))
    world.send(cancel_requested())
    world.tick("2026-03-05 08:00")
    world.send(joined(), event_id="again", time="2026-03-05 08:01")
    answer = world.send(adjusted(6_000, "yes", actor="lee", approves="j1"), time="2026-03-05 08:02")
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "membership_ended", "MS-16")
    assert answer.says == "Approval of adjustment j1 by lee: the membership it was asked for in has ended (MS-16)."
    assert (world.balance(), world.ledger) == ((0, 0), [])
    world.send(adjusted(6_000, "j2"), time="2026-03-05 08:03")
    assert world.send(adjusted(6_000, "yes2", actor="lee", approves="j2"), time="2026-03-05 08:04").reason is None
    assert world.balance() == (6_000, 0)
    world.check_books()


def test_ms_18_of_no_points_or_for_no_member_it_is_refused() -> None:
    nothing = a_member().send(adjusted(0))
    assert (nothing.outcome, nothing.reason) == ("refused", "nothing_to_adjust")
    assert nothing.says == "Adjustment j1 is of 0 points (MS-18)."
    nobody = World().send(adjusted(10))
    assert (nobody.outcome, nobody.reason) == ("refused", "not_a_member")


def test_ms_18_points_granted_can_be_taken_back_by_another_adjustment() -> None:
    world = a_member()
    world.send(adjusted(10))
    world.send(adjusted(-10, "j2"))
    assert world.balance() == (0, 0)
    assert world.points.adjusted == 0
    world.check_books()
