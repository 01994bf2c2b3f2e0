"""CARE-3: a guest's purchase of Care and the account that claims it, two keys that tell each other by transfers."""

from typing import Any

import pytest

from models.outputs import RefundRequested
from models.policies import Policies
from tests.models.facts import account_opened, care_bought, failed, paid
from tests.models.guests import BOUGHT, GUEST, LAST, TOO_LATE, answers, bought, money, shown
from tests.models.world import SLOW_CLOCK, World


class TestClaiming:
    def test_care_3_an_account_in_time_has_the_purchase_from_its_own_day_on(self) -> None:
        world = bought(World())
        world.send(account_opened(), time="2026-03-20 18:00")
        assert answers(world, "guest.care_claimed") == [("applied", None)]
        assert shown(world, "m-1")["term"] == {"from": "2026-03-02", "to": "2027-03-02"}
        assert (shown(world, GUEST)["status"], shown(world, GUEST)["account"]) == ("claimed", "m-1")
        assert world.notice("care.welcome").cause.id == "buy", "the purchase, which the guest's key was told of"
        world.tick("2026-06-01 12:00")
        assert world.requests == []
        assert world.member(GUEST).due == []

    @pytest.mark.parametrize(("opened", "claimed"), [(LAST, True), (TOO_LATE, False)])
    def test_care_3_opened_on_day_30_counts_and_on_day_31_does_not(self, opened: str, claimed: bool) -> None:
        world = bought(World())
        world.send(account_opened(), time=opened)
        assert bool(answers(world, "guest.care_claimed")) == claimed
        world.tick(TOO_LATE)
        assert shown(world, GUEST)["status"] == ("claimed" if claimed else "missed")
        assert len(world.requests) == (0 if claimed else 1)

    @pytest.mark.parametrize("opened", ["2016-01-01 12:00", "2026-03-02 17:59", BOUGHT])
    def test_care_3_an_account_that_was_there_before_has_it_at_once(self, opened: str) -> None:
        world = World()
        world.send(account_opened(), time=opened)
        bought(world)
        assert shown(world, "m-1")["status"] == "active"
        assert "care.claim_account" not in world.told
        assert answers(world, "payment.succeeded") == [("applied", "handed_on")]

    def test_care_3_one_person_one_email(self) -> None:
        world = bought(World())
        world.send(account_opened(), time="2026-03-03 12:00")
        world.send(account_opened(), time="2026-03-04 12:00", member="m-2")
        assert answers(world, "guest.account_opened")[-1] == ("refused", "other_account")
        assert shown(world, GUEST)["account"] == "m-1"
        assert world.member("m-2").care is None

    def test_care_3_an_account_of_another_email_claims_nothing(self) -> None:
        world = bought(World())
        world.send(account_opened("f" * 64), time="2026-03-03 12:00")
        assert shown(world, GUEST)["status"] == "unclaimed"

    def test_an_account_is_told_of_again_by_another_event(self) -> None:
        world = bought(World())
        for event_id, time in (("a1", "2026-03-10 12:00"), ("a2", "2026-03-11 12:00"), ("a1", "2026-03-10 12:00")):
            world.send(account_opened(), event_id=event_id, time=time)
        assert answers(world, "guest.account_opened") == [("applied", "claimed"), ("duplicate", "already_known")]
        assert [notice for notice in world.told if notice == "care.welcome"] == ["care.welcome"]

    def test_the_earliest_word_on_an_account_counts(self) -> None:
        world = bought(World())
        world.send(account_opened(), time=TOO_LATE)
        world.send(account_opened(), time=LAST)
        assert answers(world, "guest.account_opened") == [("applied", "opened_too_late"), ("applied", "claimed")]

    def test_care_1_refused_where_a_care_membership_is_open_and_the_fee_goes_back(self) -> None:
        world = World()
        world.send(care_bought("c0"), time="2026-03-01 18:00")
        world.send(account_opened(), time="2026-03-02 12:00")
        bought(world)
        assert answers(world, "guest.care_claimed") == [("refused", "already_member")]
        [refund] = world.bodies(RefundRequested)
        assert (refund.invoice_id, refund.amount, refund.cause.id) == ("c1", "179.99", "buy")

    def test_an_account_is_no_guest(self) -> None:
        world = World()
        assert world.send(account_opened(), member=GUEST).reason == "no_account"
        assert world.transfers == []

    def test_a_later_purchase_goes_to_the_account_too(self) -> None:
        world = World(now="2027-05-01 12:00")
        bought(world)
        world.send(account_opened(), time="2026-03-03 12:00")
        world.tick("2028-01-01 12:00")
        assert shown(world, "m-1")["status"] == "lapsed"
        world.send(care_bought("c2", "2028-01-02 12:00"), time="2028-01-02 12:00", member=GUEST)
        assert shown(world, "m-1")["term"] == {"from": "2028-01-02", "to": "2029-01-02"}
        world.send(money(), event_id="pay-again", member=GUEST)
        assert answers(world, "guest.payment_succeeded")[-1] == ("duplicate", "already_paid")


