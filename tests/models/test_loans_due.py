"""LOAN-1, LOAN-2, LOAN-4: when a loan is to be back, and what moves that."""

import pytest

from models import decide
from models.case import Case
from models.follow import LoanerShipped
from models.view import view
from tests.models.facts import (
    at,
    booked,
    cleaned,
    loan,
    loan_step,
    pacific,
    registered,
    repair,
    repair_loan,
    step,
    visit_cancelled,
)
from tests.models.facts import repair as repair_of
from tests.models.lending import ASKED, DUE_ON, SHIPPED, lent, loan_of
from tests.models.promised import promised
from tests.models.world import World, pro_member


@pytest.mark.parametrize(
    ("shipped", "due_on", "due"),
    [
        (SHIPPED, DUE_ON, "2026-07-05 07:00"),
        (pacific("2026-06-20 23:59:59"), DUE_ON, "2026-07-05 07:00"),
        (pacific("2026-06-21 00:00"), "2026-07-05", "2026-07-06 07:00"),
        ("2026-10-25 20:00", "2026-11-08", "2026-11-09 08:00"),  # summer time ends on the way
    ],
)
def test_loan_1_due_at_the_end_of_the_fourteenth_day_after_shipment(shipped: str, due_on: str, due: str) -> None:
    found = loan_of(lent(shipped=shipped)).due
    assert found is not None
    assert (str(found.on), found.at) == (due_on, at(due))


@pytest.mark.parametrize(
    ("recalled", "due_on", "why"),
    [
        (pacific("2026-06-26 23:59:59"), "2026-07-03", "7 days after it was called back on 2026-06-26"),
        (pacific("2026-06-27 00:00"), DUE_ON, "14 days after its shipment on 2026-06-20"),
        ("2026-06-10 20:00", "2026-06-27", "7 days after it was called back on 2026-06-20"),  # before it was shipped
    ],
)
def test_loan_4_called_back_it_is_due_in_seven_days_if_that_is_earlier(recalled: str, due_on: str, why: str) -> None:
    world = lent()
    answer = world.send(loan_step("recalled"), time=recalled)
    found = loan_of(world).due
    assert found is not None
    assert (str(found.on), found.why) == (due_on, why)
    assert f"due by the end of {due_on}, {why}" in answer.says
    assert world.notices[-1].params["due_on"] == due_on
    assert world.notice_id("loan.shipped") in world.notices[-1].replaces


def borrowed_for_a_repair(shipped: str = SHIPPED) -> World:
    """Given a loan for the time of a repair."""
    world = pro_member(World())
    world.send(repair_of(), time="2026-05-30 12:00")
    world.send(repair_loan(), time=ASKED)
    world.send(loan_step("approved"), time="2026-06-02 12:00")
    world.send(loan_step("shipped"), time=shipped)
    return world


def test_loan_2_a_repair_loan_waits_for_the_product() -> None:
    world = borrowed_for_a_repair()
    [promise] = promised(world.member(), "loan.due")
    assert (promise["kind"], promise["state"], promise["due"]) == ("loan.due", "open", "2026-07-05T07:00:00Z")
    world.tick("2026-07-20 12:00")
    [promise] = promised(world.member(), "loan.due")
    assert (promise["state"], promise["due"], promise["clause"]) == ("stopped", None, "LOAN-2")
    assert "the member's product was still away" in promise["counts"]
    assert "loan.overdue" not in world.told
    assert "loan.due_soon" not in world.told
    answer = world.send(step("delivered"), time="2026-07-20 20:00")
    assert "Loan n1 is due by the end of 2026-07-20, the day on which the member's product is back" in answer.says
    world.tick(pacific("2026-07-20 23:59:59"))
    assert "loan.overdue" not in world.told
    world.tick(pacific("2026-07-21 00:00"))
    assert "loan.overdue" in world.told


@pytest.mark.parametrize("looked_at", [True, False])
def test_loan_2_nothing_comes_back_too_late_while_the_product_is_away(looked_at: bool) -> None:
    """Whether or not a tick came between the end of the fourteenth day and the return."""
    world = borrowed_for_a_repair()
    if looked_at:
        world.tick("2026-07-05 07:00")
    answer = world.send(loan_step("returned", damaged=False), time="2026-07-05 07:01")
    assert "late" not in answer.says
    assert [one["state"] for one in promised(world.member(), "loan.due")] == ["kept"]


