"""GEN-2: events that come before what they are about wait, settle in their own order, or are refused in the end."""

import orjson
import pytest
from pydantic import ValidationError

from models.events import EVENT
from models.outputs import Decided
from models.policies import Policies
from tests.models.facts import at, cancelled, joined, line, order, return_rejected, returned
from tests.models.world import World, event


def member() -> World:
    world = World(now="2026-03-01 20:00")
    world.send(joined())
    return world


def test_gen_2_a_return_before_its_order_is_held_and_settled_with_it() -> None:
    world = member()
    first = world.send(returned("r1", l1=1), event_id="ret")
    assert (first.outcome, first.reason, first.clause) == ("held", "awaits_order", "GEN-2")
    assert world.member().held == 1
    world.send(order("o1"))
    own, settled = world.decisions[-2:]
    assert (own.event.id, own.outcome) != (settled.event.id, settled.outcome)
    assert (settled.event.id, settled.event.topic, settled.event.offset) == ("ret", "returns", 0)
    assert (settled.outcome, settled.seq) == ("applied", own.seq)
    assert len(set(world.ids(Decided))) == len(world.decisions)
    assert world.balance() == (0, 0)
    assert (world.member().held, [due.what for due in world.member().due]) == (0, ["points.remind", "points.expire"])
    assert not [key for table, key in world.tables if key.startswith((b"held|", b"waiting|"))]


def test_gen_2_held_events_settle_by_time_source_and_id_and_chains_in_depth() -> None:
    world = member()
    world.send(returned("r2", l1=1), event_id="b", time="2026-03-06 12:00")
    world.send(return_rejected("r1"), event_id="x", time="2026-03-05 12:00")
    world.send(returned("r1", l1=2), event_id="a", time="2026-03-04 12:00")
    world.send(returned("r3", l1=1), event_id="a2", time="2026-03-06 12:00")
    world.send(order("o1", line(quantity=2)), event_id="o")
    assert [decision.event.id for decision in world.decisions[-5:]] == ["o", "a", "x", "a2", "b"]
    assert {decision.outcome for decision in world.decisions[-5:]} == {"applied"}
    assert world.balance() == (0, 0)


def test_gen_2_the_same_held_event_again_is_a_duplicate() -> None:
    world = member()
    world.send(returned("r1", l1=1), event_id="ret", time="2026-03-04 12:00")
    again = world.send(returned("r1", l1=1), event_id="ret", time="2026-03-04 12:00")
    assert again.outcome == "duplicate"
    assert world.member().held == 1


def test_gen_2_thirty_days_after_holding_it_is_refused_not_a_second_earlier() -> None:
    world = member()
    world.send(returned("r1", l1=1), event_id="ret", time="2026-02-01 12:00")
    assert world.due == {"m-1": world.now.replace(month=3, day=31)}  # type: ignore[union-attr]
    world.tick("2026-03-31 19:59:59")
    assert len(world.decisions) == 2
    world.tick("2026-03-31 20:00:00")
    refused = world.decisions[-1]
    assert (refused.outcome, refused.reason, refused.event.id) == ("refused", "partner_never_arrived", "ret")
    assert (world.due, world.member().held) == ({}, 0)
    world.send(order("o1"))
    assert world.balance() == (398, 0)


def test_gen_4_a_hold_that_ended_while_the_system_was_down_is_refused_once() -> None:
    world = member()
    world.send(returned("r1", l1=1))
    world.tick("2026-09-01 00:00")
    world.tick("2026-10-01 00:00")
    assert [d.reason for d in world.decisions].count("partner_never_arrived") == 1


def test_gen_2_each_of_several_has_its_own_thirty_days() -> None:
    world = member()
    world.send(returned("r1", l1=1), event_id="early")
    world.tick("2026-03-11 20:00")
    world.send(cancelled(), event_id="late")
    world.tick("2026-03-31 20:00")
    assert [d.event.id for d in world.decisions if d.reason == "partner_never_arrived"] == ["early"]
    world.send(order("o1"))
    assert world.decisions[-1].event.id == "late"
    assert world.balance() == (0, 0)


def test_gen_2_before_the_first_tick_nothing_is_due_and_the_days_count_from_it() -> None:
    world = World(now=None)
    world.send(returned("r1", l1=1), time="2020-01-01 00:00")
    world.tick("2026-03-01 00:00")
    assert len(world.decisions) == 1, "the first tick only starts the count"
    world.tick("2026-03-30 23:59:59")
    assert len(world.decisions) == 1
    world.tick("2026-03-31 00:00")
    assert world.decisions[-1].reason == "partner_never_arrived"


def test_gen_2_a_member_cannot_make_us_hold_without_end() -> None:
    world = World(policies=Policies(held_at_most=2))
    answers = [world.send(returned(f"r{n}", f"o{n}", l1=1)) for n in range(3)]
    assert [answer.outcome for answer in answers] == ["held", "held", "refused"]
    assert answers[-1].reason == "too_many_held"


def test_gen_2_two_members_do_not_settle_each_others_events() -> None:
    world = World()
    world.send(returned("r1", l1=1), member="m-2")
    world.send(order("o1"), member="m-1")
    assert world.member("m-2").held == 1


def test_gen_1_an_event_that_found_no_room_to_wait_can_be_sent_again() -> None:
    world = World(policies=Policies(held_at_most=1))
    world.send(returned("r1", "o1", l1=1))
    assert world.send(returned("r2", "o2", l1=1), event_id="again", time="2026-03-05 12:00").reason == "too_many_held"
    world.send(joined(), time="2026-03-01 12:00")
    world.send(order("o1"))
    world.send(order("o2"))
    answer = world.send(returned("r2", "o2", l1=1), event_id="again", time="2026-03-05 12:00")
    assert answer.outcome == "applied"


@pytest.mark.parametrize(
    ("time", "readable"),
    [
        ("2000-01-01T00:00:00+05:00", False),  # still 1999 in UTC
        ("2000-01-01T05:00:00+05:00", True),
        ("2099-12-31T23:59:59-05:00", False),  # 2100 already
        ("2099-12-31T18:59:59-05:00", True),
    ],
)
def test_gen_2_whatever_instant_is_readable_can_be_held_and_settled(time: str, readable: bool) -> None:
    """An instant's years are those of UTC, in which a held event is kept."""
    kind, data = returned("r1", l1=1)
    envelope = {"specversion": "1.0", "id": "ret", "source": "/shop", "type": f"{kind}.v1", "subject": "m-1"}
    raw = orjson.dumps(envelope | {"time": time, "data": data})
    if not readable:
        with pytest.raises(ValidationError):
            EVENT.validate_json(raw)
        return
    world = member()
    assert world.receive(EVENT.validate_json(raw)).outcome == "held"
    world.send(order("o1"))
    assert (world.decisions[-1].event.id, world.decisions[-1].outcome) == ("ret", "applied")


def test_no_value_of_an_event_is_in_the_error_about_it() -> None:
    """A traceback may go to a log or into a dead letter: a birth date must not."""
    with pytest.raises(ValidationError) as error:
        event(joined("1990-05-05T00:00"), event_id="e", time=at("2026-03-05 12:00"))
    assert "1990" not in str(error.value)
    with pytest.raises(ValidationError) as error:
        EVENT.validate_json(b'{"subject": "secret"}')
    assert "secret" not in str(error.value)
