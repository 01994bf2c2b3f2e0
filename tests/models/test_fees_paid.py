"""PAY-5, PAY-6, PAY-8, PRO-5, PRO-6: the renewal fee paid, in time or late, in any order, or given up."""

from itertools import permutations

import pytest

from models.fees.collecting import ATTEMPTS
from models.fees.membership import NOTICES, TERMS
from models.fees.state import Invoice
from models.fees.terms import first_term, next_term
from models.outputs import Notification, RefundRequested
from tests.models.facts import Fact, added, applied_for, at, auto_renew, failed, paid, reviewed
from tests.models.renewal import BEFORE_END, END, IN_BETWEEN, NOTICE, RENEWAL, asked, charges, decline, with_cards
from tests.models.world import World, pro_member


class TestPaid:
    def test_pay_5_a_success_reinstates_at_once_and_late_moves_the_anniversary(self) -> None:
        world = with_cards()
        world.send(decline(world=world), time=END)
        answer = world.send(paid(RENEWAL, paid_at="2027-03-20 20:00"))
        assert world.pro.status == "active"
        assert "It is reinstated at once (PAY-5)." in answer.says
        assert (str(world.pro.term.first), str(world.pro.term.end)) == ("2027-03-20", "2028-03-20")
        standing = {kind for kind, _ in world.standing()}
        assert standing == {"pro.welcome", "pro.renewed", "membership.reinstated"}
        assert {due.what for due in world.member().due} == {"fee.notice", "fee.expiring", "fee.due"}

    def test_pay_5_a_new_method_is_tried_at_once(self) -> None:
        world = with_cards()
        world.send(decline(world=world), time=END)
        world.send(added("card-2", 1), time="2027-03-03 12:00")
        assert asked(world) == [(0, "card-1"), (0, "card-2")]
        assert world.pro.status == "suspended", "until it succeeds"
        charge = charges(world)[-1]
        world.send(paid(RENEWAL, paid_at="2027-03-03 12:05", attempt_id=charge.attempt_id))
        assert world.pro.status == "active"

    def test_pay_5_a_success_of_another_invoice_does_not_reinstate(self) -> None:
        world = with_cards()
        world.send(decline(world=world), time=END)
        assert world.send(paid("i3", paid_at="2027-03-20 20:00")).reason == "awaits_invoice"
        assert world.pro.status == "suspended"
        world.tick("2027-04-01 08:00")
        [refund] = world.bodies(RefundRequested)
        assert (refund.invoice_id, refund.clause) == ("i3", "PRO-5")

    @pytest.mark.parametrize(("paid_at", "renewed"), [("2027-05-01 06:59:59", True), ("2027-05-01 07:00", False)])
    @pytest.mark.parametrize("told_late", [False, True])
    def test_pay_6_after_60_days_a_payment_is_refunded(self, paid_at: str, renewed: bool, told_late: bool) -> None:
        world = with_cards()
        world.send(decline(world=world), time=END)
        if told_late:
            world.tick("2027-05-10 12:00")
        world.send(paid(RENEWAL, paid_at=paid_at))
        assert len(world.bodies(RefundRequested)) == (not renewed)
        world.tick("2027-05-10 12:00")
        assert world.pro.status == ("active" if renewed else "lapsed")

    def test_pay_8_a_failure_after_the_success_changes_nothing_and_says_so(self) -> None:
        world = with_cards()
        charge = charges(world)[0]
        world.send(paid(RENEWAL, paid_at="2027-03-02 12:00", attempt_id=charge.attempt_id))
        answer = world.send(decline(world=world), time="2027-03-02 11:59")
        assert (answer.outcome, answer.reason, answer.clause) == ("superseded", "already_paid", "PAY-8")
        world.tick("2027-06-01 00:00")
        assert world.pro.status == "active"

    def test_pro_6_paid_on_the_anniversary_is_on_time(self) -> None:
        world = with_cards()
        world.send(paid(RENEWAL, paid_at="2027-03-03 07:59"))  # still 2 March in the programme zone
        assert (str(world.pro.term.first), str(world.pro.term.end)) == ("2027-03-02", "2028-03-02")

    @pytest.mark.parametrize(("paid_at", "renewed"), [(BEFORE_END, True), (END, False)])
    @pytest.mark.parametrize("told_late", [False, True])
    def test_pro_5_a_manual_renewal_is_paid_before_the_term_ends(
        self, paid_at: str, renewed: bool, told_late: bool
    ) -> None:
        world = with_cards(auto=False, until="2027-03-04 00:00" if told_late else BEFORE_END)
        answer = world.send(paid(RENEWAL, paid_at=paid_at))
        world.tick("2027-03-04 00:00")
        assert world.pro.status == ("active" if renewed else "lapsed")
        assert [str(term.end) for term in world.pro.terms] == ["2027-03-02", "2028-03-02"][: 1 + renewed]
        assert (answer.reason, answer.clause) == (None if renewed else "refunded", "PRO-5")
        assert {kind for kind, _ in world.standing()} == {"pro.welcome", "pro.renewed" if renewed else "pro.lapsed"}

    def test_gen_3_clearing_one_cause_never_clears_another(self) -> None:
        from models.state import MEMBERS, encode

        world = with_cards()
        world.send(decline(world=world), time=END)
        member = world.member()
        assert member.pro
        member.pro.suspend("loan", at("2026-05-01 12:00"))  # by hand
        world.tables[MEMBERS, b"m-1"] = encode(member)
        answer = world.send(paid(RENEWAL, paid_at="2027-03-20 20:00"))
        assert (world.pro.status, list(world.pro.causes)) == ("suspended", ["loan"])
        assert "It stays suspended: loan (GEN-3)." in answer.says
        assert "membership.reinstated" not in world.told

    @pytest.mark.parametrize("earlier_first", [True, False])
    def test_pro_6_of_two_late_payments_the_earlier_begins_the_year_whichever_is_told_first(
        self, earlier_first: bool
    ) -> None:
        world = with_cards()
        for day in ("10", "20") if earlier_first else ("20", "10"):
            world.send(paid(RENEWAL, paid_at=f"2027-03-{day} 20:00", amount=f"1{day}.00"), event_id=day)
        assert (str(world.pro.term.first), str(world.pro.term.end)) == ("2027-03-10", "2028-03-10")
        assert (world.pro.invoice, world.entry(Invoice, "pro-m-1-2028-03-20")) == ("pro-m-1-2028-03-10", None)
        assert [refund.amount for refund in world.bodies(RefundRequested)] == ["120.00"]
        assert {due.ref for due in world.member().due} == {"pro-m-1-2028-03-10"}
        assert [kind for kind, _ in world.standing()].count("pro.renewed") == 1

    @pytest.mark.parametrize(
        ("now", "first"), [("2028-02-09 07:59:59", "2027-03-10"), ("2028-02-09 08:00", "2027-03-20")]
    )
    def test_pro_6_earlier_money_counts_until_the_next_renewal_is_to_be_told_of(self, now: str, first: str) -> None:
        world = with_cards()
        world.send(paid(RENEWAL, paid_at="2027-03-20 20:00"))
        world.tick(now)
        assert world.send(paid(RENEWAL, paid_at="2027-03-10 20:00")).reason == "refunded"
        assert str(world.pro.term.first) == first

    def test_pay_8_two_charges_bring_two_payments_even_at_the_same_instant(self) -> None:
        world = with_cards("card-1", "card-2")
        world.send(decline(world=world), time="2027-03-02 12:00")
        for charge in charges(world):
            world.send(paid(RENEWAL, paid_at="2027-03-02 20:00", attempt_id=charge.attempt_id))
        assert len(world.bodies(RefundRequested)) == 1

    @pytest.mark.parametrize(("added_at", "is_asked"), [("2027-05-01 06:59:59", True), ("2027-05-01 07:00", False)])
    def test_pay_6_nothing_is_asked_once_the_end_has_come_handled_or_not(self, added_at: str, is_asked: bool) -> None:
        world = with_cards()
        world.send(decline(world=world, reason="stolen"), time=END)
        world.tick("2027-04-20 12:00")
        before = len(charges(world))
        world.send(added("card-2"), time=added_at)
        assert len(charges(world)) - before == is_asked
        world.tick("2027-05-01 07:00")
        assert world.pro.status == "lapsed"


