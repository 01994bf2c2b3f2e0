"""PAY-1, PAY-3, PAY-5, PAY-8, PRO-5, PRO-6: renewals, failures, suspension, reinstatement, lapsing."""

from itertools import permutations

import pytest

from models.fees.rules import ATTEMPTS
from models.fees.state import Invoice
from models.pro.state import NOTICES, TERMS
from models.pro.terms import first_term, next_term
from tests.models.world import World, applied_for, at, auto_renew, failed, paid, pro_member, reviewed

# The term of these members runs from 2 March 2026 to 2 March 2027, 00:00 Pacific: 08:00 UTC.
BEFORE_END, END = "2027-03-02 07:59:59", "2027-03-02 08:00"
LATE = {"payment.failed", "membership.suspended", "membership.reinstated"}


def test_pay_3_a_failure_before_the_term_ends_suspends_only_then() -> None:
    world = pro_member(World())
    answer = world.send(failed("i2"), time="2027-02-20 12:00")
    assert (answer.outcome, answer.clause, world.pro.status) == ("applied", "PAY-2", "active")
    assert world.notice("payment.failed").params["suspended_from"] == "2027-03-02"
    world.tick(BEFORE_END)
    assert world.pro.status == "active"
    world.tick(END)
    assert (world.pro.status, world.pro.causes) == ("suspended", ["payment"])
    suspended = world.notice("membership.suspended")
    assert suspended.cause.id == "pro@2027-03-02T08:00:00Z"
    assert suspended.not_before == at(END)


@pytest.mark.parametrize(("time", "status"), [(BEFORE_END, "active"), (END, "suspended")])
def test_pay_3_a_failure_at_the_end_of_the_term_suspends_at_once(time: str, status: str) -> None:
    world = pro_member(World())
    world.send(failed("i2"), time=time)
    assert world.pro.status == status


def test_pay_3_a_failure_told_after_the_end_suspends_with_the_date_it_was_due() -> None:
    world = pro_member(World())
    world.tick("2027-03-04 00:00")
    world.send(failed("i2"), time="2027-03-01 12:00")
    assert world.pro.status == "active"
    world.tick("2027-03-04 00:00")
    assert world.pro.suspended_at == at(END)


def test_gen_4_down_over_the_end_of_the_term_acts_once_when_back() -> None:
    world = pro_member(World())
    world.send(failed("i2"), time="2027-02-20 12:00")
    world.tick("2027-06-01 00:00")
    world.tick("2027-07-01 00:00")
    assert world.told.count("membership.suspended") == 1
    assert world.pro.suspended_at == at(END)


def test_pay_5_a_success_of_that_invoice_reinstates_at_once_and_late_moves_the_anniversary() -> None:
    world = pro_member(World())
    world.send(failed("i2"), time=END)
    answer = world.send(paid("i2", paid_at="2027-03-20 20:00"))
    assert world.pro.status == "active"
    assert "It is reinstated at once (PAY-5)." in answer.says
    assert world.notice("membership.reinstated").replaces == (
        world.notice_id("payment.failed"),
        world.notice_id("membership.suspended"),
    )
    assert (str(world.pro.term.first), str(world.pro.term.end)) == ("2027-03-20", "2028-03-20")


def test_pay_5_a_success_of_another_invoice_does_not_reinstate() -> None:
    world = pro_member(World())
    world.send(failed("i2"), time=END)
    answer = world.send(paid("i3", paid_at="2027-03-20 20:00"))
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "other_invoice", "PAY-5")
    assert world.pro.status == "suspended"
    assert len(world.pro.terms) == 1


def test_gen_3_clearing_one_cause_never_clears_another() -> None:
    from models.state import MEMBERS, encode

    world = pro_member(World())
    world.send(failed("i2"), time=END)
    member = world.member()
    assert member.pro
    member.pro.causes = ["loan", "payment"]  # by hand: loans are not there yet
    world.tables[MEMBERS, b"m-1"] = encode(member)
    answer = world.send(paid("i2", paid_at="2027-03-20 20:00"))
    assert (world.pro.status, world.pro.causes) == ("suspended", ["loan"])
    assert "It stays suspended: loan (GEN-3)." in answer.says
    assert "membership.reinstated" not in world.told


def test_pay_8_a_failure_after_the_success_changes_nothing_and_says_so() -> None:
    world = pro_member(World())
    world.send(paid("i2", paid_at="2027-02-20 12:00"))
    answer = world.send(failed("i2"), time="2027-02-20 11:59")
    assert (answer.outcome, answer.reason, answer.clause) == ("superseded", "already_paid", "PAY-8")
    world.tick("2027-06-01 00:00")
    assert world.pro.status == "active"


