"""CARE-7 The fee is asked back: granted, waiting, refused; what a refund is less by."""

from typing import Any

import pytest

from models.care.state import Window
from models.outputs import ChargeRequested, RefundRequested
from models.policies import Policies
from models.view import view
from tests.models.facts import (
    Fact,
    added,
    cancelled,
    care_bought,
    care_cancelled,
    care_paid,
    claimed,
    failed,
    line,
    order,
    return_rejected,
    returned,
)
from tests.models.test_care_orders import bought, camera, shown
from tests.models.world import SLOW_CLOCK, World

# Care of these members was bought on 2 March 2026 (Pacific): day 30 is 1 April, which ends at 07:00 UTC of 2 April.
DAY_30, DAY_31 = "2026-04-02 06:59:59.999999", "2026-04-02 07:00"
ASK = care_cancelled(refund=True)
STRAP: dict[str, Any] = {"complimentary_items": [{"description": "a strap", "value": "10.00"}]}
GIFTS = STRAP | {"shipping_upgrade_value": "5.00"}


def alone() -> World:
    """Given one who bought Care and nothing else."""
    world = World()
    world.send(care_bought(), time="2026-03-02 18:00")
    world.send(care_paid(), time="2026-03-02 18:00")
    return world


def refund(world: World) -> RefundRequested:
    [found] = world.bodies(RefundRequested)
    return found


def items(world: World) -> list[tuple[str, str]]:
    return [(item.what, item.amount) for item in refund(world).items]


