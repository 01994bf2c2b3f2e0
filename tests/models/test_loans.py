"""LOAN-1 to LOAN-3, LOAN-7: who may borrow what, and the answers to every step. When it is due: test_loans_due.py."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.loans.state import Lent
from models.view import view
from tests.models.facts import (
    applied_for,
    loan,
    loan_step,
    pacific,
    paid,
    repair_loan,
    reviewed,
    step,
)
from tests.models.facts import repair as repair_of
from tests.models.lending import ASKED, DUE_ON, OVERDUE, SHIPPED, deadlines, lent, loan_of
from tests.models.promised import promised
from tests.models.world import World, pro_member


def test_loan_1_a_loan_that_comes_back_in_time() -> None:
    world = lent()
    shipped = world.decisions[-1]
    assert (shipped.outcome, shipped.clause, shipped.reason) == ("applied", "LOAN-1", None)
    assert shipped.says == (
        "Loan n1: It is shipped (LOAN-1). It is due by the end of 2026-07-04, 14 days after its shipment on 2026-06-20 "
        "(LOAN-1)."
    )
    back = world.send(loan_step("returned"), time="2026-07-01 20:00")
    assert "in time: it was due by the end of 2026-07-04 (LOAN-5)" in back.says
    assert world.told[2:] == ["loan.approved", "loan.shipped", "loan.closed"]
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "loan.closed"}
    assert (loan_of(world).status, deadlines(world), world.requests) == ("closed", [], [])


@pytest.mark.parametrize(
    ("change", "time", "reasons"),
    [
        ({"category": "accessory"}, ASKED, ["not_camera_or_lens"]),
        ({"category": "lens"}, ASKED, []),
        ({"needed_on": "2026-06-14"}, ASKED, ["too_late"]),
        ({"needed_on": "2026-06-15"}, ASKED, []),
        ({"needed_on": "2026-06-15"}, pacific("2026-06-01 23:59:59"), []),
        ({"needed_on": "2026-06-15"}, pacific("2026-06-02 00:00"), ["too_late"]),
        ({"ship_to_state": "PR"}, ASKED, ["not_shipped_there"]),
        ({"ship_to_state": "DC"}, ASKED, []),
        ({"model": "ilce-7m4"}, ASKED, ["owned"]),
        (
            {"category": "accessory", "needed_on": "2026-06-02", "ship_to_state": "GU", "model": "ILCE-1"}, ASKED,
            ["not_camera_or_lens", "too_late", "owned", "not_shipped_there"],
        ),
    ],
)  # fmt: skip
def test_loan_1_loan_3_every_reason_against_a_request_is_named(
    change: dict[str, Any], time: str, reasons: list[str]
) -> None:
    world = pro_member(World())
    answer = world.send(loan(**change), time=time)
    assert [code for code, _ in loan_of(world).reasons] == reasons
    if not reasons:
        assert (answer.outcome, loan_of(world).status) == ("applied", "requested")
        return
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", reasons[0], "LOAN-1")
    notice = world.notice("loan.refused")
    assert list(notice.params["reasons"]) == reasons  # type: ignore[arg-type, call-overload]
    assert all(str(words) in answer.says for words in notice.params["says"])  # type: ignore[union-attr]


@pytest.mark.parametrize(("time", "outcome"), [("2026-03-02 07:59", "refused"), ("2026-03-02 08:00", "applied")])
def test_loan_1_good_standing_at_the_time_of_the_request(time: str, outcome: str) -> None:
    assert pro_member(World()).send(loan(), time=time).outcome == outcome


def test_loan_1_without_pro_nothing_is_lent() -> None:
    answer = World().send(loan(), time=ASKED)
    assert (answer.outcome, answer.reason) == ("refused", "no_active_membership")


def test_loan_1_suspended_is_not_good_standing() -> None:
    world = lent()
    world.tick(OVERDUE)
    answer = world.send(loan("n2", model="SEL14F18GM", needed_on="2026-09-01"), time="2026-07-06 12:00")
    assert (answer.outcome, answer.reason) == ("refused", "suspended")
    assert "PRO is suspended (loan)" in answer.says


def test_loan_1_an_approval_is_refused_when_the_standing_is_gone() -> None:
    world = pro_member(World())
    world.send(loan(), time=ASKED)
    world.send(("pro.terminated", {"reason": "breach"}), time="2026-06-02 12:00")
    answer = world.send(loan_step("approved"), time="2026-06-03 12:00")
    assert (answer.outcome, answer.reason) == ("refused", "no_active_membership")
    assert loan_of(world).status == "refused"
    assert world.told[-1] == "loan.refused"


def test_loan_1_an_approval_is_refused_when_the_model_is_used_up_by_then() -> None:
    world = pro_member(World())
    world.send(loan("n2"), time=ASKED)
    lent(world=world)
    answer = world.send(loan_step("approved", "n2"), time="2026-06-21 12:00")
    assert (answer.outcome, answer.reason) == ("refused", "had_before")
    assert "loan n1 of 2026-06-20 was the one for ILCE-9M3: once in a lifetime (LOAN-1)" in answer.says
    shipped = world.send(loan_step("shipped", "n2"), time="2026-06-22 12:00")
    assert (shipped.outcome, shipped.reason) == ("applied", "not_to_be_lent")
    assert [flag.code for flag in world.member().flags] == ["not_to_be_lent", "had_before"]
    assert world.entry(Lent, "ILCE-9M3").loan_id == "n1"


def test_loan_1_declined_and_the_latest_word_counts() -> None:
    world = pro_member(World())
    world.send(loan(), time=ASKED)
    answer = world.send(loan_step("declined", reason="none left"), time="2026-06-03 12:00")
    assert (answer.outcome, answer.reason) == ("applied", "declined")
    assert world.notice("loan.refused").params["says"] == ("declined by Sony: none left",)
    late = world.send(loan_step("approved"), time="2026-06-02 12:00")
    assert (late.outcome, late.reason) == ("superseded", "later_word")
    assert world.send(loan_step("approved"), time="2026-06-04 12:00").outcome == "applied"
    assert [kind for kind, _ in world.standing() if kind.startswith("loan")] == ["loan.approved"]


def test_loan_1_once_per_model_for_life_over_lapse_and_a_new_membership() -> None:
    world = lent(world=pro_member(World(), auto=False))
    world.send(loan_step("returned"), time="2026-06-30 20:00")
    world.tick("2027-03-03 12:00")
    assert world.pro.stage == "lapsed"
    world.send(applied_for("a2", "i2"), time="2027-04-01 12:00")
    world.send(reviewed("a2"), time="2027-04-02 12:00")
    world.send(paid("i2", paid_at="2027-04-02 13:00"), time="2027-04-02 13:00")
    for n, model in enumerate(["ILCE-9M3", "ilce-9m3"], 2):
        answer = world.send(loan(f"n{n}", model=model, needed_on="2027-06-01"), time="2027-05-01 12:00")
        assert (answer.outcome, answer.reason) == ("refused", "had_before")
    assert (
        world.send(loan("n4", model="ILCE-9M2", needed_on="2027-06-01"), time="2027-05-01 12:00").outcome == "applied"
    )


def test_loan_1_a_model_is_used_up_by_shipment_not_by_asking() -> None:
    world = pro_member(World())
    world.send(loan(), time=ASKED)
    world.send(loan_step("approved"), time="2026-06-02 12:00")
    assert world.send(loan("n2"), time="2026-06-02 13:00").outcome == "applied"


def test_loan_2_a_repair_loan_needs_a_product_in_service() -> None:
    world = pro_member(World())
    answer = world.send(loan("n0", kind="repair"), time=ASKED)
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "no_product_in_service", "LOAN-2")
    waits = world.send(repair_loan(), time=ASKED)
    assert (waits.outcome, waits.reason) == ("held", "awaits_repair")
    world.send(repair_of(sent_by="member"), time="2026-05-30 12:00")
    assert loan_of(world).status == "requested"


def test_loan_2_a_refused_repair_is_no_product_in_service() -> None:
    world = pro_member(World())
    world.send(repair_of(sent_by="dealer"), time="2026-05-30 12:00")
    answer = world.send(repair_loan(), time=ASKED)
    assert (answer.outcome, answer.reason) == ("refused", "not_in_service")


def test_loan_2_a_product_of_which_nothing_is_ever_told() -> None:
    """GEN-2 The member hears why, and so does whoever has told of later steps."""
    world = pro_member(World(now="2026-06-01 20:00"))
    for fact in (repair_loan(), repair_loan()):
        assert world.send(fact, time=ASKED).outcome == "held"
    world.tick("2026-06-03 20:00")
    assert world.send(loan_step("approved"), time="2026-06-03 20:00").outcome == "held"
    world.tick("2026-07-02 12:00")
    answers = [one.reason for one in world.decisions[-3:]]
    assert answers == ["partner_never_arrived", "partner_never_arrived", "not_in_service"]
    assert world.notice("loan.refused").params["says"] == ("repair r1 is not known (LOAN-2)",)


@pytest.mark.parametrize("is_told_first", [True, False])
@pytest.mark.parametrize(("back", "status"), [("2026-06-01 19:59", "refused"), ("2026-06-01 20:01", "requested")])
def test_loan_2_a_product_that_was_back_when_it_was_asked_for(back: str, status: str, is_told_first: bool) -> None:
    world = pro_member(World())
    world.send(repair_of(), time="2026-05-30 12:00")
    facts = [(step("delivered"), back), (repair_loan(), ASKED)]
    for fact, time in facts if is_told_first else reversed(facts):
        world.send(fact, time=time)
    assert loan_of(world).status == status
    assert ("loan.refused" in world.told) == (status == "refused")


@pytest.mark.parametrize(("retail", "is_needed"), [("2999.99", False), ("3000.00", True)])
def test_loan_3_insurance_is_needed_from_three_thousand_dollars(retail: str, is_needed: bool) -> None:
    world = pro_member(World())
    world.send(loan(retail_value=retail), time=ASKED)
    answer = world.send(loan_step("approved"), time="2026-06-02 12:00")
    assert world.notice("loan.approved").params["insurance_needed"] is is_needed
    assert ("proof of all-risk insurance is needed before shipment (LOAN-3)" in answer.says) == is_needed
    assert [one["kind"] for one in promised(world.member(), "loan.")] == ["loan.insurance"] * is_needed
    shipped = world.send(loan_step("shipped"), time=SHIPPED)
    assert (shipped.outcome, shipped.reason) == ("applied", "not_insured" if is_needed else None)


@pytest.mark.parametrize(("proved", "codes"), [("2026-06-20 20:00", []), ("2026-06-20 20:01", ["not_insured"])])
@pytest.mark.parametrize("is_told_late", [True, False])
def test_loan_3_proof_counts_by_its_own_time(proved: str, codes: list[str], is_told_late: bool) -> None:
    world = pro_member(World())
    world.send(loan(retail_value="3000.00"), time=ASKED)
    world.send(loan_step("approved"), time="2026-06-02 12:00")
    facts = [(loan_step("insurance_proved"), proved), (loan_step("shipped"), SHIPPED)]
    for fact, time in reversed(facts) if is_told_late else facts:
        world.send(fact, time=time)
    assert [flag.code for flag in world.member().flags] == codes


def test_loan_3_proof_after_the_approval_is_told() -> None:
    world = pro_member(World())
    world.send(loan(retail_value="3000.00"), time=ASKED)
    world.send(loan_step("approved"), time="2026-06-02 12:00")
    world.send(loan_step("insurance_proved"), time="2026-06-03 12:00")
    first, second = [notice for notice in world.notices if notice.kind == "loan.approved"]
    assert (first.params["insurance_needed"], second.params["insurance_needed"]) == (True, False)
    assert world.notice_id("loan.approved") in second.replaces


@given(st.integers(0, 999_999_999))
def test_loan_3_whatever_it_is_worth(cents: int) -> None:
    """LOAN-3: retail value of $3,000 or more needs proof."""
    world = pro_member(World())
    world.send(loan(retail_value=f"{cents // 100}.{cents % 100:02d}"), time=ASKED)
    assert loan_of(world).needs_insurance == (cents >= 300_000)


def test_loan_1_what_is_shipped_unasked_is_noted_and_flagged() -> None:
    world = pro_member(World())
    world.send(loan(ship_to_state="PR"), time=ASKED)
    answer = world.send(loan_step("approved"), time="2026-06-02 12:00")
    assert (answer.outcome, answer.reason) == ("refused", "not_shipped_there")
    shipped = world.send(loan_step("shipped"), time=SHIPPED)
    assert (shipped.outcome, shipped.reason) == ("applied", "not_to_be_lent")
    assert deadlines(world) == ["loan.due_soon", "loan.due"]


def test_gen_1_a_loan_told_again_by_another_event() -> None:
    world = lent()
    assert world.send(loan(), time="2026-06-05 12:00").outcome == "duplicate"
    assert world.send(loan(model="ILCE-1M2"), time="2026-06-05 12:00").outcome == "conflict"
    again = world.send(loan_step("shipped"), time="2026-06-21 12:00")
    assert (again.outcome, again.reason) == ("duplicate", "already_known")
    earlier = world.send(loan_step("shipped"), time="2026-06-19 12:00")
    assert "due by the end of 2026-07-03" in earlier.says


def test_gen_2_steps_of_an_unknown_loan_wait_for_it() -> None:
    world = pro_member(World())
    for name in ("approved", "declined", "insurance_proved", "shipped", "recalled", "returned"):
        answer = world.send(loan_step(name), time="2026-06-20 12:00")
        assert (answer.outcome, answer.reason) == ("held", "awaits_loan")


def test_gen_5_an_approval_after_the_shipment_says_that_it_was_implied() -> None:
    world = pro_member(World())
    world.send(loan(), time=ASKED)
    shipped = world.send(loan_step("shipped"), time=SHIPPED)
    assert shipped.reason == "not_approved"
    assert [flag.code for flag in world.member().flags] == ["not_approved"]
    late = world.send(loan_step("approved"), time="2026-06-02 12:00")
    assert (late.outcome, late.reason) == ("superseded", "later_step_known")
    assert world.member().flags == []


def test_loan_7_the_trail_names_what_moved_the_due_day() -> None:
    world = lent()
    world.send(loan_step("recalled"), event_id="call", time="2026-06-22 12:00")
    world.tick("2026-07-01 12:00")
    trail = view("m-1", world.member())["loans"][0]["trail"]
    assert [(row["what"], row["due_on"], row["by"]["id"]) for row in trail] == [
        ("requested", None, "loan.requested n1"),
        ("approved", None, "loan.approved n1"),
        ("shipped", DUE_ON, "shipped n1"),
        ("recalled", "2026-06-29", "call"),
        ("overdue", "2026-06-29", "n1@2026-06-30T07:00:00Z"),
    ]
    assert [row["why_moved"] for row in trail[2:]] == [
        "14 days after its shipment on 2026-06-20",
        "7 days after it was called back on 2026-06-22",
        None,
    ]


def test_loans_that_are_over_leave_the_hot_value() -> None:
    world = pro_member(World())
    for n in range(6):
        world.send(loan(f"n{n}", model=f"SEL{n}GM"), time=f"2026-06-0{n + 1} 12:00")
    world.send(loan_step("approved", "n0"), time="2026-06-10 12:00")
    assert len(world.member().loans) == 3
    world.send(loan_step("shipped", "n0"), time=SHIPPED)
    assert sorted(world.member().loans) == ["n0", "n3", "n4", "n5"]
    assert loan_of(world, "n1").status == "requested"


@pytest.mark.parametrize(("asked", "outcome"), [("2026-06-20 19:59:59", "applied"), ("2026-06-20 20:00", "refused")])
def test_loan_1_a_model_is_used_up_from_the_instant_of_its_shipment_on(asked: str, outcome: str) -> None:
    """GEN-2 By the time of the request, whenever that is told."""
    world = lent()
    answer = world.send(loan("n2", needed_on="2026-09-01"), time=asked)
    assert (answer.outcome, answer.reason) == (outcome, "had_before" if outcome == "refused" else None)


def test_loan_1_of_two_shipments_of_a_model_the_earlier_one_is_never_flagged() -> None:
    for told in (["n1", "n2"], ["n2", "n1"]):
        world, shipped = pro_member(World()), {"n1": "2026-06-10 20:00", "n2": "2026-06-20 20:00"}
        for which in told:
            world.send(loan(which), time=ASKED)
            world.send(loan_step("approved", which), time="2026-06-02 20:00")
        flags = [world.send(loan_step("shipped", which), time=shipped[which]).reason == "had_before" for which in told]
        assert flags == [False, told == ["n1", "n2"]]
