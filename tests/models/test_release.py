"""MS-20 The way back for a member who was set aside: an event like any other, decided in spite of the quarantine."""

import pytest
from msgspec import DecodeError

from models.state import ENTRIES, MEMBERS, Quarantine, decode, entry_key, member_key
from tests.models.facts import joined, order, released, returned
from tests.models.world import World


@pytest.fixture
def world() -> World:
    """A member."""
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    return world


def quarantines(world: World) -> dict[str, str]:
    """Entry id ("" for a standing one) -> reason."""
    prefix = entry_key(Quarantine.KIND, "m-1", "")
    return {
        key.removeprefix(prefix).decode(): decode(raw, Quarantine).reason
        for (table, key), raw in world.tables.items()
        if table == ENTRIES and key.startswith(prefix)
    }


def test_it_is_decided_for_a_quarantined_member_whose_events_are_decided_again(world: World) -> None:
    world.quarantine("BooksDoNotBalanceError")
    number = world.seq
    assert world.send(order("o1")).reason == "quarantined"

    answer = world.send(released())

    assert (answer.outcome, answer.reason, answer.clause) == ("applied", None, "MS-20")
    assert f"(BooksDoNotBalanceError, since decision {number})" in answer.says
    assert world.member().quarantined is None
    assert world.send(order("o1")).outcome == "applied"
    assert quarantines(world) == {str(number): "BooksDoNotBalanceError"}, "kept under its number"


def test_who_is_not_quarantined_is_not_released(world: World) -> None:
    answer = world.send(released())
    assert (answer.outcome, answer.reason) == ("superseded", "not_quarantined")
    assert "nothing to lift" in answer.says


def test_the_same_release_again_does_not_lift_the_next_quarantine(world: World) -> None:
    """GEN-1 given a release sent twice, then the second lifts nothing, and works no deadline off."""
    world.send(returned("r1", l1=1))
    world.quarantine("first")
    assert world.send(released(), event_id="x").outcome == "applied"
    world.quarantine("second")
    world.tick("2026-05-01 12:00")

    assert world.send(released(), event_id="x", time="2026-03-01 20:00").outcome == "duplicate"
    assert world.send(released(actor="other"), event_id="x").outcome == "conflict"

    assert world.send(order("o1")).reason == "quarantined"
    assert world.member().held == 1
    assert sorted(quarantines(world).values()) == ["first", "second"]


def test_a_quarantine_a_release_and_a_quarantine_again_are_both_kept(world: World) -> None:
    for reason in ("first", "second"):
        world.quarantine(reason)
        world.send(released())
    assert sorted(quarantines(world).values()) == ["first", "second"]
    assert "" not in quarantines(world)


def test_a_member_whose_value_cannot_be_read_stays_set_aside(world: World) -> None:
    """given a broken value, then the release raises and so becomes a dead letter; once mended, the next one lifts."""
    mended = world.tables[MEMBERS, member_key("m-1")]
    world.tables[MEMBERS, member_key("m-1")] = b"\x01 not msgpack"
    world.quarantine("DecodeError")
    with pytest.raises(DecodeError):
        world.send(released())
    assert list(quarantines(world)) == [""]

    world.tables[MEMBERS, member_key("m-1")] = mended
    assert world.send(released()).outcome == "applied"


@pytest.mark.parametrize(("now", "left"), [("2026-03-31 19:59", "held"), ("2026-03-31 20:00", "given up")])
def test_what_came_due_meanwhile_is_worked_off_before_what_was_set_aside(world: World, now: str, left: str) -> None:
    """GEN-2 given a return held for 30 days, when its order was set aside and the release comes, then time counts first."""
    world.send(returned("r1", l1=1))
    world.quarantine()
    world.tick(now)
    assert world.send(order("o1")).reason == "quarantined"

    world.send(released())
    assert world.send(order("o1")).outcome == "applied"

    [settled] = [d for d in world.decisions if d.event.type == "return.completed.v1" and d.outcome != "held"]
    assert (settled.outcome, settled.reason) == {
        "held": ("applied", None),
        "given up": ("refused", "partner_never_arrived"),
    }[left]
    assert "held" not in {due.what for due in world.member().due}


def test_deadlines_that_lie_ahead_are_there_again(world: World) -> None:
    world.send(returned("r1", l1=1))
    due = dict(world.due)
    world.quarantine()
    assert world.due == {}
    world.send(released())
    assert world.due == due