class TestBuying:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [({"state": "PR"}, "not_resident"), ({"birth_date": "2008-03-02"}, None), ({"birth_date": "2008-03-03"}, "under_age")],
    )  # fmt: skip
    def test_care_1_is_decided_at_the_purchase(self, change: dict[str, Any], reason: str | None) -> None:
        world = World()
        answer = world.send(care_bought(**change), time=BOUGHT, member=GUEST)
        assert (answer.outcome, answer.reason) == ("refused" if reason else "applied", reason or "awaits_account")

    @pytest.mark.parametrize("paid_first", [False, True])
    def test_care_1_not_sold_the_fee_goes_back_and_nobody_can_claim_it(self, paid_first: bool) -> None:
        world = World()
        for n in (1, 0) if paid_first else (0, 1):
            world.send((care_bought(state="PR"), money())[n], event_id=f"f{n}", time=BOUGHT, member=GUEST)
        world.send(failed("c1", program="care"), member=GUEST)
        world.send(account_opened(), time="2026-03-03 12:00")
        [refund] = world.requests
        assert (refund.TYPE, refund.clause) == ("refund.requested.v1", "CARE-1")
        assert world.told == ["care.refused"]
        assert answers(world, "guest.care_claimed") == []

    def test_one_purchase_waits_at_a_time(self) -> None:
        world = bought(World())
        assert world.send(care_bought("c2", "2026-03-05 12:00"), member=GUEST).reason == "already_bought"
        assert world.send(care_bought(), member=GUEST).outcome == "duplicate"
        assert world.send(care_bought(state="NV"), member=GUEST).outcome == "conflict"

    def test_bought_again_after_it_was_missed(self) -> None:
        world = bought(World())
        world.send(care_bought("c2", "2026-04-05 12:00"), time="2026-04-05 12:00", member=GUEST)
        assert [one.invoice_id for one in world.bodies(RefundRequested)] == ["c1"], "it was over, tick or not"
        world.send(account_opened(), time="2026-05-05 12:00")
        assert shown(world, "m-1")["term"] == {"from": "2026-04-05", "to": "2027-04-05"}
        assert world.send(money("2026-04-06 12:00"), member=GUEST).reason == "refunded", "c1 is an entry now"


