"""The one way in: the order of precedence of the outcomes (GEN-1), decisions' ids, quarantine, wake."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import asdict

from models import applied
from models.decide import RULES, wake
from models.desk import EntryTwiceError, Moment
from models.due import AT_MOST
from models.events import PAYLOADS
from models.outputs import Decided, decision_id
from models.outputs.ledger import EntryKind
from models.points.books import Books, BooksDoNotBalanceError
from models.points.state import LotKey
from models.policies import RULES_VERSION, STANDARD
from models.state import MEMBERS, Due, encode, member_key
from tests.contract.samples import accepted, example
from tests.models.facts import at, joined, line, order, returned
from tests.models.world import World, event


def member() -> World:
    world = World()
    world.send(joined(), event_id="join")
    return world


def test_the_outcomes_in_order_of_precedence() -> None:
    """Each row changes one thing; the first cause that holds is the answer."""
    world = member()
    first = order("o1")
    assert world.send(first, event_id="e1", time="2026-03-02 18:00").outcome == "applied"
    same = {"event_id": "e1", "time": "2026-03-02 18:00"}
    assert world.send(first, **same).outcome == "duplicate"
    assert world.send(first, event_id="e1", time="2026-03-02 18:01").outcome == "conflict"
    assert world.send(order("o1", line(price="1.00")), **same).outcome == "conflict"
    assert world.send(joined(), **same).outcome == "conflict"
    assert world.send(returned("r1", l1=9), event_id="e1").outcome == "conflict", "not refused: the id comes first"
    world.quarantine()
    assert world.send(first, **same).outcome == "dead_lettered"
    assert world.send(returned("r1", l1=9), event_id="e1").outcome == "dead_lettered"
    world.lift()
    assert world.send(first, **same).outcome == "duplicate"
    assert world.send(returned("r2", "o2", l1=1)).outcome == "held"
    assert world.send(returned("r1", l1=9)).outcome == "refused"
    assert world.send(("order.cancelled", {"order_id": "o1", "before_shipment": True})).outcome == "applied"
    assert world.send(returned("r3", l1=1)).outcome == "superseded"
    assert world.balance() == (0, 0)


def test_gen_1_the_source_is_part_of_the_id() -> None:
    world = member()
    world.send(order("o1"), event_id="e1")
    other = event(order("o2"), event_id="e1", time=at("2026-03-02 18:00"), source="/elsewhere")
    assert world.receive(other).outcome == "applied"


def test_gen_1_equal_content_is_equal_after_parsing() -> None:
    world = member()
    kind, data = order("o1")
    world.send((kind, data), event_id="e1", time="2026-03-02 18:00")
    shuffled = dict(reversed(data.items())) | {"placed_at": "2026-03-02T10:00:00-08:00"}
    assert world.send((kind, shuffled), event_id="e1", time="2026-03-02 18:00").outcome == "duplicate"


@pytest.mark.parametrize(("days", "outcome"), [(800, "duplicate"), (801, "applied")])
def test_gen_1_ids_are_remembered_by_the_day_they_arrived(days: int, outcome: str) -> None:
    world = World()
    first = world.send(joined("2020-01-01"), event_id="e1", time="2026-03-01 12:00")
    assert first.outcome == "refused"
    world.now += timedelta(days=days)  # type: ignore[operator]
    world.ids_out.clear()  # nor is anything else that was said so long ago
    again = world.send(joined("2020-01-01"), event_id="e1", time="2026-03-01 12:00")
    assert again.outcome == ("duplicate" if outcome == "duplicate" else "refused")


def test_gen_1_what_may_be_swept() -> None:
    remembered = applied.value(b"x" * 16, at("2026-03-01 12:00"))
    assert not applied.expired(remembered, at("2028-05-09 23:59"), STANDARD)
    assert applied.expired(remembered, at("2028-05-10 00:00"), STANDARD)
    unknown_day = applied.value(b"x" * 16, None)
    assert not applied.expired(unknown_day, at("2099-01-01 00:00"), STANDARD)


def test_an_event_that_is_not_supported_yet_can_be_sent_again() -> None:
    world, shipped = member(), ("order.shipped", {"order_id": "o1"})
    for _ in range(2):
        assert world.send(shipped, event_id="e1", time="2026-03-05 12:00").reason == "not_supported_yet"


def test_an_id_is_spent_by_whatever_answer_it_got() -> None:
    """GEN-1 Also by one that says that another event told the same before."""
    world = member()
    world.send(order("o1"), event_id="e1")
    assert world.send(order("o1", line(price="1.00")), event_id="e2").reason == "other_content"
    assert world.send(joined(), event_id="e3").reason == "already_member"
    for spent in ("e2", "e3"):
        assert world.send(order("o2"), event_id=spent).outcome == "conflict"


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_every_event_type_of_the_contract_gets_an_answer(name: str) -> None:
    world = World()
    answer = world.receive(accepted(example(name)))
    assert answer.says.endswith(".")
    if PAYLOADS[name] not in RULES:
        assert (answer.outcome, answer.reason) == ("refused", "not_supported_yet")
        assert (world.notices, world.requests) == ([], [])
    assert answer.rules_version == RULES_VERSION


def test_a_decision_names_its_record_and_its_id_is_a_function_of_it() -> None:
    world = member()
    answer = world.send(order("o1"), event_id="e1")
    assert world.ids(Decided)[-1] == decision_id("orders", 3, 0, "decided")
    assert asdict(answer.event) == {
        "source": "/shop", "id": "e1", "type": "order.placed.v1", "topic": "orders", "partition": 3, "offset": 0,
    }  # fmt: skip
    assert (answer.seq, answer.now) == (2, world.now)


def test_the_hot_value_knows_up_to_where_it_is_decided() -> None:
    world = member()
    world.send(order("o1"))
    world.send(order("o2"))
    found = world.member()
    assert found.as_of == {"memberships-3": 0, "orders-3": 1}
    assert (found.revision, found.changed_at) == (world.seq, world.now)


def test_what_concerns_everybody_is_nobodys_state() -> None:
    world = World()
    world.receive(accepted(example("force_majeure.declared.v1")))
    assert {table for table, _ in world.tables} == {"entries", "applied"}


def test_a_quarantined_member_is_set_aside_alone_even_if_its_value_cannot_be_read() -> None:
    world = member()
    world.send(returned("r1", l1=1))
    world.tables[MEMBERS, member_key("m-1")] = b"\x01 not msgpack"
    world.quarantine("books")
    world.quarantine("again")
    answer = world.send(order("o1"))
    assert (answer.outcome, answer.reason) == ("dead_lettered", "quarantined")
    world.tick("2027-01-01 00:00")
    assert world.due == {}
    assert world.send(joined(), member="m-2").outcome == "applied"


def test_ms_20_books_that_do_not_balance_raise_and_nothing_is_collected() -> None:
    world = member()
    world.send(order("o1"))
    broken = world.member()
    assert broken.points
    broken.points.lots.left += 1
    world.tables[MEMBERS, member_key("m-1")] = encode(broken)
    before = dict(world.tables)
    with pytest.raises(BooksDoNotBalanceError, match="available 796"):
        world.send(order("o2"))
    assert world.tables == before


def test_ms_20_two_entries_of_one_id_raise_and_nothing_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of ours that books the same movement twice: its entries would be taken for one by all who read the ledger."""
    world, booked = member(), Books.give

    def twice(books: Books, kind: EntryKind, lot: LotKey, amount: int, clause: str) -> None:
        booked(books, kind, lot, 1, clause)
        booked(books, kind, lot, amount - 1, clause)

    monkeypatch.setattr(Books, "give", twice)
    before = dict(world.tables)
    with pytest.raises(EntryTwiceError):
        world.send(order("o1"))
    assert world.tables == before