@pytest.mark.parametrize("failed_at", ["2027-02-20 12:00", "2027-03-02 12:00", "2027-03-10 12:00"])
@pytest.mark.parametrize("paid_at", ["2027-02-21 12:00", "2027-03-02 20:00", "2027-03-12 12:00"])
def test_gen_2_failure_and_success_end_alike_in_either_order(failed_at: str, paid_at: str) -> None:
    ends = []
    for success_first in (True, False):
        world = pro_member(World())
        facts = [(failed("i2"), "f", failed_at), (paid("i2", paid_at=paid_at), "s", paid_at)]
        for fact, event_id, time in facts[::-1] if success_first else facts:
            world.send(fact, event_id=event_id, time=time)
            world.send(fact, event_id=event_id, time=time)
        pro = world.pro
        ends.append((pro.status, pro.causes, pro.terms, pro.open_invoice, world.member().due, world.standing(LATE)))
    assert ends[0] == ends[1]
    assert ends[0][0] == "active"


def test_pay_8_only_the_current_invoice_counts() -> None:
    world = pro_member(World())
    world.send(failed("i2"), time="2027-02-20 12:00")
    answer = world.send(failed("i3", "t9"), time="2027-02-21 12:00")
    assert (answer.outcome, answer.reason, answer.clause) == ("superseded", "other_invoice", "PAY-8")
    assert world.told.count("payment.failed") == 1


def test_pay_2_each_failed_attempt_is_told() -> None:
    world = pro_member(World())
    world.send(failed("i2", "t1"), time="2027-03-02 12:00")
    world.send(failed("i2", "t2"), time="2027-03-05 12:00")
    assert world.send(failed("i2", "t2"), time="2027-03-05 12:00").reason == "already_failed"
    assert world.told.count("payment.failed") == 2
    assert world.told.count("membership.suspended") == 1


def test_pay_1_without_auto_renewal_there_is_no_dunning_and_pro_5_it_lapses() -> None:
    world = pro_member(World(), auto=False)
    answer = world.send(failed("i2"), time="2027-02-20 12:00")
    assert (answer.outcome, answer.reason, answer.clause) == ("applied", "auto_renew_off", "PAY-1")
    world.tick(BEFORE_END)
    assert world.pro.status == "active"
    world.tick(END)
    assert world.pro.status == "lapsed"
    assert world.told[-1] == "pro.lapsed"
    assert world.due == {}


def test_pay_1_silence_for_seven_days_after_the_fee_was_due_counts_as_a_failure() -> None:
    world = pro_member(World())
    world.tick("2027-03-09 07:59:59")
    assert world.pro.status == "active"
    world.tick("2027-03-09 08:00")
    assert (world.pro.status, world.told[-2:]) == ("suspended", ["payment.failed", "membership.suspended"])
    assert world.notice("membership.suspended").cause.id == "pro@2027-03-09T08:00:00Z"
    world.send(paid("i2", paid_at="2027-03-20 20:00"))
    assert world.pro.status == "active", "no invoice is known to have failed: whichever is paid reinstates"
    assert {kind for kind, _ in world.standing()} == {"pro.welcome", "pro.renewed", "membership.reinstated"}


def test_pro_6_an_automatic_renewal_paid_on_the_anniversary_is_on_time() -> None:
    world = pro_member(World())
    world.tick(END)
    world.send(paid("i2", paid_at="2027-03-03 07:59"))  # still 2 March in the programme zone
    assert (str(world.pro.term.first), str(world.pro.term.end)) == ("2027-03-02", "2028-03-02")
    world.tick("2027-03-20 00:00")
    assert world.pro.status == "active", "the wait for the fee is over"


@pytest.mark.parametrize(("paid_at", "renewed"), [(BEFORE_END, True), (END, False)])
def test_pro_5_a_manual_renewal_is_paid_before_the_term_ends(paid_at: str, renewed: bool) -> None:
    world = pro_member(World(), auto=False)
    answer = world.send(paid("i2", paid_at=paid_at))
    world.tick("2027-03-04 00:00")
    assert world.pro.status == ("active" if renewed else "lapsed")
    assert [str(term.end) for term in world.pro.terms] == ["2027-03-02", "2028-03-02"][: 1 + renewed]
    assert answer.outcome == ("applied" if renewed else "held"), "an application may still name that invoice"
    world.tick("2027-05-01 00:00")
    assert len(world.requests) == (not renewed)


