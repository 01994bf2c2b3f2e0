"""GEN-5 What came of a date, told from what the rules booked and told then; each deadline that there is has its sentence."""

from zoneinfo import ZoneInfo

import pytest

from models.decide import DEADLINES
from models.outputs.ledger import LedgerEntry
from models.outputs.notifications import Notification
from models.outputs.requests import RefundRequested
from models.policies import STANDARD
from tests.models.facts import (
    MEMBER,
    added,
    adjusted,
    applied_for,
    auto_renew,
    cancel_requested,
    care_bought,
    care_cancelled,
    line,
    order,
    paid,
    repair,
    reserved,
    reviewed,
    step,
)
from tests.models.test_majeure import declared
from tests.models.world import World, earned, member, pro_member
from tests.views.stories import due, told
from views.about import is_about
from views.deadlines import SENTENCES, SPELLED_OUT, Deadline, deadline, says
from views.timeline import Explanation


def last(world: World, what: str, key: str = MEMBER) -> Explanation:
    return [one for one in due(world, key) if one["deadline"] and one["deadline"]["what"] == what][-1]


def with_bonus(*bonuses: int) -> World:
    """Given a member with these bonuses, each of an order of its own, all to be used by 31 March 2026."""
    world = member()
    for number, points in enumerate(bonuses):
        bonus = {"offer_id": "spring", "points": points, "expires_on": "2026-03-31"}
        world.send(
            order(f"o{number}", line(price="1.00", bonus=bonus)), event_id=f"e-o{number}", time="2026-03-02 18:00"
        )
    return world


UNHEARD = {"fee.stop", "repair.diagnosis"}
"""Deadlines that book, tell and ask for nothing, so that there is nothing to say of them."""


def test_every_deadline_of_the_rules_has_its_sentence() -> None:
    assert SENTENCES.keys() == DEADLINES.keys() - UNHEARD


class TestExpiry:
    def test_given_points_left_when_their_last_day_is_over_then_it_says_how_many_of_which_lots(self) -> None:
        world = with_bonus(300, 200)
        world.tick("2026-04-02 12:00")
        one = last(world, "points.expire")
        parts = " + ".join(f"{-entry['points']} of lot {entry['lot_id'][:8]}" for entry in one["ledger"])
        assert one["says"] == (
            f"500 points expired: 2026-03-31 was the last day on which they could be used ({parts}) (MS-6)."
        )
        assert sorted(entry["points"] for entry in one["ledger"]) == [-300, -200]
        assert (one["clause"], one["time"]) == ("MS-6", "2026-04-02T12:00:00Z")
        assert one["deadline"] == {"what": "points.expire", "which": "2026-03-31", "due": "2026-04-01T07:00:00Z"}
        assert one["balance_after"] == {"available": 4, "reserved": 0, "debt": 0}
        assert [notice["notification"] for notice in one["notifications"]] == ["points.expired"]

    @pytest.mark.parametrize(("lots", "more"), [(SPELLED_OUT, ""), (SPELLED_OUT + 2, " + 2 more lots")])
    def test_of_many_lots_only_the_first_are_named(self, lots: int, more: str) -> None:
        world = with_bonus(*[10] * lots)
        world.tick("2026-04-02 12:00")
        says = last(world, "points.expire")["says"]
        assert says.startswith(f"{10 * lots} points expired")
        assert says.count("10 of lot ") == SPELLED_OUT
        assert says.endswith(f"{more}) (MS-6).")


def test_reminders_say_how_many_points_and_when() -> None:
    world = with_bonus(300)
    world.tick("2026-03-24 12:00")
    assert [one["says"] for one in due(world)] == [
        "The member was reminded of 300 points that expire on 2026-03-31, in 7 days (MS-17).",
    ]


class TestReservation:
    def test_given_nobody_claims_it_then_it_says_where_the_points_went(self) -> None:
        world = earned(member(), ("o1", 200, "2026-03-02 10:00"))
        world.tick("2026-03-03 18:00")
        world.send(reserved(150), event_id="e-s1")
        world.tick("2026-03-03 19:00")
        one = last(world, "points.reservation")
        assert one["says"] == (
            "No order claimed reservation s1 by 2026-03-03 19:00 UTC: its 150 points went back to where they came from "
            "(150 of lot o1) (MS-8)."
        )
        assert one["balance_after"] == {"available": 200, "reserved": 0, "debt": 0}

    def test_given_the_lot_is_past_its_last_day_then_it_says_that_they_expired_at_once(self) -> None:
        world = with_bonus(300)
        world.tick("2026-04-01 06:30")
        world.send(reserved(300), event_id="e-s1")
        world.tick("2026-04-01 07:30")
        says = last(world, "points.reservation")["says"]
        assert "its 300 points went back to where they came from" in says
        assert says.endswith("; 300 of them expired at once, as their last day was past (MS-12) (MS-8).")


