"""CARE-1, CARE-2, CARE-4 to CARE-6, CARE-8: Care bought by one who has an account, renewed, and stopped."""

from itertools import permutations
from typing import Any

import pytest

from models.fees.state import Invoice
from models.outputs import ChargeRequested, Notification, RefundRequested
from models.policies import Policies
from models.view import view
from tests.models.facts import Fact, added, at, care_bought, care_cancelled, care_paid, failed
from tests.models.world import SLOW_CLOCK, World

# The term of these members runs from 2 March 2026 to 2 March 2027, 00:00 Pacific: 08:00 UTC.
NOTICE, BEFORE_END, END = "2027-01-31 08:00", "2027-03-02 07:59:59", "2027-03-02 08:00"
RENEWAL = "care-m-1-2027-03-02"


def switch(on: bool) -> Fact:
    return "care.auto_renew_changed", {"on": on}


def declined(charge: ChargeRequested) -> Fact:
    return failed(charge.invoice_id, charge.attempt_id, method_id=charge.method_id, program="care")


def with_care(until: str | None = None) -> World:
    """Given one who bought Care and has a card on file; told of the renewal in time; now is `until`."""
    world = World()
    world.send(care_bought(), time="2026-03-02 18:00")
    world.send(care_paid())
    world.send(added())
    if until:
        world.tick(NOTICE)
        world.tick(until)
    return world


def shown(world: World) -> dict[str, Any]:
    found: dict[str, Any] = view("m-1", world.member())["memberships"]["care"]
    return found


def charges(world: World) -> list[ChargeRequested]:
    return world.bodies(ChargeRequested)


class TestBuying:
    def test_care_2_a_year_from_the_purchase(self) -> None:
        world = with_care()
        assert world.told == ["care.welcome"]
        assert (shown(world)["status"], shown(world)["term"]) == ("active", {"from": "2026-03-02", "to": "2027-03-02"})
        assert shown(world)["next_charge"] == {"on": "2027-03-02", "amount": "179.99"}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"state": "PR"}, "not_resident"),
            ({"birth_date": "2008-03-02"}, None),
            ({"birth_date": "2008-03-03"}, "under_age"),
            ({"birth_date": "2008-03-02", "state": "AL"}, "under_age"),
            ({"birth_date": "2007-03-02", "state": "AL"}, None),
        ],
    )
    def test_care_1_eligible_on_the_day_of_the_purchase(self, change: dict[str, Any], reason: str | None) -> None:
        world = World()
        answer = world.send(care_bought(**change))
        assert (answer.outcome, answer.reason) == ("refused" if reason else "applied", reason)

    def test_care_1_the_states_are_a_setting(self) -> None:
        world = World(policies=Policies(care_states=frozenset({"NY"}), **SLOW_CLOCK))
        assert world.send(care_bought()).reason == "not_sold_there"
        assert world.send(care_bought("c2", state="NY")).outcome == "applied"

    @pytest.mark.parametrize("paid_first", [False, True])
    def test_care_1_not_sold_the_fee_goes_back_whenever_it_is_paid(self, paid_first: bool) -> None:
        facts = [care_bought(state="PR"), care_paid()]
        world = World()
        for n in (1, 0) if paid_first else (0, 1):
            world.send(facts[n], event_id=f"f{n}", time="2026-03-02 18:00")
        [refund] = world.bodies(RefundRequested)
        assert (refund.invoice_id, refund.amount, refund.clause) == ("c1", "179.99", "CARE-1")

    def test_bought_twice_is_refused_and_told_again_is_a_duplicate(self) -> None:
        world = with_care()
        assert world.send(care_bought("c2"), time="2026-03-03 18:00").reason == "already_member"
        assert world.send(care_bought()).outcome == "duplicate"
        assert world.send(care_bought(state="NV")).outcome == "conflict"


