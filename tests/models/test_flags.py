"""GEN-6 What support has to look at is on the member's document: once for each thing, the latest."""

from models.state import FLAGS
from models.view import view
from tests.models.facts import care_bought, care_paid, failed, order, paid
from tests.models.world import World, member, pro_member


def test_gen_6_what_is_wrong_with_a_thing_is_flagged_once() -> None:
    world = pro_member(World())
    for number in range(2):
        answer = world.send(paid("i1", program="care", amount="179.99"), time=f"2026-03-0{3 + number} 18:00")
        assert answer.reason == "other_program"
        assert answer.says.endswith("support has to look at it (PAY-8).")
    assert view("m-1", world.member())["flags"] == [
        {
            "at": "2026-03-02T18:00:00Z",
            "code": "other_program",
            "about": "i1",
            "clause": "PAY-8",
            "says": "Invoice i1 is one of pro, not of care, and nothing changes",
        }
    ]


def test_the_latest_flags_are_shown() -> None:
    world = member()
    for number in range(FLAGS + 2):
        world.send(order(f"o{number:02}", points_redeemed=100_000), time=f"2026-03-02 18:{number:02}")
    assert [flag.about for flag in world.member().flags] == [f"o{number:02}" for number in range(2, FLAGS + 2)]
    assert {flag.code for flag in world.member().flags} == {"debt"}


def test_care_1_a_purchase_whose_payment_failed_is_flagged() -> None:
    world = member()
    world.send(order("o1"), time="2026-03-02 18:00")
    world.send(care_bought(order_id="o1"), time="2026-03-02 18:00")
    world.send(failed("c1", program="care"), time="2026-03-02 18:01")
    assert [(flag.code, flag.about, flag.clause) for flag in world.member().flags] == [
        ("unpaid_purchase", "c1", "CARE-8")
    ]
    world.send(care_paid(), time="2026-03-02 18:05")
    assert world.member().flags == []
