"""The smallest histories in which the rules of fees and the naive account once differed, with what the terms say."""

from datetime import timedelta

from models.fees.state import Invoice
from models.outputs import ChargeRequested, RefundRequested
from models.policies import Policies
from tests.models.facts import added, applied_for, at, auto_renew, care_bought, failed, paid, reviewed, updated
from tests.models.two_accounts import FEE, NOW, TwoAccounts
from tests.models.world import SLOW_CLOCK, World, pro_member

RENEWAL = "pro-m-1-2027-03-02"


def test_pay_9_a_method_renewed_in_a_time_to_come_is_not_asked_for_ever() -> None:
    """Given a method whose clock is ahead, when the charges of two rounds are declined, then each round asks it once."""
    world = pro_member(World())
    world.tick("2027-02-01 00:00")
    world.tick("2027-03-06 08:00")
    world.send(added(), time="2027-04-22 09:00")
    world.send(failed(RENEWAL, f"{RENEWAL}-1-card-1"), time="2027-03-13 09:00")
    world.tick("2027-03-13 09:00")
    world.send(failed(RENEWAL, f"{RENEWAL}-2-card-1"), time="2027-03-13 10:00")
    assert [charge.round for charge in world.bodies(ChargeRequested)] == [1, 2]


def test_pay_8_money_that_was_too_little_goes_back_when_other_money_pays_in_either_order() -> None:
    """GEN-2 Given 1.00 and the fee for one invoice, then the fee pays and 1.00 goes back, whichever was told first."""
    money = [paid(amount="1.00"), paid(paid_at="2026-03-02 19:00")]
    for facts in (money, money[::-1]):
        world = World()
        world.send(applied_for())
        world.send(reviewed())
        for fact in facts:
            world.send(fact)
        assert world.pro.status == "active"
        assert [refund.amount for refund in world.bodies(RefundRequested)] == ["1.00"]
        assert world.entry(Invoice, "i1").to_give_back == []


def test_pay_1_what_is_said_of_a_method_in_any_order() -> None:
    """Given an expiry, and later a renewal that leaves it as it is, then it stands, whichever was told first."""
    words = [(updated(expires="2030-01"), "2026-03-03 12:00"), (updated(), "2026-03-04 12:00")]
    for said in (words, words[::-1]):
        world = World()
        world.send(added(expires="2027-01"), time="2026-03-02 12:00")
        for fact, time in said:
            world.send(fact, time=time)
        [method] = world.member().methods
        assert (method.expires, method.renewed_at) == ("2030-01", at("2026-03-04 12:00"))


def test_pay_3_grace_also_counts_when_the_end_of_the_term_is_decided_anew() -> None:
    """Given 5 days of grace and words told late that come to nothing, then it is suspended 5 days after the failed round."""
    world = pro_member(World(policies=Policies(**SLOW_CLOCK, grace_days=5)))
    world.tick("2027-02-01 00:00")
    world.tick("2027-03-03 00:00")
    world.send(auto_renew(on=False), time="2027-03-01 00:00")
    world.send(auto_renew(on=True), time="2027-03-01 02:00")
    world.tick("2027-03-06 00:00")
    assert world.pro.status == "active"
    world.tick("2027-03-08 00:00")
    assert world.pro.suspended_at == at("2027-03-07 08:00")


def test_care_4_one_who_cancelled_too_late_pays_for_the_last_renewal_even_if_told_after_the_lapse() -> None:
    """Given Care cancelled 5 days before its renewal, when money from before the lapse is told after it, then it renews."""
    world = World()
    world.send(care_bought())
    world.tick("2027-02-01 00:00")
    world.send(("care.cancel_requested", {"refund_requested": False}), time="2027-02-25 00:00")
    world.tick("2027-06-03 00:00")
    invoice = "care-m-1-2027-03-02"
    world.send(paid(invoice, "2027-04-04 00:00", program="care", amount="179.99"))
    care = world.member().care
    assert care
    assert (care.stage, str(care.term.end), world.bodies(RefundRequested)) == ("ending", "2028-03-02", [])


def test_pro_5_a_renewal_gets_a_name_of_its_own_where_the_same_day_was_another_ones() -> None:
    """Given a year that lapsed, when a further application is paid with the old date, then its renewal is another invoice."""
    accounts = TwoAccounts(ahead_days=1_000)
    for number, years in (("1", timedelta()), ("2", timedelta(days=366))):
        accounts.apply(number, number, auto=False, lacks="", late=NOW)
        accounts.review(number, True, NOW)
        accounts.pay_first("pro", number, FEE["pro"], years)
        accounts.both_agree()
        accounts.wait(timedelta(days=366) - years, ticked=True)
        accounts.both_agree()
    assert [name for name in accounts.stored.invoices if name.startswith("pro-")] == [
        "pro-ann-2027-03-02",
        "pro-ann-2027-03-02.2",
    ]
