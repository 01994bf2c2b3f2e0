"""CARE-9 Claims: accepted for a protected product, else refused with all reasons, by their own time."""

from typing import Any

import pytest

from models.care.state import Claim
from models.outputs.decisions import Decided
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
from tests.models.world import World


def reasons(world: World) -> Any:
    return world.notice("care.claim_refused").params["reasons"]


def renewed(world: World) -> World:
    """Given that the second year was paid."""
    world.tick("2027-03-01 12:00")
    world.send(care_paid("care-m-1-2027-03-02", paid_at="2027-03-01 12:00"))
    return world


class TestAnswers:
    def test_care_9_accepted_for_a_protected_product(self) -> None:
        world = bought(World())
        answer = world.send(claimed(), time="2026-06-01 12:00")
        assert (answer.outcome, answer.clause, world.told_by(answer)) == ("applied", "CARE-9", ["care.claim_accepted"])
        assert shown(world)["claims"][0] == {
            "claim_id": "k1", "serial": "S1", "order_id": "o1", "filed_at": "2026-06-01T12:00:00Z", "accepted": True
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("when", "outcome"), [("2028-03-03 07:59:59.999999", "applied"), ("2028-03-03 08:00", "refused")]
    )
    def test_care_2_care_9_up_to_the_end_of_the_day_two_years_later(self, when: str, outcome: str) -> None:
        world = renewed(bought(World()))
        world.tick("2028-03-01 12:00")
        world.send(care_paid("care-m-1-2028-03-02", paid_at="2028-03-01 12:00"))
        assert world.send(claimed(), time=when).outcome == outcome
        if outcome == "refused":
            assert reasons(world) == ("past_two_years",)

    @pytest.mark.parametrize(
        ("when", "outcome"), [("2027-03-02 07:59:59.999999", "applied"), ("2027-03-02 08:00", "refused")]
    )
    def test_care_2_care_9_only_while_the_membership_is_active(self, when: str, outcome: str) -> None:
        world = bought(World())
        world.send(care_cancelled(), time="2026-06-01 12:00")
        assert world.send(claimed(), time=when).outcome == outcome
        if outcome == "refused":
            assert reasons(world) == ("membership_not_active",)

    def test_care_9_not_while_suspended(self) -> None:
        world = bought(World())
        world.send(added())
        world.tick("2027-01-31 08:00")
        world.tick("2027-03-02 08:00")
        world.send(failed("care-m-1-2027-03-02", "care-m-1-2027-03-02-0-card-1", program="care"))
        world.send(claimed(), time="2027-03-03 12:00")
        assert reasons(world) == ("membership_not_active",)
        world.send(care_paid("care-m-1-2027-03-02", paid_at="2027-03-04 12:00"), time="2027-03-04 12:00")
        assert world.send(claimed("k2"), time="2027-03-04 12:00").outcome == "applied"

    @pytest.mark.parametrize(
        ("bought_so", "why"),
        [
            (order("o2", camera("S2", qualifying=False), placed_at="2026-04-01 12:00"), "not_qualified"),
            (order("o2", camera("S2", category="warranty"), placed_at="2026-04-01 12:00"), "not_qualified"),
            (order("o2", camera("S2"), placed_at="2026-04-01 12:00", signed_in=False), "signed_out"),
            (order("o2", camera("S2"), placed_at="2026-03-02 17:59:59"), "before_membership"),
            (order("o2", camera("S3"), placed_at="2026-04-01 12:00"), "bought_elsewhere"),
        ],
    )
    def test_care_9_refused_with_the_reason(self, bought_so: Fact, why: str) -> None:
        world = bought(World())
        world.send(bought_so, time=bought_so[1]["placed_at"][:19].replace("T", " "))
        answer = world.send(claimed("k1", "S2", "o2"), time="2026-06-01 12:00")
        assert (answer.outcome, answer.reason, answer.clause) == ("refused", why, "CARE-9")
        assert reasons(world) == (why,)
        assert not shown(world)["claims"][0]["accepted"]

    def test_care_9_all_reasons_at_once(self) -> None:
        world = bought(World())
        world.send(care_cancelled(), time="2026-06-01 12:00")
        sold = order("o2", camera("S2", qualifying=False), placed_at="2026-03-01 12:00", signed_in=False)
        world.send(sold, time="2026-03-01 12:00")
        world.send(claimed("k1", "S2", "o2", filed_by="m-9"), time="2028-06-01 12:00")
        assert reasons(world) == ("filed_by_other", "membership_not_active", "signed_out", "before_membership", "not_qualified",
            "past_two_years",)  # fmt: skip

    def test_care_1_care_9_a_gift_is_the_members_to_claim_for(self) -> None:
        world = bought(World())
        assert world.send(claimed(filed_by="m-2"), time="2026-06-01 12:00").reason == "filed_by_other"
        assert world.send(claimed("k2"), time="2026-06-01 12:00").outcome == "applied"

    @pytest.mark.parametrize(
        ("undone", "when", "outcome"),
        [
            (returned("r1", l1=1), "2026-06-01 11:59:59", "refused"),
            (returned("r1", l1=1), "2026-06-01 12:00", "applied"),
            (cancelled(), "2026-06-01 11:59:59", "refused"),
            (cancelled(), "2026-06-01 12:00", "applied"),
        ],
    )
    def test_care_9_not_for_what_had_gone_back_by_the_time_of_the_claim(
        self, undone: Fact, when: str, outcome: str
    ) -> None:
        world = bought(World())
        world.send(undone, time=when)
        assert world.send(claimed(), time="2026-06-01 12:00").outcome == outcome

    def test_care_9_bought_as_a_guest(self) -> None:
        guest, world = f"guest:{'e' * 64}", World()
        world.send(order("o1", camera(), signed_in=False), time="2026-03-02 18:00", member=guest)
        world.send(claimed(filed_by=guest), time="2026-03-05 18:00", member=guest)
        assert reasons(world) == ("membership_not_active", "bought_as_guest")

    def test_care_9_no_membership_at_all(self) -> None:
        world = World()
        world.send(order("o1", camera()), time="2026-03-02 18:00")
        world.send(claimed(), time="2026-03-05 18:00")
        assert reasons(world) == ("membership_not_active",)

    def test_care_9_told_again_is_answered_the_same_way_and_with_other_content_not_at_all(self) -> None:
        world = bought(World())
        world.send(claimed(), time="2026-06-01 12:00")
        assert world.send(claimed(), time="2026-06-02 12:00").outcome == "duplicate"
        assert world.send(claimed(serial="S9"), time="2026-06-02 12:00").outcome == "conflict"
        assert world.told.count("care.claim_accepted") == 1


