"""Layer 2: the recorded order, handled again from nothing on plain dictionaries, must leave exactly what is in the topics.

It runs the workers' own handling path without their driver: so it proves that delivery, transactions, restore and
crashes changed nothing. That the rules themselves add up is the question of layer 3 (``account``).

One thing cannot be recomputed: a rule that failed at the time (``internal_error``). Its failure is replayed as a fact.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
import orjson

from agents.handle import PartitionHandler
from audit.report import Findings
from audit.shard import DEAD_LETTERS, OUTPUTS, Shard
from audit.topics import Headers, Stored
from models import applied, state
from models.catalogue import CLOCK, TABLES
from models.policies import Policies

TABLES_EQUAL, OUTPUTS_EQUAL, LETTERS_EQUAL, TICKS_EQUAL = "tables", "outputs", "replayed dead letters", "further ticks"

QUESTIONS = {
    TABLES_EQUAL: "the changelogs, read from the start, hold what the replay computes",
    OUTPUTS_EQUAL: "ledger, notifications, requests and decisions are those of the replay: content, count and order",
    LETTERS_EQUAL: "dead letters are those of the replay, with the same reasons",
    TICKS_EQUAL: "every tick the workers owed themselves for work left over is in the clock topic",
}


@dataclass
class Replayed:
    """What handling a shard again has left: tables, and outputs by contract name (key, value, headers)."""

    tables: dict[str, dict[bytes, bytes]] = field(default_factory=lambda: {table: {} for table in TABLES})
    now: datetime | None = None
    owed: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Further ticks: (offset of the tick that left work over, value)."""
    emitted: dict[str, list[tuple[bytes | None, bytes | None, Headers]]] = field(
        default_factory=lambda: defaultdict(list)
    )