class TestAutoRenewal:
    def test_pro_7_switched_off_before_the_term_ends(self) -> None:
        world = with_cards(until=BEFORE_END)
        answer = world.send(auto_renew(False), time=BEFORE_END)
        assert (answer.outcome, answer.clause) == ("applied", "PRO-7")
        world.tick("2027-04-01 00:00")
        assert (world.pro.status, charges(world)) == ("lapsed", [])

    def test_pro_7_not_after_it(self) -> None:
        world = with_cards()
        assert world.send(auto_renew(False), time=END).reason == "term_over"
        assert world.pro.auto_renew

    def test_pro_7_the_latest_word_counts_whatever_comes_first(self) -> None:
        world = with_cards(until=None)
        world.send(auto_renew(False), time="2026-06-02 12:00")
        assert world.send(auto_renew(True), time="2026-06-01 12:00").outcome == "superseded"
        assert not world.pro.auto_renew

    @pytest.mark.parametrize("on", [False, True])
    @pytest.mark.parametrize("decline_it", [False, True])
    def test_gen_4_switched_in_time_but_told_late_ends_like_told_in_time(self, on: bool, decline_it: bool) -> None:
        ends = []
        for told_in_time in (True, False):
            world = with_cards(auto=not on, until=BEFORE_END)
            if told_in_time:
                world.send(auto_renew(on), event_id="word", time=BEFORE_END)
            world.tick(END)
            if decline_it and charges(world):
                world.send(decline(world=world), time=END)
            if not told_in_time:
                world.send(auto_renew(on), event_id="word", time=BEFORE_END)
            world.tick("2027-03-03 00:00")
            if on and decline_it and not told_in_time:
                world.send(decline(world=world), time=END)
            pro = world.pro
            ends.append((pro.status, list(pro.causes), pro.suspended_at, world.standing({"pro.renewal_notice"})))
        assert ends[0] == ends[1]
        assert ends[0][0] == (("suspended" if decline_it else "active") if on else "lapsed")

    def test_each_word_told_late_decides_the_end_anew_and_tells_it_by_a_name_of_its_own(self) -> None:
        """NTF-1"""
        world = with_cards()
        world.send(decline(world=world), time=END)
        for minute, on in enumerate((False, True, False, True)):
            assert world.pro.status == ("suspended" if minute % 2 == 0 else "lapsed")
            world.send(auto_renew(on), time=f"2027-03-02 07:0{minute}")
            world.tick(END)
        assert (world.pro.status, world.pro.suspended_at, len(charges(world))) == ("suspended", at(END), 1)
        assert len(set(world.ids(Notification))) == len(world.notices)
        assert len([kind for kind, _ in world.standing() if kind in ("membership.suspended", "pro.lapsed")]) == 1


