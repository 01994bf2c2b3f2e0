"""REP-1, REP-11, PRO-9, PRO-10, PAY-4: who may send a product in, its steps, and where it is kept."""

from typing import Any

import pytest

from models.repairs.asking import AWAITING
from models.repairs.facts import FACTS
from models.repairs.state import Awaiting, Repair
from tests.models.facts import added, paid, registered, repair, step
from tests.models.world import World, pro_member

STATUS_AFTER = {
    "received": "received",
    "diagnosed": "diagnosed",
    "warranty_validated": "in_repair",
    "completed": "completed",
}


def test_rep_1_the_steps_of_a_repair_in_order() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    for day, (name, status) in enumerate(STATUS_AFTER.items(), 2):
        assert world.send(step(name), time=f"2026-06-0{day} 15:00").outcome == "applied"
        assert world.repair("r1").status == status
    world.send(step("handed_to_carrier", tracking="1Z9"), time="2026-06-08 15:00")
    world.send(step("delivered"), time="2026-06-10 15:00")
    assert world.repair("r1").status == "delivered"
    assert world.repair("r1").turnaround.state == "kept"  # type: ignore[union-attr]
    assert world.told[2:] == ["repair.received", "repair.turnaround_started", "repair.shipped"]
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "repair.shipped"}
    assert [due.what for due in world.member().due] == ["fee.expiring", "fee.notice", "fee.due"]


def test_rep_1_a_late_earlier_step_says_that_it_was_implied() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("completed"), time="2026-06-03 15:00")
    late = world.send(step("received"), time="2026-06-02 15:00")
    assert (late.outcome, late.reason) == ("superseded", "later_step_known")
    assert world.send(step("received"), time="2026-06-02 15:00").outcome == "duplicate"
    assert "repair.received" in world.told
    before = world.send(step("received"), time="2026-06-01 20:00")
    assert before.outcome == "superseded", "the earliest counts, and it is implied all the same"
    assert world.repair("r1").steps["received"].event_id != "late"


def test_rep_11_the_way_back_unrepaired_and_next_to_it_the_tracking_number() -> None:
    """REP-11, REP-1 A delivery implies the hand-over, which takes its place when it is told."""
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("delivered"), time="2026-06-04 20:00")
    assert world.notice("repair.shipped").params == {"repair_id": "r1", "repaired": True, "tracking": None}
    answer = world.send(step("handed_to_carrier", tracking="1Z9", repaired=False), time="2026-06-03 20:00")
    assert (answer.outcome, answer.reason) == ("superseded", "later_step_known")
    first, second = [notice for notice in world.notices if notice.kind == "repair.shipped"]
    assert second.replaces == (world.notice_id("repair.shipped"),)
    assert second.params == {"repair_id": "r1", "repaired": False, "tracking": "1Z9"}
    assert first.params != second.params


def test_what_can_be_told_ever_again_has_a_limit() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    for number in range(FACTS):
        assert (
            world.send(step("parts_available"), time=f"2026-06-02 15:{number // 60:02}:{number % 60:02}").reason is None
        )
    assert world.send(step("parts_available"), time="2026-06-03 15:00").reason == "too_many_facts"
    assert world.send(step("delivered"), time="2026-06-04 15:00").reason is None


@pytest.mark.parametrize(
    ("change", "reasons", "clause"),
    [
        ({"sent_by": "third_party"}, ("not_sent_by_member",), "PRO-10"),
        ({"sent_by": "dealer"}, ("not_sent_by_member",), "PRO-10"),
        ({"ship_to_state": "PR"}, ("not_shipped_there",), "REP-11"),
        ({"sent_by": "dealer", "ship_to_state": "PR"}, ("not_sent_by_member", "not_shipped_there"), "PRO-10"),
    ],
)
def test_rep_refusals_name_every_reason(change: dict[str, Any], reasons: tuple[str, ...], clause: str) -> None:
    world = pro_member(World())
    answer = world.send(repair(**change), time="2026-06-01 15:00")
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", reasons[0], clause)
    assert world.notice("repair.refused").params == {"repair_id": "r1", "reasons": reasons}
    assert world.send(step("received")).reason == "repair_refused"


def test_pro_10_a_product_registered_later_on_leaves_the_repair_refused() -> None:
    world = pro_member(World())
    answer = world.send(repair(serial="S9"), event_id="asked", time="2026-06-01 15:00")
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "not_registered", "PRO-10")
    assert world.send(registered("S9"), time="2026-06-01 15:00:01").reason is None
    assert world.repair("r1").status == "refused"
    assert world.entry(Awaiting, "S9").repairs == ["r1"]


@pytest.mark.parametrize("first", ["the registration", "the request", "all steps"])
def test_pro_10_a_registration_of_an_earlier_time_counts_whenever_it_is_told(first: str) -> None:
    """PRO-10, GEN-2 What is known of a refused repair is not lost."""
    facts = [
        (registered("S9"), "known", "2026-05-31 15:00"),
        (repair(serial="S9"), "asked", "2026-06-01 15:00"),
        (step("received"), "received", "2026-06-02 15:00"),
        (step("warranty_validated"), "valid", "2026-06-03 15:00"),
        (step("delivered"), "back", "2026-06-04 15:00"),
    ]
    order = {"the registration": (0, 1, 2, 3, 4), "the request": (1, 0, 2, 3, 4), "all steps": (2, 1, 3, 4, 0)}[first]
    world = pro_member(World())
    for number in order:
        fact, event_id, time = facts[number]
        world.send(fact, event_id=event_id, time=time)
    assert world.repair("r1").status == "delivered"
    assert world.repair("r1").turnaround.state == "kept"  # type: ignore[union-attr]
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "repair.shipped"}
    assert world.entry(Awaiting, "S9") is None