class TestRenewal:
    def test_care_4_charged_on_the_day_and_joins_on_also_when_paid_late(self) -> None:
        world = with_care(END)
        [charge] = charges(world)
        assert (charge.invoice_id, charge.amount, charge.program) == (RENEWAL, "179.99", "care")
        world.send(declined(charge), time=END)
        assert (shown(world)["status"], world.told[-2:]) == ("suspended", ["payment.failed", "membership.suspended"])
        world.send(care_paid(RENEWAL, paid_at="2027-03-20 12:00"))
        assert shown(world)["status"] == "active"
        assert shown(world)["term"] == {"from": "2027-03-02", "to": "2028-03-02"}

    def test_care_5_told_30_days_before(self) -> None:
        world = with_care(NOTICE)
        notice = world.notice("care.renewal_notice")
        assert (notice.clause, notice.params["invoice_id"]) == ("CARE-5", RENEWAL)

    def test_care_5_a_renewal_told_of_too_late_is_not_charged(self) -> None:
        world = with_care()
        world.tick("2027-02-20 08:00")
        assert shown(world)["uncharged"]
        world.tick(END)
        assert (charges(world), shown(world)["status"]) == ([], "lapsed")

    def test_care_8_cards_alone_are_asked(self) -> None:
        world = with_care()
        world.send(("method.added", {"method_id": "wallet", "kind": "paypal", "position": 0}))
        world.tick(NOTICE)
        world.tick(END)
        assert [charge.method_id for charge in charges(world)] == ["card-1"]
        world.send(declined(charges(world)[0]), time=END)
        assert shown(world)["status"] == "suspended"

    def test_care_8_unpaid_for_60_days_it_lapses(self) -> None:
        world = with_care(END)
        world.send(declined(charges(world)[0]), time=END)
        world.tick("2027-05-01 06:59:59")
        assert shown(world)["status"] == "suspended"
        world.tick("2027-05-01 07:00")
        assert (shown(world)["status"], world.told[-1]) == ("lapsed", "care.ended")

    def test_the_fee_of_a_purchase_that_fails_starts_no_dunning(self) -> None:
        world = World()
        world.send(care_bought())
        assert world.send(failed("c1", program="care")).reason == "unpaid_purchase"


class TestStopping:
    @pytest.mark.parametrize(
        ("said", "last_end"), [("2027-02-16 07:59:59", "2027-03-02"), ("2027-02-16 08:00", "2028-03-02")]
    )
    @pytest.mark.parametrize("fact", [care_cancelled(), switch(on=False)], ids=["cancelled", "switched off"])
    def test_care_4_at_least_15_days_before_else_after_the_next_renewal(
        self, fact: Fact, said: str, last_end: str
    ) -> None:
        world = with_care("2027-02-10 08:00")
        assert world.send(fact, time=said).outcome == "applied"
        world.tick(END)
        if last_end > "2027-03-02":
            [charge] = charges(world)
            world.send(care_paid(RENEWAL, paid_at=END, attempt_id=charge.attempt_id))
            assert shown(world)["status"] == "active"
            world.tick("2028-02-01 08:00")
            world.tick("2028-03-02 07:59:59")
            assert shown(world)["status"] == "active"
            world.tick("2028-03-02 08:00")
        assert len(charges(world)) == (last_end > "2027-03-02")
        assert shown(world)["term"]["to"] == last_end
        assert shown(world)["status"] == ("ended" if fact[0] == "care.cancel_requested" else "lapsed")

    @pytest.mark.parametrize(("first", "stops"), [("2027-02-16 07:59:59", True), ("2027-02-16 08:00", False)])
    def test_care_4_of_two_cancellations_the_earlier_counts_whichever_is_told_first(
        self, first: str, stops: bool
    ) -> None:
        """GEN-2 15 February is the last day. Told on the day it is due: what was asked stays asked."""
        ends = set()
        for times in permutations([first, "2027-02-20 12:00", "2027-02-25 12:00"]):
            world = with_care("2027-03-02 09:00")
            for time in times:
                world.send(care_cancelled(), event_id=time, time=time)
            world.tick("2027-03-02 10:00")
            care = world.member().care
            assert care.cancelled_at == at(first)
            assert (care.stage, care.over_at) == (("ended", at("2027-03-02 08:00")) if stops else ("ending", None))
            assert len(set(world.ids(Notification))) == len(world.notices), "NTF-1"
            ends.add(frozenset(world.standing()))
        assert len(ends) == 1

    def test_care_7_a_refund_that_is_refused_is_the_earlier_cancellation(self) -> None:
        world = with_care("2027-03-02 09:00")
        world.send(care_cancelled(), time="2027-02-25 12:00")
        assert world.send(care_cancelled(refund=True), time="2027-02-10 12:00").reason == "no_refund"
        world.tick("2027-03-02 10:00")
        assert shown(world)["status"] == "ended"

    def test_care_4_cancelled_too_late_no_renewal_is_told_of_after_the_last_one(self) -> None:
        world = with_care("2027-02-10 08:00")
        world.send(care_cancelled(), time="2027-02-20 12:00")
        world.tick(END)
        world.send(care_paid(RENEWAL, paid_at=END, attempt_id=charges(world)[0].attempt_id))
        assert world.notices[-1].params["ends_on"] == "2028-03-02"
        told = len(world.told)
        world.tick("2028-03-01 08:00")
        assert len(world.told) == told, "neither a renewal notice nor an expiring method"
        world.tick("2028-03-02 08:00")
        assert {kind for kind, _ in world.standing()} == {"care.welcome", "care.renewed", "care.ended"}

    @pytest.mark.parametrize("fact", [care_cancelled(), switch(on=False)], ids=["cancelled", "switched off"])
    def test_care_4_said_too_late_and_told_later_it_tells_no_second_suspension(self, fact: Fact) -> None:
        world = with_care(END)
        world.send(declined(charges(world)[0]), time=END)
        world.send(fact, time="2027-02-20 12:00")
        world.tick("2027-03-02 09:00")
        assert (shown(world)["status"], world.told.count("membership.suspended")) == ("suspended", 1)

    def test_care_6_benefits_stay_to_the_end_of_the_paid_term(self) -> None:
        world = with_care()
        world.send(care_cancelled(), time="2026-06-01 12:00")
        assert world.notice("care.cancelled").params["ends_on"] == "2027-03-02"
        world.tick(BEFORE_END)
        assert (shown(world)["status"], shown(world)["ends_on"]) == ("active", "2027-03-02")
        world.tick(END)
        assert shown(world)["status"] == "ended"
        assert "care.renewal_notice" not in world.told
        assert world.send(care_cancelled(), time=END).reason == "no_active_membership"

    def test_care_6_switched_off_and_on_again_it_renews(self) -> None:
        world = with_care()
        world.send(switch(on=False), time="2026-06-01 12:00")
        world.send(switch(on=True), time="2026-07-01 12:00")
        world.tick(NOTICE)
        world.tick(END)
        assert len(charges(world)) == 1

    def test_after_the_end_it_can_be_bought_again(self) -> None:
        world = with_care()
        world.send(care_cancelled(), time="2026-06-01 12:00")
        world.tick(END)
        world.send(care_bought("c9", purchased_at="2027-04-01 18:00"), time="2027-04-01 18:00")
        assert (shown(world)["status"], shown(world)["term"]["to"]) == ("active", "2028-04-01")
        assert {due.ref for due in world.member().due} == {"care-m-1-2028-04-01"}


