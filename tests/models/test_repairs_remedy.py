"""REP-8, REP-9: a turnaround at risk, a loaner, and the fee that goes back."""

import pytest

from models.fees.state import Invoice
from models.outputs import RefundRequested
from models.repairs.state import Clock
from tests.models.depot import at_depot, loaner_shipped
from tests.models.facts import at, loaner, paid, registered, repair, step
from tests.models.promised import promised
from tests.models.world import World, pro_member

MONDAY, LAST_DAY, OVER = "2026-06-01 20:00", "2026-06-04 07:00", "2026-06-05 07:00"
RENEWAL = "pro-m-1-2027-03-02"


def refunds(world: World) -> list[tuple[str, str, str]]:
    return [(one.invoice_id, one.amount, one.clause) for one in world.bodies(RefundRequested)]


def turnaround(world: World, repair_id: str = "r1") -> Clock:
    found = world.repair(repair_id).turnaround
    assert found is not None
    return found


def remedy(world: World) -> str:
    found = turnaround(world).remedy
    assert found is not None
    return found


def about_it(world: World) -> list[str]:
    return [
        kind for kind in world.told if kind in ("repair.at_risk", "repair.loaner_offered", "repair.turnaround_missed")
    ]


def test_rep_8_told_at_the_start_of_the_last_business_day_with_the_offer_of_a_loaner() -> None:
    world = at_depot(MONDAY)
    world.tick("2026-06-04 06:59:59")
    assert about_it(world) == []
    world.tick(LAST_DAY)
    assert about_it(world) == ["repair.at_risk", "repair.loaner_offered"]
    assert world.notice("repair.at_risk").not_after == at(OVER)
    world.tick(OVER)
    assert about_it(world) == ["repair.at_risk", "repair.loaner_offered", "repair.turnaround_missed"]
    missed = world.notice("repair.turnaround_missed")
    assert set(missed.replaces) == {world.notice_id("repair.turnaround_started"), world.notice_id("repair.at_risk")}


def test_rep_8_not_at_risk_any_more_when_it_is_missed_already() -> None:
    world = at_depot(MONDAY)
    world.tick(OVER)
    assert about_it(world) == ["repair.turnaround_missed", "repair.loaner_offered"]


@pytest.mark.parametrize("what", ["requested", "unavailable"])
def test_rep_8_no_offer_to_one_who_has_asked_or_when_there_is_none(what: str) -> None:
    world = at_depot(MONDAY)
    answer = world.send(loaner(what), time="2026-06-02 20:00")
    assert (answer.outcome, answer.clause) == ("applied", "REP-8")
    assert world.send(loaner(what), time="2026-06-02 20:00").outcome == "duplicate"
    world.tick(LAST_DAY)
    world.tick(OVER)
    assert about_it(world) == ["repair.at_risk", "repair.turnaround_missed"]
    assert refunds(world) == [("i1", "100.00", "REP-9")], "whether or not one was asked for or available"


def test_rep_8_the_offer_is_withdrawn_when_it_is_taken_and_the_risk_when_it_is_over() -> None:
    world = at_depot(MONDAY)
    world.tick(LAST_DAY)
    world.send(loaner("requested"), time="2026-06-04 08:00")
    standing = {kind for kind, _ in world.standing()}
    assert "repair.loaner_offered" not in standing
    assert "repair.at_risk" in standing
    world.send(step("handed_to_carrier"), time="2026-06-04 20:00")
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "repair.shipped"}


def test_rep_9_neither_product_nor_loaner_in_time_and_the_fee_goes_back() -> None:
    world = at_depot(MONDAY)
    world.tick(OVER)
    assert refunds(world) == [("i1", "100.00", "REP-9")]
    [refund] = world.bodies(RefundRequested)
    assert [(item.what, item.amount) for item in refund.items] == [
        ("membership fee of the term from 2026-03-02 to 2027-03-02", "100.00")
    ]
    assert world.notice("repair.fee_reimbursed").params["amount"] == "100.00"
    assert remedy(world) == "$100.00, the fee of the term from 2026-03-02 to 2027-03-02, goes back (REP-9)"
    [promise] = promised(world.member(), "repair.turnaround")
    assert (promise["state"], promise["remedy"]) == ("missed", remedy(world))
    assert world.entry(Invoice, "i1").reimbursed == "r1"


@pytest.mark.parametrize(("shipped", "back"), [("2026-06-05 06:59:59", 0), ("2026-06-05 07:00", 1)])
def test_rep_9_a_loaner_in_time_is_the_remedy_while_the_product_is_still_out(shipped: str, back: int) -> None:
    world = at_depot(MONDAY)
    loaner_shipped(world, shipped)
    world.tick(OVER)
    assert len(refunds(world)) == back
    assert turnaround(world).state == "missed", "REP-4: the product was not handed over"
    [promise] = promised(world.member(), "repair.turnaround")
    assert "Sony: hand the repaired product to the carrier" in promise["options"]
    if not back:
        assert promise["remedy"] == "a loaner was shipped in time: no fee goes back (REP-9)"
    assert "repair.loaner_offered" not in world.told