class Dictionary:
    """A table on a dict, as the handler wants it. ``fail_once`` makes the next read raise."""

    def __init__(self, content: dict[bytes, bytes]) -> None:
        self._content = content
        self.fail_once: Exception | None = None

    def get(self, key: bytes, /) -> bytes | None:
        """The value, if there is one."""
        if self.fail_once:
            failure, self.fail_once = self.fail_once, None
            raise failure
        return self._content.get(key)

    def put(self, key: bytes, value: bytes, /) -> None:
        """Set a value."""
        self._content[key] = value

    def delete(self, key: bytes, /) -> None:
        """Remove a key."""
        self._content.pop(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All of it."""
        yield from self._content.items()


def replay(
    shard: Shard, order: Mapping[int, Stored], policies: Policies, clock: Literal["wall", "external"]
) -> Replayed:
    """Handle the shard's records in the recorded order."""
    result = Replayed()
    stores = {name: Dictionary(content) for name, content in result.tables.items()}
    handler = PartitionHandler(shard.number, stores, shard.catalogue, policies, clock)
    failures = _failures(shard)

    def emit(
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        if partition != shard.number:
            raise ValueError(f"partition {shard.number} emits to {topic}[{partition}]: the audit compares by partition")
        role = shard.catalogue.role(topic)
        if role == CLOCK.role:
            result.owed.append((record.offset, value))
        else:
            result.emitted[role].append((key, value, tuple(headers)))

    for record in order.values():
        stores["entries"].fail_once = failures.get((record.topic, record.offset))
        handler.handle([record], emit)
    result.now = handler.now
    return result


def check(shard: Shard, replayed: Replayed, policies: Policies, findings: Findings) -> None:
    """Compare what is in the topics with what the replay left."""
    for table in TABLES:
        findings.compared(TABLES_EQUAL, len(replayed.tables[table]))
        findings.all_differ(TABLES_EQUAL, _table_differences(shard, table, replayed, policies))
    for topic in OUTPUTS:
        findings.compared(OUTPUTS_EQUAL, len(replayed.emitted[topic]))
        findings.all_differ(OUTPUTS_EQUAL, _output_differences(shard, topic, replayed))
    findings.compared(LETTERS_EQUAL, len(replayed.emitted[DEAD_LETTERS]))
    findings.all_differ(LETTERS_EQUAL, _letter_differences(shard, replayed))
    findings.compared(TICKS_EQUAL, len(replayed.owed))
    findings.all_differ(TICKS_EQUAL, _missing_ticks(shard, replayed))


def _failures(shard: Shard) -> dict[tuple[str, int], Exception]:
    """Records on which a rule failed, by (topic, offset), with an exception of the class that the traceback names."""
    failures: dict[tuple[str, int], Exception] = {}
    for letter in shard.dead_letters:
        ours = {name: (value or b"").decode("utf-8", "replace") for name, value in letter.headers}
        if ours.get("dl_error_class") == "internal_error" and ours.get("dl_offset", "").isdecimal():
            name = _exception_name(ours.get("dl_error", ""))
            failure = type(name, (Exception,), {})("as recorded")
            failures[ours.get("dl_topic", ""), int(ours["dl_offset"])] = failure
    return failures


def _exception_name(traceback: str) -> str:
    """The class named in a traceback's last unindented line: ``package.module.Name: message`` -> ``Name``."""
    lines = [line for line in traceback.splitlines() if line and not line[0].isspace()]
    name = lines[-1].split(":")[0].rpartition(".")[2].strip() if lines else ""
    return name if name.isidentifier() else "Exception"


def _table_differences(shard: Shard, table: str, replayed: Replayed, policies: Policies) -> Iterator[str]:
    found, wanted = shard.tables[table], replayed.tables[table]
    forgettable = _forgettable(replayed, policies) if table == state.APPLIED else set()
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key) and not (key in forgettable and key not in found):
            yield (
                f"table {table}, partition {shard.number}, key {_name(key)}: "
                f"the changelog has {_shown(table, found.get(key))}, the replay has {_shown(table, wanted.get(key))}"
            )


def _forgettable(replayed: Replayed, policies: Policies) -> set[bytes]:
    """GEN-1 Event ids so old that workers may have deleted them, in their own time."""
    now = replayed.now
    if now is None:
        return set()
    return {key for key, raw in replayed.tables[state.APPLIED].items() if applied.expired(raw, now, policies)}


def _output_differences(shard: Shard, topic: str, replayed: Replayed) -> Iterator[str]:
    found = shard.parsed.get(topic, [])
    wanted = replayed.emitted[topic]
    pairs = [(output.stored.key, output.stored.value, output.stored.headers) for output in found]
    if pairs == wanted:
        return
    by_id = {orjson.loads(value or b"")["id"]: (key, value, headers) for key, value, headers in wanted}
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
            yield f"{topic}: {output.place} {what}"
    for output_id in by_id.keys() - seen:
        differences += 1
        yield f"{topic}, partition {shard.number}: missing {(by_id[output_id][1] or b'').decode()}"
    if not differences:
        ids = [orjson.loads(value or b"")["id"] for _, value, _ in wanted]
        if ids != [output.id for output in found]:
            first = next(output for output, output_id in zip(found, ids, strict=True) if output.id != output_id)
            yield f"{topic}: {first.place} is not in the order of the replay"


def _difference(found: tuple[Any, ...], wanted: tuple[Any, ...]) -> str:
    """What differs between two outputs of one id; empty if it is only the version of the rules that decided."""
    if found == wanted:
        return ""
    theirs, ours = orjson.loads(found[1] or b""), orjson.loads(wanted[1] or b"")
    theirs["data"].pop("rules_version", None)
    ours["data"].pop("rules_version", None)
    if theirs == ours and found[0] == wanted[0] and found[2] == wanted[2]:
        return "" if len(found[1]) == len(wanted[1]) else "has another form"
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


def _letter_differences(shard: Shard, replayed: Replayed) -> Iterator[str]:
    found = Counter(_letter(letter.key, letter.value, letter.headers) for letter in shard.dead_letters)
    wanted = Counter(_letter(*letter) for letter in replayed.emitted[DEAD_LETTERS])
    for headers, _, _ in found - wanted:
        yield f"dead-letters, partition {shard.number}: not in the replay: {dict(headers)}"
    for headers, _, _ in wanted - found:
        yield f"dead-letters, partition {shard.number}: missing: {dict(headers)}"


def _letter(key: bytes | None, value: bytes | None, headers: Headers) -> tuple[Headers, bytes | None, bytes | None]:
    """A letter without what need not be equal: the rules' version, and a traceback's lines."""
    failed = ("dl_error_class", b"internal_error") in headers
    left_out = {"dl_rules_version", "dl_error"} if failed else {"dl_rules_version"}
    return tuple(header for header in headers if header[0] not in left_out), key, value


def _missing_ticks(shard: Shard, replayed: Replayed) -> Iterator[str]:
    """Each owed tick is a record of its own behind the tick that left work over."""
    there = [*shard.inputs.get(CLOCK.role, []), *shard.later_ticks]
    for offset, value in replayed.owed:
        found = next((record for record in there if record.offset > offset and record.value == value), None)
        if found is None:
            yield f"partition {shard.number}: the tick {value!r}, owed since clock@{offset}, is not in the clock topic"
        else:
            there.remove(found)


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
