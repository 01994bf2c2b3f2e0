"""Given the topics of a small shop, when one thing in them is not as it was, then the audit names it."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import orjson
import pytest
import structlog

from agents import handle
from audit import transport
from audit.replay import replay
from audit.report import Findings
from audit.shard import Shard
from audit.topics import Stored
from audit.transfers import AGAIN, Transfers
from audit.transfers import QUESTIONS as TRANSFERS
from models.partitioning import partition_of
from models.policies import STANDARD
from tests.audit.world import World, a_small_shop, audited, differing


@pytest.fixture
def shop() -> World:
    return a_small_shop()


def test_a_shop_that_nobody_touched_is_clean(shop: World) -> None:
    """given duplicates, conflicts, held events, poison and ticks, when nothing was changed, then every check is clean."""
    checks = audited(shop.shards())
    assert {name: check.differences for name, check in checks.items() if check.state != "clean"} == {}
    assert all(check.compared for name, check in checks.items() if name != "further ticks")


@pytest.mark.parametrize("topic", ["points-ledger", "notifications", "requests"])
def test_a_missing_output_is_named(shop: World, topic: str) -> None:
    shards, lost = changed(shop, topic, lambda _: None)
    found = differing(shards)
    assert f"{data_id(lost)} is named by a decision" in found["named"]
    assert f'missing {{"specversion":"1.0","id":"{data_id(lost)}"' in found["outputs"]


def test_a_missing_decision_is_named_by_its_record(shop: World) -> None:
    shards, lost = changed(shop, "decisions", lambda _: None)
    event = orjson.loads(lost.value or b"")["data"]["event"]
    assert differing(shards)["answered"] == f"{event['topic']}[{lost.partition}]@{event['offset']} has no decision"


@pytest.mark.parametrize("topic", ["points-ledger", "notifications", "requests", "decisions"])
def test_an_output_that_is_there_twice_is_named(shop: World, topic: str) -> None:
    shards, doubled = changed(shop, topic, lambda record: [record, replace(record, offset=record.offset + 1_000)])
    found = differing(shards)
    assert data_id(doubled) in found["ids"]
    assert "a second time" in found["ids"]


def test_an_output_moved_among_its_neighbours_is_found(shop: World) -> None:
    """given all notifications, each once, when two of different members changed places, then the order is not the replay's."""
    shard = shop.shard(partition_with(shop, "notifications", 2))
    records = shard.outputs["notifications"]
    shard.outputs["notifications"] = [records[1], records[0], *records[2:]]
    assert "not in the order of the replay" in differing([shard])["outputs"]


def test_a_changed_notification_is_named_with_both_contents(shop: World) -> None:
    shards, _ = changed(shop, "notifications", edited(lambda data: data.update(program="care")))
    assert "program: 'care', in the replay 'points'" in differing(shards)["outputs"]


def test_a_changed_balance_breaks_the_hash_and_the_sum(shop: World) -> None:
    shards, entry = changed(shop, "points-ledger", edited(lambda data: data["balance_after"].update(available=1)))
    found = differing(shards)
    assert set(found) >= {"chain", "balances", "outputs"}
    assert data_id(entry) in found["chain"]


def test_a_changed_entry_with_a_new_hash_breaks_the_chain_behind_it(shop: World) -> None:
    """given a forger who recomputes the hash, then the next entry of the member still says what was there before."""
    number = partition_with(shop, "points-ledger", 2)
    shard = shop.shard(number)
    first = next(
        r for r in shard.outputs["points-ledger"] if sum(x.key == r.key for x in shard.outputs["points-ledger"]) > 1
    )
    forged = edited(lambda data: data.update(clause="MS-5"), rehash=True)(first)
    shard.outputs["points-ledger"] = [forged if r is first else r for r in shard.outputs["points-ledger"]]
    assert "the member's entry before it is" in differing([shard])["chain"]


def test_a_decision_about_another_offset_is_named(shop: World) -> None:
    """given a decision whose offset was moved by one hundred, then one record is unanswered and one answer is about nothing."""
    shards, _ = changed(shop, "decisions", edited(lambda data: data["event"].update(offset=100)))
    differences = audited(shards)["answered"].differences
    assert any("has no decision" in difference for difference in differences)
    assert any("where no event was handled" in difference for difference in differences)
    assert "the order of handling cannot be told" in differing(shards)["tables"]


def test_two_decisions_with_one_number_are_named(shop: World) -> None:
    shards, _ = changed(shop, "decisions", edited(lambda data: data.update(seq=data["seq"] + 1)))
    assert "order" in differing(shards)