def test_pro_5_paid_in_time_but_told_after_the_lapse_counts_by_its_own_date() -> None:
    world = pro_member(World(), auto=False)
    world.tick(END)
    world.send(paid("i2", paid_at=BEFORE_END))
    assert (world.pro.status, str(world.pro.term.end)) == ("active", "2028-03-02")
    assert world.notice("pro.renewed").replaces == (world.notice_id("pro.lapsed"),)


def test_pro_5_after_the_lapse_a_payment_is_refunded_and_one_may_apply_again() -> None:
    world = pro_member(World(), auto=False)
    world.tick(END)
    assert world.send(paid("i2", paid_at="2027-03-05 12:00"), event_id="late").reason == "awaits_invoice"
    for fact in (applied_for("a2", "i9"), reviewed("a2"), paid("i9", paid_at="2027-03-06 20:00")):
        world.send(fact)
    assert (world.pro.status, str(world.pro.term.first)) == ("active", "2027-03-06")
    settled = next(d for d in world.decisions if d.event.id == "late" and d.outcome != "held")
    assert (settled.reason, settled.clause) == ("refunded", "PRO-5")
    assert [request.invoice_id for request in world.requests] == ["i2"]  # type: ignore[attr-defined]
    assert world.send(failed("i2"), time="2027-03-05 12:00").reason == "earlier_term"


def test_pay_8_a_failure_after_the_lapse_owes_nothing() -> None:
    world = pro_member(World(), auto=False)
    world.tick(END)
    assert world.send(failed("i2"), time="2027-03-05 12:00").reason == "no_membership"


def test_pro_7_auto_renewal_can_be_switched_off_before_the_term_ends() -> None:
    world = pro_member(World())
    world.send(failed("i2"), time="2027-02-20 12:00")
    answer = world.send(auto_renew(False), time=BEFORE_END)
    assert (answer.outcome, answer.clause) == ("applied", "PRO-7")
    world.tick("2027-04-01 00:00")
    assert (world.pro.status, world.pro.causes) == ("lapsed", [])
    assert world.send(auto_renew(True)).reason == "no_active_membership"


def test_pro_7_not_after_it() -> None:
    world = pro_member(World())
    world.tick(END)
    assert world.send(auto_renew(False), time=END).reason == "term_over"
    assert world.pro.auto_renew


def test_pro_7_the_latest_word_counts_whatever_comes_first() -> None:
    world = pro_member(World())
    world.send(auto_renew(False), time="2026-06-02 12:00")
    assert world.send(auto_renew(True), time="2026-06-01 12:00").outcome == "superseded"
    assert not world.pro.auto_renew


def test_pro_6_terms_keep_their_anchor() -> None:
    """29 Feb becomes 28 Feb in common years and comes back; paid late the day of payment is the anchor."""
    term = first_term(at("2028-02-29 20:00").date(), "i")
    ends = [str(term.end)]
    for _ in range(3):
        term = next_term(term, term.end, "i", automatic=True)
        ends.append(str(term.end))
    assert ends == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
    late = next_term(term, at("2032-03-01 20:00").date(), "i", automatic=True)
    assert (str(late.first), str(late.end), str(late.anchor)) == ("2032-03-01", "2033-03-01", "2032-03-01")
    manual = next_term(term, at("2032-01-01 20:00").date(), "i", automatic=False)
    assert (str(manual.first), str(manual.end)) == ("2032-02-29", "2033-02-28")


def lapsed_member(*, down: bool = False) -> World:
    """Given one whose PRO ended unpaid on 2 March 2027; with `down`, that deadline was not handled yet."""
    world = pro_member(World(), auto=False)
    if not down:
        world.tick(END)
    return world


def test_pro_5_a_late_payment_that_no_application_claims_goes_back_when_its_hold_ends() -> None:
    world = lapsed_member()
    assert world.send(paid("i9", paid_at="2027-03-06 20:00"), event_id="late").reason == "awaits_invoice"
    world.tick("2027-04-01 07:59:59")
    assert world.requests == []
    world.tick("2027-04-01 08:00")
    answer = world.decisions[-1]
    assert (answer.event.id, answer.reason) == ("late", "partner_never_arrived")
    assert answer.says.endswith("$100.00 of invoice i9 is refunded (PRO-5).")
    [request] = world.requests
    assert (request.clause, request.cause.id) == ("PRO-5", "late")
    assert world.send(paid("i9", paid_at="2027-03-06 20:00"), event_id="again").outcome == "held"
    world.tick("2027-06-01 00:00")
    assert len(world.requests) == 1, "the same money goes back once"
    world.send(applied_for("a2", "i9"))
    world.send(reviewed("a2"))
    assert world.pro.status == "applied", "the returned money does not pay it"