def test_gen_2_a_purchase_its_money_and_a_failure_end_alike_in_every_order() -> None:
    facts = [care_bought(), care_paid(), failed("c1", program="care"), care_paid(), care_bought()]
    ends = set()
    for order in permutations(range(len(facts))):
        world = World()
        for n in order:
            world.send(facts[n], event_id=f"f{n}", time=f"2026-03-02 18:0{n}")
        invoice = world.entry(Invoice, "c1")
        ends.add((shown(world)["status"], invoice.paid.amount, world.member().held, frozenset(world.told)))
        assert world.requests == []
    assert ends == {("active", 179_99, 0, frozenset({"care.welcome"}))}


def test_gen_2_outcomes_of_a_renewal_end_alike_in_every_order() -> None:
    ends = set()
    for order in permutations(range(3)):
        world = with_care(END)
        [charge] = charges(world)
        facts = [
            (declined(charge), "2027-03-02 12:00"),
            (failed(RENEWAL, "theirs", method_id="card-1", program="care"), "2027-03-02 12:30"),
            (care_paid(RENEWAL, paid_at="2027-03-02 13:00"), "2027-03-02 13:00"),
        ]
        for n in order:
            world.send(facts[n][0], event_id=f"f{n}", time=facts[n][1])
        standing = world.standing({"payment.failed", "membership.suspended", "membership.reinstated"})
        ends.add((shown(world)["status"], shown(world)["term"]["to"], frozenset(standing)))
    assert len(ends) == 1


def test_care_and_pro_are_asked_for_apart() -> None:
    """PAY-9 One open charge per invoice, not per member."""
    from tests.models.world import pro_member

    world = pro_member(with_care())
    world.tick(NOTICE)
    world.tick(END)
    assert sorted(charge.invoice_id for charge in charges(world)) == [RENEWAL, "pro-m-1-2027-03-02"]


@pytest.mark.parametrize(("said_at", "last"), [("2027-02-16 07:59:59", False), ("2027-02-16 08:00", True)])
def test_care_4_what_is_shown_of_one_who_cancels_follows_whether_another_year_is_charged(
    said_at: str, last: bool
) -> None:
    world = with_care("2027-02-10 08:00")
    world.send(care_cancelled(), time=said_at)
    care = shown(world)
    assert care["ends_on"] == (None if last else "2027-03-02")
    assert care["next_charge"] == ({"on": "2027-03-02", "amount": "179.99"} if last else None)
    assert care["renewal_invoice"] == ("care-m-1-2027-03-02" if last else None)


def test_care_2_a_renewal_given_back_leaves_the_year_before_as_it_was_up_to_that_day() -> None:
    """CARE-7 What was bought in that year was bought under Care, also for another Care later on."""
    world = with_care("2027-02-10 08:00")
    world.send(care_paid(RENEWAL, paid_at="2027-02-11 12:00"))
    assert world.send(care_cancelled(refund=True), time="2027-02-12 12:00").reason == "refunded"
    care = world.member().care
    assert care is not None
    assert [(str(term.first), str(term.end)) for term in care.terms] == [("2026-03-02", "2027-02-12")]
