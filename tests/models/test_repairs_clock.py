"""REP-2, REP-4, REP-7, REP-10: the clocks of a repair, day by day, and what makes them stand still."""

import pytest

from models.outputs import Notification
from models.promises import State
from models.repairs.state import Clock
from models.state import MEMBERS, encode, member_key
from models.view import view
from tests.models.depot import at_depot, force_majeure
from tests.models.facts import MEMBER, Fact, at, loaner, repair, step
from tests.models.world import World, pro_member


def turnaround(world: World, repair_id: str = "r1") -> Clock:
    found = world.repair(repair_id).turnaround
    assert found is not None
    return found


def diagnosis(world: World) -> Clock:
    found = world.repair("r1").diagnosis
    assert found is not None
    return found


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
        (
            "2026-11-25 07:59",
            "2026-11-30",
            "2026-12-01 08:00",
        ),  # Tuesday 24 November's last minute: Thanksgiving is the 26th
        ("2026-11-25 08:00", "2026-12-01", "2026-12-02 08:00"),
        ("2026-12-24 07:59", "2026-12-29", "2026-12-30 08:00"),  # the 24th counts, Christmas does not
        ("2026-12-24 08:00", "2026-12-30", "2026-12-31 08:00"),
        ("2026-12-25 08:00", "2026-12-30", "2026-12-31 08:00"),
        ("2026-12-26 20:00", "2026-12-30", "2026-12-31 08:00"),
        ("2026-12-31 07:59", "2027-01-05", "2027-01-06 08:00"),
        ("2026-12-31 20:00", "2027-01-06", "2027-01-07 08:00"),
    ],
)
def test_rep_4_to_the_end_of_the_third_business_day(validated: str, last_day: str, deadline: str) -> None:
    world = at_depot(validated)
    clock = turnaround(world)
    assert (str(clock.days[-1].day), clock.deadline) == (last_day, at(deadline))
    assert world.notice("repair.turnaround_started").params["last_day"] == last_day


@pytest.mark.parametrize(
    ("received", "deadline"),
    [
        ("2026-06-02 06:59", "2026-06-04 07:00"),  # Monday's last minute: Tuesday, Wednesday
        ("2026-06-02 07:00", "2026-06-05 07:00"),
        ("2026-06-05 20:00", "2026-06-10 07:00"),
        ("2026-11-25 20:00", "2026-12-01 08:00"),  # Friday and Monday around Thanksgiving
    ],
)
def test_rep_2_diagnosed_by_the_end_of_the_second_business_day(received: str, deadline: str) -> None:
    world = at_depot()
    world.send(step("received"), time=received)
    assert diagnosis(world).deadline == at(deadline)


@pytest.mark.parametrize(
    ("done", "time", "state"),
    [
        ("diagnosed", "2026-06-04 06:59:59", "kept"),
        ("diagnosed", "2026-06-04 07:00", "missed"),
        ("estimate_issued", "2026-06-04 06:59:59", "kept"),
        ("completed", "2026-06-03 15:00", "kept"),
        ("warranty_validated", "2026-05-30 15:00", "missed"),  # a proof looked at before the receipt implies nothing
        ("parts_unavailable", "2026-06-02 15:00", "missed"),  # stops the turnaround, not the diagnosis
    ],
)
def test_rep_2_what_is_done_or_implied_in_time_keeps_it(done: str, time: str, state: State) -> None:
    world = at_depot()
    world.send(step("received"), time="2026-06-01 20:00")
    world.send(step(done), time=time)
    world.tick("2026-06-04 06:59:59")
    assert diagnosis(world).state == ("open" if state == "missed" else state)
    world.tick("2026-06-04 07:00")
    assert diagnosis(world).state == state
    [promise] = [one for one in view(MEMBER, world.member())["promises"] if one["kind"] == "repair.diagnosis"]
    assert (promise["state"], promise["clause"], promise["counts"]) == (state, "REP-2", "2 business days")
    answer = world.send(step("diagnosed"), time="2026-06-02 15:00")
    assert diagnosis(world).state == state, "what the deadline has decided stays"
    assert (answer.reason == "told_after_decision") == (state == "missed")


def test_rep_10_the_clock_shows_its_working() -> None:
    world = at_depot()
    answer = world.send(step("warranty_validated"), event_id="val", time="2026-07-01 20:00")
    clock = turnaround(world)
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
    ("handed", "state"), [("2026-06-05 06:59:59", "kept"), ("2026-06-05 07:00:00", "missed"), (None, "missed")]
)
@pytest.mark.parametrize("name", ["handed_to_carrier", "delivered"])
def test_rep_4_missed_when_nothing_was_handed_over_before_the_deadline(
    handed: str | None, state: State, name: str
) -> None:
    world = at_depot("2026-06-01 20:00")
    if handed:
        world.send(step(name), time=handed)
    world.tick("2026-06-05 06:59:59")
    assert "repair.turnaround_missed" not in world.told
    world.tick("2026-06-05 07:00")
    assert turnaround(world).state == state
    assert world.told.count("repair.turnaround_missed") == (state == "missed")


