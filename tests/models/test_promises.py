"""What is owed to and by a member, as the read side shows it: every deadline that means something to somebody outside.

That every deadline is there, with its own instant, is asked after every decision of every test here (`World`), and each
day of the simulation.
"""

from typing import Any

import pytest

from models.state import Due, Member
from models.view import view
from tests.models.facts import (
    MEMBER,
    added,
    applied_for,
    at,
    auto_renew,
    cancel_requested,
    cancel_withdrawn,
    care_bought,
    care_cancelled,
    order,
    paid,
    reserved,
    returned,
    reviewed,
)
from tests.models.guests import GUEST
from tests.models.promised import unpromised
from tests.models.renewal import NOTICE, RENEWAL, with_cards
from tests.models.test_majeure import declared
from tests.models.world import World, earned, member, pro_member

KEYS = {
    "what", "due", "clause", "state", "kind", "ref", "program", "by", "to", "started_at", "started_by", "counts", "days",
    "calendar", "options", "remedy",
}  # fmt: skip


def shown(world: World, key: str = MEMBER) -> list[dict[str, Any]]:
    promises: list[dict[str, Any]] = view(key, world.member(key))["promises"]
    assert all(one.keys() == KEYS for one in promises)
    return promises


def brief(world: World, key: str = MEMBER) -> list[tuple[str, str, str | None, str]]:
    """(kind, by, due, state) of all, in their order."""
    return [(one["kind"], one["by"], one["due"], one["state"]) for one in shown(world, key)]


def one(world: World, kind: str, key: str = MEMBER) -> dict[str, Any]:
    [found] = [promise for promise in shown(world, key) if promise["kind"] == kind]
    return found


def test_a_deadline_that_nothing_shows_is_noticed() -> None:
    assert unpromised(Member(due=[Due(at("2026-03-10 12:00"), "unheard_of", "x")])) != []


class TestPoints:
    def test_ms_16_leaving_shows_each_day_that_its_clock_counts_and_the_event_that_set_it_going(self) -> None:
        world = member(closures={"2026-03-16": "inventory"})
        world.send(cancel_requested(), event_id="bye", time="2026-03-13 19:00")
        promise = one(world, "points.leave")
        assert promise["due"] == "2026-03-19T07:00:00Z"
        assert (promise["started_at"], promise["started_by"]) == (
            "2026-03-13T19:00:00Z",
            {"source": "/shop", "id": "bye"},
        )
        assert [(day["day"], day["skipped"]) for day in promise["days"]] == [
            ("2026-03-14", "Saturday"),
            ("2026-03-15", "Sunday"),
            ("2026-03-16", "inventory"),
            ("2026-03-17", None),
            ("2026-03-18", None),
        ]
        assert promise["counts"] == "2 business days"
        assert "1 own closures" in promise["calendar"]
        world.send(cancel_withdrawn(), time="2026-03-14 19:00")
        assert shown(world) == []

    def test_ms_8_points_wait_for_the_members_order(self) -> None:
        world = earned(member(), ("o1", 200, "2026-03-02 10:00"))
        world.tick("2026-03-03 18:00")
        assert shown(world) == [], "MS-6: the day on which points expire is a member's own"
        world.send(reserved(150))
        assert brief(world) == [("points.reservation", "member", "2026-03-03T19:00:00Z", "open")]
        world.tick("2026-03-03 19:00")
        assert shown(world) == []


