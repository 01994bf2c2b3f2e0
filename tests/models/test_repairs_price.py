"""REP-3, REP-5, REP-6: in warranty or not, the price, the estimate and its answer."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.outputs import Notification
from models.policies import Policies
from models.repairs import price
from models.repairs.state import Offer
from models.values import MONEY_MAX
from models.view import view
from tests.models.facts import MEMBER, at, repair, step
from tests.models.world import SLOW_CLOCK, World, pro_member

TWO_REMINDERS = ["repair.estimate_reminder"] * 2


def received(world: World | None = None, **more: Any) -> World:
    """Given a repair r1 that was received on Monday, 1 June 2026."""
    world = pro_member(world or World())
    world.send(repair(**more), time="2026-05-30 15:00")
    world.send(step("received"), time="2026-06-01 20:00")
    return world


def offer(world: World) -> Offer:
    found = world.repair("r1").offer
    assert found is not None
    return found


@given(st.integers(0, MONEY_MAX))
def test_rep_5_20_percent_off_to_the_cent_half_up(fee: int) -> None:
    exact = (Decimal(fee) * Decimal("0.8")).quantize(Decimal(1), ROUND_HALF_UP)
    assert fee - price.discount(fee) == exact


@pytest.mark.parametrize(
    ("more", "policies", "proof", "fee", "told"),
    [
        ({}, {}, False, "100.00", ("20.00", "free, by the default service", "80.00")),
        ({}, {}, None, "0.03", ("0.01", "free, by the default service", "0.02")),  # 2.4 cents
        ({}, {}, None, "0.07", ("0.01", "free, by the default service", "0.06")),  # 5.6 cents
        ({"next_day_shipping": True}, {"next_day_shipping": 2_500}, False, "100.00", ("20.00", "25.00", "105.00")),
        ({"next_day_shipping": True}, {}, False, "100.00", ("20.00", "at the current price", "80.00")),
        (
            *({"next_day_shipping": True}, {"next_day_shipping": 2_500}, True, "100.00"),
            ("0.00", "free, by the default service", "100.00"),
        ),
    ],
)
def test_rep_5_what_an_estimate_comes_to(
    more: dict[str, Any], policies: dict[str, Any], proof: bool | None, fee: str, told: tuple[str, str, str]
) -> None:
    """REP-5, REP-11 Shipping for the next day costs its fee, undiscounted, out of warranty; the default service is free."""
    world = received(World(policies=Policies(**SLOW_CLOCK, **policies)), **more)
    if proof is not None:
        world.send(step("warranty_validated", proof=proof), time="2026-06-02 20:00")
    answer = world.send(step("estimate_issued", standard_fee=fee), time="2026-06-03 20:00")
    assert answer.reason is None
    facts = world.notices[-1].params
    assert (facts["discount"], facts["shipping"], facts["to_pay"]) == told
    assert world.repair("r1").status == "awaiting_approval"
    assert world.notices[-1].not_after == at("2026-07-02 07:00")


@pytest.mark.parametrize(("preapproved", "asks"), [(None, True), ("79.99", True), ("80.00", False), ("100.00", False)])
def test_rep_5_within_the_preapproved_amount_nobody_is_asked(preapproved: str | None, asks: bool) -> None:
    world = received(**({"preapproved_amount": preapproved} if preapproved else {}))
    world.send(step("estimate_issued"), time="2026-06-03 20:00")
    assert ("repair.estimate" in world.told) == asks
    assert (offer(world).asks, offer(world).state) == (asks, "awaiting" if asks else "approved")
    world.send(step("payment_accepted", amount="79.99"), time="2026-06-04 20:00")
    assert world.repair("r1").turnaround is None, "a cent is missing"
    assert world.repair("r1").status == ("awaiting_approval" if asks else "awaiting_payment")


@pytest.mark.parametrize(
    ("words", "in_warranty", "started"),
    [
        ([], False, None),
        ([(False, "02")], False, None),
        ([(True, "02")], True, "02"),
        ([(True, "02"), (True, "03")], True, "02"),
        ([(True, "02"), (False, "03")], False, None),
        ([(True, "02"), (False, "03"), (True, "04"), (True, "05")], True, "04"),
    ],
)
def test_rep_3_in_warranty_is_what_the_latest_word_on_proof_says(
    words: list[tuple[bool, str]], in_warranty: bool, started: str | None
) -> None:
    for order in (words, list(reversed(words))):
        world = received()
        for proof, day in order:
            world.send(step("warranty_validated", proof=proof), time=f"2026-06-{day} 20:00")
        found = world.repair("r1")
        start = found.turnaround.start if found.turnaround else None
        assert (found.in_warranty, start) == (in_warranty, started and at(f"2026-06-{started} 20:00"))


@pytest.mark.parametrize(
    ("facts", "start"),
    [
        # in warranty, with an amount that needs approval: the later of the two
        ({"warranty_validated": "03", "estimate_issued": "04", "estimate_answered": "05"}, "05"),
        ({"estimate_issued": "02", "estimate_answered": "03", "warranty_validated": "05"}, "05"),
        ({"warranty_validated": "03", "estimate_issued": "04"}, None),
        # out of warranty: the payment, or the approval if that is later
        ({"estimate_issued": "02", "estimate_answered": "03", "payment_accepted": "05"}, "05"),
        ({"estimate_issued": "02", "payment_accepted": "04", "estimate_answered": "05"}, "05"),
        ({"estimate_issued": "02", "payment_accepted": "04"}, "04"),  # who pays has approved
        ({"estimate_issued": "02", "estimate_answered": "03"}, None),
        ({"payment_accepted": "04"}, None),
    ],
)
def test_rep_4_when_the_turnaround_starts(facts: dict[str, str], start: str | None) -> None:
    world = received()
    for name, day in facts.items():
        world.send(step(name), time=f"2026-06-{day} 20:00")
    clock = world.repair("r1").turnaround
    assert (clock and clock.start) == (start and at(f"2026-06-{start} 20:00"))


@pytest.mark.parametrize(("fee", "start"), [("90.00", "05"), ("100.00", "05"), ("110.00", None)])
def test_rep_4_an_estimate_within_what_was_approved_leaves_the_start(fee: str, start: str | None) -> None:
    """In warranty, with an amount that was approved two days after the validation."""
    world = received()
    world.send(step("warranty_validated"), time="2026-06-03 20:00")
    world.send(step("estimate_issued"), time="2026-06-04 20:00")
    world.send(step("estimate_answered"), time="2026-06-05 20:00")
    world.send(step("estimate_issued", estimate_id="e2", standard_fee=fee), time="2026-06-08 20:00")
    clock = world.repair("r1").turnaround
    assert (clock and clock.start) == (start and at(f"2026-06-{start} 20:00"))


def test_rep_4_payments_add_up_and_the_same_one_told_twice_is_one() -> None:
    world = received(preapproved_amount="100.00")
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    half = step("payment_accepted", amount="40.00")
    world.send(half, time="2026-06-03 20:00")
    assert world.send(half, time="2026-06-03 20:00").outcome == "duplicate"
    assert world.repair("r1").status == "awaiting_payment"
    world.send(half, time="2026-06-04 20:00")
    clock = world.repair("r1").turnaround
    assert clock
    assert clock.start == at("2026-06-04 20:00")


def test_rep_5_a_price_that_changes_with_the_warranty_is_told_anew_and_replaces_the_old_one() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    world.send(step("warranty_validated"), time="2026-06-03 20:00")
    world.send(step("warranty_validated", proof=False), time="2026-06-04 20:00")
    told = [notice for notice in world.notices if notice.kind == "repair.estimate"]
    assert [notice.params["to_pay"] for notice in told] == ["80.00", "100.00", "80.00"]
    assert [kind for kind, _ in world.standing()].count("repair.estimate") == 1
    world.check_books()  # no id twice


def test_rep_5_the_latest_estimate_counts_and_asks_only_for_more_than_was_approved() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    world.send(step("estimate_answered"), time="2026-06-03 20:00")
    less = world.send(step("estimate_issued", estimate_id="e2", standard_fee="90.00"), time="2026-06-04 20:00")
    assert "that is approved already" in less.says
    assert world.repair("r1").status == "awaiting_payment"
    world.send(step("estimate_issued", estimate_id="e3", standard_fee="110.00"), time="2026-06-05 20:00")
    assert world.repair("r1").status == "awaiting_approval"
    old = world.send(step("estimate_answered", approved=False), time="2026-06-06 20:00")
    assert (old.outcome, old.reason) == ("superseded", "answered_before"), "the first answer to an estimate counts"
    assert world.repair("r1").status == "awaiting_approval"


def test_rep_5_an_estimate_keeps_its_fee() -> None:
    """GEN-1 for business ids; of two issues the earlier counts, whichever is told first."""
    world = received()
    world.send(step("estimate_issued"), time="2026-06-03 20:00")
    assert world.send(step("estimate_issued"), time="2026-06-03 20:00").outcome == "duplicate"
    other = world.send(step("estimate_issued", standard_fee="90.00"), time="2026-06-04 20:00")
    assert (other.outcome, other.reason, offer(world).fee) == ("conflict", "other_content", 100_00)
    world.send(step("estimate_issued", standard_fee="80.00"), time="2026-06-02 20:00")
    assert offer(world).fee == 80_00


def test_rep_6_declined_is_returned_unrepaired_at_once() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    answer = world.send(step("estimate_answered", approved=False), time="2026-06-03 20:00")
    assert "declined: it goes back unrepaired (REP-6)" in answer.says
    assert world.repair("r1").status == "returning_unrepaired"
    back = world.notices[-1]
    assert (back.kind, back.params["why"]) == ("repair.returned_unrepaired", "declined")
    assert back.replaces == (world.notice_id("repair.estimate"),)
    world.tick("2026-08-01 00:00")
    assert world.notices[-1] == back, "no reminder, no deadline"
    world.send(step("handed_to_carrier", repaired=False), time="2026-08-01 15:00")
    assert {kind for kind, _ in world.standing()} >= {"repair.shipped"}
    assert not world.repair("r1").is_running


def test_rep_6_another_estimate_after_a_refusal_takes_its_place() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    world.send(step("estimate_answered", approved=False), time="2026-06-03 20:00")
    world.send(step("estimate_issued", estimate_id="e2", standard_fee="50.00"), time="2026-06-04 20:00")
    assert world.repair("r1").status == "awaiting_approval"
    standing = {kind for kind, _ in world.standing()}
    assert "repair.estimate" in standing
    assert "repair.returned_unrepaired" not in standing


def test_rep_6_reminders_and_the_end_of_the_30th_day() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    for now, told in [
        ("2026-06-08 06:59", []),
        ("2026-06-08 07:00", ["repair.estimate_reminder"]),
        ("2026-06-22 06:59", ["repair.estimate_reminder"]),
        ("2026-06-22 07:00", TWO_REMINDERS),
        ("2026-06-29 07:00", [*TWO_REMINDERS, "repair.estimate_reminder"]),
        ("2026-07-02 06:59", [*TWO_REMINDERS, "repair.estimate_reminder"]),
        ("2026-07-02 07:00", [*TWO_REMINDERS, "repair.estimate_reminder", "repair.returned_unrepaired"]),
    ]:
        world.tick(now)
        assert world.told[world.told.index("repair.estimate") + 1 :] == told
    assert world.repair("r1").status == "returning_unrepaired"
    assert world.notices[-1].params["why"] == "not answered"
    promise = next(one for one in view(MEMBER, world.member())["promises"] if one["kind"] == "repair.estimate")
    assert (promise["by"], promise["state"], promise["counts"]) == ("member", "missed", "30 days")


def test_rep_6_only_reminders_after_the_issue_and_of_missed_ones_the_latest() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-10 20:00")
    world.tick("2026-06-30 00:00")
    [reminder] = [notice for notice in world.notices if notice.kind == "repair.estimate_reminder"]
    assert reminder.not_before == at("2026-06-29 07:00")
    world.send(step("estimate_answered"), time="2026-06-30 20:00")
    gone = {notice.params["retracts"] for notice in world.notices if notice.kind == "retracted"}
    assert gone == {world.notice_id("repair.estimate"), world.notice_id("repair.estimate_reminder")}, "NTF-3"


@pytest.mark.parametrize(
    ("answered", "reason"), [("2026-07-02 06:59:59", None), ("2026-07-02 07:00", "answered_too_late")]
)
def test_rep_6_an_approval_counts_by_its_own_time(answered: str, reason: str | None) -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    answer = world.send(step("estimate_answered"), time=answered)
    assert (answer.reason, answer.outcome) == (reason, "refused" if reason else "applied")
    world.tick("2026-07-02 07:00")
    assert world.repair("r1").status == ("returning_unrepaired" if reason else "awaiting_payment")


def test_rep_6_an_approval_told_after_the_deadline_has_decided_is_flagged() -> None:
    """GEN-6."""
    world = received()
    asked = world.send(step("estimate_issued"), time="2026-06-02 20:00")
    assert "it needs approval by the end of 2026-07-01." in asked.says, "a day of the programme zone"
    world.tick("2026-07-02 07:00")
    answer = world.send(step("estimate_answered"), time="2026-06-20 20:00")
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "told_too_late", "GEN-6")
    assert world.repair("r1").status == "returning_unrepaired"
    [flag] = world.member().flags
    assert (flag.code, flag.at) == ("told_too_late", at("2026-07-02 07:00")), "when it was raised, not what it tells of"
    assert world.send(step("estimate_answered"), time="2026-07-09 20:00").reason == "answered_too_late"


def test_rep_6_the_30_days_run_from_what_implies_the_receipt_and_a_later_estimate_has_its_own() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-05-30 15:00")
    world.send(step("diagnosed"), time="2026-06-03 20:00")
    world.send(step("estimate_issued"), time="2026-06-04 20:00")
    assert offer(world).answer_by == at("2026-07-04 07:00")
    world.send(step("received"), time="2026-06-01 20:00")
    assert offer(world).answer_by == at("2026-07-02 07:00")
    world.send(step("estimate_issued", estimate_id="e2"), time="2026-07-02 07:00")
    assert offer(world).answer_by == at("2026-08-02 07:00")


def test_rep_1_work_that_was_done_was_agreed_to() -> None:
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 20:00")
    world.send(step("completed"), time="2026-06-05 20:00")
    assert offer(world).state == "moot"
    assert "repair.estimate" not in {kind for kind, _ in world.standing()}
    world.tick("2026-08-01 00:00")
    assert "repair.returned_unrepaired" not in world.told


def test_ntf_1_an_estimate_is_told_under_a_new_id_each_time_that_its_terms_change() -> None:
    """REP-6 The receipt is implied by the estimate, by an earlier diagnosis, and then told to be at the estimate's time."""
    world = pro_member(World())
    world.send(repair(), time="2026-05-30 15:00")
    for name, time in (("estimate_issued", "20:00"), ("diagnosed", "19:00"), ("received", "20:00")):
        world.send(step(name), event_id=name, time=f"2026-06-01 {time}")
    told = [of for kind, of in zip(world.told, world.ids(Notification), strict=True) if kind == "repair.estimate"]
    assert len(set(told)) == len(told) == 3
    assert {of for kind, of in world.standing() if kind == "repair.estimate"} == {told[-1]}