def test_the_end_of_the_membership_says_what_is_void() -> None:
    world = earned(member(), ("o1", 200, "2026-03-02 10:00"))
    world.tick("2026-03-03 18:00")
    world.send(cancel_requested(), event_id="e-leave")
    world.tick("2026-03-06 07:30")
    world.send(reserved(50), event_id="e-s1", time="2026-03-06 07:30")
    world.tick("2026-03-06 08:00")
    one = last(world, "points.leave")
    assert one["says"] == (
        "The cancellation of the membership took effect: 200 points are void for good (200 of lot o1), "
        "50 of them had been reserved (MS-16)."
    )
    (notice,) = one["notifications"]
    assert [earlier["notification"] for earlier in notice["earlier"]] == ["points.membership_cancelling"]


def test_the_end_of_the_membership_says_what_debt_is_void() -> None:
    world = member()
    world.tick("2026-03-02 18:00")
    world.send(adjusted(-70), event_id="e-j1")
    world.send(cancel_requested(), event_id="e-leave")
    world.tick("2026-04-01 08:00")
    says = last(world, "points.leave")["says"]
    assert (
        says
        == "The cancellation of the membership took effect: 0 points are void for good, and so is the debt of 70 (MS-16)."
    )


class TestPro:
    def test_lapsed(self) -> None:
        world = pro_member(member())
        world.send(auto_renew(False), event_id="e-off")
        world.tick("2027-03-03 08:00")
        says = last(world, "fee.due")["says"]
        assert says == "The paid term ended on 2027-03-02 and was not renewed: PRO is over (PRO-5)."

    def test_ended(self) -> None:
        world = pro_member(member())
        world.send(("pro.cancel_requested", {}), event_id="e-cancel")
        world.tick("2027-03-03 08:00")
        assert last(world, "fee.due")["says"] == (
            "The paid term ended on 2027-03-02 and was not renewed: PRO is over (PRO-7)."
        )

    def test_told_of_the_renewal_and_of_a_method_that_expires_before(self) -> None:
        world = pro_member(member())
        world.tick("2026-03-03 08:00")
        world.send(added("card-1", expires="2027-02"), event_id="e-card")
        world.tick("2027-01-31 08:00")
        assert last(world, "fee.notice")["says"] == (
            "The member was told of the renewal on 2027-03-02: invoice pro-m-1-2027-03-02, $100.00 (PRO-5)."
        )
        assert last(world, "fee.expiring")["says"] == (
            "Method card-1 expires (2027-02) before the charge on 2027-03-02 (PAY-7)."
        )

    def test_suspended_as_there_is_nothing_to_charge(self) -> None:
        world = pro_member(member())
        world.tick("2027-01-31 08:00")
        world.tick("2027-03-03 08:00")
        assert last(world, "fee.due")["says"] == (
            "Round 0 of invoice pro-m-1-2027-03-02 failed: no_method (PAY-2). The paid term had ended on 2027-03-02, "
            "and invoice pro-m-1-2027-03-02 failed: PRO is suspended (PAY-3)."
        )

    def test_nothing_heard(self) -> None:
        world = pro_member(member())
        world.send(added("card-1"), event_id="e-card")
        world.tick("2027-01-31 08:00")
        world.tick("2027-03-02 08:00")
        world.tick("2027-03-10 08:00")
        assert last(world, "fee.silent")["says"].startswith(
            "Silence counts as a failed payment of pro-m-1-2027-03-02 (PAY-1). Round 0 of invoice "
            "pro-m-1-2027-03-02 failed: no_answer (PAY-2). The paid term had ended on 2027-03-02, and "
        )

    def test_what_is_asked_for_is_told_even_where_nothing_else_is(self) -> None:
        world = pro_member(member())
        for place, card in enumerate(("card-1", "card-2")):
            world.send(added(card, position=place), event_id=f"e-{card}")
        world.tick("2027-01-31 08:00")
        world.tick("2027-03-02 08:00")
        one = last(world, "fee.due")
        assert one["says"] == "$100.00 of invoice pro-m-1-2027-03-02 is asked from method card-1, round 0 (PAY-1)."
        assert one["clause"] == "PAY-1"
        assert [request["attempt_id"] for request in one["requests"]] == ["pro-m-1-2027-03-02-0-card-1"]
        world.tick("2027-03-10 08:00")
        assert last(world, "fee.silent")["says"] == (
            "Silence counts as a failed payment of pro-m-1-2027-03-02 (PAY-1). "
            "$100.00 of invoice pro-m-1-2027-03-02 is asked from method card-2, round 0 (PAY-1)."
        )

    def test_the_fee_of_care_could_come_back_no_more(self) -> None:
        world = member()
        world.send(order(), event_id="e-order", time="2026-03-02 18:00")
        world.send(care_bought(order_id="o1"), event_id="e-care", time="2026-03-02 18:00")
        world.send(care_cancelled(refund=True), event_id="e-ask", time="2026-03-10 18:00")
        world.tick("2026-04-03 18:00")
        assert last(world, "care.refund")["says"] == (
            "The 30 days to get the fee of invoice c1 back are over: order o1 is not all back (CARE-7). "
            "Care ends on 2027-03-02 (CARE-6)."
        )

    def test_turnaround_missed(self) -> None:
        world = pro_member(member())
        for number, fact in enumerate((repair(), step("received"), step("warranty_validated"))):
            world.send(fact, event_id=f"e-r{number}", time="2026-03-09 18:00")
        world.tick("2026-03-20 18:00")
        assert last(world, "repair.turnaround")["says"] == (
            "Repair r1 had not been handed to the carrier when its turnaround ended, 2026-03-13 07:00 UTC (REP-4); "
            "$100.00, the fee of the term from 2026-03-02 to 2027-03-02, goes back (REP-9). "
            "The member was offered a loaner for repair r1 (REP-8). $100.00 of invoice i1 is to be given back (REP-9)."
        )


