"""PAY-1 to PAY-3, PAY-7, CARE-5: the renewal fee: told, due, asked for in rounds, suspended for."""

from typing import Any

import pytest

from tests.models.facts import Fact, added, at, auto_renew, failed, paid, removed, updated
from tests.models.renewal import BEFORE_END, END, NOTICE, RENEWAL, asked, charges, decline, with_cards
from tests.models.world import World, pro_member


class TestNotice:
    """PRO-5, CARE-5"""

    def test_it_names_the_invoice_30_days_before(self) -> None:
        world = with_cards(until=None)
        world.tick("2027-01-31 07:59:59")
        assert "pro.renewal_notice" not in world.told
        world.tick(NOTICE)
        notice = world.notice("pro.renewal_notice")
        assert notice.params == {
            "invoice_id": RENEWAL, "amount": "100.00", "due_on": "2027-03-02", "charged": True, "told_in_time": True,
        }  # fmt: skip

    @pytest.mark.parametrize(("back", "charged"), [("2027-02-11 07:59:59", True), ("2027-02-11 08:00", False)])
    def test_told_too_late_it_is_not_charged_and_lapses_unpaid(self, back: str, charged: bool) -> None:
        world = with_cards(until=None)
        world.tick(back)
        assert world.notice("pro.renewal_notice").params["told_in_time"] == charged
        world.tick(END)
        assert (len(charges(world)), world.pro.status) == ((1, "active") if charged else (0, "lapsed"))

    @pytest.mark.parametrize(("back", "told"), [("2027-03-02 07:59:59", 1), ("2027-03-02 08:00", 0)])
    def test_what_is_past_is_not_told_of_any_more(self, back: str, told: int) -> None:
        world = with_cards(until=None)
        world.tick(back)
        assert world.told.count("pro.renewal_notice") == told
        assert world.pro.uncharged

    def test_told_too_late_no_method_is_said_to_expire_before_a_charge(self) -> None:
        world = with_cards(until=None)
        world.send(updated(expires="2027-02"), time="2026-04-01 12:00")
        world.tick("2027-02-20 08:00")
        assert {kind for kind, _ in world.standing()} == {"pro.welcome", "pro.renewal_notice"}

    def test_told_too_late_it_can_be_paid_by_hand(self) -> None:
        world = with_cards(until=None)
        world.tick("2027-02-20 08:00")
        assert world.pro.uncharged
        world.send(paid(RENEWAL, paid_at="2027-02-21 12:00"))
        assert (world.pro.uncharged, str(world.pro.term.end)) == (False, "2028-03-02")