@pytest.mark.parametrize("down", [False, True])
def test_gen_2_one_lapsed_may_apply_again_in_any_order(down: bool) -> None:
    """GEN-2 Also a fee that comes, or fails, before its application; GEN-4 also when the lapse is handled late."""
    facts = [
        (applied_for("a2", "i9"), "2027-03-05 12:00"),
        (failed("i9"), "2027-03-05 13:00"),
        (reviewed("a2"), "2027-03-06 12:00"),
        (paid("i9", paid_at="2027-03-06 20:00"), "2027-03-06 20:00"),
    ]
    ends = []
    for arrivals in permutations(range(len(facts))):
        world = lapsed_member(down=down)
        for n in arrivals:
            world.send(facts[n][0], event_id=f"f{n}", time=facts[n][1])
        world.tick("2027-03-20 00:00")
        ends.append((world.pro, world.standing(), world.member().due, world.member().held, world.requests))
    assert all(end == ends[0] for end in ends)
    assert (ends[0][0].status, str(ends[0][0].term.first), ends[0][0].notices) == ("active", "2027-03-06", [])
    assert "pro.lapsed" in {kind for kind, _ in ends[0][1]}, "the new membership replaces nothing of the old one"


@pytest.mark.parametrize("failure", ["heard", "silence", None])
def test_pro_7_switched_off_in_time_but_told_late_ends_like_told_in_time(failure: str | None) -> None:
    """PAY-1, PAY-8 No dunning and no suspension: PRO lapses, also if it was suspended meanwhile."""
    ends = []
    for told_in_time in (True, False):
        world = pro_member(World())
        if told_in_time:
            world.send(auto_renew(False), event_id="off", time=BEFORE_END)
        world.tick("2027-03-04 00:00")
        if failure == "heard":
            world.send(failed("i2"), time="2027-03-03 12:00")
        if failure == "silence":
            world.tick("2027-03-10 00:00")
        if not told_in_time:
            assert world.pro.status == ("suspended" if failure else "active")
            assert world.send(auto_renew(False), event_id="off", time=BEFORE_END).outcome == "applied"
        world.tick("2027-06-01 00:00")
        pro = world.pro
        ends.append((pro.status, pro.causes, pro.suspended_at, world.member().due, world.standing(), pro.notices))
    assert ends[0] == ends[1]
    assert ends[0][:2] == ("lapsed", [])


def test_pay_8_a_failure_from_before_the_paid_term_began_is_old() -> None:
    world = pro_member(World())
    world.send(paid("i2", paid_at="2027-02-20 12:00"))
    answer = world.send(failed("i0"), time="2027-03-02 07:59:59")
    assert (answer.outcome, answer.reason, answer.clause) == ("superseded", "earlier_term", "PAY-8")
    assert world.pro.open_invoice is None
    assert world.send(failed("i3"), time="2027-03-02 08:00").outcome == "applied"


def test_pay_5_money_for_another_invoice_goes_back_and_is_no_payment() -> None:
    world = pro_member(World())
    world.send(failed("i2"), time=END)
    answer = world.send(paid("i3", paid_at="2027-03-20 20:00"))
    assert answer.says.endswith("$100.00 of invoice i3 is refunded.")
    assert world.send(paid("i3", paid_at="2027-03-20 20:00")).reason == "already_known"
    assert (len(world.requests), world.requests[0].clause) == (1, "PAY-5")
    world.send(paid("i2", paid_at="2027-03-21 20:00"))
    assert world.send(paid("i3", paid_at="2027-04-01 20:00")).reason is None, "later it can pay a year"
    assert len(world.pro.terms) == 3


def test_the_hot_value_does_not_grow_with_failures_and_renewals() -> None:
    world = pro_member(World())
    for n in range(NOTICES + 10):
        world.send(failed("i2", f"t{n}"), time="2027-02-20 12:00")
    assert len(world.pro.notices) == NOTICES
    assert len(world.entry(Invoice, "i2").failed) == ATTEMPTS
    for n in range(TERMS + 5):
        world.send(paid(f"j{n}", paid_at="2027-02-21 12:00"))
    assert len(world.pro.terms) == TERMS
    assert str(world.pro.term.end) == "2052-03-02"


def test_pro_5_money_that_was_given_back_cannot_renew_what_was_never_open() -> None:
    """given a payment nobody claimed, then an application of another invoice: paid again, it waits once more."""
    world = World(now=None)
    world.send(paid("i1"), time="2026-01-01 00:00")
    world.tick("2026-01-01 00:00")
    world.tick("2026-02-01 00:00")
    world.send(applied_for("a0", "i0"), time="2026-02-02 00:00")
    assert world.send(paid("i1", paid_at="2026-02-03 00:00"), time="2026-02-03 00:00").outcome == "held"