def test_pro_10_another_reason_is_not_mended_by_a_registration_and_the_list_is_short() -> None:
    world = pro_member(World())
    world.send(repair("dealt", serial="S9", sent_by="dealer"), time="2026-06-01 15:00")
    for number in range(AWAITING + 1):
        world.send(repair(f"r{number}", serial="S9"), time="2026-06-01 15:00")
    assert world.entry(Awaiting, "S9").repairs == [f"r{number}" for number in range(1, AWAITING + 1)]
    answer = world.send(registered("S9"), time="2026-05-31 15:00")
    assert "Repair r1, which had been refused, is accepted (PRO-10)." in answer.says
    assert (world.repair("dealt").status, world.repair("r0").status) == ("refused", "refused")


def test_pro_9_no_membership_no_repair_at_member_terms() -> None:
    world = World()
    answer = world.send(repair(), time="2026-06-01 15:00")
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "no_active_membership", "PRO-9")


@pytest.mark.parametrize(("time", "outcome"), [("2026-03-02 07:59", "refused"), ("2026-03-02 08:00", "applied")])
def test_pro_9_active_at_the_time_of_the_request(time: str, outcome: str) -> None:
    assert pro_member(World()).send(repair(), time=time).outcome == outcome


def test_pay_4_suspended_means_no_new_repairs_but_one_at_the_depot_goes_on() -> None:
    world = pro_member(World())
    world.send(repair("old"), time="2027-03-01 15:00")
    world.tick("2027-02-01 00:00")  # told of its renewal, and no method is on file
    world.tick("2027-03-02 15:00")
    answer = world.send(repair("new"), time="2027-03-02 16:00")
    assert (answer.reason, answer.clause) == ("suspended", "PAY-4")
    assert world.send(step("warranty_validated", "old"), time="2027-03-02 17:00").outcome == "applied"
    world.tick("2027-03-10 00:00")
    assert world.told.count("repair.turnaround_missed") == 1


def test_closed_repairs_leave_the_hot_value_but_the_latest_three() -> None:
    world = pro_member(World())
    for n in range(5):
        world.send(repair(f"r{n}"), time=f"2026-06-0{n + 1} 15:00")
        world.send(step("handed_to_carrier", f"r{n}"), time=f"2026-06-0{n + 1} 16:00")
    assert list(world.member().repairs) == ["r2", "r3", "r4"]
    world.send(step("delivered", "r0"), time="2026-06-09 15:00")
    assert world.entry(Repair, "r0").status == "delivered"


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(
    ("asked", "reason"), [("2027-03-02 07:59:59", None), ("2027-03-02 08:00", "no_active_membership")]
)
def test_pro_9_the_dates_decide_whether_or_not_the_deadlines_were_handled(
    asked: str, reason: str | None, down: bool
) -> None:
    """GEN-4 A worker that was down over the end of the term answers like one that was not."""
    world = pro_member(World(), auto=False)
    world.tick("2027-02-01 00:00")
    if not down:
        world.tick("2027-03-20 00:00")
    assert world.send(repair(), time=asked).reason == reason


@pytest.mark.parametrize(
    ("card", "asked", "reason"),
    [
        (True, "2027-03-02 08:00", None),  # the fee may still come
        (True, "2027-03-09 07:59:59", None),
        (True, "2027-03-09 08:00", "suspended"),  # seven days of silence (PAY-1)
        (False, "2027-03-02 07:59:59", None),
        (False, "2027-03-02 08:00", "suspended"),  # nothing to charge (PAY-1)
        (False, "2027-05-01 06:59:59", "suspended"),
        (False, "2027-05-01 07:00", "no_active_membership"),  # sixty days unpaid (PAY-6)
    ],
)
def test_pro_9_an_unpaid_renewal_by_its_dates(card: bool, asked: str, reason: str | None) -> None:
    world = pro_member(World())
    if card:
        world.send(added(), time="2026-03-03 12:00")
    for now in ("2027-02-01 00:00", "2027-03-02 08:00", "2027-03-20 00:00"):
        world.tick(now)
    assert world.send(repair(), time=asked).reason == reason


def test_pro_9_any_paid_term_covers_a_repair() -> None:
    world = pro_member(World())
    world.tick("2027-02-01 00:00")
    world.tick("2027-03-02 08:00")
    world.send(paid("pro-m-1-2027-03-02", paid_at="2027-03-20 20:00"))
    assert world.send(repair("in the first"), time="2026-06-01 15:00").outcome == "applied"
    assert world.send(repair("between"), time="2027-03-19 15:00").reason == "no_active_membership"
    assert world.send(repair("in the second"), time="2027-06-01 15:00").outcome == "applied"
