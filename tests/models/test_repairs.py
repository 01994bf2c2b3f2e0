"""REP-1, REP-4, REP-10, PRO-9, PAY-4: who may send a product in, its steps in any order, and the turnaround."""

from itertools import permutations
from typing import Any

import pytest

from models.outputs import Notification
from models.repairs.state import Repair
from tests.models.facts import added, at, paid, repair, step
from tests.models.world import World, pro_member


def test_rep_1_the_steps_of_a_repair_in_order() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    for day, name in enumerate(["received", "diagnosed", "warranty_validated", "completed"], 2):
        assert world.send(step(name), time=f"2026-06-0{day} 15:00").outcome == "applied"
        assert world.repair("r1").status == name
    world.send(step("handed_to_carrier", tracking="1Z9"), time="2026-06-08 15:00")
    world.send(step("delivered"), time="2026-06-10 15:00")
    assert world.repair("r1").status == "delivered"
    assert world.repair("r1").turnaround.state == "met"  # type: ignore[union-attr]
    assert world.told[2:] == ["repair.received", "repair.turnaround_started", "repair.shipped"]
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "repair.shipped"}
    assert [due.what for due in world.member().due] == ["fee.expiring", "fee.notice", "fee.due"]


@pytest.mark.parametrize(
    ("validated", "last_day", "deadline"),
    [
        ("2026-06-01 20:00", "2026-06-04", "2026-06-05 07:00"),  # Monday to Thursday, up to Friday 00:00 Pacific
        ("2026-06-02 06:59", "2026-06-04", "2026-06-05 07:00"),  # still Monday there
        ("2026-06-02 07:00", "2026-06-05", "2026-06-06 07:00"),
        ("2026-06-05 20:00", "2026-06-10", "2026-06-11 07:00"),  # over a weekend
        ("2026-06-06 20:00", "2026-06-10", "2026-06-11 07:00"),  # from a Saturday
        ("2026-07-01 20:00", "2026-07-07", "2026-07-08 07:00"),  # Friday 3 July is the observed holiday
        ("2026-03-05 20:00", "2026-03-10", "2026-03-11 07:00"),  # summer time begins on the way
        ("2026-10-29 20:00", "2026-11-03", "2026-11-04 08:00"),  # and ends
        ("2026-12-31 20:00", "2027-01-06", "2027-01-07 08:00"),
    ],
)
def test_rep_4_to_the_end_of_the_third_business_day(validated: str, last_day: str, deadline: str) -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-03-05 15:00")
    world.send(step("warranty_validated"), time=validated)
    clock = world.repair("r1").turnaround
    assert clock
    assert (str(clock.days[-1][0]), clock.deadline) == (last_day, at(deadline))
    assert world.notice("repair.turnaround_started").params["last_day"] == last_day


def test_rep_10_the_clock_shows_its_working() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-07-01 15:00")
    answer = world.send(step("warranty_validated"), event_id="val", time="2026-07-01 20:00")
    clock = world.repair("r1").turnaround
    assert clock
    assert [(str(day), why) for day, why in clock.days] == [
        ("2026-07-02", None),
        ("2026-07-03", "Independence Day (observed)"),
        ("2026-07-04", "Saturday"),
        ("2026-07-05", "Sunday"),
        ("2026-07-06", None),
        ("2026-07-07", None),
    ]
    assert (clock.event_id, clock.start) == ("val", at("2026-07-01 20:00"))
    assert "US federal holidays" in clock.calendar
    assert "2026-07-03 skipped (Independence Day (observed))" in answer.says


@pytest.mark.parametrize(
    ("handed", "state"), [("2026-06-05 06:59:59", "met"), ("2026-06-05 07:00:00", "missed"), (None, "missed")]
)
def test_rep_4_missed_when_nothing_was_handed_over_before_the_deadline(handed: str | None, state: str) -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("warranty_validated"), time="2026-06-01 20:00")
    if handed:
        world.send(step("handed_to_carrier"), time=handed)
    world.tick("2026-06-05 06:59:59")
    assert "repair.turnaround_missed" not in world.told
    world.tick("2026-06-05 07:00")
    assert world.repair("r1").turnaround.state == state  # type: ignore[union-attr]
    assert world.told.count("repair.turnaround_missed") == (state == "missed")


def test_gen_4_a_deadline_missed_while_down_is_told_once_with_its_date() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("warranty_validated"), time="2026-06-01 20:00")
    world.tick("2026-08-01 00:00")
    world.tick("2026-08-02 00:00")
    missed = world.notice("repair.turnaround_missed")
    assert missed.params["deadline"] == "2026-06-05T07:00:00Z"
    assert missed.not_before == at("2026-06-05 07:00")
    assert (missed.cause.source, missed.cause.id) == (
        "/memberships/deadlines/repair.turnaround",
        "r1@2026-06-05T07:00:00Z",
    )


def test_rep_9_proof_of_a_hand_over_in_time_that_comes_before_the_decision_counts_by_its_date() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.now = at("2026-06-20 00:00")  # the events come late, before the next tick
    world.send(step("warranty_validated"), time="2026-06-01 20:00")
    world.send(step("handed_to_carrier"), time="2026-06-04 20:00")
    world.tick("2026-06-21 00:00")
    assert world.repair("r1").turnaround.state == "met"  # type: ignore[union-attr]