class TestSerials:
    """A product without a serial number in its order is known by the order."""

    def test_care_9_as_many_as_there_are_pieces(self) -> None:
        world = bought(World(), line("l1", quantity=3, serial_numbers=["S1"]))
        outcomes = [
            world.send(claimed(f"k{n}", serial), time="2026-06-01 12:00").outcome
            for n, serial in enumerate(["X1", "X1", "S1", "X2", "X3", "X2"])
        ]
        assert outcomes == ["applied", "applied", "applied", "applied", "refused", "applied"]
        assert reasons(world) == ("bought_elsewhere",)

    def test_care_9_of_a_line_that_does_not_qualify(self) -> None:
        world = bought(World(), camera("S1"), line("l2", qualifying=False))
        world.send(claimed(serial="X1"), time="2026-06-01 12:00")
        assert reasons(world) == ("not_qualified",)

    @pytest.mark.parametrize(("pieces", "outcome"), [(1, "applied"), (2, "refused")])
    def test_care_9_of_several_pieces_all_must_have_gone_back(self, pieces: int, outcome: str) -> None:
        world = bought(World(), line("l1", quantity=2, serial_numbers=["S1", "S2"]))
        world.send(returned("r1", l1=pieces), time="2026-04-01 12:00")
        assert world.send(claimed(), time="2026-06-01 12:00").outcome == outcome


class TestToldLate:
    def claimed_first(self) -> tuple[World, Decided]:
        world = bought(World())
        return world, world.send(claimed(), time="2026-06-01 12:00")

    def test_gen_2_a_return_from_before_the_claim_that_is_told_after_it(self) -> None:
        world, first = self.claimed_first()
        answer = world.send(returned("r1", l1=1), time="2026-05-01 12:00")
        assert "Claim k1 is now refused: the product had gone back (CARE-9)." in answer.says
        assert world.notice("care.claim_refused").replaces == first.notifications
        assert not world.entry(Claim, "k1").accepted

    def test_gen_2_and_its_rejection(self) -> None:
        world, _ = self.claimed_first()
        world.send(returned("r1", l1=1), time="2026-05-01 12:00")
        answer = world.send(return_rejected("r1"), time="2026-05-03 12:00")
        assert world.told_by(answer) == ["care.claim_accepted"]
        assert world.entry(Claim, "k1").accepted
        assert {kind for kind, _ in world.standing()} == {"care.welcome", "care.claim_accepted"}

    def test_gen_2_a_return_from_after_the_claim_does_not_concern_it_rejected_or_not(self) -> None:
        world, _ = self.claimed_first()
        for fact in (returned("r1", l1=1), return_rejected("r1")):
            assert "CARE-9" not in world.send(fact, time="2026-06-03 12:00").says
        assert world.told.count("care.claim_accepted") == 1

    def test_gen_2_the_purchase_of_care_told_after_the_claim(self) -> None:
        world = World()
        world.send(order("o1", camera()), time="2026-03-02 18:00")
        assert world.send(claimed(), time="2026-03-05 12:00").reason == "membership_not_active"
        answer = world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
        assert world.told_by(answer) == ["care.welcome", "care.claim_accepted"]

    def test_care_9_its_order_never_comes(self) -> None:
        world = bought(World())
        assert world.send(claimed("k1", "S9", "o9"), time="2026-03-02 18:00").reason == "awaits_order"
        world.tick("2026-03-31 19:59:59")
        assert "care.claim_refused" not in world.told
        world.tick("2026-03-31 20:00")
        assert reasons(world) == ("bought_elsewhere",)
        assert world.decisions[-1].reason == "partner_never_arrived"
        assert world.told_by(world.decisions[-1]) == ["care.claim_refused"]
        assert world.send(claimed("k1", "S9", "o9")).outcome == "duplicate"