def test_rep_9_out_of_warranty_no_fee_goes_back() -> None:
    world = at_depot()
    world.send(step("estimate_issued"), time="2026-06-01 15:00")
    world.send(step("estimate_answered"), time="2026-06-01 16:00")
    world.send(step("payment_accepted"), time=MONDAY)
    world.tick(OVER)
    assert turnaround(world).state == "missed"
    assert refunds(world) == []
    assert remedy(world) == "out of warranty no fee goes back (REP-9)"
    assert "repair.loaner_offered" in world.told


@pytest.mark.parametrize("told_before", [True, False])
@pytest.mark.parametrize(
    ("fact", "time"),
    [
        (step("handed_to_carrier"), "2026-06-04 20:00"),
        (step("delivered"), "2026-06-05 06:59:59"),
        (step("parts_unavailable"), "2026-06-02 20:00"),
        (step("warranty_validated", proof=False), "2026-06-03 20:00"),
        (repair("r2", shipment_id="ship-r1", pieces=4), "2026-06-03 20:00"),
    ],
)
def test_rep_9_what_would_have_kept_it_counts_by_its_date_up_to_the_decision(
    fact: tuple[str, dict[str, object]], time: str, told_before: bool
) -> None:
    """GEN-6 After the decision it is noted, and nothing is undone."""
    world = at_depot(MONDAY)
    world.now = at("2026-06-20 00:00")  # the clock has stood still: what came due has not been looked at
    if not told_before:
        world.tick("2026-06-20 00:00")
    answer = world.send(fact, event_id="late", time=time)
    world.tick("2026-06-21 00:00")
    assert len(refunds(world)) == (not told_before)
    is_piece = fact[0] == "repair.requested"
    assert answer.reason == (None if told_before or is_piece else "told_after_decision")
    flags = [(flag.code, flag.about) for flag in world.member().flags]
    assert flags == ([] if told_before else [("told_after_decision", "r1")])
    if not told_before:
        assert turnaround(world).state == "missed"


def test_ntf_1_what_was_shipped_before_the_miss_was_looked_at_is_told_once() -> None:
    world = at_depot(MONDAY)
    world.send(step("handed_to_carrier"), time="2026-06-05 08:00")
    world.tick("2026-06-05 12:00")
    assert world.told.count("repair.shipped") == 1
    assert {kind for kind, _ in world.standing()} >= {"repair.shipped", "repair.turnaround_missed"}
    world.check_books()  # no id twice


def test_rep_9_a_loaner_in_time_that_is_told_after_the_decision_changes_nothing() -> None:
    world = at_depot(MONDAY)
    world.tick(OVER)
    assert "support has to look at it (GEN-6)" in loaner_shipped(world, "2026-06-03 20:00")
    assert len(refunds(world)) == 1
    assert world.repair("r1").loaner.shipped is not None
    assert world.send(step("handed_to_carrier"), time="2026-06-08 20:00").reason is None, "said once"


def test_rep_9_each_fee_goes_back_once_over_two_repairs() -> None:
    world = at_depot(MONDAY)
    world.send(registered("S2"), time="2026-03-02 14:00")
    world.send(repair("r2", serial="S2"), time="2026-05-01 15:00")
    world.send(step("warranty_validated", "r2"), time=MONDAY)
    world.tick(OVER)
    assert refunds(world) == [("i1", "100.00", "REP-9")]
    assert world.told.count("repair.fee_reimbursed") == 1
    assert turnaround(world, "r2").remedy == "the fee of invoice i1 went back for repair r1: once only (REP-9)"
    assert world.told.count("repair.turnaround_missed") == 2


@pytest.mark.parametrize(("validated", "invoice"), [("2027-03-02 07:59:59", "i1"), ("2027-03-02 08:00", RENEWAL)])
def test_rep_9_the_term_that_contains_the_start_of_the_clock(validated: str, invoice: str) -> None:
    world = at_depot()
    world.tick("2027-02-01 00:00")
    world.send(paid(RENEWAL, paid_at="2027-02-20 12:00"), time="2027-02-20 12:00")
    world.send(step("warranty_validated"), time=validated)
    world.tick("2027-04-01 00:00")
    assert refunds(world) == [(invoice, "100.00", "REP-9")]


@pytest.mark.parametrize("how", ["terminated", "cancelled", "lapsed"])
def test_rep_9_whatever_else_happened_to_the_membership(how: str) -> None:
    world = at_depot("2027-02-26 20:00")  # a Friday: to the end of Wednesday, 3 March, a day after the term
    world.tick("2027-02-01 00:00")
    world.tick("2027-02-27 00:00")
    if how == "terminated":
        world.send(("pro.terminated", {"reason": "breach"}), time="2027-02-27 20:00")
    elif how == "cancelled":
        world.send(("pro.cancel_requested", {}), time="2027-02-27 20:00")
    world.tick("2027-06-01 00:00")
    assert world.pro.stage == {"cancelled": "ended"}.get(how, how)
    assert [one for one in refunds(world) if one[2] == "REP-9"] == [("i1", "100.00", "REP-9")]


