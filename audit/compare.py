"""Layer 2, second half: what is in the topics against what the replay left, byte for byte, the first difference in words."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from agents.handle import PartitionState
from audit.places import Difference, Place, Places
from audit.replay import Replayed
from audit.report import Findings
from audit.shard import DEAD_LETTERS, OUTPUTS, Output, Shard
from audit.start import Start
from audit.topics import Headers
from models import applied, state
from models.catalogue import CLOCK, TABLES
from models.kinds import kind_of
from models.policies import RULES_VERSION, Policies

PARTITIONS = "partitions"
TABLES_EQUAL, OUTPUTS_EQUAL, LETTERS_EQUAL, TICKS_EQUAL = "tables", "outputs", "replayed dead letters", "further ticks"

QUESTIONS = {
    TABLES_EQUAL: "the changelogs, read from the start, hold what the replay computes",
    OUTPUTS_EQUAL: "ledger, notifications, requests and decisions are those of the replay: content, count and order",
    LETTERS_EQUAL: "dead letters are those of the replay, with the same reasons",
    TICKS_EQUAL: "every tick the workers owed themselves for work left over is in the clock topic",
}


def check(
    shard: Shard, start: Start, replayed: Replayed, policies: Policies, places: Places, findings: Findings
) -> None:
    """Compare what is in the topics with what the replay left."""
    if replayed.failed:
        findings.taken_as_given["rules that failed when they were run"] += replayed.failed
    if replayed.unread:
        findings.taken_as_given["records that another release could not read"] += replayed.unread
    for table in TABLES:
        findings.compared(TABLES_EQUAL, len(replayed.tables[table]))
        findings.all_differ(TABLES_EQUAL, _table_differences(shard, table, replayed, policies, places))
    start.tables = shard.tables  # the same, but for what may be forgotten
    for topic in OUTPUTS:
        findings.compared(OUTPUTS_EQUAL, len(replayed.emitted[topic]))
        findings.all_differ(OUTPUTS_EQUAL, _output_differences(shard, topic, replayed, places))
    findings.compared(LETTERS_EQUAL, len(replayed.emitted[DEAD_LETTERS]))
    findings.all_differ(LETTERS_EQUAL, _letter_differences(shard, replayed, places))
    for decision in shard.parsed.get("decisions", []):
        if decision.data.get("rules_version") != RULES_VERSION:
            findings.taken_as_given["decisions made under another version of the rules"] += 1
    findings.compared(TICKS_EQUAL, len(replayed.owed))
    findings.all_differ(TICKS_EQUAL, _missing_ticks(shard, start, replayed, places))


def _table_differences(
    shard: Shard, table: str, replayed: Replayed, policies: Policies, places: Places
) -> Iterator[Difference]:
    """Each from the record on that wrote the key last, by the replay."""
    found, wanted = shard.tables[table], replayed.tables[table]
    forgettable = _forgettable(replayed, policies) if table == state.APPLIED else set()
    for key in sorted(wanted.keys() | found.keys()):
        ours, theirs = (_as_written_now(table, key, of.get(key)) for of in (wanted, found))
        if ours != theirs and not (key in forgettable and key not in found):
            says = (
                f"table {table}, partition {shard.number}, key {_name(key)}: "
                f"the changelog has {_shown(table, found.get(key))}, the replay has {_shown(table, wanted.get(key))}"
            )
            yield Difference(says, places.at(replayed.written[table].get(key)))


def _as_written_now(table: str, key: bytes, raw: bytes | None) -> bytes | None:
    """A value that an older release wrote as this one would; any other as it is."""
    if raw is None or table == state.APPLIED or raw[:1] >= state.WRITTEN:
        return raw
    try:
        kind = PartitionState if table == PARTITIONS else kind_of(table, key)
        return state.encode(state.decode(raw, kind))
    except (KeyError, *state.UNREADABLE):
        return raw


def _forgettable(replayed: Replayed, policies: Policies) -> set[bytes]:
    """GEN-1 Event ids so old that workers may have deleted them, in their own time."""
    now = replayed.now
    if now is None:
        return set()
    return {key for key, raw in replayed.tables[state.APPLIED].items() if applied.expired(raw, now, policies)}


def _output_differences(shard: Shard, topic: str, replayed: Replayed, places: Places) -> Iterator[Difference]:
    """Each from the record on that causes it, by the replay or else by what it says of itself."""
    found = shard.parsed.get(topic, [])
    wanted = replayed.emitted[topic]
    pairs = [(output.stored.key, output.stored.value, output.stored.headers) for output in found]
    if pairs == wanted:
        return
    ids = [orjson.loads(value or b"")["id"] for _, value, _ in wanted]
    by_id, caused_at = dict(zip(ids, wanted, strict=True)), dict(zip(ids, replayed.emitted_at[topic], strict=True))
    seen: set[str] = set()
    differences = 0
    for output, pair in zip(found, pairs, strict=True):
        expected = by_id.get(output.id)
        if output.id in seen:
            what = "is there again"
        elif expected is None:
            what = f"is not in the replay: {orjson.dumps(output.data).decode()}"
        else:
            what = _difference(pair, expected)
        seen.add(output.id)
        if what:
            differences += 1
            place = places.at(caused_at.get(output.id)) or _stated_cause(output, places)
            yield Difference(f"{topic}: {output.place} {what}", place)
    for output_id in by_id.keys() - seen:
        differences += 1
        missing = f"{topic}, partition {shard.number}: missing {(by_id[output_id][1] or b'').decode()}"
        yield Difference(missing, places.at(caused_at[output_id]))
    if not differences and ids != [output.id for output in found]:
        first = next(output for output, output_id in zip(found, ids, strict=True) if output.id != output_id)
        says = f"{topic}: {first.place} is not in the order of the replay"
        yield Difference(says, places.at(caused_at[first.id]))


def _stated_cause(output: Output, places: Places) -> Place | None:
    """The record that an output says it comes from; of deadlines none can be told."""
    if event := output.data.get("event"):
        return places.of_input(event.get("topic"), event.get("offset"))
    cause = output.data.get("cause") or {}
    return places.of_event(output.subject, cause.get("source"), cause.get("id"))


def _difference(found: tuple[Any, ...], wanted: tuple[Any, ...]) -> str:
    """What differs between two outputs of one id; empty if it is only the version of the rules that decided."""
    if found == wanted:
        return ""
    theirs, ours = orjson.loads(found[1] or b""), orjson.loads(wanted[1] or b"")
    versions = theirs["data"].pop("rules_version", None), ours["data"].pop("rules_version", None)
    if theirs == ours and found[0] == wanted[0] and found[2] == wanted[2]:
        said, by_us = (b'"rules_version":' + orjson.dumps(version) for version in versions)
        return "" if found[1].replace(said, by_us) == wanted[1] else "has another form"
    fields = [
        f"{name}: {theirs['data'].get(name)!r}, in the replay {ours['data'].get(name)!r}"
        for name in sorted(theirs["data"].keys() | ours["data"].keys())
        if theirs["data"].get(name) != ours["data"].get(name)
    ]
    fields += [
        f"{n}: {theirs.get(n)!r}, in the replay {ours.get(n)!r}"
        for n in ours
        if n != "data" and theirs.get(n) != ours[n]
    ]
    return f"differs: {'; '.join(fields) or f'key or headers: {found[0]!r} {found[2]}'}"


def _letter_differences(shard: Shard, replayed: Replayed, places: Places) -> Iterator[Difference]:
    found = Counter(_letter(letter.key, letter.value, letter.headers) for letter in shard.dead_letters)
    wanted = Counter(_letter(*letter) for letter in replayed.emitted[DEAD_LETTERS])
    for what, letters in (("not in the replay", found - wanted), ("missing", wanted - found)):
        for headers, _, _ in letters:
            topic, offset = (dict(headers).get(name) or b"" for name in ("dl_topic", "dl_offset"))
            place = places.of_input(topic.decode(), int(offset)) if offset.isdigit() else None
            yield Difference(f"dead-letters, partition {shard.number}: {what}: {dict(headers)}", place)


def _letter(key: bytes | None, value: bytes | None, headers: Headers) -> tuple[Headers, bytes | None, bytes | None]:
    """A letter without what need not be equal: the rules' version, and a traceback's lines."""
    failed = ("dl_error_class", b"internal_error") in headers
    left_out = {"dl_rules_version", "dl_error"} if failed else {"dl_rules_version"}
    return tuple(header for header in headers if header[0] not in left_out), key, value


def _missing_ticks(shard: Shard, start: Start, replayed: Replayed, places: Places) -> Iterator[Difference]:
    """Each owed tick is a record of its own behind the tick that left work over."""
    there = [*shard.inputs.get(CLOCK.role, []), *shard.later_ticks]
    there = [record for record in there if record.offset not in start.owed]
    for offset, value in replayed.owed:
        found = next((record for record in there if record.offset > offset and record.value == value), None)
        if found is None:
            says = f"partition {shard.number}: the tick {value!r}, owed since clock@{offset}, is not in the clock topic"
            yield Difference(says, places.of_input(CLOCK.role, offset))
        else:
            there.remove(found)
            start.owed.add(found.offset)
    start.owed &= {record.offset for record in shard.later_ticks}


def _name(key: bytes) -> str:
    """A table key for people."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key.hex()


def _shown(table: str, raw: bytes | None) -> str:
    """A table value for people: its schema version and content."""
    if raw is None:
        return "nothing"
    if table == "applied":
        return raw.hex()
    try:
        return f"v{raw[0]} {msgspec.msgpack.decode(raw[1:])!r}"
    except (msgspec.DecodeError, IndexError):
        return f"unreadable bytes {raw.hex()}"