def test_ntf_1_a_refusal_that_counts_again_is_told_under_a_new_id() -> None:
    """REP-6 Declined, then paid in full, which proof of warranty then makes too little."""
    world = received()
    world.send(step("estimate_issued"), event_id="issued", time="2026-06-02 15:00")
    world.send(step("estimate_answered", approved=False), event_id="no", time="2026-06-02 16:00")
    world.send(step("payment_accepted"), event_id="paid", time="2026-06-02 17:00")
    world.send(step("warranty_validated"), event_id="valid", time="2026-06-02 18:00")
    assert offer(world).state == "declined"
    ids = world.ids(Notification)
    assert world.told.count("repair.returned_unrepaired") == 2
    assert len(set(ids)) == len(ids)
    assert "repair.returned_unrepaired" in {kind for kind, _ in world.standing()}


def test_rep_6_nobody_is_asked_or_reminded_when_the_product_is_on_its_way_back() -> None:
    """NTF-3 Sent back unrepaired before an answer came."""
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 15:00")
    world.send(step("handed_to_carrier", repaired=False), time="2026-06-03 15:00")
    assert offer(world).state == "moot"
    assert world.member().due == [due for due in world.member().due if not due.what.startswith("repair.")]
    world.tick("2026-07-10 00:00")
    assert "repair.estimate_reminder" not in world.told
    assert {kind for kind, _ in world.standing() if kind.startswith("repair.")} == {"repair.shipped"}


