"""Given topics in which one thing is not as it was, then the report names the input record from which on history departs."""

from dataclasses import replace

import orjson
import pytest

from audit.books import QUESTIONS as BOOKS
from audit.compare import QUESTIONS as REPLAY
from audit.ids import Ids
from audit.own import QUESTIONS as OWN
from audit.places import Place, Places
from audit.report import Findings
from audit.run import examine
from audit.served import THINGS
from audit.shard import Shard
from audit.start import Start
from audit.transport import QUESTIONS as TRANSPORT
from models import state
from models.policies import STANDARD
from models.state import Member
from tests.audit import depot
from tests.audit.world import START, World, differing


@pytest.fixture
def life() -> World:
    """ann joins and orders twice; pam has PRO, a repair and a loan."""
    world = World(partitions=1)
    world.tick()
    world.join("ann")
    world.order("ann", "A1")
    world.open_pro("pam", "card")
    world.handle()
    depot.something_of_all(world, "pam")
    world.order("ann", "A2")
    world.handle()
    depot.days(world, 6)
    return world


def first(shard: Shard) -> str | None:
    """The report's first offset."""
    findings = Findings({**TRANSPORT, **REPLAY, **BOOKS, **OWN})
    examine(shard, Start(), Ids(), STANDARD, "external", findings)
    return findings.first.name if findings.first else None


def test_nothing_departs_where_nothing_differs(life: World) -> None:
    assert first(life.shard(0)) is None


def test_a_table_departs_where_the_replay_wrote_the_key_last(life: World) -> None:
    shard = life.shard(0)
    value = state.decode(shard.tables[state.MEMBERS][b"ann"], Member)
    value.held += 1
    shard.tables[state.MEMBERS][b"ann"] = state.encode(value)
    assert differing([shard])["tables"].endswith("(from orders[0]@1 on)")
    assert first(shard) == "orders[0]@1"


def test_a_deadline_departs_at_its_tick(life: World) -> None:
    """REP-4 Told at the tick after Thursday was over: the fifth after the first."""
    shard = life.shard(0)
    missed = next(one for one in shard.outputs["notifications"] if b"repair.turnaround_missed" in (one.value or b""))
    shard.outputs["notifications"].remove(missed)
    assert differing([shard])["outputs"].endswith("(from clock[0]@4 on)")


@pytest.mark.parametrize(
    ("topic", "cause"), [("points-ledger", "orders[0]@0"), ("notifications", "memberships[0]@0"), ("decisions", "memberships[0]@0")]
)  # fmt: skip
def test_an_output_departs_at_its_cause(life: World, topic: str, cause: str) -> None:
    """Missing, and with other content."""
    shard = life.shard(0)
    lost = shard.outputs[topic].pop(0)
    if topic != "decisions":  # without it there is no order
        assert differing([shard])["outputs"].endswith(f"(from {cause} on)")
    envelope = orjson.loads(lost.value or b"")
    envelope["data"]["clause"] = "GEN-9"
    shard.outputs[topic].insert(0, replace(lost, value=orjson.dumps(envelope)))
    assert first(shard) == cause


def test_an_invented_output_departs_at_the_event_that_it_names(life: World) -> None:
    shard = life.shard(0)
    notice = next(one for one in shard.outputs["notifications"] if one.key == b"ann")
    envelope = orjson.loads(notice.value or b"") | {"id": "invented"}
    shard.outputs["notifications"].append(replace(notice, value=orjson.dumps(envelope), offset=1_000))
    said = differing([shard])["outputs"]
    assert "is not in the replay" in said
    assert said.endswith("(from memberships[0]@0 on)")


def test_a_thing_departs_where_it_was_told_of_first(life: World) -> None:
    shard = life.shard(0)
    value = state.decode(shard.tables[state.MEMBERS][b"pam"], Member)
    value.loans["n-pam"].paid = 5
    shard.tables[state.MEMBERS][b"pam"] = state.encode(value)
    assert differing([shard])[THINGS].endswith(
        "loan n-pam: paid is 5 in the changelog, 0 in the own account (from loans[0]@0 on)"
    )
    assert first(shard) == "loans[0]@0"


def test_a_record_without_a_decision_departs_there_and_says_so_once(life: World) -> None:
    shard = life.shard(0)
    shard.outputs["decisions"].pop(0)
    assert differing([shard])["answered"] == "memberships[0]@0 has no decision"
    assert first(shard) == "memberships[0]@0"


def test_the_first_of_all_is_the_earliest_in_the_recorded_order(life: World) -> None:
    """Between partitions by their timestamps, within one by their numbers."""
    findings, ms = Findings({"x": "?"}), int(START.timestamp() * 1000)
    for place in (Place(ms, 1, 9, "b"), Place(ms, 1, 4, "a"), Place(ms + 1, 0, 1, "c")):
        findings.differs("x", "it differs", place)
    findings.differs("x", "nobody knows where")
    assert findings.first == Place(ms, 1, 4, "a")
    assert findings.checks()[0].differences[0] == "it differs (from b on)"


def test_what_no_event_names_has_no_place(life: World) -> None:
    shard = life.shard(0)
    places = Places(shard, {})
    assert places.of_thing("pam", "n-pam") is None
    assert places.at(None) is None