class TestFees:
    def test_care_4_care_5_a_renewal_ahead_soonest_first(self) -> None:
        assert brief(with_care()) == [
            ("fee.notice", "sony", "2027-01-31T08:00:00Z", "open"),
            ("fee.stop", "member", "2027-02-16T08:00:00Z", "open"),
            ("fee.due", "sony", "2027-03-02T08:00:00Z", "open"),
        ]

    def test_care_4_the_last_day_to_stop_is_a_promise_up_to_its_end(self) -> None:
        world = with_care()
        world.tick(NOTICE)
        for now, kinds in (
            ("2027-02-16 07:59:59", ["fee.stop", "fee.due"]),
            ("2027-02-16 08:00:00", ["fee.due"]),
        ):
            world.tick(now)
            assert [promise["kind"] for promise in shown(world)] == kinds
        assert one(world, "fee.due")["options"][0] == "member: stop it before 2027-02-16"

    def test_care_6_stopped_nothing_is_owed_but_the_end(self) -> None:
        world = with_care()
        world.send(care_cancelled(), time="2026-06-01 18:00")
        assert brief(world) == [("fee.due", "sony", "2027-03-02T08:00:00Z", "open")]
        assert one(world, "fee.due")["clause"] == "CARE-6"

    def test_care_4_switched_off_there_is_nothing_to_stop_and_switched_on_again_there_is(self) -> None:
        world = with_care()
        for on, state, by in ((False, "void", "member"), (True, "open", "sony")):
            switched = ("care.auto_renew_changed", {"on": on})
            world.send(switched, time=f"2026-06-0{1 + on} 18:00")
            assert (one(world, "fee.stop")["state"], one(world, "fee.due")["by"]) == (state, by)

    def test_pro_5_without_auto_renewal_the_member_pays_by_then_or_it_lapses(self) -> None:
        world = pro_member(World())
        world.send(auto_renew(on=False), time="2026-06-01 18:00")
        promise = one(world, "fee.due")
        assert (promise["by"], promise["to"], promise["remedy"]) == ("member", "sony", "PRO lapses")
        assert promise["options"] == [f"member: pay invoice {RENEWAL}"]

    def test_pay_1_pay_2_pay_6_what_is_owed_while_a_fee_is_asked_for(self) -> None:
        world = with_cards()
        assert brief(world) == [("fee.silent", "sony", "2027-03-09T08:00:00Z", "open")]
        world.tick("2027-03-09 08:00")
        assert brief(world) == [
            ("fee.round", "sony", "2027-03-12T08:00:00Z", "open"),
            ("fee.end", "member", "2027-05-08T07:00:00Z", "open"),
        ]
        end = one(world, "fee.end")
        assert (end["started_at"], end["counts"], end["clause"]) == ("2027-03-09T08:00:00Z", "60 days", "PAY-6")

    def test_pay_3_days_of_grace(self) -> None:
        world = pro_member(member(grace_days=5))
        world.tick(NOTICE)
        world.tick("2027-03-02 08:00")
        assert brief(world)[-1] == ("fee.suspend", "member", "2027-03-07T08:00:00Z", "open")
        assert one(world, "fee.suspend")["remedy"] == "PRO is suspended"


class TestCare:
    def test_care_7_an_answer_by_day_30_counted_from_the_fee_and_started_by_the_request(self) -> None:
        world = World()
        world.send(order(), time="2026-03-02 17:00")
        world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
        assert "care.refund" not in {promise["kind"] for promise in shown(world)}
        world.send(care_cancelled(refund=True), event_id="ask", time="2026-03-10 18:00")
        promise = one(world, "care.refund")
        assert (promise["due"], promise["ref"], promise["by"]) == ("2026-04-02T07:00:00Z", "c1", "sony")
        assert promise["started_by"] == {"source": "/shop", "id": "ask"}
        world.send(returned("r1", l1=1), time="2026-03-11 18:00")
        assert shown(world) == []

    def test_care_3_a_guest_opens_an_account_by_day_30(self) -> None:
        world = World()
        world.send(care_bought(), event_id="buy", time="2026-03-02 18:00", member=GUEST)
        assert brief(world, GUEST) == [("care.unclaimed", "member", "2026-04-02T07:00:00Z", "open")]
        promise = one(world, "care.unclaimed", GUEST)
        assert (promise["counts"], promise["started_by"]) == ("30 days", {"source": "/shop", "id": "buy"})
        world.tick("2026-04-02 07:00")
        assert shown(world, GUEST) == []


def test_pro_3_pro_4_an_application_waits_for_sony_and_then_for_its_fee_without_a_deadline() -> None:
    world = member()
    world.send(applied_for())
    assert brief(world) == [("pro.application", "sony", None, "open")]
    world.send(reviewed())
    assert brief(world) == [("pro.application", "member", None, "open")]
    world.send(paid())
    assert "pro.application" not in {promise["kind"] for promise in shown(world)}


@pytest.mark.parametrize(
    ("now", "due", "state"),
    [("2026-03-01 20:00", "2026-03-31T20:00:00Z", "open"), (None, None, "stopped")],
)
def test_gen_2_what_waits_for_its_partner_is_answered_in_30_days_which_count_from_the_first_tick(
    now: str | None, due: str | None, state: str
) -> None:
    world = World(now=now)
    world.send(returned("r1", "o9", l1=1), time="2026-03-01 20:00")
    [promise] = shown(world)
    assert (promise["kind"], promise["ref"], promise["due"], promise["state"]) == ("held", "order|o9", due, state)
    assert promise["program"] is None


def test_pro_11_when_force_majeure_lets_the_member_leave_is_a_promise_to_tell_them() -> None:
    world = declared()
    assert brief(world)[0] == ("majeure.may_terminate", "sony", "2026-06-17T07:00:00Z", "open")
    world.tick("2026-06-17 07:00")
    assert "majeure.may_terminate" not in {promise["kind"] for promise in shown(world)}


def test_what_has_no_deadline_comes_last() -> None:
    world = earned(member(), ("o1", 200, "2026-03-02 10:00"))
    world.tick("2026-03-03 18:00")
    world.send(applied_for())
    world.send(reserved(150))
    assert [kind for kind, *_ in brief(world)] == ["points.reservation", "pro.application"]


def with_care() -> World:
    """Given Care from 2026-03-02 to 2027-03-02, paid, with a card on file."""
    world = World()
    world.send(order(), time="2026-03-02 17:00")
    world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
    world.send(paid("c1", program="care", amount="179.99"))
    world.send(added())
    return world
