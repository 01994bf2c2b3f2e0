"""The read side's document: what it shows, JSON-ready, from the hot value alone."""

import json
from typing import Any

from models.state import MEMBERS, Member, member_key
from models.view import view
from tests.models.facts import (
    added,
    cancel_requested,
    care_bought,
    joined,
    line,
    order,
    repair,
    reserved,
    returned,
    set_free,
    step,
)
from tests.models.promised import promised
from tests.models.world import World, pro_member


def shown(world: World) -> dict[str, Any]:
    document = view("m-1", world.member(), generation=2)
    loaded: dict[str, Any] = json.loads(json.dumps(document))
    assert loaded == document, "nothing in it needs converting"
    return loaded


def test_nothing_known_yet() -> None:
    document = view("m-1", Member())
    assert (document["points"], document["memberships"], document["repairs"]) == (None, {}, [])


def test_care_3_what_a_guest_bought_and_until_when_it_can_be_claimed() -> None:
    world, key = World(), f"guest:{'e' * 64}"
    world.send(care_bought(), time="2026-03-02 18:00", member=key)
    assert view(key, world.member(key))["memberships"] == {
        "care": {
            "status": "unclaimed",
            "causes": [],
            "term": None,
            "auto_renew": None,
            "purchase": "c1",
            "claim_before": "2026-04-02T07:00:00Z",
            "account": None,
        }
    }


def test_ms_19_the_balance_with_its_full_expiry_schedule() -> None:
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    bonus = {"offer_id": "x", "points": 50, "expires_on": "2026-06-30"}
    world.send(order("o1", line(price="100.00", bonus=bonus), placed_at="2026-03-02 18:00"))
    world.send(order("o2", line(price="10.00"), placed_at="2026-03-02 19:00"))
    world.send(order("o3", line(price="1.00"), placed_at="2026-03-05 19:00"))
    world.send(returned("r1", "o3", l1=1))
    document = shown(world)
    assert document["points"] == {
        "available": 270,
        "reserved": 0,
        "debt": 0,
        "next_expiry": {"expires_on": "2026-06-30", "points": 50},
        "expiry_schedule": [{"expires_on": "2026-06-30", "points": 50}, {"expires_on": "2028-03-02", "points": 220}],
        "lifetime": {"earned": 272, "taken_back": 2, "redeemed": 0, "expired": 0, "forfeited": 0, "adjusted": 0},
        "ends_at": None,
        "reservations": [],
    }
    assert document["memberships"]["points"]["status"] == "active"
    assert document["former"] == []
    assert (document["generation"], document["revision"]) == (2, world.seq)
    assert document["as_of"] == {"memberships-3": 0, "orders-3": 2, "returns-3": 0}
    assert document["updated_at"] == "2026-03-01T20:00:00Z"


def test_ms_19_reserved_points_are_shown_but_are_not_to_be_spent() -> None:
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    world.send(order("o1", line(price="10.00")), time="2026-03-02 18:00")
    world.send(reserved(5, "s1"), time="2026-03-02 19:00")
    world.send(reserved(3, "s2"), time="2026-03-02 18:30")
    points = shown(world)["points"]
    assert (points["available"], points["reserved"], points["next_expiry"]["points"]) == (12, 8, 12)
    assert points["reservations"] == [
        {"reservation_id": "s2", "until": "2026-03-02T19:30:00Z"},
        {"reservation_id": "s1", "until": "2026-03-02T20:00:00Z"},
    ]
    world.send(set_free("s2"), time="2026-03-02 18:40")
    assert [one["reservation_id"] for one in shown(world)["points"]["reservations"]] == ["s1"]
    world.tick("2026-03-02 20:00")
    points = shown(world)["points"]
    assert (points["reserved"], points["reservations"], points["next_expiry"]["points"]) == (0, [], 20)


def test_ms_16_memberships_that_have_ended_stay_known() -> None:
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    world.send(cancel_requested(), time="2026-03-16 19:00")
    world.tick("2026-03-19 07:00")
    past = {"program": "points", "from": "2026-03-01T20:00:00Z", "to": "2026-03-19T07:00:00Z"}
    assert (shown(world)["points"], shown(world)["memberships"], shown(world)["former"]) == (None, {}, [past])
    world.send(joined(), event_id="again", time="2026-04-01 20:00")
    assert (shown(world)["memberships"]["points"]["since"], shown(world)["former"]) == ("2026-04-01T20:00:00Z", [past])


def test_a_pro_membership_with_its_term_next_charge_and_benefits() -> None:
    pro = shown(pro_member(World()))["memberships"]["pro"]
    assert (pro["status"], pro["causes"], pro["auto_renew"]) == ("active", [], True)
    assert pro["term"] == {"from": "2026-03-02", "to": "2027-03-02"}
    assert pro["next_charge"] == {"on": "2027-03-02", "amount": "100.00"}
    assert pro["benefits"]["repair_discount_percent"] == 20