def test_rep_4_a_product_sent_back_unrepaired_keeps_nothing() -> None:
    world = at_depot("2026-06-01 20:00")
    world.send(step("handed_to_carrier", repaired=False), time="2026-06-02 20:00")
    world.send(step("delivered"), time="2026-06-03 20:00")
    assert "repair.at_risk" not in [due.what for due in world.member().due]
    world.tick("2026-06-05 07:00")
    assert turnaround(world).state == "missed"


def test_gen_4_a_deadline_missed_while_down_is_told_once_with_its_date() -> None:
    world = at_depot("2026-06-01 20:00")
    world.tick("2026-08-01 00:00")
    world.tick("2026-08-02 00:00")
    missed = world.notice("repair.turnaround_missed")
    assert missed.params["deadline"] == "2026-06-05T07:00:00Z"
    assert missed.not_before == at("2026-06-05 07:00")
    cause = "/memberships/deadlines/repair.turnaround", "r1@2026-06-05T07:00:00Z"
    assert (missed.cause.source, missed.cause.id) == cause


@pytest.mark.parametrize(
    ("gone", "back", "deadline"),
    [
        ("2026-06-02 20:00", "2026-06-02 20:01", "2026-06-06 07:00"),  # a minute of Tuesday: the day does not count
        ("2026-06-02 20:00", "2026-06-04 06:59", "2026-06-09 07:00"),  # Tuesday and Wednesday
        ("2026-06-02 20:00", "2026-06-04 07:00", "2026-06-09 07:00"),  # Thursday is not touched
        ("2026-06-02 20:00", "2026-06-04 07:01", "2026-06-10 07:00"),
        ("2026-06-01 20:00", "2026-06-02 07:00", "2026-06-05 07:00"),  # the start's own day does not count anyway
    ],
)
def test_rep_7_days_without_parts_do_not_count(gone: str, back: str, deadline: str) -> None:
    world = at_depot("2026-06-01 19:00")
    answer = world.send(step("parts_unavailable"), time=gone)
    assert turnaround(world).state == "stopped"
    assert answer.says.endswith("The turnaround stands still: parts not available (REP-7).")
    assert [notice.params["why"] for notice in world.notices if notice.kind == "retracted"] == [
        "the clock stands still: parts not available"
    ]
    assert "repair.turnaround" not in [due.what for due in world.member().due]
    world.tick("2026-06-04 00:00")
    assert "repair.turnaround_missed" not in world.told
    world.send(step("parts_available"), time=back)
    assert (turnaround(world).state, turnaround(world).deadline) == ("open", at(deadline))


def test_rep_7_force_majeure_stops_diagnosis_and_turnaround() -> None:
    world = at_depot("2026-06-01 20:00")
    world.send(step("received"), time="2026-06-01 20:00")
    world.send(repair("r2"), time="2026-03-02 15:00")
    world.send(step("received", "r2"), time="2026-06-01 20:00")
    force_majeure(world, "declared", "2026-06-03 20:00")
    found = world.repair("r2").diagnosis
    assert found
    assert (turnaround(world).state, found.state) == ("stopped", "stopped")
    assert found.days[-1].skipped == "force majeure"
    force_majeure(world, "ended", "2026-06-05 20:00")
    found = world.repair("r2").diagnosis
    assert found
    assert (turnaround(world).deadline, found.deadline) == (at("2026-06-10 07:00"), at("2026-06-09 07:00"))


def test_rep_7_a_deadline_that_has_moved_decides_nothing_when_it_comes() -> None:
    """GEN-4 What a deadline decides is worked out from the facts when it comes."""
    world = at_depot("2026-06-01 20:00")
    due = world.member().due
    force_majeure(world, "declared", "2026-06-03 20:00")
    stale = world.member()
    stale.due = [one for one in due if one.what.startswith("repair.")]

    world.tables[MEMBERS, member_key(MEMBER)] = encode(stale)
    world.due[MEMBER] = at("2026-06-05 07:00")
    world.tick("2026-06-05 07:00")
    assert turnaround(world).state == "stopped"
    assert not {"repair.at_risk", "repair.turnaround_missed"} & set(world.told)


def test_rep_7_what_is_with_the_carrier_is_not_stopped() -> None:
    world = at_depot("2026-06-01 20:00")
    world.send(step("handed_to_carrier"), time="2026-06-02 20:00")
    world.send(step("parts_unavailable"), time="2026-06-02 21:00")
    force_majeure(world, "declared", "2026-06-02 20:00")
    assert turnaround(world).state == "kept"
    assert world.told.count("retracted") == 0


