"""MS-8: points that are set aside at checkout."""

import pytest

from models.points.state import Reservation
from models.state import Due
from tests.models.checkout import NOON, rich, spending
from tests.models.facts import at, pacific, reserved, set_free
from tests.models.world import World, earned, member


def test_ms_8_points_are_set_aside_from_the_oldest_lots() -> None:
    world = rich()
    answer = world.send(reserved(150), time=NOON)
    assert (
        answer.says
        == "Reservation s1: 150 points are set aside from 2 lots, oldest first, until 2026-03-20 20:00 UTC (MS-8)."
    )
    assert world.moved_by(answer) == [("reserve", "early", 100), ("reserve", "middle", 50)]
    assert (world.points.available, world.points.reserved, world.points.debt) == (150, 150, 0)
    assert [entry.points for entry in world.ledger[-2:]] == [0, 0]
    assert world.left == {"middle": 50, "late": 100}
    assert world.points.redeemed == 0
    world.check_books()


def test_ms_8_reserved_points_cannot_be_spent_twice() -> None:
    world = rich()
    world.send(reserved(250), time=NOON)
    refusal = world.send(reserved(51, "s2"), time=NOON)
    assert (refusal.outcome, refusal.reason, refusal.clause) == ("refused", "insufficient_points", "MS-8")
    assert refusal.says == "Reservation s2 asks for 51 points, of which 50 are available: nothing is set aside (MS-8)."
    assert (refusal.ledger, world.entry(Reservation, "s2").parts) == ((), [])
    assert world.send(reserved(50, "s3"), time=NOON).outcome == "applied"
    world.send(spending(10))
    assert (world.points.available, world.points.reserved, world.points.debt) == (0, 300, 10)
    world.check_books()


def test_ms_8_an_order_claims_its_reservation_from_the_very_lots() -> None:
    world = rich()
    world.send(reserved(100), time=NOON)
    world.send(reserved(100, "s2"), time=NOON)
    answer = world.send(spending(100, reservation_id="s2"))
    assert world.moved_by(answer) == [("release", "middle", -100), ("redeem", "middle", -100)]
    assert "100 points redeemed (MS-7); reservation s2 claimed (MS-8). " in answer.says
    assert (world.points.available, world.points.reserved) == (100, 100)
    assert world.entry(Reservation, "s2").ended == "claimed"
    world.tick("2026-03-21 20:00")
    assert world.entry(Reservation, "s2").ended == "claimed"
    assert (world.points.available, world.points.reserved) == (200, 0)
    world.check_books()


def test_ms_8_an_order_that_needs_less_than_it_reserved_leaves_the_rest_free() -> None:
    world = rich()
    world.send(reserved(150), time=NOON)
    world.send(spending(120, reservation_id="s1"))
    assert (world.points.available, world.points.reserved) == (180, 0)
    assert world.left == {"middle": 80, "late": 100}
    world.check_books()


def test_ms_8_an_order_that_needs_more_than_it_reserved_takes_the_oldest_too() -> None:
    world = rich()
    world.send(reserved(100), time=NOON)
    answer = world.send(spending(150, reservation_id="s1"))
    assert world.moved_by(answer)[1:] == [("redeem", "early", -100), ("redeem", "middle", -50)]
    world.check_books()


@pytest.mark.parametrize(
    ("placed_at", "claimed"),
    [("2026-03-20 19:59:59", True), ("2026-03-20 19:59:59.999999", True), ("2026-03-20 20:00", False)],
)
def test_ms_8_claimed_within_60_minutes_by_the_time_of_the_order_though_the_clock_is_late(
    placed_at: str, claimed: bool
) -> None:
    world = rich()
    world.send(reserved(300), time=NOON)
    answer = world.send(spending(100, placed_at=placed_at, reservation_id="s1"))
    assert (world.points.available, world.points.reserved, world.points.debt) == (200, 0, 0)
    assert world.entry(Reservation, "s1").ended == ("claimed" if claimed else "expired")
    assert f"reservation s1 {'claimed' if claimed else 'had run out'} (MS-8)" in answer.says
    assert world.member().due == [due for due in world.member().due if due.ref != "s1"]
    world.check_books()