def test_a_refund_belongs_to_the_answer_that_asked_for_it() -> None:
    """PRO-3 Its cause is the application; the review that completed it shows it."""
    world = member()
    for number, fact in enumerate((applied_for(), paid(), reviewed(approved=False))):
        world.send(fact, event_id=f"e-a{number}")
    [one] = [one for one in told(world, MEMBER) if one["requests"]]
    assert one["event"] is not None
    assert [(request["request"], request["amount"]) for request in one["requests"]] == [("refund.requested", "100.00")]
    assert is_about(one, world.bodies(RefundRequested)[0].refund_id, ZoneInfo(STANDARD.zone))


def test_a_refund_of_which_nothing_is_told_is_found_by_the_charge_whose_money_goes_back() -> None:
    """GEN-2 Money that waited in vain for its invoice."""
    world = member()
    world.send(paid("x", attempt_id="t1"), event_id="e-money")
    world.tick("2026-04-02 18:00")
    [one] = [one for one in told(world, MEMBER) if one["requests"]]
    assert one["notifications"] == []
    for asked, found in (("t1", True), ("e-money", True), ("t2", False)):
        assert is_about(one, asked, ZoneInfo(STANDARD.zone)) == found


class TestGuests:
    def test_reminded_and_missed(self) -> None:
        world, key = World(), f"guest:{'e' * 64}"
        world.send(care_bought(), time="2026-03-02 18:00", member=key)
        money = paid("c1", program="care", amount="179.99")
        world.send(money, time="2026-03-02 18:00", member=key)
        world.tick("2026-03-09 18:00")
        assert last(world, "care.remind", key)["says"] == (
            "The guest was reminded to open an account by 2026-04-01: purchase c1 (CARE-3)."
        )
        world.tick("2026-04-02 18:00")
        assert last(world, "care.unclaimed", key)["says"] == (
            "Nobody opened an account by 2026-04-01: purchase c1 is cancelled (CARE-3). "
            "$179.99 of invoice c1 is to be given back (CARE-3)."
        )