class TestAnyOrder:
    """GEN-2 Attempts and their outcomes, with no deadline passing in between."""

    CARDS = ("card-1", "card-2", "card-3")

    def facts(self, *outcomes: str) -> list[tuple[Fact, str]]:
        """`1`: the charge of card-1 fails; `1h`: for good; `x1`: an attempt of card-1 nobody asked for; `p2`: card-2 pays."""
        found = []
        for n, name in enumerate(outcomes):
            card, time = f"card-{name.strip('xph')}", f"2027-03-02 12:{n:02}"
            attempt = f"theirs-{n}" if name.startswith("x") else f"{RENEWAL}-0-{card}"
            if name.startswith("p"):
                fact = paid(RENEWAL, paid_at="2027-03-02 18:00", attempt_id=attempt, method_id=card)
            else:
                fact = failed(RENEWAL, attempt, method_id=card, reason="stolen" if name.endswith("h") else "other")
            found.append((fact, time))
        return found

    @pytest.mark.parametrize(
        ("outcomes", "status"),
        [
            (("1", "2", "3"), "suspended"),
            (("1", "2"), "active"),
            (("1", "2", "3", "p3"), "active"),
            (("1h", "2", "x3", "3"), "suspended"),
            (("1", "x2", "3"), "suspended"),
            (("1", "x1", "x1"), "active"),
            (("1", "1", "2", "2", "3"), "suspended"),
            (("1", "2", "3", "p1", "p1"), "active"),
            (("1h", "2h", "3h", "x1", "x2"), "suspended"),
            (("1", "2", "x3", "x2", "p2", "3"), "active"),
        ],
    )
    def test_every_order_ends_alike(self, outcomes: tuple[str, ...], status: str) -> None:
        ends = set()
        facts = self.facts(*outcomes)
        for order in permutations(range(len(facts))):
            world = with_cards(*self.CARDS)
            for n in order:
                fact, time = facts[n]
                world.send(fact, event_id=f"f{n}", time=time)
                check_open(world)
            pro = world.pro
            terms = tuple((term.first, term.end) for term in pro.terms)
            retired = tuple(method.retired for method in world.member().methods)
            ends.add((pro.status, tuple(pro.causes), terms, retired, frozenset(world.standing(paid_for(outcomes)))))
        assert len(ends) == 1
        assert next(iter(ends))[0] == status

    def test_outcomes_before_the_invoice_is_known_settle_when_it_is(self) -> None:
        world = World()
        world.send(paid(RENEWAL, paid_at="2026-03-02 19:00"), event_id="early")
        pro_member(world)
        assert [str(term.end) for term in world.pro.terms] == ["2027-03-02", "2028-03-02"]


