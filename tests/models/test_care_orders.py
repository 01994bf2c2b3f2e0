"""CARE-1, CARE-2: Care is bought with a qualifying purchase, and protects what is bought under it."""

from typing import Any

import pytest

from models.care.state import SHOWN
from models.outputs import RefundRequested
from models.policies import Policies
from models.view import view
from tests.models.facts import (
    Fact,
    added,
    cancelled,
    care_bought,
    care_cancelled,
    care_paid,
    failed,
    line,
    order,
    return_rejected,
    returned,
)
from tests.models.world import SLOW_CLOCK, World


def camera(serial: str | None = "S1", line_id: str = "l1", price: str = "1000.00", **more: Any) -> dict[str, Any]:
    serials = {"serial_numbers": [serial]} if serial else {}
    return line(line_id, price, **serials | more)


def bought(world: World, *lines: dict[str, Any], **more: Any) -> World:
    """Given one who bought Care with order o1, both on 2 March 2026 at 18:00 UTC, and paid for it."""
    world.send(order("o1", *lines or [camera()], **more), time="2026-03-02 18:00")
    world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
    world.send(care_paid(), time="2026-03-02 18:00")
    return world


def shown(world: World) -> dict[str, Any]:
    found: dict[str, Any] = view("m-1", world.member())["memberships"]["care"]
    return found


def products(world: World) -> list[tuple[str | None, str, str]]:
    return [(one["serial"], one["order_id"], one["until"]) for one in shown(world)["products"]]


class TestSelling:
    """CARE-1"""

    @pytest.mark.parametrize(
        ("lines", "qualifies"),
        [
            ([camera()], True),
            ([camera(qualifying=False)], False),
            ([line("w", category="warranty")], False),
            ([line("c", "179.99", category="care")], False),
            ([line("c", "179.99", category="care"), camera()], True),
        ],
    )
    def test_care_1_with_a_qualifying_product(self, lines: list[dict[str, Any]], qualifies: bool) -> None:
        world = World()
        world.send(order("o1", *lines), time="2026-03-02 18:00")
        answer = world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
        assert (answer.outcome, answer.reason) == (
            ("applied", None) if qualifies else ("refused", "no_qualifying_purchase")
        )
        world.send(care_paid())
        assert len(world.bodies(RefundRequested)) == (not qualifies)

    @pytest.mark.parametrize("undone", [returned("r1", l1=1), cancelled()], ids=["returned", "cancelled"])
    @pytest.mark.parametrize(("when", "sold"), [("2026-03-05 11:59:59", False), ("2026-03-05 12:00", True)])
    def test_care_1_not_with_what_had_gone_back_before(self, undone: Fact, when: str, sold: bool) -> None:
        world = World()
        world.send(order(), time="2026-03-02 18:00")
        world.send(undone, time=when)
        answer = world.send(care_bought(order_id="o1", purchased_at="2026-03-05 12:00"), time="2026-03-05 12:00")
        assert answer.outcome == ("applied" if sold else "refused")

    def test_care_1_what_is_missing_is_named_all_at_once(self) -> None:
        world = World()
        world.send(order("o1", camera(qualifying=False)))
        world.send(care_bought(order_id="o1", state="PR"))
        assert world.notice("care.refused").params["reasons"] == ("not_resident", "no_qualifying_purchase")

    def test_care_1_without_an_order_as_the_setting_says(self) -> None:
        assert World().send(care_bought()).outcome == "applied"
        world = World(policies=Policies(care_without_order=False, **SLOW_CLOCK))
        assert world.send(care_bought()).reason == "no_qualifying_purchase"

    def test_gen_2_it_waits_for_its_order_and_counts_from_its_own_time(self) -> None:
        world = World()
        assert world.send(care_bought(order_id="o1"), time="2026-03-02 18:00").reason == "awaits_order"
        assert world.send(care_paid()).reason == "awaits_invoice"
        world.send(order("o1", camera()), time="2026-03-02 18:00")
        assert (shown(world)["status"], shown(world)["term"]["from"]) == ("active", "2026-03-02")
        assert (products(world), world.member().held) == ([("S1", "o1", "2028-03-02")], 0)

    @pytest.mark.parametrize("told", ["2026-02-28 12:00", "2026-03-03 18:00", "2026-04-20 18:00"])
    def test_gen_2_its_order_never_comes_and_the_fee_goes_back_whenever_it_is_paid(self, told: str) -> None:
        world = World("2026-02-28 12:00")
        steps = [(told, care_paid()), ("2026-03-01 20:00", care_bought(order_id="o1"))]
        for when, fact in sorted(steps, key=lambda step: step[0]):
            world.tick(when)
            world.send(fact, event_id=fact[0], time="2026-03-02 18:00")
        world.tick("2026-06-01 12:00")
        given_up = [answer for answer in world.decisions if answer.reason == "partner_never_arrived"]
        assert "care.refused" in world.told_by(next(one for one in given_up if one.event.type == "care.purchased.v1"))
        [refund] = world.bodies(RefundRequested)
        assert (refund.invoice_id, refund.amount) == ("c1", "179.99")
        assert world.notice("care.refused").params["reasons"] == ("no_qualifying_purchase",)
        assert world.member().held == 0