def test_nothing_booked_or_told_is_left_out_of_the_story() -> None:
    world = with_bonus(300, 200)
    world.tick("2026-04-02 12:00")
    story = told(world, MEMBER)
    assert {entry["id"] for one in story for entry in one["ledger"]} == set(world.ids(LedgerEntry))
    assert {notice["id"] for one in story for notice in one["notifications"]} == set(world.ids(Notification))


@pytest.mark.parametrize("source", ["/shop", None, "/memberships"])
def test_an_event_is_no_deadline(source: str | None) -> None:
    assert deadline({"source": source, "id": "x@2026-03-01T00:00:00Z"}) is None


def test_pro_11_force_majeure_has_lasted_long_enough() -> None:
    world = declared()
    world.tick("2026-06-17 07:00")
    assert last(world, "majeure.may_terminate")["says"] == (
        "Force majeure was declared on 2026-06-01 19:00 UTC and has lasted for 15 days: the member was told that they may "
        "leave PRO (PRO-11)."
    )


ESTIMATE = {"repair_id": "r1", "estimate_id": "e1"}
LOAN = {"loan_id": "n1", "model": "ILCE-9M3", "due_on": "2026-07-04", "why": "14 days after its shipment"}


@pytest.mark.parametrize(
    ("what", "kind", "facts", "words"),
    [
        (
            "repair.at_risk",
            "repair.at_risk",
            {"repair_id": "r1", "last_day": "2026-03-12"},
            "The last day of repair r1's turnaround, 2026-03-12, began (REP-8).",
        ),
        (
            "repair.at_risk",
            "repair.loaner_offered",
            {"repair_id": "r1"},
            "The member was offered a loaner for repair r1 (REP-8).",
        ),
        (
            "repair.turnaround",
            "repair.turnaround_missed",
            {"repair_id": "r1", "deadline": "2026-03-13T07:00:00Z", "remedy": "$100.00, the fee, goes back (REP-9)"},
            "Repair r1 had not been handed to the carrier when its turnaround ended, 2026-03-13 07:00 UTC (REP-4); $100.00, "
            "the fee, goes back (REP-9).",
        ),
        (
            "repair.estimate",
            "repair.returned_unrepaired",
            ESTIMATE | {"why": "not answered"},
            "Estimate e1 of repair r1 was not answered: the product goes back unrepaired (REP-6).",
        ),
        (
            "repair.estimate_reminder",
            "repair.estimate_reminder",
            ESTIMATE | {"answer_by": "2026-04-09T07:00:00Z"},
            "The member was reminded to answer estimate e1 of repair r1 before 2026-04-09 07:00 UTC (REP-6).",
        ),
        (
            "loan.due_soon",
            "loan.due_soon",
            LOAN,
            "The member was reminded that loan n1 (ILCE-9M3) is due on 2026-07-04, 14 days after its shipment (LOAN-5).",
        ),
        (
            "loan.due",
            "loan.overdue",
            LOAN,
            "Loan n1 (ILCE-9M3) was due on 2026-07-04, 14 days after its shipment, and is not back: overdue (LOAN-5).",
        ),
        (
            "loan.due",
            "loan.shipped",
            LOAN | {"due_on": None, "why": "while the product is away"},
            "Loan n1 (ILCE-9M3) has no due day yet, while the product is away (LOAN-2).",
        ),
        (
            "loan.invoice_due",
            "membership.suspended",
            {"cause": "loan", "why": "overdue, or with an invoice past due: n1", "loans": ["n1"]},
            "Loaned equipment is overdue, or its invoice is past due (n1): PRO is suspended (LOAN-2).",
        ),
    ],
)
def test_what_a_notice_of_a_repair_or_a_loan_says(what: str, kind: str, facts: dict[str, object], words: str) -> None:
    notice = {"notification": kind, "params": facts, "program": "pro", "clause": "LOAN-2"}
    assert says(Deadline(what, "x", "2026-03-13T07:00:00Z"), [], [notice], []) == words


def test_loan_5_an_invoice_that_a_deadline_issues() -> None:
    invoice = {"request": "invoice.issued", "invoice_id": "i9", "loan_id": "n1", "amount": "2999.99"}
    request = invoice | {"due_on": "2026-08-04", "clause": "LOAN-5"}
    assert says(Deadline("loan.due", "n1", "2026-07-05T07:00:00Z"), [], [], [request]) == (
        "Invoice i9 of $2999.99 is issued for loan n1, due on 2026-08-04 (LOAN-5)."
    )