def paid_for(outcomes: tuple[str, ...]) -> set[str]:
    """What may have been told in between where it was paid in the end."""
    return IN_BETWEEN if any(name.startswith("p") for name in outcomes) else set()


def check_open(world: World) -> None:
    """PAY-9 Never two open charges of an invoice, never the same attempt twice."""
    names = [charge.attempt_id for charge in charges(world)]
    assert len(set(names)) == len(names)
    invoice: Invoice = world.entry(Invoice, RENEWAL)
    answered = {(one.method_id, one.round or 0) for one in invoice.attempts if one.failed_at}
    assert sum((charge.method_id, charge.round) not in answered for charge in charges(world)) <= 1


class TestLapsed:
    def test_pro_5_after_the_lapse_one_may_apply_again(self) -> None:
        world = with_cards(auto=False)
        assert world.send(paid(RENEWAL, paid_at="2027-03-05 12:00")).reason == "refunded"
        for fact in (applied_for("a2", "i9"), reviewed("a2"), paid("i9", paid_at="2027-03-06 20:00")):
            world.send(fact)
        assert (world.pro.status, str(world.pro.term.first)) == ("active", "2027-03-06")
        assert world.send(failed(RENEWAL), time="2027-03-05 12:00").reason == "no_membership"
        assert world.send(paid(RENEWAL, paid_at=BEFORE_END)).reason == "refunded"

    def test_pro_1_an_application_of_a_time_when_it_was_open_is_refused_also_when_it_is_told_after_the_lapse(
        self,
    ) -> None:
        world = with_cards(auto=False)
        assert world.send(applied_for("a2", "i9"), time=BEFORE_END).reason == "already_member"
        assert world.send(applied_for("a3", "i8"), time=END).outcome == "applied"

    def test_pay_8_a_failure_after_the_lapse_owes_nothing(self) -> None:
        world = with_cards(auto=False)
        assert world.send(failed(RENEWAL), time="2027-03-05 12:00").reason == "no_membership"

    def test_money_that_no_application_claims_goes_back_when_its_hold_ends_once(self) -> None:
        world = with_cards(auto=False)
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
    def test_gen_2_one_lapsed_may_apply_again_in_any_order(self, down: bool) -> None:
        facts = [
            (applied_for("a2", "i9"), "2027-03-05 12:00"),
            (failed("i9"), "2027-03-05 13:00"),
            (reviewed("a2"), "2027-03-06 12:00"),
            (paid("i9", paid_at="2027-03-06 20:00"), "2027-03-06 20:00"),
        ]
        ends = []
        for arrivals in permutations(range(len(facts))):
            world = with_cards(auto=False, until=NOTICE if down else END)
            for n in arrivals:
                world.send(facts[n][0], event_id=f"f{n}", time=facts[n][1])
            world.tick("2027-03-20 00:00")
            ends.append((world.pro, world.standing(), world.member().due, world.member().held, world.requests))
        assert all(end == ends[0] for end in ends)
        assert (ends[0][0].status, str(ends[0][0].term.first), ends[0][0].notices) == ("active", "2027-03-06", [])
        assert "pro.lapsed" in {kind for kind, _ in ends[0][1]}, "the new membership replaces nothing of the old one"


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


def test_the_hot_value_does_not_grow_with_failures_and_renewals() -> None:
    world = with_cards(until="2027-02-20 12:00")
    for n in range(ATTEMPTS + 10):
        world.send(failed(RENEWAL, f"t{n}"), time="2027-02-20 12:00")
    assert len(world.entry(Invoice, RENEWAL).attempts) == ATTEMPTS
    for year in range(2027, 2027 + TERMS + 5):
        world.send(paid(f"pro-m-1-{year}-03-02", paid_at="2027-02-21 12:00"))
    assert len(world.pro.terms) == TERMS
    assert len(world.pro.notices) <= NOTICES
    assert str(world.pro.term.end) == "2052-03-02"


def test_pro_5_money_that_was_given_back_cannot_renew_what_was_never_open() -> None:
    """given a payment nobody claimed, then an application of another invoice: paid again, it waits once more."""
    world = World(now=None)
    world.send(paid("i1"), time="2026-01-01 00:00")
    world.tick("2026-01-01 00:00")
    world.tick("2026-02-01 00:00")
    world.send(applied_for("a0", "i0"), time="2026-02-02 00:00")
    assert world.send(paid("i1", paid_at="2026-02-03 00:00"), time="2026-02-03 00:00").outcome == "held"
