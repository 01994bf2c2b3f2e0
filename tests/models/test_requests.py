"""What payment is told with a request: which money goes back (CARE-7, PAY-6, PRO-3), until when an answer counts (PAY-1)."""

import pytest

from models.outputs import ChargeRequested, RefundRequested
from models.policies import Policies
from tests.models.facts import applied_for, at, care_bought, care_cancelled, care_paid, paid, reviewed
from tests.models.guests import TOO_LATE, bought, money
from tests.models.renewal import END, RENEWAL, charges, decline, with_cards
from tests.models.world import SLOW_CLOCK, World, pro_member


def refunds(world: World) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """(amount, programme, charges) of each."""
    return [(refund.amount, refund.program, refund.attempt_ids) for refund in world.bodies(RefundRequested)]


class TestRefund:
    def test_pay_8_of_two_charges_the_one_whose_money_goes_back_is_named(self) -> None:
        world = with_cards("card-1", "card-2")
        world.send(decline(world=world), time=END)
        first, second = (charge.attempt_id for charge in charges(world))
        world.send(paid(RENEWAL, paid_at="2027-03-03 20:00", attempt_id=second))
        world.send(paid(RENEWAL, paid_at="2027-03-02 20:00", attempt_id=first))
        assert refunds(world) == [("100.00", "pro", (second,))], "the earlier one pays, whichever is told first"

    def test_each_refund_names_its_own_money_alone(self) -> None:
        world = with_cards()
        [charge] = charges(world)
        for hour, attempt in enumerate((charge.attempt_id, "theirs", None, "theirs-2")):
            told = {"attempt_id": attempt} if attempt else {}
            world.send(paid(RENEWAL, paid_at=f"2027-03-02 1{hour}:00", **told))
        assert refunds(world) == [
            ("100.00", "pro", ("theirs",)),
            ("100.00", "pro", ()),
            ("100.00", "pro", ("theirs-2",)),
        ]

    def test_pro_3_all_that_came_for_an_application_is_named_at_once(self) -> None:
        world = World()
        world.send(applied_for(), time="2026-03-01 18:00")
        world.send(paid(attempt_id="half", amount="50.00", paid_at="2026-03-01 19:00"))
        world.send(paid(attempt_id="whole", paid_at="2026-03-01 20:00"))
        world.send(reviewed(approved=False), time="2026-03-01 21:00")
        assert refunds(world) == [("50.00", "pro", ("half",)), ("100.00", "pro", ("whole",))]

    @pytest.mark.parametrize(("charge", "named"), [({"attempt_id": "t1"}, ("t1",)), ({}, ())])
    def test_care_7_a_fee_that_is_given_back(self, charge: dict[str, str], named: tuple[str, ...]) -> None:
        world = World()
        world.send(care_bought(), time="2026-03-02 18:00")
        world.send(care_paid(**charge), time="2026-03-02 18:00")
        world.send(care_cancelled(refund=True), time="2026-03-02 19:00")
        assert refunds(world) == [("179.99", "care", named)]

    def test_care_3_a_guests_money_that_was_told_before_its_end_and_after_it(self) -> None:
        world = bought(World(), is_paid=False)
        for n, paid_at in enumerate(("2026-03-02 18:05", "2026-03-02 18:06")):
            world.send(money(paid_at, attempt_id=f"t{n}"), member="guest:" + "e" * 64)
        world.tick(TOO_LATE)
        world.send(money("2026-04-03 12:00", attempt_id="t2"), member="guest:" + "e" * 64)
        assert refunds(world) == [("359.98", "care", ("t0", "t1")), ("179.99", "care", ("t2",))]

    def test_gen_2_money_for_an_invoice_that_never_comes_has_the_programme_that_it_was_told_for(self) -> None:
        world = pro_member(World())
        world.send(care_paid("x", attempt_id="t1"))
        world.tick("2026-04-02 00:00")
        assert refunds(world) == [("179.99", "care", ("t1",))]
        world.send(paid("x", paid_at="2026-04-02 12:00"))
        world.tick("2026-05-03 00:00")
        assert refunds(world)[1:] == [("100.00", "pro", ())]

    def test_an_application_whose_invoice_was_first_told_of_for_another_programme_can_be_paid(self) -> None:
        world = World()
        world.send(care_paid("i1"))
        world.tick("2026-04-02 00:00")
        world.send(applied_for())
        world.send(reviewed())
        world.send(paid(paid_at="2026-04-02 00:00"))
        assert (world.pro.status, refunds(world)) == ("active", [("179.99", "care", ())])


class TestAnswerBy:
    @pytest.mark.parametrize(("now", "rounds"), [("2027-03-09 07:59:59", []), ("2027-03-09 08:00", ["no_answer"])])
    def test_pay_1_silence_counts_from_the_instant_that_the_charge_names(self, now: str, rounds: list[str]) -> None:
        world = with_cards()
        [charge] = charges(world)
        assert charge.answer_by == at("2027-03-09 08:00")
        world.tick(now)
        assert [
            reason for one in world.notices if one.kind == "payment.failed" for reason in one.params["reasons"]
        ] == rounds  # type: ignore[union-attr]

    def test_pay_1_from_when_it_went_out_be_it_late_over_a_change_to_summer_time(self) -> None:
        world = with_cards(until="2027-03-12 12:00")
        assert [charge.answer_by for charge in charges(world)] == [at("2027-03-19 11:00")]

    def test_pay_1_the_days_are_a_setting(self) -> None:
        world = with_cards(until=None)
        world.policies = Policies(answer_wait_days=3, **SLOW_CLOCK)
        world.tick("2027-01-31 08:00")
        world.tick(END)
        assert [charge.answer_by for charge in world.bodies(ChargeRequested)] == [at("2027-03-05 08:00")]