@pytest.mark.parametrize("topic", ["memberships", "orders", "returns", "clock"])
def test_an_input_record_that_was_never_handled_is_named(shop: World, topic: str) -> None:
    """given one more committed record than was handled, then a decision is missing, or the partition counted one less."""
    shard = next(shard for shard in shop.shards() if shard.inputs[topic])
    last = shard.inputs[topic][-1]
    shard.inputs[topic].append(replace(last, offset=last.offset + 1))
    found = differing([shard])
    if topic == "clock":
        assert "table partitions" in found["tables"]
    else:
        assert f"{topic}[{shard.number}]@{last.offset + 1} has no decision" in found["answered"]


def test_an_input_record_that_is_gone_is_named(shop: World) -> None:
    shard = next(shard for shard in shop.shards() if shard.inputs["returns"])
    gone = shard.inputs["returns"].pop()
    assert f"about returns[{shard.number}]@{gone.offset}" in differing([shard])["answered"]


@pytest.mark.parametrize("table", ["members", "entries", "applied", "partitions"])
def test_a_changed_table_value_is_named_with_both_values(shop: World, table: str) -> None:
    shard = next(shard for shard in shop.shards() if shard.tables[table])
    key, raw = next(iter(shard.tables[table].items()))
    content: Any = None if table == "applied" else msgspec.msgpack.decode(raw[1:])
    if content is None:
        shard.tables[table][key] = raw[:-1] + bytes([raw[-1] ^ 1])
    else:
        content[0] = "other"
        shard.tables[table][key] = raw[:1] + msgspec.msgpack.encode(content)
    found = differing([shard])["tables"]
    assert f"table {table}" in found
    assert "the replay has" in found


@pytest.mark.parametrize("table", ["members", "entries", "applied", "partitions"])
def test_a_lost_table_key_is_named(shop: World, table: str) -> None:
    shard = next(shard for shard in shop.shards() if shard.tables[table])
    shard.tables[table].popitem()
    assert "the changelog has nothing" in differing([shard])["tables"]