@pytest.mark.parametrize("fee", ["99.99", "100.00", "100.01"])
def test_rep_4_a_cheaper_estimate_after_the_approval_leaves_the_start_where_it_was(fee: str) -> None:
    """REP-4, REP-9 In warranty the later of validation and approval, whichever estimate was approved: no false miss."""
    world = received()
    world.send(step("warranty_validated"), event_id="valid", time="2026-06-01 21:00")
    world.send(step("estimate_issued"), event_id="issued", time="2026-06-02 15:00")
    world.send(step("estimate_answered"), event_id="yes", time="2026-06-10 15:00")
    world.send(step("estimate_issued", estimate_id="e2", standard_fee=fee), event_id="other", time="2026-06-11 15:00")
    clock = world.repair("r1").turnaround
    assert offer(world).asks == (fee == "100.01")
    assert (clock and clock.start) == (None if fee == "100.01" else at("2026-06-10 15:00"))
    world.tick("2026-06-11 16:00")
    assert "repair.turnaround_missed" not in world.told


def test_rep_6_no_reminder_that_could_be_sent_only_after_the_end() -> None:
    """GEN-4 The clock stood still over all of its days."""
    world = received()
    world.send(step("estimate_issued"), time="2026-06-02 15:00")
    world.tick("2026-07-10 00:00")
    assert "repair.estimate_reminder" not in world.told
    assert "repair.returned_unrepaired" in world.told