class TestAsking:
    def test_pay_1_the_primary_method_is_asked_on_the_day(self) -> None:
        world = with_cards("card-1", "card-2", until=BEFORE_END)
        assert charges(world) == []
        world.tick(END)
        [charge] = charges(world)
        assert (charge.invoice_id, charge.method_id, charge.amount) == (RENEWAL, "card-1", "100.00")
        assert (charge.attempt_id, charge.round, charge.program) == (f"{RENEWAL}-0-card-1", 0, "pro")

    def test_pay_1_declined_each_other_one_is_asked_once_in_their_order(self) -> None:
        world = with_cards("card-1", "card-2", "card-3")
        for _ in range(2):
            answer = world.send(decline(world=world), time="2027-03-02 12:00")
            assert (answer.outcome, answer.clause) == ("applied", "PAY-1")
            assert world.pro.status == "active", "PAY-3: at the end of the round"
        world.send(decline(world=world), time="2027-03-02 12:00")
        assert asked(world) == [(0, "card-1"), (0, "card-2"), (0, "card-3")]
        assert (world.pro.status, list(world.pro.causes)) == ("suspended", ["payment"])

    def test_pay_1_no_method_on_file_is_a_failed_round(self) -> None:
        world = pro_member(World())
        world.tick(NOTICE)
        world.tick(END)
        assert (world.pro.status, charges(world)) == ("suspended", [])
        assert world.notice("payment.failed").params["reasons"] == ["no_method"]

    def test_pay_1_expired_methods_are_skipped(self) -> None:
        world = with_cards("card-1", "card-2", until=None)
        world.send(updated("card-1", expires="2027-02"), time="2026-04-01 12:00")
        world.tick(NOTICE)
        world.tick(END)
        assert asked(world) == [(0, "card-2")]

    @pytest.mark.parametrize("why", [{"reason": "stolen"}, {"reason": "other", "hard": True}, {"reason": "expired"}])
    def test_pay_1_a_hard_decline_retires_the_method_until_it_is_replaced(self, why: dict[str, Any]) -> None:
        world = with_cards("card-1", "card-2")
        assert "until it is replaced" in world.send(decline(world=world, **why), time="2027-03-02 12:00").says
        world.send(decline(world=world), time="2027-03-02 13:00")
        world.tick("2027-03-05 12:00")
        assert asked(world)[2:] == [(1, "card-2")]
        world.send(decline(world=world), time="2027-03-05 13:00")
        world.send(updated("card-1", expires="2034-01"), time="2027-03-06 12:00")
        assert asked(world)[3:] == [(1, "card-1")], "PAY-5: at once, in the round at hand"

    def test_pay_1_soft_declines_are_tried_again(self) -> None:
        world = with_cards()
        world.send(decline(world=world, reason="insufficient_funds"), time=END)
        world.tick("2027-03-05 08:00")
        assert asked(world) == [(0, "card-1"), (1, "card-1")]

    @pytest.mark.parametrize(("now", "status"), [("2027-03-09 07:59:59", "active"), ("2027-03-09 08:00", "suspended")])
    def test_pay_1_silence_for_seven_days_counts_as_a_soft_failure(self, now: str, status: str) -> None:
        world = with_cards()
        world.tick(now)
        assert world.pro.status == status

    def test_pay_1_a_failure_that_is_told_after_the_silence_says_why(self) -> None:
        world = with_cards()
        world.tick("2027-03-09 08:00")
        answer = world.send(decline(world=world, reason="closed"), time="2027-03-03 12:00")
        assert "until it is replaced" in answer.says
        assert world.told.count("payment.failed") == 1

    def test_pay_1_auto_renewal_off_is_not_charged_and_pro_5_lapses(self) -> None:
        world = with_cards(auto=False, until=BEFORE_END)
        answer = world.send(failed(RENEWAL), time="2027-02-20 12:00")
        assert (answer.outcome, answer.reason, answer.clause) == ("applied", "auto_renew_off", "PAY-1")
        world.tick(END)
        assert (world.pro.status, charges(world), world.told[-1]) == ("lapsed", [], "pro.lapsed")
        assert world.due == {}

    def test_pay_9_a_charge_that_is_open_is_the_only_one(self) -> None:
        world = with_cards("card-1", "card-2")
        for fact in (
            added("card-3", 0),
            updated("card-2", expires="2033-01"),
            failed(RENEWAL, "theirs", method_id="x"),
        ):
            world.send(fact, time="2027-03-03 12:00")
            world.tick("2027-03-08 12:00")
        assert asked(world) == [(0, "card-1")]


