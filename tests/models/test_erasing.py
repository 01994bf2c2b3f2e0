"""GEN-7 What is personal goes when that is asked for, once nothing needs it; late facts go on counting."""

from hashlib import sha256
from typing import Any

import pytest

from models.accounts.erasing import UNDECIDED, in_the_way
from models.care.lifecycle import TABLE as CARE
from models.pro.lifecycle import TABLE as PRO
from models.state import APPLIED, ENTRIES, MEMBERS, member_key
from tests.models.facts import (
    MEMBER,
    Fact,
    applied_for,
    booked,
    cancel_requested,
    care_bought,
    erasure,
    joined,
    line,
    loan,
    order,
    registered,
    repair,
    returned,
)
from tests.models.world import World, pro_member

EMAIL = sha256(b"ann@example.com").hexdigest()
KEY = f"guest:{EMAIL}"
PERSONAL = (b"1985-03-09", b'"CA"', EMAIL.encode())


@pytest.fixture
def world() -> World:
    return World()


def account(email: str = EMAIL) -> Fact:
    return "account.opened", {"email_hash": email, "birth_date": "1985-03-09", "state": "CA"}


def left(world: World) -> World:
    """Who joined, bought and left again."""
    world.send(joined(), time="2026-03-01 20:00")
    world.send(order("o1", line("l1", "100.00", 2)), time="2026-03-02 18:00")
    world.send(cancel_requested(), time="2026-03-03 18:00")
    world.tick("2026-03-06 12:00")
    return world


def test_who_has_left_is_erased_and_asked_again_it_changes_nothing(world: World) -> None:
    answer = left(world).send(erasure())
    assert (answer.outcome, answer.clause) == ("applied", "GEN-7")
    assert world.member().erased_at == world.now

    again = world.send(erasure(actor="other"))
    assert (again.outcome, again.reason) == ("duplicate", "already_erased")
    assert world.member().former, "what was settled stays, under the id"


def test_nobody_is_erased_from_ahead_of_now(world: World) -> None:
    """An operator's word counts now, whatever the clock of the tool says."""
    assert world.send(erasure(), time="2029-01-01 12:00").outcome == "applied"


@pytest.mark.parametrize(
    "fact", [joined(), account(), applied_for(), care_bought(), repair(), loan()], ids=lambda f: f[0]
)
def test_nothing_personal_is_taken_in_afterwards(world: World, fact: Fact) -> None:
    left(world).send(erasure())
    before = {key: raw for key, raw in world.tables.items() if key[0] == ENTRIES}

    answer = world.send(fact)

    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "erased", "GEN-7")
    assert {key: raw for key, raw in world.tables.items() if key[0] == ENTRIES} == before
    assert world.transfers == []
    assert world.member().points is world.member().pro is world.member().care is None


def test_a_late_return_is_answered_as_for_anybody_who_has_left(world: World) -> None:
    """MS-11, MS-16 the same answer, erased or not."""
    erased, kept = left(world), left(World())
    erased.send(erasure())
    kept.send(joined(), member="m-2")
    late = returned("r1", l1=1)
    answers = [one.send(late, event_id="late", time="2026-03-05 12:00") for one in (erased, kept)]
    assert [(one.outcome, one.says) for one in answers] == [(answers[1].outcome, answers[1].says)] * 2
    assert answers[0].outcome != "refused"


IN_THE_WAY: dict[str, list[Fact]] = {
    "points_membership": [joined()],
    "open_repair": [registered(), repair()],
    "open_visit": [registered(), booked("v1")],
    "open_loan": [loan(needed_on="2026-04-25")],
    "events_held": [returned("r1", l1=1)],
}


@pytest.mark.parametrize("reason", IN_THE_WAY)
def test_refused_while_something_needs_it(world: World, reason: str) -> None:
    """All that stands in the way is said at once, and nothing is changed."""
    if reason.startswith("open_"):
        pro_member(world)
        world.tick("2026-03-20 12:00")
    for fact in IN_THE_WAY[reason]:
        world.send(fact)
    before, reasons = dict(world.tables), list(in_the_way(world.member()))

    answer = world.send(erasure())

    assert (answer.outcome, answer.reason) == ("refused", reasons[0][0])
    assert reason in dict(reasons)
    assert all(words in answer.says for _, words in reasons)
    assert world.member().erased_at is None
    changed = {table for table, key in world.tables if world.tables[table, key] != before.get((table, key))}
    assert changed == {MEMBERS, APPLIED}, "where it stands, and that it was answered"