def test_ms_8_what_nobody_claims_returns_to_its_lots_after_60_minutes() -> None:
    world = rich()
    world.send(reserved(150), event_id="keep", time=NOON)
    assert Due(at("2026-03-20 20:00"), "points.reservation", "s1") in world.member().due
    world.tick("2026-03-20 19:59:59.999999")
    assert (world.points.available, world.points.reserved) == (150, 150)
    world.tick("2026-03-20 20:00")
    assert (world.points.available, world.points.reserved) == (300, 0)
    assert world.left == {"early": 100, "middle": 100, "late": 100}
    assert [(entry.kind, entry.lot_id, entry.reserved, entry.clause, entry.at) for entry in world.ledger[-2:]] == [
        ("release", "early", -100, "MS-8", at("2026-03-20 20:00")),
        ("release", "middle", -50, "MS-8", at("2026-03-20 20:00")),
    ]
    notice = world.notice("points.reservation_expired")
    assert (notice.clause, notice.not_before) == ("MS-8", at("2026-03-20 20:00"))
    assert notice.params == {"reservation_id": "s1", "points": 150}
    assert (notice.cause.source, notice.cause.id) == (
        "/memberships/deadlines/points.reservation",
        "s1@2026-03-20T20:00:00Z",
    )
    world.check_books()


def test_ms_8_a_late_clock_ends_a_reservation_once_dated_when_it_was_due() -> None:
    world = rich()
    world.send(reserved(150), time=NOON)
    world.tick("2026-03-22 09:00")
    world.tick("2026-03-23 09:00")
    assert world.told.count("points.reservation_expired") == 1
    assert {entry.at for entry in world.ledger if entry.kind == "release"} == {at("2026-03-20 20:00")}


def test_ms_8_after_the_clock_has_ended_it_the_order_takes_what_is_there() -> None:
    world = rich()
    world.send(reserved(300), time=NOON)
    world.tick("2026-03-20 20:00")
    answer = world.send(spending(100, placed_at="2026-03-20 19:30", reservation_id="s1"))
    assert "reservation s1 was expired before (MS-8)" in answer.says
    assert (world.points.available, world.points.reserved, world.points.debt) == (200, 0, 0)
    world.check_books()


def test_ms_8_the_minutes_are_a_setting() -> None:
    world = earned(member(now=NOON, reservation_minutes=5), ("o1", 100, "2026-03-10 12:00"))
    world.send(reserved(100), time=NOON)
    world.tick("2026-03-20 19:04:59")
    assert world.points.reserved == 100
    world.tick("2026-03-20 19:05")
    assert world.points.reserved == 0


def test_ms_8_released_points_return_to_their_lots() -> None:
    world = rich()
    world.send(reserved(150), time=NOON)
    answer = world.send(set_free(), time="2026-03-20 19:10")
    assert answer.says == "Release of reservation s1: 150 points are back in their lots (MS-8)."
    assert world.moved_by(answer) == [("release", "early", -100), ("release", "middle", -50)]
    assert world.left == {"early": 100, "middle": 100, "late": 100}
    world.tick("2026-03-20 20:00")
    assert "points.reservation_expired" not in world.told
    world.check_books()


@pytest.mark.parametrize("end", ["claimed", "released", "expired"])
def test_ms_8_a_release_that_comes_too_late_says_what_came_before(end: str) -> None:
    world = rich()
    world.send(reserved(150), time=NOON)
    if end == "claimed":
        world.send(spending(150, reservation_id="s1"))
    elif end == "released":
        world.send(set_free())
    else:
        world.tick("2026-03-20 20:00")
    before = world.points
    answer = world.send(set_free(), event_id="late")
    assert (answer.outcome, answer.reason, answer.clause) == ("superseded", f"already_{end}", "MS-8")
    assert world.points == before


@pytest.mark.parametrize("end", ["claimed", "released"])
def test_ms_8_a_reservation_that_has_ended_is_not_claimed_again(end: str) -> None:
    world = rich()
    world.send(reserved(100), time=NOON)
    world.send(set_free() if end == "released" else spending(100, "first", reservation_id="s1"), event_id="end")
    answer = world.send(spending(100, "second", reservation_id="s1"))
    assert f"reservation s1 was {end} before (MS-8)" in answer.says
    assert world.points.redeemed == (100 if end == "released" else 200)
    world.check_books()