class TestGranted:
    def test_care_7_bought_again_on_the_same_day_its_renewal_is_an_invoice_of_its_own(self) -> None:
        world = alone()
        world.send(ASK, time="2026-03-02 19:00")
        world.send(care_bought("c2", "2026-03-02 20:00"), time="2026-03-02 20:00")
        world.send(added())
        assert world.member().care.invoice == "care-m-1-2027-03-02.2"
        world.tick("2027-02-01 00:00")
        world.tick("2027-03-03 00:00")
        assert [charge.attempt_id for charge in world.bodies(ChargeRequested)] == ["care-m-1-2027-03-02.2-0-card-1"]
        world.send(care_paid("care-m-1-2027-03-02"), time="2027-03-03 00:00")
        assert [found.invoice_id for found in world.bodies(RefundRequested)] == ["c1", "care-m-1-2027-03-02"]

    def test_care_7_nothing_bought_and_nothing_used(self) -> None:
        world = alone()
        answer = world.send(ASK, time="2026-03-10 12:00")
        assert (answer.outcome, answer.reason, answer.clause) == ("applied", "refunded", "CARE-7")
        assert answer.says.endswith("$179.99 = $179.99 (CARE-7).")
        assert (refund(world).invoice_id, refund(world).amount) == ("c1", "179.99")
        assert items(world) == [("membership fee paid", "179.99")]
        assert world.notice("care.refund").params["amount"] == "179.99"
        assert (shown(world)["status"], shown(world)["term"], world.member().due) == ("refunded", None, [])

    @pytest.mark.parametrize(
        "undone",
        [
            [returned("r1", l1=2)],
            [returned("r1", l1=1), returned("r2", l1=1)],
            [cancelled()],
            [cancelled(before_shipment=False), returned("r1", l1=2)],
            [returned("r1", l1=2, in_window=False), return_rejected("r1"), returned("r2", l1=2)],
        ],
    )
    def test_care_7_all_came_back_or_was_cancelled_before_shipment(self, undone: list[Fact]) -> None:
        world = bought(World(), camera(None, quantity=2), line("l2", qualifying=False))
        for fact in undone:
            world.send(fact, time="2026-03-05 12:00")
        assert world.send(ASK, time="2026-03-10 12:00").reason == "refunded"

    def test_care_7_what_was_bought_signed_out_is_not_bought_under_care(self) -> None:
        world = alone()
        world.send(order("o2", camera(), signed_in=False, placed_at="2026-03-05 12:00"), time="2026-03-05 12:00")
        assert world.send(ASK, time="2026-03-10 12:00").reason == "refunded"

    def test_care_7_after_a_cancellation_as_well(self) -> None:
        world = alone()
        world.send(care_cancelled(), time="2026-03-05 12:00")
        assert world.send(ASK, time="2026-03-10 12:00").reason == "refunded"
        assert world.notice("care.refund").replaces == (world.notice_id("care.cancelled"),)
        assert world.member().due == []

    def test_care_7_it_ends_at_once_and_can_be_bought_again(self) -> None:
        world = bought(World())
        world.send(returned("r1", l1=1), time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        assert shown(world)["products"] == []
        assert world.send(claimed(), time="2026-03-10 12:00").reason == "membership_not_active"
        assert world.send(ASK, time="2026-03-11 12:00").reason == "already_refunded"
        assert world.send(care_cancelled(), time="2026-03-11 12:00").reason == "already_refunded"
        world.send(care_bought("c2", purchased_at="2026-03-12 12:00"), time="2026-03-12 12:00")
        assert (shown(world)["status"], shown(world)["term"]["from"]) == ("active", "2026-03-12")
        assert world.send(ASK, time="2026-03-13 12:00").reason == "refunded"

    def test_care_7_once_granted_no_renewal_is_told_of_or_charged(self) -> None:
        world = alone()
        world.send(added())
        world.send(ASK, time="2026-03-10 12:00")
        world.tick("2027-06-01 12:00")
        assert (world.bodies(ChargeRequested), world.told) == ([], ["care.welcome", "care.refund"])
        assert world.send(failed("care-m-1-2027-03-02", program="care")).reason == "no_membership"
        world.send(care_paid("care-m-1-2027-03-02", paid_at="2027-03-02 12:00"))
        assert [request.clause for request in world.bodies(RefundRequested)] == ["CARE-7", "CARE-4"]

    def test_care_7_the_fee_of_a_renewal_for_30_days_from_its_charge(self) -> None:
        world = bought(World())
        world.tick("2027-03-05 12:00")
        world.send(care_paid("care-m-1-2027-03-02", paid_at="2027-03-01 12:00"), time="2027-03-01 12:00")
        answer = world.send(ASK, time="2027-04-01 06:59:59")
        assert answer.reason == "refunded", "what was bought in the year before does not count"
        assert (refund(world).invoice_id, shown(world)["status"]) == ("care-m-1-2027-03-02", "refunded")

    def test_care_7_not_of_a_renewal_where_the_setting_says_so(self) -> None:
        world = bought(World(policies=Policies(care_refund_renewals=False, **SLOW_CLOCK)))
        world.tick("2027-03-05 12:00")
        world.send(care_paid("care-m-1-2027-03-02", paid_at="2027-03-01 12:00"), time="2027-03-01 12:00")
        assert world.send(ASK, time="2027-03-05 12:00").reason == "no_refund"


class TestWaiting:
    def test_care_7_something_out_can_come_back_up_to_day_30(self) -> None:
        world = bought(World())
        answer = world.send(ASK, time="2026-03-10 12:00")
        assert (answer.outcome, answer.reason) == ("applied", "waits")
        assert shown(world)["refund_requested"] == {"decided_by": "2026-04-02T07:00:00Z"}
        [promise] = [one for one in view("m-1", world.member())["promises"] if one["kind"] == "care.refund"]
        assert (promise["due"], promise["clause"]) == ("2026-04-02T07:00:00Z", "CARE-7")
        assert promise["started_at"] == "2026-03-10T12:00:00Z"
        assert (shown(world)["status"], world.told) == ("active", ["care.welcome"])
        world.tick("2026-04-02 06:59:59.999999")
        assert shown(world)["status"] == "active"
        answer = world.send(returned("r1", l1=1), time=DAY_30)
        assert answer.reason != "refunded", "the answer stays that of the points"
        assert world.told_by(answer) == ["care.refund"]
        assert "Care is cancelled in full and ends on 2026-04-01" in answer.says
        assert (shown(world)["status"], shown(world)["refund_requested"]) == ("refunded", None)

    def test_care_7_then_it_is_refused_and_counts_from_the_request_on(self) -> None:
        world = bought(World())
        world.send(added())
        world.send(ASK, time="2026-03-10 12:00")
        world.tick(DAY_31)
        told = world.notice("care.refund_refused")
        assert told.params["reasons"] == ("not_returned",)
        assert told.params["ends_on"] == "2027-03-02"
        assert world.told == ["care.welcome", "care.cancelled", "care.refund_refused"]
        assert (shown(world)["status"], shown(world)["ends_on"]) == ("active", "2027-03-02")
        assert world.member().care is not None
        assert str(world.member().care.cancelled_at) == "2026-03-10 12:00:00+00:00"  # type: ignore[union-attr]
        world.tick("2027-03-02 08:00")
        assert (shown(world)["status"], world.bodies(ChargeRequested), world.requests) == ("ended", [], [])

    @pytest.mark.parametrize("tick", [None, DAY_31])
    def test_gen_4_what_comes_back_on_day_31_is_too_late_though_the_date_was_not_handled_yet(
        self, tick: str | None
    ) -> None:
        world = bought(World())
        world.send(ASK, time="2026-03-10 12:00")
        if tick:
            world.tick(tick)
        world.send(returned("r1", l1=1), time=DAY_31)
        world.tick("2026-05-01 12:00")
        assert ("care.refund" in world.told, "care.refund_refused" in world.told) == (False, True)

    def test_care_7_what_is_bought_while_it_waits_has_to_come_back_too(self) -> None:
        world = bought(World())
        world.send(ASK, time="2026-03-10 12:00")
        world.send(order("o2", camera("S2"), placed_at="2026-03-11 12:00"), time="2026-03-11 12:00")
        world.send(returned("r1", l1=1), time="2026-03-12 12:00")
        assert shown(world)["status"] == "active"
        world.send(cancelled("o2"), time="2026-03-13 12:00")
        assert shown(world)["status"] == "refunded"

    def test_care_7_cancelled_meanwhile_it_is_still_decided_once(self) -> None:
        world = bought(World())
        world.send(ASK, time="2026-03-10 12:00")
        world.send(care_cancelled(), time="2026-03-11 12:00")
        world.tick(DAY_31)
        assert world.told == ["care.welcome", "care.cancelled", "care.refund_refused"]

    @pytest.mark.parametrize("when", ["2026-03-11 12:00", "2026-04-10 12:00"])
    def test_care_7_asked_twice_is_one_request(self, when: str) -> None:
        world = bought(World())
        world.send(ASK, time="2026-03-10 12:00")
        world.tick(when)
        again = world.send(ASK, time=when)
        assert (again.outcome, again.reason) == ("duplicate", "already_asked")

    def test_care_7_the_order_care_was_bought_with_may_stay_where_the_setting_says_so(self) -> None:
        world = bought(World(policies=Policies(care_refund_own_order=False, **SLOW_CLOCK)))
        assert world.send(ASK, time="2026-03-10 12:00").reason == "refunded"


class TestRefused:
    @pytest.mark.parametrize(("when", "reason"), [(DAY_30, "refunded"), (DAY_31, "no_refund")])
    def test_care_7_up_to_the_end_of_day_30(self, when: str, reason: str) -> None:
        world = alone()
        assert world.send(ASK, time=when).reason == reason
        if reason == "no_refund":
            assert world.notice("care.refund_refused").params["reasons"] == ("too_late",)
            assert world.told == ["care.welcome", "care.cancelled", "care.refund_refused"]
            assert shown(world)["ends_on"] == "2027-03-02"

    def test_care_7_a_claim_that_was_accepted_is_a_benefit_used(self) -> None:
        world = bought(World())
        world.send(claimed(), time="2026-03-05 12:00")
        world.send(returned("r1", l1=1), time="2026-03-06 12:00")
        assert world.send(ASK, time="2026-03-10 12:00").reason == "no_refund"
        assert world.notice("care.refund_refused").params["reasons"] == ("used",)

    def test_care_7_a_claim_while_it_waits_decides_it(self) -> None:
        world = bought(World())
        world.send(ASK, time="2026-03-10 12:00")
        answer = world.send(claimed(), time="2026-03-11 12:00")
        assert world.told_by(answer) == ["care.claim_accepted", "care.cancelled", "care.refund_refused"]
        assert "does not go back: claim k1 was accepted; order o1 is not all back (CARE-7)" in answer.says

    def test_care_7_returned_after_the_return_window(self) -> None:
        world = bought(World())
        world.send(returned("r1", l1=1, in_window=False), time="2026-03-09 12:00")
        assert world.send(ASK, time="2026-03-10 12:00").reason == "no_refund"
        assert world.notice("care.refund_refused").params["reasons"] == ("returned_late",)

    def test_care_7_cancelled_after_shipment_it_has_to_come_back(self) -> None:
        world = bought(World())
        world.send(cancelled(before_shipment=False), time="2026-03-05 12:00")
        assert world.send(ASK, time="2026-03-10 12:00").reason == "waits"

    def test_care_6_without_a_membership_there_is_nothing_to_ask_back(self) -> None:
        world = World()
        assert world.send(ASK).reason == "no_active_membership"


class TestBenefits:
    def ask(self, *facts: Fact, **more: Any) -> World:
        sold = camera(None, quantity=3, promo_price_saving="30.00")
        world = bought(World(), sold, line("l2", "50.00", qualifying=False, discount="7.00"), **more)
        for fact in facts:
            world.send(fact, time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        return world

    def test_care_7_itemised_what_stays_with_the_member(self) -> None:
        """A price goes back with its pieces; what was shipped faster or given stays."""
        world = self.ask(returned("r1", l1=3), **GIFTS)
        assert refund(world).amount == "157.99"
        assert items(world) == [
            ("membership fee paid", "179.99"),
            ("less discount on line l2 of order o1", "7.00"),
            ("less shipping upgrade of order o1", "5.00"),
            ("less a strap, given with order o1", "10.00"),
        ]
        shown_items = world.notice("care.refund").params["items"]
        assert shown_items == [{"what": what, "amount": amount} for what, amount in items(world)]

    def test_care_7_of_what_was_cancelled_before_shipment_nothing_was_received(self) -> None:
        assert refund(self.ask(cancelled(), **GIFTS)).amount == "179.99"

    def test_care_7_a_price_in_proportion_to_the_pieces_kept(self) -> None:
        lines = [camera(None), line("l2", "10.00", 3, qualifying=False, promo_price_saving="10.00")]
        world = bought(World(), *lines)
        world.send(returned("r1", l1=1, l2=1), time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        assert items(world)[1:] == [("less promotional saving on line l2 of order o1", "6.67")]

    def test_care_7_not_below_0_and_then_nobody_is_asked_for_money(self) -> None:
        world = self.ask(returned("r1", l1=3), shipping_upgrade_value="500.00")
        assert (world.requests, shown(world)["status"]) == ([], "refunded")
        assert world.notice("care.refund").params["amount"] == "0.00"

    def test_care_7_very_many_come_as_one(self) -> None:
        lines = [line(f"n{n}", qualifying=False, discount="0.01") for n in range(150)]
        world = bought(World(), camera(), *lines)
        world.send(returned("r1", l1=1), time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        assert items(world)[-1] == ("less 50 more benefits", "0.50")
        assert refund(world).amount == "178.49"


class TestMoney:
    def test_care_7_not_paid_yet_it_goes_back_when_it_comes(self) -> None:
        world = World()
        world.send(order("o1", camera(), **STRAP), time="2026-03-02 18:00")
        world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
        world.send(returned("r1", l1=1), time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        assert (world.requests, shown(world)["status"]) == ([], "refunded")
        assert not world.notice("care.refund").params["paid"]
        answer = world.send(care_paid(), time="2026-03-12 12:00")
        assert (answer.reason, refund(world).amount) == ("refunded", "169.99")
        assert world.standing({"care.welcome"}) == {("care.refund", answer.notifications[0])}

    def test_pay_8_paid_once_more_the_other_money_goes_back_whole(self) -> None:
        world = alone()
        world.send(ASK, time="2026-03-10 12:00")
        world.send(care_paid(paid_at="2026-03-11 12:00"))
        assert [request.amount for request in world.bodies(RefundRequested)] == ["179.99", "179.99"]

    @pytest.mark.parametrize(
        "late",
        [
            (return_rejected("r1"), "2026-03-20 12:00"),
            (order("o2", camera("S2"), placed_at="2026-03-08 12:00"), "2026-03-08 12:00"),
            (order("o2", shipping_upgrade_value="5.00", placed_at="2026-03-08 12:00"), "2026-03-08 12:00"),
        ],
    )
    def test_gen_6_what_would_have_changed_a_refund_is_left_to_support(self, late: tuple[Fact, str]) -> None:
        world = bought(World())
        world.send(returned("r1", l1=1), time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        before = world.told
        answer = world.send(late[0], time=late[1])
        assert answer.says.endswith(
            "The refund of invoice c1 had been granted before this was known: that is final: support has to look at it (GEN-6)."
        )
        assert (world.told, len(world.requests), shown(world)["status"]) == (before, 1, "refunded")

    def test_gen_6_and_what_would_have_granted_one(self) -> None:
        world = bought(World())
        world.send(ASK, time="2026-03-10 12:00")
        world.tick(DAY_31)
        answer = world.send(returned("r1", l1=1), time="2026-03-20 12:00")
        assert "had been refused before this was known" in answer.says
        assert world.entry(Window, "c1").answer == "refused"

    def test_gen_6_of_what_changes_nothing_nothing_is_said(self) -> None:
        world = bought(World(), camera(), line("l2", qualifying=False))
        world.send(returned("r1", l1=1), time="2026-03-05 12:00")
        world.send(ASK, time="2026-03-10 12:00")
        assert "GEN-6" not in world.send(returned("r2", l2=1), time="2026-03-11 12:00").says

    def test_gen_6_nor_after_a_request_that_came_too_late(self) -> None:
        world = bought(World())
        world.send(ASK, time=DAY_31)
        assert "GEN-6" not in world.send(returned("r1", l1=1), time="2026-03-20 12:00").says