class TestProducts:
    """CARE-2"""

    def test_care_2_shown_with_the_last_day_of_two_years(self) -> None:
        world = bought(World())
        world.send(order("o2", camera("S2"), camera(None, "l2"), placed_at="2026-04-10 05:00"), time="2026-04-10 05:00")
        assert products(world) == [
            ("S1", "o1", "2028-03-02"), ("S2", "o2", "2028-04-09"), (None, "o2", "2028-04-09")
        ]  # fmt: skip
        assert {one["active"] for one in shown(world)["products"]} == {True}

    @pytest.mark.parametrize(
        ("placed", "more"),
        [
            ("2026-03-02 17:59:59", {}),
            ("2026-04-01 18:00", {"signed_in": False}),
            ("2027-03-02 08:00", {}),
        ],
        ids=["before", "signed out", "after the end"],
    )
    def test_care_2_only_bought_signed_in_while_active(self, placed: str, more: dict[str, Any]) -> None:
        world = bought(World())
        world.send(care_cancelled(), time="2026-05-01 12:00")
        world.tick(max("2026-05-02 12:00", placed))
        world.send(order("o2", camera("S2"), placed_at=placed, **more), time=placed)
        assert [serial for serial, *_ in products(world)] == ["S1"]
        assert shown(world)["products"][0]["active"] == (placed < "2027")

    def test_care_2_up_to_the_last_second_of_the_term(self) -> None:
        world = bought(World())
        world.send(care_cancelled(), time="2026-05-01 12:00")
        world.send(order("o2", camera("S2"), placed_at="2027-03-02 07:59:59"), time="2027-03-02 07:59:59")
        assert [serial for serial, *_ in products(world)] == ["S1", "S2"]

    def test_care_2_not_what_is_bought_while_suspended_also_when_it_is_reinstated(self) -> None:
        world = bought(World())
        world.send(added())
        world.tick("2027-01-31 08:00")
        world.tick("2027-03-02 08:00")
        world.send(failed("care-m-1-2027-03-02", "care-m-1-2027-03-02-0-card-1", program="care"))
        assert shown(world)["status"] == "suspended"
        world.send(order("o2", camera("S2"), placed_at="2027-03-05 12:00"), time="2027-03-05 12:00")
        world.send(care_paid("care-m-1-2027-03-02", paid_at="2027-03-06 12:00"), time="2027-03-06 12:00")
        world.send(order("o3", camera("S3"), placed_at="2027-03-06 12:00"), time="2027-03-06 12:00")
        assert [serial for serial, *_ in products(world)] == ["S1", "S3"]

    def test_care_2_what_goes_back_is_protected_no_more(self) -> None:
        world = bought(World(), camera("S1"), camera("S2", "l2"), camera("S3", "l3", qualifying=False))
        world.send(returned("r1", l1=1), time="2026-03-05 12:00")
        assert [serial for serial, *_ in products(world)] == ["S2"]
        world.send(return_rejected("r1"), time="2026-03-06 12:00")
        assert [serial for serial, *_ in products(world)] == ["S1", "S2"]
        world.send(cancelled(before_shipment=False), time="2026-03-07 12:00")
        assert products(world) == []

    def test_care_2_the_hot_value_keeps_the_latest_alone(self) -> None:
        world = bought(World())
        for n in range(2 * SHOWN):
            placed = f"2026-04-{n + 1:02} 12:00"
            world.send(order(f"p{n:02}", camera(f"P{n:02}"), placed_at=placed), time=placed)
        assert [serial for serial, *_ in products(world)] == [f"P{n:02}" for n in range(SHOWN, 2 * SHOWN)]

    def test_care_2_the_answer_about_an_order_is_the_points_own(self) -> None:
        """Care has nothing to tell of an order that only has its products protected."""
        world = bought(World())
        answer = world.send(order("o2", camera("S2"), placed_at="2026-04-01 12:00"), time="2026-04-01 12:00")
        assert (answer.outcome, answer.reason, answer.clause) == ("applied", "not_a_member", "MS-4")
        assert "CARE" not in answer.says