def test_ms_8_gen_2_a_release_before_its_reservation_waits_for_it() -> None:
    world = rich()
    early = world.send(set_free(), time=NOON)
    assert (early.outcome, early.reason) == ("held", "awaits_reservation")
    world.send(reserved(150), time=NOON)
    assert [(d.outcome, d.clause) for d in world.decisions[-2:]] == [("applied", "MS-8"), ("applied", "MS-8")]
    assert (world.points.available, world.points.reserved) == (300, 0)
    world.check_books()


def test_ms_8_gen_2_a_reservation_that_its_order_overtakes_is_superseded() -> None:
    world = rich()
    world.send(spending(150, reservation_id="s1"))
    late = world.send(reserved(150), time=NOON)
    assert (late.outcome, late.reason, late.clause) == ("superseded", "already_claimed", "MS-8")
    assert (world.points.available, world.points.reserved) == (150, 0)
    assert world.send(set_free()).reason == "already_claimed"
    world.check_books()


def test_ms_8_a_reservation_told_again_is_no_second_one() -> None:
    world = rich()
    world.send(reserved(150), time=NOON)
    again, other = world.send(reserved(150), time=NOON), world.send(reserved(151), time=NOON)
    assert (again.outcome, again.reason) == ("duplicate", "already_known")
    assert (other.outcome, other.reason) == ("conflict", "other_content")
    assert world.points.reserved == 150


def test_ms_8_only_a_member_can_reserve() -> None:
    world = World(now=NOON)
    answer = world.send(reserved(1))
    assert (answer.outcome, answer.reason) == ("refused", "not_a_member")
    assert answer.says == "Reservation s1: not a member of My Sony then (MS-8)."


def test_ms_8_expired_points_cannot_be_reserved_though_the_sweep_is_late() -> None:
    world = earned(member(now="2028-03-10 12:00"), ("old", 100, "2026-03-10 12:00"), ("new", 60, "2026-03-11 12:00"))
    refusal = world.send(reserved(100), time=pacific("2028-03-11 00:00"))
    assert "asks for 100 points, of which 60 are available" in refusal.says
    assert world.send(reserved(61, "s2"), time=pacific("2028-03-10 23:30")).outcome == "applied"


def test_ms_8_points_reserved_on_their_last_day_can_be_claimed_after_midnight() -> None:
    world = earned(member(now="2028-03-10 12:00"), ("old", 100, "2026-03-10 12:00"))
    world.send(reserved(100), time=pacific("2028-03-10 23:30"))
    world.tick(pacific("2028-03-11 00:00"))
    assert "points.expired" not in world.told
    answer = world.send(spending(60, placed_at=pacific("2028-03-11 00:15"), reservation_id="s1"))
    assert world.moved_by(answer) == [("release", "old", -100), ("redeem", "old", -60), ("expire", "old", -40)]
    assert world.points.expired == 40
    world.check_books()


def test_ms_8_points_that_come_back_after_their_last_day_expire_at_once() -> None:
    world = earned(member(now="2028-03-10 12:00"), ("old", 100, "2026-03-10 12:00"))
    world.send(reserved(100), time=pacific("2028-03-10 23:30"))
    world.tick(pacific("2028-03-11 00:30"))
    assert world.booked[-2:] == [("release", 0), ("expire", -100)]
    assert (world.points.available, world.points.reserved, world.points.expired) == (0, 0, 100)
    world.check_books()


@pytest.mark.parametrize(("now", "expired"), [("2028-03-10 23:59:59.999999", 0), ("2028-03-11 00:00", 100)])
def test_ms_8_ms_12_points_released_after_their_last_day_expire_at_once_and_the_answer_says_so(
    now: str, expired: int
) -> None:
    world = earned(member(now="2028-03-10 12:00"), ("old", 100, "2026-03-10 12:00"))
    world.send(reserved(100), time=pacific("2028-03-10 23:30"))
    world.tick(pacific(now))
    answer = world.send(set_free())
    assert world.moved_by(answer) == [("release", "old", -100), ("expire", "old", -100)][: 1 + bool(expired)]
    assert ("100 of them expired at once (MS-12, MS-8)" in answer.says) is bool(expired)
    assert world.points.expired == expired
    world.check_books()