def test_pay_4_suspended_has_no_benefits_and_no_next_charge() -> None:
    world = pro_member(World())
    world.tick("2027-02-01 12:00")
    world.tick("2027-03-02 12:00")
    pro = shown(world)["memberships"]["pro"]
    assert (pro["status"], pro["causes"], pro["open_invoice"]) == ("suspended", ["payment"], "pro-m-1-2027-03-02")
    assert (pro["benefits"], pro["next_charge"]) == ({}, None)


def test_pay_2_what_comes_next_of_a_fee_is_shown() -> None:
    world = pro_member(World())
    dates = {"renewal_announced": "2027-01-31T08:00:00Z", "methods_checked": "2027-01-31T08:00:00Z"}
    assert shown(world)["memberships"]["pro"]["ahead"] == dates | {"fee_due": "2027-03-02T08:00:00Z"}
    world.send(added("card-1"), time="2026-03-03 18:00")
    world.tick("2027-01-31 08:00")
    world.tick("2027-03-02 08:00")
    assert shown(world)["memberships"]["pro"]["ahead"] == {"answer_awaited_until": "2027-03-09T08:00:00Z"}
    world.tick("2027-03-09 08:00")
    dates = {"charged_again": "2027-03-12T08:00:00Z", "lapsed": "2027-05-08T07:00:00Z"}
    assert shown(world)["memberships"]["pro"]["ahead"] == dates
    world.tick("2027-05-08 07:00")
    assert shown(world)["memberships"]["pro"]["ahead"] == {}


def test_rep_10_a_repair_shows_its_clock_and_promise() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-05 15:00")
    assert promised(world.member(), "repair.turnaround") == []
    world.send(step("warranty_validated"), event_id="val", time="2026-06-05 20:00")
    document = shown(world)
    [found] = document["repairs"]
    assert found["status"] == "in_repair"
    assert found["turnaround"]["started_by"] == {"source": "/shop", "id": "val"}
    assert found["turnaround"]["days"][:2] == [
        {"day": "2026-06-06", "skipped": "Saturday"},
        {"day": "2026-06-07", "skipped": "Sunday"},
    ]
    [promise] = promised(world.member(), "repair.turnaround")
    options = [
        "Sony: hand the repaired product to the carrier",
        "Sony: ship a loaner before the deadline, so that no fee goes back (REP-9)",
        "member: ask for a loaner (REP-8)",
    ]
    assert promise == {
        "what": "repair r1 handed to the carrier",
        "due": "2026-06-11T07:00:00Z",
        "clause": "REP-4",
        "state": "open",
        "kind": "repair.turnaround",
        "ref": "r1",
        "program": "pro",
        "by": "sony",
        "to": "member",
        "started_at": "2026-06-05T20:00:00Z",
        "started_by": {"source": "/shop", "id": "val"},
        "counts": "3 business days",
        "days": found["turnaround"]["days"],
        "calendar": found["turnaround"]["calendar"],
        "options": options,
        "remedy": "a loaner; without one by then the fee of the term in which the clock started goes back (REP-9)",
    }
    world.tick("2026-06-11 07:00")
    [missed] = promised(world.member(), "repair.turnaround")
    assert (missed["state"], missed["options"]) == ("missed", [options[0], options[2]])
    assert missed["remedy"] == "$100.00, the fee of the term from 2026-03-02 to 2027-03-02, goes back (REP-9)"


def test_a_kept_promise() -> None:
    world = pro_member(World())
    world.send(repair(), time="2026-06-05 15:00")
    world.send(step("warranty_validated"), time="2026-06-05 20:00")
    world.send(step("handed_to_carrier"), time="2026-06-08 20:00")
    assert [promise["state"] for promise in promised(world.member(), "repair.turnaround")] == ["kept"]


def test_a_quarantine_is_shown_until_it_is_lifted() -> None:
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    assert shown(world)["quarantined"] is None
    world.quarantine("BooksDoNotBalanceError")
    document = shown(world)
    assert document["quarantined"] == {"reason": "BooksDoNotBalanceError", "since": "2026-03-01T20:00:00Z"}
    assert document["revision"] == world.seq, "newer than what was shown before"
    assert document["memberships"]["points"]["status"] == "active"
    world.quarantine("again")
    assert shown(world)["quarantined"] == document["quarantined"]
    world.lift()
    assert (shown(world)["quarantined"], shown(world)["revision"]) == (None, world.seq)
    assert world.send(order("o1"), time="2026-03-02 18:00").outcome == "applied"


def test_one_whose_very_first_event_failed_is_shown_as_quarantined() -> None:
    world = World()
    world.quarantine()
    assert shown(world)["quarantined"]["reason"] == "internal_error"


def test_a_value_that_cannot_be_read_is_left_as_it_is() -> None:
    for broken in (b"\x01 not msgpack", b"", b"\xff\x90"):
        world = World()
        world.send(joined())
        world.tables[MEMBERS, member_key("m-1")] = broken
        world.quarantine()
        assert world.send(joined()).reason == "quarantined"
        assert world.tables[MEMBERS, member_key("m-1")] == broken
