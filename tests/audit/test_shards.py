"""Given the topics of a small shop, when one thing in them is not as it was, then the audit names it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import orjson
import pytest

from audit import transport
from audit.ids import Ids
from audit.replay import replay
from audit.report import Findings
from audit.start import Start
from audit.topics import Stored
from audit.transfers import AGAIN, Transfers
from audit.transfers import QUESTIONS as TRANSFERS
from models import state
from models.partitioning import partition_of
from models.policies import RULES_VERSION, STANDARD
from tests.audit.changes import changed, data_id, edited, moved, older, partition_with
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


def test_a_version_whose_name_is_longer_is_no_difference_and_another_form_is(shop: World) -> None:
    shards, _ = changed(shop, "decisions", edited(lambda data: data.update(rules_version="10")))
    assert differing(shards) == {}
    shards, _ = changed(shop, "decisions", lambda record: [replace(record, value=(record.value or b"") + b" ")])
    assert "has another form" in differing(shards)["outputs"]


def test_values_that_an_older_release_wrote_are_compared_as_this_one_would_write_them(shop: World) -> None:
    shards = shop.shards()
    for shard in shards:
        for table in (state.MEMBERS, state.ENTRIES, state.LOTS, "partitions"):
            shard.tables[table] = {key: older(table, raw) for key, raw in shard.tables[table].items()}
    assert differing(shards) == {}


def test_a_value_that_an_older_release_wrote_otherwise_is_named(shop: World) -> None:
    shard = shop.shard(partition_of(b"ann", 2))
    member = state.decode(shard.tables[state.MEMBERS][b"ann"], state.Member)
    member.revision += 1
    shard.tables[state.MEMBERS][b"ann"] = older(state.MEMBERS, state.encode(member))
    assert "key ann: the changelog has v1 " in differing([shard])["tables"]


@pytest.mark.parametrize("version", ["0", RULES_VERSION])
def test_what_another_release_could_not_read_is_replayed_as_it_was(shop: World, version: str) -> None:
    """given an adjustment of a type that was unknown at the time, then it did nothing; if our rules said so that is a difference."""
    data = {"points": 9, "reason": "sorry", "actor": "kim", "adjustment_id": "late"}
    shop.publish("memberships", "points.unknown_yet.v1", "ann", data)
    shop.handle()
    shard = shop.shard(partition_of(b"ann", 2))

    def known(record: Stored) -> Stored:
        return replace(record, value=(record.value or b"").replace(b"points.unknown_yet.v1", b"points.adjusted.v1"))

    shard.inputs["memberships"] = [known(record) for record in shard.inputs["memberships"]]
    shard.dead_letters = [known(record) for record in shard.dead_letters]
    decided = shard.outputs["decisions"][-1]
    assert b"unknown_type" in (decided.value or b"")
    shard.outputs["decisions"][-1] = edited(lambda data: data.update(rules_version=version))(decided)

    found = differing([shard if other.number == shard.number else other for other in shop.shards()]).keys()

    wanted = {"outputs", "tables", "replayed dead letters", "own account", "own account by lot"}
    assert found == (set() if version == "0" else wanted)


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
        order = transport.check(each, Start(), Ids(), Findings(transport.QUESTIONS))
        assert order
        transfers.add(each, replay(each, Start(), order, STANDARD, "external"))
    transfers.check(findings)
    assert findings.checks()[0].state == "clean"
    assert findings.taken_as_given == {AGAIN: 1}


def test_transfers_are_not_compared_while_one_partition_cannot_be_replayed(shop: World) -> None:
    transfers, findings = Transfers(), Findings(TRANSFERS)
    transfers.add(shop.shard(0), None)
    transfers.check(findings)
    assert findings.checks()[0].state == "not_run"
