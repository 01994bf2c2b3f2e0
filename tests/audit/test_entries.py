"""Given a member with every kind of ledger entry, or with pages of lots, when one thing is changed, then the audit names it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import orjson
import pytest

from audit.own import KNOWN_KINDS
from audit.shard import Shard
from tests.audit.changes import data_id, edited
from tests.audit.world import World, audited, differing, line

Change = Callable[[dict[str, Any]], Any]


def a_long_life() -> World:
    """One member: points earned, given, reserved, freed, spent, restored, taken back, expired, revived and forfeited."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    world.join("ann")
    _adjust(world, "g1", 50)
    world.handle()
    bonus = {"bonus": {"offer_id": "b", "points": 20, "expires_on": "2026-12-31"}}
    world.order("ann", "A1", line("1"), line("2", "40.00", 1, **bonus))
    _tell(world, "orders", "redemption.reserved.v1", reservation_id="v1", points=30)
    _tell(world, "orders", "redemption.reserved.v1", reservation_id="v2", points=30)
    _tell(world, "orders", "redemption.released.v1", reservation_id="v2")
    world.order("ann", "A2", line("1", "20.00", 1), points_redeemed=60, reservation_id="v1")
    world.order("ann", "A3", line("1", "9.00", 1), points_redeemed=900)
    world.handle()
    world.bring_back("ann", "R1", "A1", l1=1, l2=1)
    world.bring_back("ann", "R2", "A2", l1=1)
    _tell(world, "orders", "order.price_matched.v1", order_id="A3", line_id="1", new_unit_price="8.00")
    world.handle()
    _tell(world, "returns", "return.rejected.v1", return_id="R1")
    _tell(world, "payments", "payment.disputed.v1", order_id="A1", dispute_id="d1", amount="20.00")
    _adjust(world, "g2", -10)
    _adjust(world, "g3", 6_000)
    _adjust(world, "yes", 6_000, actor="op-2", approves="g3")
    world.tick(timedelta(days=800))
    world.handle()
    _tell(world, "returns", "return.rejected.v1", return_id="R2")
    _adjust(world, "g4", 70)
    _tell(world, "memberships", "points.cancel_requested.v1")
    world.handle()
    world.tick(timedelta(days=9))
    world.handle()
    world.join("ann")
    world.handle()
    world.order("ann", "A4")
    world.tick()
    world.handle()
    return world


def _tell(world: World, topic: str, kind: str, **data: Any) -> None:
    world.publish(topic, kind, "ann", data)


def _adjust(world: World, adjustment_id: str, points: int, actor: str = "op-1", **more: Any) -> None:
    data = {"adjustment_id": adjustment_id, "points": points, "reason": "goodwill", "actor": actor} | more
    _tell(world, "memberships", "points.adjusted.v1", **data)


@pytest.fixture(scope="module")
def life() -> World:
    return a_long_life()


def test_a_life_with_every_kind_of_entry_is_clean(life: World) -> None:
    checks = audited(life.shards())
    assert {name: check.differences for name, check in checks.items() if check.state != "clean"} == {}
    kinds = {entry.data["kind"] for entry in life.shard(0).parsed["points-ledger"]}
    assert kinds == KNOWN_KINDS
    assert checks["own account by lot"].compared
    assert checks["meaning"].compared == len(life.shard(0).outputs["points-ledger"])


def entry_of(shard: Shard, kind: str) -> int:
    """The place of the last entry of that kind."""
    kinds = [orjson.loads(record.value or b"")["data"]["kind"] for record in shard.outputs["points-ledger"]]
    return max(place for place, found in enumerate(kinds) if found == kind)


@pytest.mark.parametrize("kind", sorted(KNOWN_KINDS))
def test_an_entry_of_any_kind_that_is_gone_is_named(life: World, kind: str) -> None:
    """given a ledger without one entry, then sums or lots do not come out, and the replay names what is missing."""
    shard = life.shard(0)
    gone = shard.outputs["points-ledger"].pop(entry_of(shard, kind))
    found = audited([shard])
    assert any(f'"id":"{data_id(gone)}"' in what for what in found["outputs"].differences)
    assert {name for name, check in found.items() if check.differences} & {
        "balances",
        "own account",
        "own account by lot",
        "meaning",
    }


@pytest.mark.parametrize("kind", sorted(KNOWN_KINDS))
def test_an_entry_of_any_kind_with_another_number_is_named(life: World, kind: str) -> None:
    """given a forger who takes care of the hash, when a number is changed, then the entry is named by the sums."""

    def forge(data: dict[str, Any]) -> None:
        name = "reserved" if kind in ("reserve", "release") else "points"
        data[name] += 1

    shard = life.shard(0)
    place = entry_of(shard, kind)
    records = shard.outputs["points-ledger"]
    records[place] = edited(forge, rehash=True)(records[place])
    found = audited([shard])["balances"].differences
    assert any(data_id(records[place]) in difference for difference in found)


