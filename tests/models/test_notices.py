"""NTF-2, NTF-4: what a notice says of itself: its legal class, and from when on it is of no use or not lawful."""

from typing import get_args

import pytest

from models.outputs.notifications import CLASS_OF, Kind
from models.policies import Policies
from tests.models.facts import at, cancel_requested, care_bought, care_paid, pacific, updated
from tests.models.guests import LAST, TOO_LATE, bought
from tests.models.renewal import END, NOTICE, decline, with_cards
from tests.models.test_expiring import promotion
from tests.models.world import SLOW_CLOCK, World, member

LEGAL = {"care.renewal_notice", "pro.renewal_notice", "payment.final_notice"}


class TestClass:
    def test_ntf_2_every_kind_has_one_and_the_last_words_are_legal_notices(self) -> None:
        assert CLASS_OF.keys() == set(get_args(Kind))
        assert {kind for kind, its in CLASS_OF.items() if its == "legal_notice"} == LEGAL

    def test_ntf_4_none_is_marketing(self) -> None:
        """One that is has to be given hours: no notice is moved into 09:00-20:00 today."""
        assert set(CLASS_OF.values()) == {"transactional", "legal_notice"}

    def test_ntf_2_notices_say_the_class_of_their_kind(self) -> None:
        world = unpaid()
        assert {notice.kind for notice in world.notices if notice.legal_class == "legal_notice"} == LEGAL - {
            "care.renewal_notice"
        }
        assert {notice.legal_class for notice in world.notices if notice.kind not in LEGAL} == {"transactional"}


class TestRenewal:
    """The renewal is on 2 March 2027; the day 20 days before is 10 February."""

    @pytest.mark.parametrize(
        ("told", "until"), [("2027-02-11 07:59:59", "2027-02-11 08:00"), ("2027-02-11 08:00", END)]
    )
    def test_care_5_lawful_to_the_end_of_the_day_20_days_before_and_told_later_of_use_to_the_renewal(
        self, told: str, until: str
    ) -> None:
        world = with_cards(until=None)
        world.tick(told)
        notice = world.notice("pro.renewal_notice")
        assert (notice.not_after, notice.params["told_in_time"]) == (at(until), until != END)

    def test_care_5_the_latest_day_that_can_be_set_still_has_a_day_to_deliver_it(self) -> None:
        world = World(policies=Policies(notice_days=20, **SLOW_CLOCK))
        world.send(care_bought(), time="2026-03-02 18:00")
        world.send(care_paid(), time="2026-03-02 18:00")
        world.tick("2027-02-10 08:00")
        notice = world.notice("care.renewal_notice")
        assert (notice.not_before, notice.not_after) == (at("2027-02-10 08:00"), at("2027-02-11 08:00"))

    def test_pay_7_a_method_expires_before_the_charge_and_of_no_use_from_it_on(self) -> None:
        world = with_cards(until=None)
        world.send(updated(expires="2027-02"), time="2026-04-01 12:00")
        world.tick(NOTICE)
        assert world.notice("payment.method_expiring").not_after == at(END)


ROUNDS = (END, "2027-03-05 08:00", "2027-03-09 08:00", "2027-03-16 07:00")
"""The last one in summer time."""


def unpaid(grace_days: int = 0) -> World:
    """Given a member whose card was declined in every round, at its very start."""
    world = with_cards(until=None)
    world.policies = world.policies.model_copy(update={"grace_days": grace_days})
    for begins in (NOTICE, *ROUNDS):
        world.tick(begins)
        if begins != NOTICE:
            world.send(decline(world=world), time=begins)
    return world


class TestUnpaid:
    def test_pay_2_a_failed_round_is_told_of_until_the_next_one_begins(self) -> None:
        told = [notice.not_after for notice in unpaid().notices if notice.kind == "payment.failed"]
        assert told == [*map(at, ROUNDS[1:]), None]

    @pytest.mark.parametrize(("grace", "until"), [(0, "2027-05-01 07:00"), (14, "2027-05-15 07:00"), (15, None)])
    def test_pay_6_the_final_notice_is_of_use_until_the_end_if_that_is_known(
        self, grace: int, until: str | None
    ) -> None:
        world = unpaid(grace)
        assert world.notice("payment.final_notice").not_after == (at(until) if until else None)
        if until:
            world.tick(until)
            assert world.notice("pro.lapsed").not_before == at(until), "the very instant at which it is over"


def test_care_3_a_guest_is_asked_for_an_account_until_the_end_of_day_30() -> None:
    world = bought(World())
    world.tick(LAST)
    asked = [notice for notice in world.notices if notice.kind == "care.claim_account"]
    assert [notice.not_after for notice in asked] == [at(TOO_LATE)] * 2
    world.tick(TOO_LATE)
    assert world.notice("care.claim_missed").not_before == at(TOO_LATE)


def test_ms_17_points_expire_with_the_end_of_their_last_day() -> None:
    world = member()
    world.send(promotion("2026-11-01"))  # summer time ends on that day: it has 25 hours
    world.tick(pacific("2026-11-01 00:00"))
    told = [notice for notice in world.notices if notice.kind == "points.expiring"]
    assert {notice.not_after for notice in told} == {at("2026-11-02 08:00")}
    world.tick("2026-11-02 08:00")
    assert world.notice("points.expired").not_before == at("2026-11-02 08:00")


def test_ms_16_that_the_membership_ends_is_of_use_until_it_has() -> None:
    world = member()
    world.send(cancel_requested(), time=pacific("2026-03-02 12:00"))
    world.tick("2026-03-05 08:00")
    assert world.notice("points.membership_cancelling").not_after == world.notice("points.forfeited").not_before