def test_a_balance_changed_everywhere_is_still_found_by_the_own_account(shop: World) -> None:
    """given rules that pay one point too much, alike in worker and replay, then only the second arithmetic can tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.points.terms.points_for", lambda cents: cents * 2 // 100 + 1)
        broken = a_small_shop()
        found = differing(broken.shards())
    assert set(found) == {"own account", "own account by lot", "own account by order"}
    assert "member ann" in found["own account"]


@pytest.mark.parametrize(
    ("what", "tamper"),
    [
        ("should be 1 times", lambda letters: letters[:-1]),
        ("is in dead-letters 2 times", lambda letters: [*letters, letters[0]]),
        ("the value is not that of", lambda letters: [replace(letters[0], value=b"other"), *letters[1:]]),
        ("the key is not that of", lambda letters: [replace(letters[0], key=b"other"), *letters[1:]]),
        (
            "a header is not that of",
            lambda letters: [replace(letters[0], headers=(("x", b""), *letters[0].headers)), *letters[1:]],
        ),
        ("where nothing was handled", lambda letters: [*letters, moved(letters[0])]),
    ],
)
def test_a_dead_letter_that_is_not_as_it_should_be_is_named(
    shop: World, what: str, tamper: Callable[[list[Stored]], list[Stored]]
) -> None:
    shard = next(shard for shard in shop.shards() if shard.dead_letters)
    shard.dead_letters = tamper(shard.dead_letters)
    checks = audited([shard])
    assert any(what in difference for difference in checks["dead letters"].differences)
    assert checks["replayed dead letters"].state == "differs"


def test_a_record_of_another_version_of_the_rules_is_no_difference(shop: World) -> None:
    """given a rolling restart, when a decision names another version and is otherwise the same, then that is clean."""
    shards, _ = changed(shop, "decisions", edited(lambda data: data.update(rules_version="9")))
    assert differing(shards) == {}


def test_transfers_go_from_partition_to_partition(shop: World) -> None:
    """given keys that tell each other something, then it was both within a partition and across."""
    claims = [(record.partition, orjson.loads(record.value or b"")) for s in shop.shards() for record in s.transfers]
    homes = {
        partition_of(event["data"]["guest"].encode(), 2) == there for there, event in claims if "guest" in event["data"]
    }
    assert homes == {True, False}


@pytest.mark.parametrize(
    ("what", "tamper"),
    [
        ("is sent by the replay and is missing", lambda records: records[1:]),
        ("is there and no replay sends it", lambda records: [*records, records[0]]),
        ("is there and no replay sends it, 2 times", lambda records: [*records, records[0], records[0]]),
        ("is there and no replay sends it", lambda records: [replace(records[0], value=b"{}"), *records[1:]]),
        ("is there and no replay sends it", lambda records: [replace(records[0], key=b"other"), *records[1:]]),
    ],
    ids=["missing", "twice", "three times", "other content", "another key"],
)
def test_a_transfer_that_is_not_as_it_was_sent_is_named(
    shop: World, what: str, tamper: Callable[[list[Stored]], list[Stored]]
) -> None:
    shards = shop.shards()
    shard = next(shard for shard in shards if shard.transfers)
    shard.transfers = tamper(shard.transfers)
    found = audited(shards)["transfers"]
    assert any(what in difference for difference in found.differences), found.differences
    assert all(f"transfers, partition {shard.number}: " in difference for difference in found.differences)


def test_a_transfer_on_another_partition_is_named(shop: World) -> None:
    one, other = shop.shards()
    other.transfers.append(one.transfers.pop())
    assert audited([one, other])["transfers"].found == 2


def test_a_transfer_that_was_set_aside_and_sent_again_is_no_difference(shop: World) -> None:
    """given an account that was quarantined when it was told, when its letters are redriven, then that is as it should be."""
    shards = shop.shards()
    shard = next(shard for shard in shards if shard.transfers)
    again = shard.transfers[0]
    shard.transfers.append(again)
    shard.dead_letters.append(replace(again, headers=(("dl_topic", b"transfers"),)))
    findings = Findings(TRANSFERS)
    transfers = Transfers()
    for each in shards:
        order = transport.check(each, transport.Ids(), Findings(transport.QUESTIONS))
        assert order
        transfers.add(each, replay(each, order, STANDARD, "external"))
    transfers.check(findings)
    assert findings.checks()[0].state == "clean"
    assert findings.taken_as_given == {AGAIN: 1}


def test_transfers_are_not_compared_while_one_partition_cannot_be_replayed(shop: World) -> None:
    transfers, findings = Transfers(), Findings(TRANSFERS)
    transfers.add(shop.shard(0), None)
    transfers.check(findings)
    assert findings.checks()[0].state == "not_run"


def test_a_rule_that_failed_is_replayed_as_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """given a rule that raised once at the time (fault 11), when it no longer would, then the audit is clean all the same."""
    world = World()
    world.tick()
    world.join("ann")
    world.order("ann", "A1")
    world.join("bob")
    decide = handle.decide

    def failing(event: Any, *rest: Any) -> Any:
        if event.type.startswith("order"):
            raise ZeroDivisionError("a rule of ours")
        return decide(event, *rest)

    monkeypatch.setattr(handle, "decide", failing)
    with structlog.testing.capture_logs() as logs:
        world.handle()
        monkeypatch.undo()
        world.order("ann", "A2")
        world.handle()
        assert differing(world.shards()) == {}
    assert any(log["event"] == "member quarantined" for log in logs)
    letters = [record for shard in world.shards() for record in shard.dead_letters]
    assert [dict(letter.headers)["dl_error_class"] for letter in letters] == [b"internal_error", b"quarantined"]


def _release(world: World, member: str) -> None:
    world.publish("memberships", "member.released.v1", member, {"reason": "mended", "actor": "op-1"})
    world.handle()


@pytest.mark.parametrize("what", ["event", "deadline"])
def test_a_quarantine_that_was_lifted_is_replayed_as_it_was(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """given a failure, events set aside, a release and the same events again, then all agrees, and each counts once."""
    world = World()
    world.tick()
    world.join("ann")
    world.order("ann", "A1")
    world.bring_back("ann", "RX", "late", l1=1)
    world.handle()

    def failing(*_: Any) -> Any:
        raise ZeroDivisionError("a rule of ours")

    with structlog.testing.capture_logs():
        monkeypatch.setattr(handle, "decide" if what == "event" else "wake", failing)
        lost = [world.order("ann", "A2")] if what == "event" else []
        world.tick(timedelta(days=31))
        world.handle()
        monkeypatch.undo()
        lost += [world.order("ann", "A3"), world.bring_back("ann", "R1", "A1", l1=1), world.order("ann", "late")]
        world.handle()
    assert differing(world.shards()) == {}

    _release(world, "ann")
    assert differing(world.shards()) == {}
    for event in lost:
        world.send("returns" if event["type"].startswith("return") else "orders", event)
        world.handle()
    for event in lost:
        world.send("returns" if event["type"].startswith("return") else "orders", event)
    world.handle()

    shards = world.shards()
    assert differing(shards) == {}
    entries = [entry for shard in shards for entry in shard.parsed["points-ledger"]]
    orders = Counter(entry.data["order_id"] for entry in entries if entry.data["kind"] == "earn")
    assert orders == dict.fromkeys(["A1", "A3", "late"] + (["A2"] if what == "event" else []), 1)
    answers = Counter(answer.data["outcome"] for shard in shards for answer in shard.parsed["decisions"])
    assert answers["duplicate"] == len(lost)


@pytest.mark.parametrize(
    ("days", "clean"), [(STANDARD.ids_remembered_days + 2, True), (STANDARD.ids_remembered_days, False)]
)
def test_only_ids_past_their_time_may_be_gone(days: int, clean: bool) -> None:
    """GEN-1 given an id that workers deleted, then that is right after the time it is remembered, and not before."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    world.join("ann")
    world.handle()
    world.tick(timedelta(days=days))
    world.handle()
    [shard] = world.shards()
    shard.tables["applied"].clear()
    assert (differing([shard]) == {}) is clean