class TestRounds:
    def test_pay_2_four_rounds_one_final_notice_then_60_days(self) -> None:
        world = with_cards()
        for number, begins in enumerate(
            ("2027-03-02 08:00", "2027-03-05 08:00", "2027-03-09 08:00", "2027-03-16 07:00")
        ):
            world.tick(begins)
            assert asked(world)[-1] == (number, "card-1")
            world.send(decline(world=world), time=begins)
        assert world.told.count("payment.failed") == 4
        assert world.told.count("membership.suspended") == world.told.count("payment.final_notice") == 1
        world.tick("2027-05-01 06:59:59")  # summer time
        assert (len(charges(world)), world.pro.status) == (4, "suspended")
        world.tick("2027-05-01 07:00")
        assert (world.pro.status, world.pro.causes, world.due) == ("lapsed", {}, {})
        assert world.notice("pro.lapsed").clause == "PAY-6"

    def test_gen_4_down_over_rounds_the_latest_alone_is_asked_and_the_answer_has_its_time(self) -> None:
        world = with_cards()
        world.send(decline(world=world), time=END)
        world.tick("2027-03-12 12:00")
        assert asked(world) == [(0, "card-1"), (2, "card-1")]
        world.tick("2027-03-15 12:00")
        assert len(charges(world)) == 2, "silence counts from when the request went out"

    def test_gen_4_down_over_the_due_day_it_is_asked_when_back_dated_when_it_was_due(self) -> None:
        world = with_cards(until=None)
        world.tick(NOTICE)
        world.tick("2027-03-20 12:00")
        [charge] = charges(world)
        assert charge.cause.id == f"{RENEWAL}@2027-03-02T08:00:00Z"
        assert world.pro.status == "active"
        world.tick("2027-03-27 11:59:59")
        assert world.pro.status == "active"
        world.tick("2027-03-27 12:00")
        assert world.pro.status == "suspended"

    def test_pay_6_a_method_that_changes_after_the_last_round_is_asked_and_no_second_final_notice(self) -> None:
        world = pro_member(World())
        world.tick(NOTICE)
        world.tick("2027-03-20 08:00")
        assert world.told.count("payment.final_notice") == 1
        world.send(added("new"))
        assert asked(world) == [(3, "new")]
        world.send(decline(world=world))
        world.tick("2027-04-20 08:00")
        assert (world.told.count("payment.final_notice"), len(charges(world))) == (1, 1)

    def test_pay_3_days_of_grace_are_a_policy(self) -> None:
        world = pro_member(World())
        world.policies = world.policies.model_copy(update={"grace_days": 2})
        world.tick(NOTICE)
        world.tick("2027-03-04 07:59:59")
        assert world.pro.status == "active"
        world.tick("2027-03-04 08:00")
        assert (world.pro.status, world.pro.suspended_at) == ("suspended", at("2027-03-04 08:00"))

    def test_pay_1_a_failure_before_the_fee_is_due_suspends_nobody_the_card_is_asked_then(self) -> None:
        world = with_cards(until="2027-02-20 12:00")
        answer = world.send(failed(RENEWAL, "theirs"), time="2027-02-20 12:00")
        assert "that is when it is asked for (PAY-1)" in answer.says
        world.tick(BEFORE_END)
        assert asked(world) == []
        world.tick(END)
        assert (world.pro.status, asked(world)) == ("active", [(0, "card-1")])

    def test_pay_6_fewer_rounds_from_now_on_the_one_at_hand_is_the_last(self) -> None:
        world = with_cards()
        for day in ("2027-03-02 08:00", "2027-03-05 08:00", "2027-03-09 08:00"):
            world.send(decline(world=world), time=day)
            world.tick(day[:8] + f"{int(day[8:10]) + 7:02} 08:00")
        world.policies = world.policies.model_copy(update={"round_days": (3,)})
        world.send(decline(world=world), time="2027-03-16 08:00")
        assert world.told.count("payment.final_notice") == 1


class TestExpiring:
    """PAY-7"""

    def test_told_30_days_before_the_charge_and_withdrawn_when_it_is_renewed(self) -> None:
        world = with_cards(until=None)
        world.send(updated(expires="2027-02"), time="2026-04-01 12:00")
        world.tick("2027-01-31 07:59:59")
        assert "payment.method_expiring" not in world.told
        world.tick(NOTICE)
        assert world.notice("payment.method_expiring").params == {
            "method_id": "card-1", "expires": "2027-02", "charge_on": "2027-03-02",
        }  # fmt: skip
        world.send(updated(expires="2031-02"))
        assert {kind for kind, _ in world.standing()} == {"pro.welcome", "pro.renewal_notice"}

    @pytest.mark.parametrize("gone", [removed(), auto_renew(False), paid(RENEWAL, paid_at="2027-02-01 12:00")])
    def test_withdrawn_when_nothing_will_be_charged_to_it(self, gone: Fact) -> None:
        world = with_cards(until=None)
        world.send(updated(expires="2027-02"), time="2026-04-01 12:00")
        world.tick(NOTICE)
        world.send(gone)
        assert "payment.method_expiring" not in {kind for kind, _ in world.standing()}

    def test_not_without_auto_renewal(self) -> None:
        world = with_cards(auto=False, until=None)
        world.send(updated(expires="2027-02"), time="2026-04-01 12:00")
        world.tick(NOTICE)
        assert "payment.method_expiring" not in world.told