def test_pro_and_what_is_due_are_in_the_way_until_the_end(world: World) -> None:
    pro_member(world)
    answer = world.send(erasure())
    assert (answer.outcome, answer.reason) == ("refused", "pro_membership")
    assert "deadlines are ahead" in answer.says


def test_held_events_are_in_the_way_until_they_are_answered(world: World) -> None:
    """GEN-2 at most 30 days, at the very instant."""
    world.send(returned("r1", l1=1), time="2026-03-01 20:00")
    world.tick("2026-03-31 19:59")
    assert world.send(erasure()).reason == "events_held"
    world.tick("2026-03-31 20:00")
    assert world.send(erasure()).outcome == "applied"


def test_every_stage_of_a_paid_membership_is_over_or_in_the_way() -> None:
    stages = set(PRO.values()) | set(CARE.values())
    assert stages - set(UNDECIDED) == {"rejected", "lapsed", "ended", "terminated", "refunded"}


def guest(world: World, *, claimed: bool) -> World:
    """A guest's purchase, and an account that claims it, or never does."""
    bought = care_bought("c1", email_hash=EMAIL, birth_date="1985-03-09", state="CA")
    world.send(bought, member=KEY, time="2026-03-02 18:00")
    if claimed:
        world.send(account(), time="2026-03-03 18:00")
    return world


def test_the_key_of_an_email_goes_whole(world: World) -> None:
    """given an earlier purchase beside the one at hand, then nothing of either is left, nor of the email."""
    guest(world, claimed=True)
    world.send(care_bought("c2", email_hash=EMAIL, state="PR"), member=KEY)
    assert any(fact in raw for raw in world.tables.values() for fact in PERSONAL)

    answer = world.send(erasure(purchases=["c1", "c2"]), member=KEY)

    assert answer.outcome == "applied"
    assert not [key for key in world.tables if EMAIL.encode() in key[1]]
    assert not [raw for raw in world.tables.values() if any(fact in raw for fact in PERSONAL)]
    assert world.send(erasure(), member=KEY).reason == "already_erased"
    assert (MEMBERS, member_key(KEY)) not in world.tables


def test_a_fee_that_went_back_leaves_nothing_under_the_email(world: World) -> None:
    """CARE-3 given a purchase that nobody claimed, whose fee was refunded, then its invoice goes as well."""
    paid_at = {"paid_at": "2026-03-02T18:00:00Z"}
    fee = {"invoice_id": "c1", "method_id": "card", "program": "care", "amount": "179.99"}
    guest(world, claimed=False).send(("payment.succeeded", fee | paid_at), member=KEY)
    world.tick("2026-06-30 12:00")
    assert any(key.startswith(b"invoice|") for _, key in world.tables)

    assert world.send(erasure(), member=KEY).outcome == "applied"

    assert not [key for key in world.tables if EMAIL.encode() in key[1]]


def test_a_purchase_that_waits_for_its_account_is_in_the_way(world: World) -> None:
    answer = guest(world, claimed=False).send(erasure(), member=KEY)
    assert (answer.outcome, answer.reason) == ("refused", "unclaimed_purchase")


def test_the_same_email_begins_anew(world: World) -> None:
    """given an erased key, when the email buys again, then it waits for an account: the one that was is forgotten."""
    guest(world, claimed=True).send(erasure(purchases=["c1"]), member=KEY)
    answer = world.send(care_bought("c3", email_hash=EMAIL), member=KEY)
    assert (answer.outcome, answer.reason) == ("applied", "awaits_account")


def test_no_state_of_a_member_holds_what_is_looked_at_once(world: World) -> None:
    """given all that is told of a person under the own id, then no value of the state has birth date, state or email."""
    pro_member(world)
    personal: dict[str, Any] = {"birth_date": "1985-03-09", "state": "CA"}
    for kind, data in (
        joined(**personal),
        account(),
        applied_for("a2", "i2", **personal),
        care_bought("c1", email_hash=EMAIL, **personal),
    ):
        world.send((kind, data))
    own = [raw for (_, key), raw in world.tables.items() if MEMBER.encode() in key]
    assert own
    assert not [raw for raw in own if any(fact in raw for fact in PERSONAL)]