@pytest.mark.parametrize("kind", sorted(KNOWN_KINDS))
def test_an_entry_of_any_kind_in_another_lot_is_named(life: World, kind: str) -> None:
    shard = life.shard(0)
    place = entry_of(shard, kind)
    records = shard.outputs["points-ledger"]
    lot = orjson.loads(records[place].value or b"")["data"]["lot_id"]
    records[place] = edited(lambda data: data.update(lot_id="elsewhere"), rehash=True)(records[place])
    checks = audited([shard])
    named = [*checks["own account by lot"].differences, *checks["meaning"].differences, *checks["balances"].differences]
    assert any("lot elsewhere" in difference for difference in named) or lot is None
    assert named


@pytest.mark.parametrize(
    ("kind", "change", "what"),
    [
        ("earn", {"points": -5}, "is a earn of -5 points"),
        ("redeem", {"points": 5}, "is a redeem of 5 points"),
        ("reserve", {"points": 5}, "is a reserve of 5 points"),
        ("reserve", {"reserved": -30}, "is a reserve that sets -30 points aside"),
        ("take_back", {"reserved": 3}, "is a take_back that sets 3 points aside"),
        ("release", {"reserved": -9_000}, "frees more of lot"),
        ("release", {"lot_id": None}, "is a release without a lot"),
        ("expire", {"points": 9_000}, "brings back more of lot"),
        ("forfeit", {"points": 5, "lot_id": "A1"}, "gives 5 points of lot A1"),
        ("adjust", {"kind": "gift"}, "is a gift of"),
    ],
)
def test_an_entry_that_cannot_mean_what_it_says_is_named(
    life: World, kind: str, change: dict[str, Any], what: str
) -> None:
    shard = life.shard(0)
    records = shard.outputs["points-ledger"]
    place = entry_of(shard, kind)
    records[place] = edited(lambda data: data.update(change), rehash=True)(records[place])
    found = audited([shard])["meaning"].differences
    assert any(data_id(records[place]) in difference and what in difference for difference in found)


def test_a_kind_that_nobody_vouches_for_is_named(life: World) -> None:
    shard = life.shard(0)
    records = shard.outputs["points-ledger"]
    records[0] = edited(lambda data: data.update(kind="gift"), rehash=True)(records[0])
    assert "the ledger has gift, which the own account does not know" in differing([shard])["own account"]


def test_points_that_expire_on_another_day_are_found_by_the_own_account() -> None:
    """given rules that let points live a month longer, alike in worker and replay, then the expiry days tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.points.terms.LIFETIME_MONTHS", 25)
        world = World(partitions=1)
        world.join("ann")
        world.handle()
        world.order("ann", "A1")
        world.handle()
        found = audited(world.shards())
    assert any("on 2028-03-02 expire" in difference for difference in found["own account by lot"].differences)


@pytest.fixture(scope="module")
def heavy() -> World:
    """A member with so many lots that they fill pages of their own."""
    world = World(partitions=1)
    world.tick()
    world.join("ann")
    world.handle()
    for number in range(150):
        world.order("ann", f"A{number}", line("1", "5.00", 1))
    world.order("ann", "B", line("1", "9.00", 1), points_redeemed=25)
    world.handle()
    assert len(world.shard(0).tables["lots"]) > 1
    return world


def test_lots_in_pages_are_clean(heavy: World) -> None:
    assert differing(heavy.shards()) == {}
    assert audited(heavy.shards())["own account by lot"].compared > 100


def test_a_page_of_lots_that_is_gone_is_named(heavy: World) -> None:
    shard = heavy.shard(0)
    key, _ = shard.tables["lots"].popitem()
    page = key.decode().rpartition("|")[2]
    found = differing([shard])
    assert f"page {page} of the lots is missing" in found["own account by lot"]
    assert "table lots" in found["tables"]


def test_a_page_of_lots_that_cannot_be_read_is_named(heavy: World) -> None:
    shard = heavy.shard(0)
    key, raw = shard.tables["lots"].popitem()
    shard.tables["lots"][key] = raw[:1] + b"\xc1"
    found = differing([shard])
    assert "of the lots cannot be read" in found["own account by lot"]
    assert "unreadable bytes" in found["tables"]


def test_points_moved_from_one_page_to_another_are_named(heavy: World) -> None:
    """given two branches that both say other sums than their pages, then the page is named."""
    shard = heavy.shard(0)
    raw = shard.tables["members"][b"ann"]
    content = msgspec.msgpack.decode(raw[1:])
    branches = next(part for part in _lists(content) if _are_branches(part))
    branches[0][2] += 5
    branches[1][2] -= 5
    shard.tables["members"][b"ann"] = raw[:1] + msgspec.msgpack.encode(content)
    assert "of the lots holds" in differing([shard])["own account by lot"]


def test_an_input_that_came_twice_to_the_ledger_is_named(life: World) -> None:
    shard = life.shard(0)
    records = shard.outputs["points-ledger"]
    place = entry_of(shard, "restore")
    records.insert(place, replace(records[place], offset=10_000))
    assert "a second time" in differing([shard])["ids"]


def _lists(value: Any) -> Any:
    if isinstance(value, list):
        yield value
        for part in value:
            yield from _lists(part)


def _are_branches(value: list[Any]) -> bool:
    return len(value) > 1 and all(isinstance(one, list) and len(one) == 4 and isinstance(one[1], list) for one in value)