class TestReminding:
    def test_care_3_told_at_the_purchase_and_after_7_21_and_28_days(self) -> None:
        world = bought(World())
        for before, on, count in (
            ("2026-03-09 16:59:59", "2026-03-09 17:00", 2),
            ("2026-03-23 16:59:59", "2026-03-23 17:00", 3),
            ("2026-03-30 16:59:59", "2026-03-30 17:00", 4),
        ):
            world.tick(before)
            assert world.told == ["care.claim_account"] * (count - 1)
            world.tick(on)
            assert world.told == ["care.claim_account"] * count
        assert len(world.standing()) == 1, "each takes the place of the one before"
        assert world.notices[-1].params["open_by"] == "2026-04-01"

    def test_care_3_the_days_are_a_setting(self) -> None:
        world = bought(World(policies=Policies(claim_reminder_days=(3,), **SLOW_CLOCK)))
        world.tick("2026-04-01 12:00")
        assert world.told == ["care.claim_account"] * 2

    def test_gen_4_of_reminders_that_were_missed_only_the_latest_is_sent(self) -> None:
        world = bought(World())
        world.tick("2026-03-24 12:00")
        assert [str(notice.not_before) for notice in world.notices][1:] == ["2026-03-23 17:00:00+00:00"]
        world = bought(World())
        world.tick("2026-04-03 12:00")
        assert world.told == ["care.claim_account", "care.claim_missed"]

    def test_ntf_3_none_after_the_account_is_open(self) -> None:
        world = bought(World())
        world.tick("2026-03-09 17:00")
        world.send(account_opened(), time="2026-03-09 18:00")
        world.tick("2026-04-03 12:00")
        assert [kind for kind, _ in world.standing()] == ["care.welcome"]
        assert world.told.count("care.claim_account") == 2

    def test_a_purchase_told_of_after_its_30_days_asks_for_nothing(self) -> None:
        world = bought(World(now="2026-05-01 12:00"))
        world.tick("2026-05-01 12:01")
        assert world.told == ["care.claim_missed"]


class TestMissed:
    def test_care_3_cancelled_and_refunded_at_the_end_of_day_30(self) -> None:
        world = bought(World())
        world.tick(LAST)
        assert world.requests == []
        world.tick(TOO_LATE)
        [refund] = world.bodies(RefundRequested)
        assert (refund.clause, refund.invoice_id, refund.amount) == ("CARE-3", "c1", "179.99")
        missed = world.notice("care.claim_missed")
        assert (missed.params["open_by"], missed.params["refund"]) == (
            "2026-04-01",
            "$179.99 of invoice c1 is refunded",
        )
        assert len(world.standing()) == 1

    def test_care_3_a_payment_after_that_goes_back_too(self) -> None:
        world = bought(World(), is_paid=False)
        world.tick(TOO_LATE)
        assert (world.requests, world.notice("care.claim_missed").params["refund"]) == ([], None)
        assert world.send(money(), member=GUEST).reason == "refunded"
        assert world.send(money(), member=GUEST).outcome == "duplicate"
        assert world.send(failed("c1", program="care"), member=GUEST).reason == "purchase_fee"
        assert [request.TYPE for request in world.requests] == ["refund.requested.v1"]

    def test_all_that_came_goes_back_once(self) -> None:
        world = bought(World())
        world.send(money(attempt_id="t1"), member=GUEST)
        world.send(money(), member=GUEST)
        world.send(paid("c1", program="care", amount="20.00"), member=GUEST)
        world.tick(TOO_LATE)
        [refund] = world.bodies(RefundRequested)
        assert refund.amount == "199.99", "the same money told again is not other money"

    def test_gen_6_opened_in_time_and_told_of_after_the_refund_is_flagged(self) -> None:
        world = bought(World())
        world.tick(TOO_LATE)
        world.send(account_opened(), time=LAST)
        assert answers(world, "guest.account_opened") == [("applied", "refunded_already")]
        assert world.decisions[-1].clause == "GEN-6"
        assert world.member().care is None
        assert len(world.requests) == 1

    def test_opened_in_time_and_told_of_late_still_counts_if_nothing_went_back(self) -> None:
        world = bought(World(), is_paid=False)
        world.tick(TOO_LATE)
        world.send(account_opened(), time=LAST)
        assert shown(world, "m-1")["status"] == "active"
        assert [kind for kind, _ in world.standing()] == ["care.welcome"]
        assert world.send(money(), member=GUEST).reason == "handed_on"
        assert world.requests == []