def test_rep_9_no_term_contains_the_start() -> None:
    world = pro_member(World(), auto=False)
    world.send(repair(), time="2027-03-01 20:00")
    world.tick("2027-02-01 00:00")
    world.send(step("warranty_validated"), time="2027-03-10 20:00")
    world.tick("2027-04-01 00:00")
    assert refunds(world) == []
    assert remedy(world) == "no paid term contains 2027-03-10, on which the clock started: no fee goes back (REP-9)"


def test_rep_9_what_was_paid_twice_goes_back_besides() -> None:
    """PRO-3, GEN-6 Money that pays nothing has books of its own."""
    world = at_depot(MONDAY)
    world.send(paid("i1", paid_at="2026-03-05 20:00"), time="2026-03-05 20:00")
    world.tick(OVER)
    world.send(paid("i1", paid_at="2026-03-06 20:00"), time="2026-06-06 20:00")
    assert sorted(clause for _, _, clause in refunds(world)) == ["PAY-8", "PAY-8", "REP-9"]


def test_rep_9_sent_back_unrepaired_in_time_is_missed_all_the_same_and_told_as_shipped_once() -> None:
    world = at_depot(MONDAY)
    world.send(step("handed_to_carrier", repaired=False), time="2026-06-04 20:00")
    world.tick(OVER)
    assert (turnaround(world).state, refunds(world)) == ("missed", [("i1", "100.00", "REP-9")])
    assert world.told.count("repair.shipped") == 1
    assert {"repair.shipped", "repair.turnaround_missed"} <= {kind for kind, _ in world.standing()}


def test_ntf_1_one_that_was_shipped_late_before_the_miss_is_decided_is_told_of_once() -> None:
    """REP-4 The miss takes the place of what told of the deadline, not of the tracking number."""
    world = at_depot(MONDAY)
    world.send(step("handed_to_carrier", tracking="1Z9"), event_id="handed", time=OVER)
    world.tick("2026-06-08 12:00")
    assert turnaround(world).state == "missed"
    assert world.told.count("repair.shipped") == 1
    kinds = {kind for kind, _ in world.standing() if kind.startswith("repair.")}
    assert kinds == {"repair.shipped", "repair.turnaround_missed", "repair.fee_reimbursed"}


def test_rep_9_a_charge_is_given_back_once_though_an_earlier_payment_is_told_after_that() -> None:
    """PAY-8, GEN-6 Both payments go back, each once."""
    world = pro_member(World())  # paid on 2 March at 18:00, by hand
    world.send(paid("i1", paid_at="2026-03-02 17:00", attempt_id="t1"), time="2026-03-02 17:00")
    world.send(repair(), time="2026-03-02 20:00")
    world.send(step("warranty_validated"), time=MONDAY)
    world.tick(OVER)
    world.send(paid("i1", paid_at="2026-03-02 16:00", amount="120.00", attempt_id="t2"), time="2026-06-06 20:00")
    charges = [(one.amount, one.attempt_ids) for one in world.bodies(RefundRequested)]
    assert charges == [("100.00", ()), ("100.00", ("t1",)), ("120.00", ("t2",))]


def test_rep_9_a_refund_has_an_id_of_its_own_however_a_repair_is_named() -> None:
    world = pro_member(World())
    world.send(repair("10000"), time="2026-03-02 20:00")
    world.send(step("warranty_validated", "10000"), time=MONDAY)
    world.tick(OVER)
    for day in (5, 6):
        world.send(paid("i1", paid_at=f"2026-03-0{day} 20:00"), time="2026-06-06 20:00")
    assert len({one.refund_id for one in world.bodies(RefundRequested)}) == 3


def test_rep_8_no_loaner_is_offered_for_a_product_that_is_on_its_way_back() -> None:
    world = at_depot(MONDAY)
    world.send(step("handed_to_carrier"), event_id="handed", time=OVER)
    world.tick("2026-06-08 12:00")
    assert about_it(world) == ["repair.turnaround_missed"]


@pytest.mark.parametrize("taken", ["unavailable", "shipped"])
def test_ntf_3_the_offer_of_a_loaner_goes_when_there_is_none_or_it_is_shipped(taken: str) -> None:
    world = at_depot(MONDAY)
    world.tick(LAST_DAY)
    assert "repair.loaner_offered" in {kind for kind, _ in world.standing()}
    if taken == "shipped":
        loaner_shipped(world, "2026-06-04 08:00")
    else:
        world.send(loaner(taken), time="2026-06-04 08:00")
    assert "repair.loaner_offered" not in {kind for kind, _ in world.standing()}


@pytest.mark.parametrize(("validated", "back"), [("2027-03-02 07:59:59", 1), ("2027-03-02 08:00", 0)])
def test_rep_9_the_last_day_of_a_term_is_the_one_before_its_end(validated: str, back: int) -> None:
    """PRO-5 Without another term nobody has paid for the clock that starts on the day of the end."""
    world = pro_member(World(now="2027-02-28 12:00"), auto=False)
    world.send(repair(), time="2027-02-28 15:00")
    world.send(step("warranty_validated"), time=validated)
    world.tick("2027-04-01 00:00")
    assert len(refunds(world)) == back