def test_wake_does_a_bounded_portion_and_says_that_more_is_due() -> None:
    world = member()
    found = world.member()
    found.due = [Due(at("2026-01-01 00:00"), "repair.turnaround", f"r{n}") for n in range(AT_MOST + 1)]
    world.tables[MEMBERS, member_key("m-1")] = encode(found)
    woken = wake("m-1", world.read, Moment(9, at("2026-02-01 00:00"), "clock", 3, 1))
    assert woken.due == at("2026-01-01 00:00")
    assert world.member().due[AT_MOST:] == found.due[AT_MOST:]


@pytest.mark.parametrize("now", [None, at("2025-12-31 23:59")])
def test_wake_before_anything_is_due_changes_nothing(now: Any) -> None:
    world = member()
    world.send(returned("r1", l1=1))
    woken = wake("m-1", world.read, Moment(9, now, "clock", 3, 1))
    assert (woken.changes, woken.due) == ({}, world.due["m-1"])
    assert wake("nobody", world.read, Moment(9, now, "clock", 3, 1)).due is None


def test_deciding_twice_is_deciding_once() -> None:
    """The same records in the same order give the same bytes: replay, rebuild and audit rest on it."""
    sent = [
        event(fact, event_id=f"e{n}", time=at("2026-03-02 18:00"))
        for n, fact in enumerate([joined(), order("o1"), returned("r1", l1=1)])
    ]
    worlds = [World(), World()]
    for world in worlds:
        for one in sent:
            world.receive(one)
    assert worlds[0].tables == worlds[1].tables
