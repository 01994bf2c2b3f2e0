"""PRO-7, PRO-8: cancelling, and termination; what is told late counts by its own date."""

from itertools import permutations

import pytest

from models.fees import home
from models.outputs import ChargeRequested, RefundRequested
from tests.models.facts import Fact, added, applied_for, at, auto_renew, failed, gear, paid, repair, reviewed
from tests.models.world import World, pro_member

NOTICE, BEFORE_END, END = "2027-01-31 08:00", "2027-03-02 07:59:59", "2027-03-02 08:00"
RENEWAL = "pro-m-1-2027-03-02"
CANCEL: Fact = ("pro.cancel_requested", {})


def terminated(reason: str = "breach") -> Fact:
    return "pro.terminated", {"reason": reason}


def test_pro_7_access_to_the_end_of_the_term_then_the_account_closes() -> None:
    world = pro_member(World())
    answer = world.send(CANCEL, time="2026-06-01 12:00")
    assert (answer.outcome, answer.clause) == ("applied", "PRO-7")
    assert world.notice("pro.cancelled").params["ends_on"] == "2027-03-02"
    world.tick(NOTICE)
    world.tick(BEFORE_END)
    assert world.pro.status == "active"
    assert world.send(repair(), time=BEFORE_END).outcome == "applied"
    world.tick(END)
    assert world.pro.status == "ended"
    assert world.notice("pro.ended").replaces == (world.notice_id("pro.cancelled"),)
    assert (world.requests, world.due) == ([], {})
    assert world.send(repair("later"), time=END).reason == "no_active_membership"


def test_pro_7_cancelled_there_is_no_charge_no_notice_of_renewal_and_no_switch() -> None:
    world = pro_member(World())
    world.send(added())
    world.tick(NOTICE)
    world.send(CANCEL)
    assert "pro.renewal_notice" not in {kind for kind, _ in world.standing()}
    assert world.send(CANCEL).outcome == "duplicate"
    assert world.send(auto_renew(True)).reason == "no_active_membership"
    assert world.send(failed(RENEWAL)).reason == "cancelled"
    world.tick(END)
    assert world.bodies(ChargeRequested) == []


def test_pro_7_no_renewal_notice_after_it() -> None:
    world = pro_member(World())
    world.send(CANCEL, time="2026-06-01 12:00")
    world.tick(NOTICE)
    assert "pro.renewal_notice" not in world.told


@pytest.mark.parametrize("told_late", [False, True])
def test_pay_3_cancelled_in_time_is_never_suspended_also_when_that_is_told_late(told_late: bool) -> None:
    world = pro_member(World())
    world.tick(NOTICE)
    if not told_late:
        world.send(CANCEL, event_id="cancel", time=BEFORE_END)
    world.tick("2027-03-03 12:00")
    if told_late:
        assert world.pro.status == "suspended"
        world.send(CANCEL, event_id="cancel", time=BEFORE_END)
        world.tick("2027-03-03 12:00")
    assert (world.pro.status, world.pro.causes, world.pro.over_at) == ("ended", {}, at(END))
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "pro.ended"}


def test_pro_7_cancelled_while_suspended_it_ends_at_once_without_more_dunning() -> None:
    world = pro_member(World())
    world.tick(NOTICE)
    world.tick("2027-03-03 12:00")
    world.send(CANCEL)
    assert (world.pro.status, world.due) == ("ended", {})
    told = list(world.told)
    world.send(added())
    world.tick("2027-06-01 12:00")
    assert (world.told, world.requests) == (told, [])
    assert world.send(paid(RENEWAL, paid_at="2027-03-04 12:00")).reason == "refunded"


def test_pro_7_money_that_came_before_it_was_cancelled_pays_a_year_in_either_order() -> None:
    ends = set()
    facts = [(CANCEL, "2027-02-10 12:00"), (paid(RENEWAL, paid_at="2027-02-09 12:00"), "2027-02-09 12:00")]
    for order in permutations(range(2)):
        world = pro_member(World())
        world.tick(NOTICE)
        for n in order:
            world.send(facts[n][0], event_id=f"f{n}", time=facts[n][1])
        ends.add((world.pro.stage, str(world.pro.term.end), len(world.bodies(RefundRequested))))
    assert ends == {("ending", "2028-03-02", 0)}


def test_pro_7_money_that_came_after_it_goes_back() -> None:
    world = pro_member(World())
    world.tick(NOTICE)
    world.send(CANCEL, time="2027-02-10 12:00")
    answer = world.send(paid(RENEWAL, paid_at="2027-02-10 12:00"))
    assert (answer.reason, answer.clause, world.pro.stage) == ("refunded", "PRO-7", "ending")


def test_pro_8_terminated_at_once_without_a_refund_for_good() -> None:
    world = pro_member(World())
    answer = world.send(terminated(), time="2026-06-01 12:00")
    assert (answer.outcome, answer.clause, world.pro.status) == ("applied", "PRO-8", "terminated")
    assert world.notice("pro.terminated").params == {"reason": "breach", "refund": None}
    assert (world.requests, world.due) == ([], {})
    assert world.send(repair(), time="2026-06-01 11:59").outcome == "applied"
    assert world.send(repair("r2"), time="2026-06-01 12:00").reason == "no_active_membership"
    assert world.send(terminated()).outcome == "duplicate"
    again = world.send(applied_for("a2", "i2"), time="2028-06-01 12:00")
    assert (again.reason, again.clause) == ("terminated_before", "PRO-1")
    assert world.send(paid("i2")).reason == "refunded"


def test_pro_8_an_open_charge_that_is_paid_after_it_is_given_back() -> None:
    world = pro_member(World())
    world.send(added())
    world.tick(NOTICE)
    world.tick(END)
    world.send(terminated())
    assert world.send(paid(RENEWAL, paid_at="2027-03-02 09:00")).clause == "PRO-8"
    assert len(world.bodies(RefundRequested)) == 1


def test_pro_3_terminated_before_it_opened_the_application_fee_goes_back() -> None:
    world = World()
    world.send(applied_for())
    world.send(paid())
    world.send(terminated("untrue_information"))
    assert (world.pro.status, len(world.bodies(RefundRequested))) == ("terminated", 1)
    assert world.send(reviewed()).outcome == "superseded"


@pytest.mark.parametrize("fact", [CANCEL, terminated(), auto_renew(False)], ids=lambda fact: fact[0])
def test_without_a_membership_there_is_nothing_to_end(fact: Fact) -> None:
    world = World()
    assert world.send(fact).outcome == "refused"
    world.send(applied_for(bodies=gear()))
    assert world.send(fact).outcome == "refused"


def test_deadlines_of_a_fee_have_its_invoice_as_their_ref() -> None:
    world = pro_member(World())
    assert {(due.what, due.ref) for due in world.member().due} == {
        (what, RENEWAL) for what in (home.NOTICE, home.EXPIRING, home.DUE)
    }
