"""Layer 2: the recorded order, handled again on plain dictionaries, from where the audit begins.

It runs the workers' own handling path without their driver. When that leaves exactly what is in the topics
(``compare``), delivery, transactions, restore and crashes have changed nothing. That the rules themselves add up is the
question of layer 3 (``account``).

Two things cannot be recomputed, and are replayed as facts: a rule that failed at the time (``internal_error``), and that a record was
no event for another release's reader, which knew fewer types and fields, or more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from structlog.testing import capture_logs

from agents.dictionary import Dictionary
from agents.handle import PartitionHandler
from agents.ports import Record
from audit import quarantines
from audit.shard import Shard
from audit.start import Start
from audit.topics import Headers, Stored
from models.catalogue import CLOCK, TABLES, TRANSFER
from models.desk import Decision, Moment
from models.envelope import BY_PLACE, UNREADABLE, Event, Tick, Unreadable
from models.events import EVERYBODY
from models.policies import RULES_VERSION, Policies


@dataclass
class Replayed:
    """What handling a shard again has left: tables, and outputs by contract name (key, value, headers)."""

    tables: dict[str, dict[bytes, bytes]]
    now: datetime | None = None
    failed: int = 0
    """Failures replayed as facts."""
    unread: int = 0
    """Records that were no events for another release, likewise."""
    owed: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Further ticks: (offset of the tick that left work over, value)."""
    seq: int = 0
    """Number of the record at hand."""
    written: dict[str, dict[bytes, int]] = field(default_factory=lambda: {table: {} for table in TABLES})
    """By table and key: the record that wrote it last, or deleted it."""
    emitted_at: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The records that caused what was emitted."""
    emitted: dict[str, list[tuple[bytes | None, bytes | None, Headers]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    transfers: list[tuple[int, bytes | None, bytes | None]] = field(default_factory=list)
    """What it sent to keys of any partition: (partition, key, value)."""


class Noting(Dictionary):
    """A table that notes which record wrote what last."""

    def __init__(self, name: str, replayed: Replayed) -> None:
        super().__init__(replayed.tables[name])
        self._replayed, self._written = replayed, replayed.written[name]

    def put(self, key: bytes, value: bytes, /) -> None:
        """Set a value."""
        super().put(key, value)
        self._written[key] = self._replayed.seq

    def delete(self, key: bytes, /) -> None:
        """Remove a key."""
        super().delete(key)
        self._written[key] = self._replayed.seq


class Replaying(PartitionHandler):
    """The handler, with the rules failing where they failed at the time."""

    failures: Mapping[bytes, Exception] = MappingProxyType({})
    """Of the record at hand: quarantine key of the member -> what its rule raised."""
    unread: Unreadable | None = None
    """Of the record at hand: why it was no event at the time, for a release with other rules."""

    def _decoded(self, record: Record, role: str) -> Event[Any] | Tick | Unreadable:
        return self.unread or super()._decoded(record, role)

    def _decide(self, event: Event[Any], moment: Moment) -> Decision:
        self._fail(event.subject)
        return super()._decide(event, moment)

    def _wake(self, member_id: str, moment: Moment) -> Decision:
        self._fail(member_id)
        return super()._wake(member_id, moment)

    def _fail(self, member_id: str) -> None:
        failure = self.failures.get(quarantines.key_of(member_id))
        if failure:
            raise failure


def replay(
    shard: Shard, start: Start, order: Mapping[int, Stored], policies: Policies, clock: Literal["wall", "external"]
) -> Replayed:
    """Handle the shard's records in the recorded order, on the tables of the start."""
    result = Replayed(start.tables)
    stores = {name: Noting(name, result) for name in result.tables}
    handler = Replaying(shard.number, stores, shard.catalogue, policies, clock)
    failures = _failures(shard, order)
    unread = _unread(shard, order)
    result.failed, result.unread = sum(map(len, failures.values())), len(unread)

    def emit(
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        role = shard.catalogue.role(topic)
        if role == TRANSFER.role and partition is not None:
            result.transfers.append((partition, key, value))
        elif partition != shard.number:
            raise ValueError(f"partition {shard.number} emits to {topic}[{partition}]: the audit compares by partition")
        elif role == CLOCK.role:
            result.owed.append((record.offset, value))
        else:
            result.emitted[role].append((key, value, tuple(headers)))
            result.emitted_at[role].append(result.seq)

    with capture_logs():  # a failure replayed is no news
        for seq, record in order.items():
            result.seq = seq
            handler.failures, handler.unread = failures.get(seq, {}), unread.get(seq)
            handler.handle([record], emit)
    result.now = handler.now
    return result


def _failures(shard: Shard, order: Mapping[int, Stored]) -> dict[int, dict[bytes, Exception]]:
    """What failed at the time: seq -> quarantine key of the member -> an exception of the same class.

    An event's failure is told by its decision and its letter's traceback; that of a deadline, which has no decision, by
    the quarantine, whether it still stands or was lifted.
    """
    failures: dict[int, dict[bytes, Exception]] = defaultdict(dict)
    classes: dict[tuple[str | None, str | None], str] = {}
    for letter in shard.dead_letters:
        ours = {name: (value or b"").decode("utf-8", "replace") for name, value in letter.headers}
        classes[ours.get("dl_topic"), ours.get("dl_offset")] = _exception_name(ours.get("dl_error", ""))
    for decision in shard.parsed.get("decisions", []):
        seq = int(decision.data.get("seq", -1))
        record = order.get(seq)
        if record and decision.data.get("reason") == "internal_error":
            name = classes.get((record.topic, str(record.offset)), "Exception")
            failures[seq][quarantines.key_of(decision.subject)] = _exception(name)
    for key, marker in quarantines.quarantines(shard):
        failures[marker.seq][key] = _exception(marker.reason)
    return failures


def _unread(shard: Shard, order: Mapping[int, Stored]) -> dict[int, Unreadable]:
    """What another release could not read: seq -> why, as its decision has it."""
    found = {}
    for decision in shard.parsed.get("decisions", []):
        seq = int(decision.data.get("seq", -1))
        if seq in order and unread_by_another(decision.data):
            event, subject = decision.data["event"], decision.subject
            names = event["source"], event["id"], event["type"], None if subject == EVERYBODY else subject
            found[seq] = Unreadable(decision.data["reason"], decision.data["says"], *names)
    return found


def unread_by_another(decided: Mapping[str, Any]) -> bool:
    """Whether a decision says that a record was no event for a release with other rules than this one's."""
    return decided.get("rules_version") != RULES_VERSION and decided.get("reason") in UNREADABLE - BY_PLACE


def _exception(name: str) -> Exception:
    """An exception whose class has that name: the name is all that is kept of it."""
    failure: type[Exception] = type(name if name.isidentifier() else "Exception", (Exception,), {})
    return failure("as recorded")


def _exception_name(traceback: str) -> str:
    """The class named in a traceback's last unindented line: ``package.module.Name: message`` -> ``Name``."""
    lines = [line for line in traceback.splitlines() if line and not line[0].isspace()]
    return lines[-1].split(":")[0].rpartition(".")[2].strip() if lines else ""