def test_a_deadline_that_failed_is_replayed_as_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """given a rule that raised on a tick for the second of three members, then that member alone fails again."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    for member in ("ann", "bob", "cyd"):
        world.join(member)
        world.bring_back(member, f"R-{member}", "nowhere", l1=1)
    world.handle()
    wake = handle.wake

    def failing(member_id: str, *rest: Any) -> Any:
        if member_id == "bob":
            raise ZeroDivisionError("a rule of ours")
        return wake(member_id, *rest)

    monkeypatch.setattr(handle, "wake", failing)
    world.tick(timedelta(days=31))
    with structlog.testing.capture_logs():
        world.handle()
    monkeypatch.undo()
    world.join("bob")
    world.handle()
    assert differing(world.shards()) == {}
    [shard] = world.shards()
    assert [dict(letter.headers)["dl_topic"] for letter in shard.dead_letters] == [b"clock", b"memberships"]


def test_work_left_over_for_another_tick_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """given more members due than one tick wakes, then the further tick is owed, and its absence is named."""
    monkeypatch.setattr(handle, "WAKE_PORTION", 1)
    world = World(partitions=1)
    world.tick()
    world.handle()
    for member in ("ann", "bob", "cyd"):
        world.join(member)
        world.bring_back(member, f"R-{member}", "nowhere", l1=1)
    world.handle()
    world.tick(timedelta(days=31))
    for _ in range(3):
        world.handle()
    assert differing(world.shards()) == {}
    [shard] = world.shards()
    shard.inputs["clock"].pop()
    assert "owed since clock@2, is not in the clock topic" in differing([shard])["further ticks"]


def partition_with(shop: World, topic: str, least: int) -> int:
    """A partition with at least that many records of the topic."""
    return next(shard.number for shard in shop.shards() if len(shard.outputs[topic]) >= least)


def changed(shop: World, topic: str, change: Callable[[Stored], Any]) -> tuple[list[Shard], Stored]:
    """The shop's shards with a record of an output topic changed (None: gone; a list: instead of it): the first that no
    deadline has caused."""
    shards = shop.shards()
    places = [(s, number) for s in shards for number, one in enumerate(s.outputs[topic]) if not from_deadline(one)]
    shard, number = places[0]
    first = shard.outputs[topic][number]
    result = change(first)
    new = [] if result is None else result if isinstance(result, list) else [result]
    shard.outputs[topic] = [*shard.outputs[topic][:number], *new, *shard.outputs[topic][number + 1 :]]
    return shards, first


def from_deadline(record: Stored) -> bool:
    return transport.DEADLINES.encode() in (record.value or b"")


def edited(change: Callable[[dict[str, Any]], Any], *, rehash: bool = False) -> Callable[[Stored], Stored]:
    """A record with its data edited in place."""

    def edit(record: Stored) -> Stored:
        envelope = orjson.loads(record.value or b"")
        change(envelope["data"])
        if rehash:
            content = {name: value for name, value in envelope["data"].items() if name != "hash"}
            canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
            envelope["data"]["hash"] = hashlib.sha256(canonical).hexdigest()
        return replace(record, value=orjson.dumps(envelope))

    return edit


def moved(letter: Stored) -> Stored:
    """The letter with other coordinates."""
    headers = tuple((name, b"999" if name == "dl_offset" else value) for name, value in letter.headers)
    return replace(letter, headers=headers)


def data_id(record: Stored) -> str:
    return str(orjson.loads(record.value or b"")["id"])