@pytest.mark.parametrize("arrivals", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (1, 4, 0, 2, 3), (3, 0, 4, 1, 2)])
@pytest.mark.parametrize("last", [repair("r3", shipment_id="s"), repair("r3", shipment_id="s", pieces=4)])
def test_rep_7_no_piece_of_a_shipment_of_more_than_three_has_a_deadline(arrivals: tuple[int, ...], last: Fact) -> None:
    """REP-7, GEN-2 Whichever comes first, the pieces or the validation of one of them."""
    facts = [*[repair(f"r{n}", shipment_id="s") for n in range(3)], last, step("warranty_validated", "r0")]
    world = pro_member(World(now="2026-03-03 00:00"))
    for n in arrivals:
        assert world.send(facts[n], event_id=f"f{n}", time="2026-06-01 15:00").outcome in ("applied", "held")
    clock = turnaround(world, "r0")
    assert (clock.state, clock.deadline, len(clock.days)) == ("extended", None, 3)
    assert all(found.extended for found in world.member().repairs.values())
    world.tick("2026-08-01 00:00")
    assert "repair.turnaround_missed" not in world.told
    retracted = [notice.params["retracts"] for notice in world.notices if notice.kind == "retracted"]
    assert retracted == [
        of for of, kind in zip(world.ids(Notification), world.told, strict=True) if kind == "repair.turnaround_started"
    ]
    assert world.send(step("handed_to_carrier", "r0"), time="2026-08-02 15:00").outcome == "applied"
    assert not world.repair("r0").is_running


def test_rep_7_three_pieces_have_their_deadlines_and_another_shipment_too() -> None:
    world = pro_member(World())
    for n in range(3):
        world.send(repair(f"r{n}", shipment_id="s", pieces=3), time="2026-06-01 15:00")
    world.send(repair("r3", shipment_id="other"), time="2026-06-01 15:00")
    world.send(repair("r4", shipment_id="s", sent_by="dealer", pieces=9), time="2026-06-01 15:00")
    answer = world.send(step("warranty_validated", "r0"), time="2026-06-01 20:00")
    assert "before 2026-06-04 is over" in answer.says
    assert not any(found.extended for found in world.member().repairs.values())
    world.tick("2026-06-05 07:00")
    fifth = world.send(repair("r5", shipment_id="s"), time="2026-06-05 15:00")
    assert "No piece of it has a deadline: more than 3 pieces in shipment s (REP-7). Repair r0: another" in fifth.says
    assert turnaround(world, "r0").state == "missed", "it was decided (GEN-6)"
    assert [(flag.code, flag.about) for flag in world.member().flags] == [("told_after_decision", "r0")]


def test_rep_7_pieces_are_counted_that_have_left_the_hot_value() -> None:
    world = pro_member(World())
    for n in range(7):
        world.send(repair(f"r{n}", shipment_id="s" if n < 3 else f"box-{n}"), time=f"2026-06-01 15:0{n}")
        world.send(step("delivered", f"r{n}"), time="2026-06-02 15:00")
    assert "r0" not in world.member().repairs
    assert "r2" not in world.member().repairs
    world.send(repair("r9", shipment_id="s"), time="2026-06-03 15:00")
    assert world.repair("r9").extended


@pytest.mark.parametrize(("declared", "flags"), [("2026-06-03 20:00", 1), ("2026-06-05 07:00", 0)])
def test_gen_6_force_majeure_told_after_a_miss_undoes_nothing_and_is_flagged_once(declared: str, flags: int) -> None:
    """PRO-11, REP-9 It would have stopped the clock, if it began before the deadline."""
    world = at_depot("2026-06-01 20:00")
    world.tick("2026-06-05 07:00")
    force_majeure(world, "declared", declared)
    assert turnaround(world).state == "missed"
    shown = [(flag.code, flag.about, flag.clause) for flag in world.member().flags]
    assert shown == [("told_after_decision", "r1", "GEN-6")] * flags
    answer = world.send(loaner("requested"), time="2026-06-05 15:00")
    assert answer.reason is None, "that is no news"


@pytest.mark.parametrize(("told", "state"), [("2026-06-02 20:00", "kept"), ("2026-06-02 19:59:59", "open")])
def test_rep_2_a_proof_implies_the_diagnosis_from_the_instant_of_the_receipt_on(told: str, state: State) -> None:
    world = at_depot()
    world.send(step("received"), time="2026-06-02 20:00")
    world.send(step("warranty_validated"), time=told)
    assert diagnosis(world).state == state