def test_loan_2_a_product_that_is_back_sooner_leaves_the_fourteen_days() -> None:
    world = borrowed_for_a_repair()
    world.send(step("delivered"), time="2026-06-25 20:00")
    found = loan_of(world).due
    assert found is not None
    assert (str(found.on), found.is_certain) == (DUE_ON, True)


def test_loan_4_a_repair_loan_that_waits_is_called_back() -> None:
    world = borrowed_for_a_repair()
    world.tick("2026-07-20 12:00")
    world.send(loan_step("recalled"), time="2026-07-20 20:00")
    found = loan_of(world).due
    assert found is not None
    assert (str(found.on), found.clause) == ("2026-07-27", "LOAN-4")
    world.send(step("delivered"), time="2026-07-22 20:00")
    assert str(loan_of(world).due.on) == "2026-07-22"  # type: ignore[union-attr]


def test_loan_4_called_back_for_the_fourteenth_day_it_waits_for_no_product() -> None:
    world = borrowed_for_a_repair()
    world.send(loan_step("recalled"), time="2026-06-27 20:00")
    found = loan_of(world).due
    assert found is not None
    assert (str(found.on), found.clause, found.is_certain) == (DUE_ON, "LOAN-4", True)


def test_rep_9_a_loan_for_a_repair_is_said_to_be_its_loaner(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[LoanerShipped] = []

    def hear(_case: Case, what: LoanerShipped) -> str:
        heard.append(what)
        return ""

    monkeypatch.setattr(decide, "FOLLOWERS", {**decide.FOLLOWERS, LoanerShipped: (hear,)})
    borrowed_for_a_repair()
    lent("n2")
    assert set(heard) == {LoanerShipped(at(SHIPPED), "r1", "n1")}


@pytest.mark.parametrize("over", ["done", "cancelled"])
def test_loan_2_a_loan_for_the_time_of_a_cleaning(over: str) -> None:
    world = pro_member(World())
    asked = loan(kind="repair", cleaning_id="v1")
    assert world.send(asked, time=ASKED).reason == "awaits_cleaning"
    world.send(registered(), time="2026-03-03 12:00")
    world.send(booked("v1"), time="2026-06-01 12:00")
    world.send(loan_step("approved"), time="2026-06-02 12:00")
    world.send(loan_step("shipped"), time=SHIPPED)
    world.tick("2026-07-06 12:00")
    assert view("m-1", world.member())["loans"][0]["due"]["on"] is None
    answer = world.send(cleaned("v1") if over == "done" else visit_cancelled("v1"), time="2026-07-06 20:00")
    assert "Loan n1 is due by the end of 2026-07-06" in answer.says
    late = world.send(loan("n2", kind="repair", cleaning_id="v1"), time="2026-07-06 20:00")
    assert (late.outcome, late.reason) == ("refused", "product_back")


def test_loan_2_what_was_shipped_although_it_was_refused_waits_for_no_product() -> None:
    world = pro_member(World())
    world.send(repair_of("r9", serial="S9"), time="2026-06-18 12:00")
    assert world.send(loan(kind="repair", repair_id="r9"), time="2026-06-18 20:00").outcome == "refused"
    world.send(loan_step("shipped"), time="2026-06-20 20:00")
    [promise] = promised(world.member(), "loan.due")
    assert (promise["state"], promise["due"]) == ("open", "2026-07-05T07:00:00Z")
    world.tick("2026-07-05 07:00")
    assert "loan.overdue" in world.told


def test_loan_5_nobody_is_reminded_of_a_day_that_is_not_certain() -> None:
    """LOAN-2, NTF-3 The member's product is away: the due day can still move."""
    world = pro_member(World())
    world.send(repair(), time="2026-05-30 20:00")
    for fact in (repair_loan(), loan_step("approved"), loan_step("shipped")):
        world.send(fact, event_id=fact[0], time=ASKED)
    world.tick("2026-06-13 12:00")
    assert "loan.due_soon" not in world.told