def test_rep_4_after_the_decision_a_hand_over_does_not_undo_it() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("warranty_validated"), time="2026-06-01 20:00")
    world.tick("2026-06-06 00:00")
    world.send(step("handed_to_carrier"), time="2026-06-04 20:00")
    assert world.repair("r1").turnaround.state == "missed"  # type: ignore[union-attr]
    assert world.told[-1] == "repair.shipped"


def test_rep_1_a_delivery_implies_the_hand_over_which_takes_its_place_when_told() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("warranty_validated"), time="2026-06-01 20:00")
    world.send(step("delivered"), time="2026-06-04 20:00")
    assert world.repair("r1").turnaround.state == "met"  # type: ignore[union-attr]
    world.send(step("handed_to_carrier", tracking="1Z9"), time="2026-06-03 20:00")
    _, second = [notice for notice in world.notices if notice.kind == "repair.shipped"]
    assert world.notice_id("repair.shipped") in second.replaces
    assert second.params["tracking"] == "1Z9"


STEPS = ["received", "diagnosed", "warranty_validated", "completed", "handed_to_carrier"]


@pytest.mark.parametrize("with_request", [True, False])
def test_gen_2_the_steps_of_a_repair_come_in_any_order(with_request: bool) -> None:
    facts = [(repair(), "req", "2026-06-01 15:00")]
    facts += [(step(name), name, f"2026-06-0{n} 15:00") for n, name in enumerate(STEPS, 2)]
    ends = []
    first = [] if with_request else facts[:1]
    for order in permutations(facts if with_request else facts[1:]):
        world = pro_member(World(now="2026-06-01 12:00"))
        for fact, event_id, time in [*first, *order]:
            world.send(fact, event_id=event_id, time=time)
        found = world.repair("r1")
        found.notices = []
        end = (found.status, sorted(found.steps.items()), found.turnaround, world.standing(), world.member().due)
        assert not ends or end == ends[0]
        ends = [end]
    assert ends[0][0] == "handed_to_carrier"


def test_rep_1_a_late_earlier_step_says_that_it_was_implied() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    world.send(step("completed"), time="2026-06-03 15:00")
    late = world.send(step("received"), time="2026-06-02 15:00")
    assert (late.outcome, late.reason) == ("superseded", "later_step_known")
    assert world.send(step("received"), time="2026-06-02 15:00").outcome == "duplicate"
    assert "repair.received" in world.told


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


@pytest.mark.parametrize(
    "fact",
    [
        step("warranty_validated", proof=False),
        step("handed_to_carrier", repaired=False),
        ("repair.estimate_issued", {"repair_id": "r1", "estimate_id": "e", "standard_fee": "100.00"}),
        ("repair.parts_unavailable", {"repair_id": "r1"}),
        ("loaner.requested", {"repair_id": "r1"}),
    ],
)
def test_what_is_not_there_yet_is_refused_and_changes_nothing(fact: Any) -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-01 15:00")
    before = world.member()
    answer = world.send(fact, time="2026-06-02 15:00")
    after = world.member()
    assert (answer.outcome, answer.reason) == ("refused", "not_supported_yet")
    assert (after.repairs, after.due) == (before.repairs, before.due)


@pytest.mark.parametrize("arrivals", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (1, 4, 0, 2, 3), (3, 0, 4, 1, 2)])
@pytest.mark.parametrize("last", [repair("r3", shipment_id="s"), repair("r3", shipment_id="s", pieces=4)])
def test_rep_7_no_piece_of_a_shipment_of_more_than_three_has_a_deadline(arrivals: tuple[int, ...], last: Any) -> None:
    """REP-7, GEN-2 Whichever comes first, the pieces or the validation of one of them."""
    facts = [*[repair(f"r{n}", shipment_id="s") for n in range(3)], last, step("warranty_validated", "r0")]
    world = pro_member(World(now="2026-03-03 00:00"))
    for n in arrivals:
        assert world.send(facts[n], event_id=f"f{n}", time="2026-06-01 15:00").outcome in ("applied", "held")
    clock = world.repair("r0").turnaround
    assert clock
    assert (clock.state, len(clock.days)) == ("extended", 3)
    assert all(found.extended for found in world.member().repairs.values())
    world.tick("2026-08-01 00:00")
    assert "repair.turnaround_missed" not in world.told
    retracted = [notice.params["retracts"] for notice in world.notices if notice.kind == "retracted"]
    assert retracted == [
        of for of, kind in zip(world.ids(Notification), world.told, strict=True) if kind == "repair.turnaround_started"
    ]
    assert world.send(step("handed_to_carrier", "r0"), time="2026-08-02 15:00").outcome == "applied"
    assert world.repair("r0").closed


def test_rep_7_three_pieces_have_their_deadlines_and_another_shipment_too() -> None:
    world = pro_member(World())
    for n in range(3):
        world.send(repair(f"r{n}", shipment_id="s", pieces=3), time="2026-06-01 15:00")
    world.send(repair("r3", shipment_id="other"), time="2026-06-01 15:00")
    answer = world.send(step("warranty_validated", "r0"), time="2026-06-01 20:00")
    assert "before 2026-06-04 is over" in answer.says
    assert not any(found.extended for found in world.member().repairs.values())
    world.tick("2026-06-05 07:00")
    fourth = world.send(repair("r4", shipment_id="s"), time="2026-06-05 15:00")
    assert fourth.says.endswith("none of them has a deadline (REP-7).")
    assert world.repair("r0").turnaround.state == "missed", "it was told (GEN-6)"  # type: ignore[union-attr]


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
