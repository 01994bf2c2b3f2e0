"""Given an audit that begins where another ended, then it finds what one from the first record would."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog

from agents import handle
from audit.books import Book
from audit.plain import pack
from audit.shard import Shard
from audit.topics import Stored
from audit.transport import own_and_settled
from models import state
from models.catalogue import TRANSFER
from tests.audit.changes import data_id, edited, older
from tests.audit.test_replayed import left_over
from tests.audit.test_service_corners import corners
from tests.audit.world import Auditor, Place, World, a_small_shop

HANDLE = World.handle
Change = Callable[[list[Stored]], list[Stored]]


class Chain:
    """Audits what was handled since the last time, each time from what the audit before has saved."""

    def __init__(self) -> None:
        self.auditor, self.begin, self.links = Auditor(), dict[Place, int](), 0

    def audit(self, shards: list[Shard]) -> dict[str, str]:
        """The first difference of each check that is not clean."""
        checks = self.auditor.audited(shards)
        return {name: check.differences[0] for name, check in checks.items() if check.state != "clean"}

    def go_on(self, world: World) -> dict[str, str]:
        """Audit, then save what the next one begins from."""
        found = self.audit(world.shards(self.begin))
        self.auditor, self.begin, self.links = self.auditor.saved(), world.ends(), self.links + 1
        return found


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    """One that goes on each time that workers are through with what there is, and insists on all being clean."""
    chain = Chain()

    def handle_and_audit(world: World) -> None:
        HANDLE(world)
        transfers = world.catalogue.name(TRANSFER.role)
        waiting = [p for p in list(world.topics) if p[0] == transfers and world.committed[p] < len(world.topics[p])]
        if not waiting:
            assert chain.go_on(world) == {}

    monkeypatch.setattr(World, "handle", handle_and_audit)
    return chain


def what_is_known(auditor: Auditor) -> list[dict[str, Any]]:
    """Of each partition; accounts, with what refers to what, as bytes."""
    starts = [vars(start) for _, start in sorted(auditor.starts.items())]
    return [start | {"accounts": pack(start["accounts"], {})} for start in starts]


def test_every_moment_of_a_shop_can_be_begun_from(chain: Chain) -> None:
    """given a shop audited bit by bit, each time from what was saved, then all are clean, and know what one would."""
    shop = a_small_shop()
    assert chain.links > 5
    whole = Chain()
    assert whole.go_on(shop) == {}
    assert what_is_known(chain.auditor) == what_is_known(whole.auditor)


def test_nothing_of_before_is_read_again(chain: Chain) -> None:
    """given that nothing new was handled, then nothing is compared but what the tables hold."""
    shop = a_small_shop()
    checks = chain.auditor.audited(shop.shards(chain.begin))
    compared = {name: check.compared for name, check in checks.items()}
    assert not any(compared[name] for name in ("answered", "ids", "named", "outputs", "chain", "transfers"))
    assert compared["tables"] > 0
    assert compared["own account"] > 0


def a_shop_that_goes_on(chain: Chain) -> World:
    """More happens after the last audit: returns are held, points move, a charge fails and another is asked for."""
    shop = a_small_shop()
    shop.order("ann", "A9")
    shop.bring_back("cyd", "RC", "C1", l1=1)
    shop.bring_back("bob", "RB9", "B9", l1=1)
    shop.answer("pam", shop.last_charge("pam"), paid=False)
    shop.tick(timedelta(days=4))
    HANDLE(shop)
    return shop


def lost(records: list[Stored]) -> list[Stored]:
    return records[:-1]


def doubled(records: list[Stored]) -> list[Stored]:
    return [*records, replace(records[-1], offset=records[-1].offset + 1)]


def forged(records: list[Stored]) -> list[Stored]:
    return [edited(lambda data: data.update(previous="0" * 64), rehash=True)(records[0]), *records[1:]]


@pytest.mark.parametrize(
    ("topic", "change", "check"),
    [
        ("decisions", lost, "answered"),
        ("decisions", doubled, "ids"),
        ("points-ledger", lost, "named"),
        ("points-ledger", doubled, "balances"),
        ("points-ledger", forged, "chain"),
        ("requests", lost, "own fees by invoice"),
        ("notifications", lost, "outputs"),
    ],
)
def test_what_is_wrong_behind_the_start_is_found(chain: Chain, topic: str, change: Change, check: str) -> None:
    shop = a_shop_that_goes_on(chain)
    shards = shop.shards(chain.begin)
    shard = next(one for one in shards if one.outputs[topic])
    shard.outputs[topic] = change(shard.outputs[topic])
    assert check in chain.audit(shards)


@pytest.mark.parametrize("topic", ["points-ledger", "notifications", "decisions", "requests"])
def test_an_output_of_before_cannot_come_again(chain: Chain, topic: str) -> None:
    """given an id that was given out before the start, in this partition or another, then it is named."""
    shop = a_shop_that_goes_on(chain)
    shards = shop.shards(chain.begin)
    old = next(one for shard in shop.shards() for one in shard.outputs[topic])
    assert old.offset < chain.begin[topic, old.partition]
    other = shards[1 - old.partition]
    other.outputs[topic] = [replace(old, offset=9_999, partition=other.number), *other.outputs[topic]]
    assert f"{data_id(old)}) is there a second time" in chain.audit(shards)["ids"]


def test_what_was_settled_before_is_not_settled_again(chain: Chain) -> None:
    shop = a_shop_that_goes_on(chain)
    everything = shop.shards()
    settled = [about for shard in everything for about in own_and_settled(shard)[1].items()]
    about, [decision] = settled[0]
    assert decision.stored.offset < chain.begin["decisions", about.partition]
    shards = shop.shards(chain.begin)
    shards[about.partition].outputs["decisions"].append(decision.stored)
    assert f"{about} settles, but was not held" in chain.audit(shards)["answered"]


def test_a_table_that_changed_by_itself_is_found_though_nothing_new_was_handled(chain: Chain) -> None:
    """given changelogs that are read from their start, when a value of before is another, then it is named."""
    shop = a_small_shop()
    shards = shop.shards(chain.begin)
    key = next(iter(shards[0].tables["members"]))
    del shards[0].tables["members"][key]
    assert f"key {key.decode()}: the changelog has nothing" in chain.audit(shards)["tables"]


def test_values_of_an_older_release_are_begun_from_and_carried_on() -> None:
    """given tables that an older release wrote, when another goes on with them, then what it did not touch is no difference."""
    shop, chain = a_small_shop(), Chain()
    shards, versioned = shop.shards(), (state.MEMBERS, state.ENTRIES, state.LOTS, "partitions")
    before = {(shard.number, table): dict(shard.tables[table]) for shard in shards for table in versioned}
    for shard in shards:
        shard.tables |= {table: {k: older(table, raw) for k, raw in shard.tables[table].items()} for table in versioned}
    assert chain.audit(shards) == {}
    chain.auditor, begin = chain.auditor.saved(), shop.ends()
    shop.order("ann", "A9")
    shop.tick(timedelta(days=4))
    shop.handle()
    shards, kept = shop.shards(begin), 0
    for shard in shards:
        for table in versioned:
            same = {k: raw for k, raw in before[shard.number, table].items() if shard.tables[table].get(k) == raw}
            shard.tables[table] |= {k: older(table, raw) for k, raw in same.items()}
            kept += len(same)
    assert kept
    assert chain.audit(shards) == {}


def test_a_tick_that_was_owed_before_counts_once(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """given a further tick that was accounted for and not handled, then it cannot stand for the next one that is owed."""
    world = left_over(monkeypatch)
    world.handle()
    assert chain.auditor.starts[0].owed == {2}
    HANDLE(world)
    HANDLE(world)
    shards = world.shards(chain.begin)
    shards[0].inputs["clock"].pop()
    assert "owed since clock@2, is not in the clock topic" in chain.audit(shards)["further ticks"]


@pytest.mark.parametrize("what", ["event", "deadline"])
def test_who_was_set_aside_before_comes_back_behind_the_start(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    world = World()
    world.tick()
    for member in ("ann", "bob"):
        world.join(member)
        world.order(member, f"{member}-1")
        world.bring_back(member, f"RX-{member}", "late", l1=1)
    world.buy_care("ann", "card")
    world.handle()
    decide = getattr(handle, "decide" if what == "event" else "wake")

    def failing(about: Any, *rest: Any) -> Any:
        if getattr(about, "subject", about) == "ann":
            raise ZeroDivisionError("a rule of ours")
        return decide(about, *rest)

    with structlog.testing.capture_logs():
        monkeypatch.setattr(handle, "decide" if what == "event" else "wake", failing)
        aside = [world.order("ann", "ann-2")] if what == "event" else []
        for _ in range(3):
            world.tick(timedelta(days=11))
            world.handle()
        monkeypatch.setattr(handle, "decide" if what == "event" else "wake", decide)
        aside += [world.order("ann", "ann-3")]
        world.handle()
    world.publish("memberships", "member.released.v1", "ann", {"reason": "mended", "actor": "op-1"})
    world.handle()
    for event in (*aside, *aside):
        world.send("orders", event)
        world.handle()
    whole = Chain()
    assert whole.go_on(world) == {}
    assert what_is_known(chain.auditor) == what_is_known(whole.auditor)


def test_what_is_remembered_does_not_grow_with_time(chain: Chain) -> None:
    """GEN-1 given a year of ticks, and events whose ids are past their time, then neither is kept."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    world.join("ann")
    world.order("ann", "A1")
    world.handle()
    before = len(pack(chain.auditor.starts[0].accounts, {}))
    for _ in range(30):
        world.tick(timedelta(days=30))
        world.handle()
    accounts = chain.auditor.starts[0].accounts
    assert accounts is not None
    assert accounts.programmes == {}
    assert len(pack(accounts, {})) < before
    assert isinstance(chain.auditor.starts[0].books["ann"], Book)


def test_who_hears_behind_the_start_of_what_was_said_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """PRO-11 given an audit between the word to everybody and the tick with which a member hears, then what is told is no invention."""
    said: list[Chain] = []
    say = World.say

    def said_and_audited(world: World, what: str) -> None:
        world.handle()
        say(world, what)
        world.handle()
        said.append(Chain())
        assert said[-1].go_on(world) == {}

    monkeypatch.setattr(World, "say", said_and_audited)
    world = corners()
    assert [chain.audit(world.shards(chain.begin)) for chain in said] == [{}, {}]
