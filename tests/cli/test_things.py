"""How repairs, loans, visits and promises look on a member's card: status, what is owed, what can be done next."""

import io
from typing import Any

from rich.console import Console

from cli import cards
from cli.things import LISTED
from models.view import view
from tests.models.facts import cancel_requested, repair, step
from tests.models.world import World, member, pro_member

LOAN: dict[str, Any] = {
    "loan_id": "n-1",
    "kind": "evaluation",
    "model": "SEL2470GM2",
    "status": "overdue",
    "needed_on": "2026-06-20",
    "reasons": [],
    "insurance": "not_needed",
    "due": {"on": "2026-07-04", "is_certain": True, "why": "14 days after shipment"},
}
PROMISE: dict[str, Any] = {
    "what": "loan n-1 (SEL2470GM2) returned",
    "due": "2026-07-05T07:00:00Z",
    "clause": "LOAN-1",
    "state": "missed",
    "kind": "loan.due",
    "ref": "n-1",
    "by": "member",
    "options": ["send it back with the prepaid label", "pay its invoice"],
    "remedy": "an invoice of the retail value",
}
EMPTY: dict[str, Any] = {"memberships": {}, "revision": 1, "updated_at": None, "promises": []}


def lines(document: dict[str, Any]) -> list[str]:
    console = Console(file=io.StringIO(), width=160)
    console.print(cards.member("m-1", document))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return [" ".join(line.strip("│ ").split()) for line in text.splitlines()]


def in_repair() -> World:
    world = pro_member(World())
    world.send(repair(), time="2026-03-09 18:00")
    world.send(step("warranty_validated"), time="2026-03-09 19:00")
    return world


def test_a_repair_with_its_clock_once() -> None:
    world = in_repair()
    found = lines(view("m-1", world.member()))
    [head] = [line for line in found if line.startswith("repairs r1")]
    assert "ILCE-7M4" in head
    [clock] = [line for line in found if "handed to the carrier" in line]
    assert clock == "open repair r1 handed to the carrier until 2026-03-13 07:00 UTC REP-4"
    assert "so: " not in "\n".join(found)
    world.tick("2026-03-13 07:00")
    found = lines(view("m-1", world.member()))
    missed = found.index("missed repair r1 handed to the carrier since 2026-03-13 07:00 UTC REP-4")
    remedy = "$100.00, the fee of the term from 2026-03-02 to 2027-03-02, goes back (REP-9)"
    assert found[missed + 1] == f"so: {remedy}"


def test_a_loan_with_what_can_be_done() -> None:
    found = lines(EMPTY | {"loans": [LOAN], "promises": [PROMISE]})
    for line in (
        "loans n-1 overdue SEL2470GM2 evaluation due on 2026-07-04, 14 days after shipment",
        "missed loan n-1 (SEL2470GM2) returned by the member since 2026-07-05 07:00 UTC LOAN-1",
        "so: an invoice of the retail value",
        "next: send it back with the prepaid label; or pay its invoice",
    ):
        assert line in found


def test_a_loan_that_is_refused_says_why() -> None:
    reasons = [{"code": "too_soon", "says": "asked for 3 days ahead"}]
    refused = LOAN | {"status": "refused", "reasons": reasons, "due": None, "insurance": "missing"}
    found = lines(EMPTY | {"loans": [refused]})
    assert "loans n-1 refused SEL2470GM2 evaluation needed on 2026-06-20 insurance is missing" in found
    assert "asked for 3 days ahead" in found


def test_visits_with_the_counts_of_the_year() -> None:
    year = {"left": 1, "booked": 1, "done": 1, "term": {"from": "2026-03-02", "to": "2027-03-02"}}
    visit = {"cleaning_id": "v-1", "status": "booked", "visit_charged": True, "reasons": []}
    products = [{"serial": "S1", "kind": "body"}, {"serial": "S2", "kind": "lens"}]
    found = lines(EMPTY | {"cleanings": year | {"visits": [visit | {"products": products}] * (LISTED + 1)}})
    assert "cleanings 1 left 1 booked 1 done in the year from 2026-03-02 to 2027-03-02" in found
    assert found.count("v-1 booked body S1, lens S2 charged") == LISTED
    assert "and 1 more (--json)" in found


def test_of_a_cancelled_visit_nothing_is_charged() -> None:
    year = {"left": 0, "booked": 0, "done": 3, "term": {"from": "2026-03-02", "to": "2027-03-02"}}
    visit = {"cleaning_id": "v-1", "status": "cancelled", "visit_charged": True, "reasons": []}
    found = lines(EMPTY | {"cleanings": year | {"visits": [visit | {"products": [{"serial": "S1", "kind": "body"}]}]}})
    assert "v-1 cancelled body S1" in found


def test_a_status_is_told_in_words() -> None:
    assert any(line.startswith("repairs r1 in repair ") for line in lines(view("m-1", in_repair().member())))


def test_other_promises_have_a_line_each() -> None:
    world = member()
    world.send(cancel_requested(), time="2026-03-10 19:00")
    found = lines(view("m-1", world.member()))
    assert "promises open the points membership ended until 2026-03-13 07:00 UTC MS-16" in found


def test_of_many_promises_only_the_soonest_are_shown() -> None:
    many = [PROMISE | {"kind": "held", "ref": f"order|o-{number}"} for number in range(LISTED + 2)]
    assert "and 2 more (memberships promises)" in lines(EMPTY | {"promises": many})
