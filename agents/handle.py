"""The one handling path: what happens to every record, in this order, for every topic.

1. **decode**: raw bytes become an event, or one clear reason why they are none;
2. **decide**: the rules (``models.decide``) say what follows, as data;
3. **collect**: table changes and outputs are put aside by plain calls.

The driver then commits all of it, with the source offsets, in one Kafka transaction (step 4), and ``views`` follow the
committed topics (step 5). Nothing here awaits, so no other agent can come between the read and the write of a key.

``PartitionHandler`` needs only byte stores and a function to emit with, so the audit replays recorded topics through the
very same code on plain dictionaries.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import orjson
import structlog
from msgspec import DecodeError, Struct

from agents import letters
from agents.ports import Emit, Record, Store
from agents.sources import BySource
from agents.wakes import AT_ONCE, Wakes
from models import majeure, state
from models.accounts.events import MemberReleased
from models.calendar import record_time
from models.catalogue import CLOCK, INPUT_BYTES, TOPIC_OF, TRANSFER, Catalogue
from models.decide import decide, quarantine, wake
from models.desk import Decision, Moment
from models.envelope import Event, Tick, Unreadable, decode
from models.events import EVENT, EVERYBODY
from models.outputs.base import HEADERS, encode
from models.outputs.dead_letters import cut, dead_letter_headers, traceback_of
from models.partitioning import partition_of
from models.policies import RULES_VERSION, Policies
from models.state import Member

log = structlog.get_logger(__name__)

STATE_KEY = b"clock"
"""Key of the partition's own state in the table ``partitions``."""
VALUE_BYTES = INPUT_BYTES
"""The largest table value: what the topics take with room for its key. A larger one is a fault of ours."""
WAKE_PORTION = 500
"""Members woken by one tick; the rest follow on another tick with the same instant, so no poll grows without bound."""


class StoreFailedError(Exception):
    """A table could not be read: a fault of this process, not of the member it was about. The process must end."""


class ValueTooLargeError(Exception):
    """A table value that no topic would take; written, it would stop the partition for good."""


FATAL = (StoreFailedError, state.UnknownVersionError)
"""What is never blamed on a member: no event is lost when the process ends, and all are when members are set aside."""


class PartitionState(Struct, array_like=True):
    """What a partition remembers of itself: its now, and how many records it has handled."""

    now: datetime | None = None
    seq: int = 0


class PartitionHandler:
    """Handles the records of one partition, of all input topics, in the order given.

    stores: table name -> this partition's keys. clock: ``wall`` bounds a tick by the instant the broker got it.
    Call ``load`` whenever the stores were replaced under it (after a restore or an abort).
    """

    def __init__(
        self,
        partition: int,
        stores: Mapping[str, Store],
        catalogue: Catalogue,
        policies: Policies,
        clock: Literal["wall", "external"],
        counts: Counter[tuple[str, str | None]] | None = None,
        sources: BySource | None = None,
    ) -> None:
        self._partition = partition
        self._stores = stores
        self._catalogue = catalogue
        self._policies = policies
        self._wall = clock == "wall"
        self._clock_topic = catalogue.name(CLOCK.role)
        self._transfers = catalogue.name(TRANSFER.role)
        self._dead_letters = catalogue.name("dead-letters")
        self._topic_of = {kind: catalogue.name(role) for kind, role in TOPIC_OF.items()}
        self.counts: Counter[tuple[str, str | None]] = Counter() if counts is None else counts
        """How often something ended in which (outcome, reason), polls done again included; ``quarantined``: members."""
        self.sources = sources or BySource()
        self.largest = 0
        """Bytes of the largest hot value written since the start."""
        self.quarantined: set[str] = set()
        """Members who are set aside now, those whose hot value cannot be read among them."""
        self.load()

    def load(self) -> None:
        """Take now, seq and the deadlines from the stores."""
        raw = self._stores["partitions"].get(STATE_KEY)
        self._state = state.decode(raw, PartitionState) if raw is not None else PartitionState()
        self._wakes = Wakes()
        self.quarantined.clear()
        words = majeure.words(self._read)
        for member_id, member in self._members():
            if member is None:
                continue
            if member.quarantined:
                self.quarantined.add(member_id)
            elif majeure.has_to_hear(member, words):
                self._wakes.set(member_id, AT_ONCE)
            else:
                self._wakes.set(member_id, member.due[0].at if member.due else None)

    def _members(self) -> Iterator[tuple[str, Member | None]]:
        """All of the partition; None for one whose value cannot be read: its next event sets it aside, nothing is due until then."""
        for key, value in self._stores["members"].items():
            member_id = key.decode()
            try:
                yield member_id, state.decode(value, Member)
            except DecodeError as error:
                if member_id not in self.quarantined:
                    log.error("member unreadable", member=member_id, exc_info=error)
                    self.counts["quarantined", type(error).__name__] += 1
                    self.quarantined.add(member_id)
                yield member_id, None

    @property
    def now(self) -> datetime | None:
        """The partition's now: the latest tick it has seen."""
        return self._state.now

    def handle(self, records: Iterable[Record], emit: Emit) -> None:
        """Handle records of one topic, then keep now and seq with them."""
        role = None
        for record in records:
            role = role or self._catalogue.role(record.topic)
            self._state.seq += 1
            self._one(record, role, emit)
        self._stores["partitions"].put(STATE_KEY, state.encode(self._state))

    def _one(self, record: Record, role: str, emit: Emit) -> None:
        moment = Moment(self._state.seq, self._state.now, role, self._partition, record.offset)
        decoded = self._decoded(record, role)
        if isinstance(decoded, Tick):
            self._tick(decoded, record, moment, emit)
        elif isinstance(decoded, Unreadable):
            self._collect(letters.unreadable(decoded, record.key, moment, self._catalogue.partitions), emit)
            self._dead_letter(record, decoded.reason, decoded.error, emit)
        else:
            self._event(decoded, record, moment, emit)

    def _decoded(self, record: Record, role: str) -> Event[Any] | Tick | Unreadable:
        return decode(role, self._partition, self._catalogue.partitions, record.key, record.value, record.headers)

    def _event(self, event: Event[Any], record: Record, moment: Moment, emit: Emit) -> None:
        try:
            decision = self._decide(event, moment)
            _demand_writable(decision)
        except FATAL:
            raise
        except Exception as error:  # noqa: BLE001  whatever a rule raises concerns this one member, not its neighbours
            self._isolate(event.subject, error, record, moment, emit)
            self._dead_letter(record, "internal_error", traceback_of(error), emit)
            self._collect(letters.failed(event, moment), emit)
            return
        self._collect(decision, emit)
        if decision.everybody:
            self._wake_everybody()
        elif event.subject != EVERYBODY:
            self._wakes.set(event.subject, decision.due)
        own = decision.decisions[0].data
        if isinstance(event.data, MemberReleased) and own.outcome == "applied":
            self.quarantined.discard(event.subject)
            log.info("member released", member=event.subject, actor=event.data.actor, offset=record.offset)
        if own.outcome == "dead_lettered":
            self._dead_letter(record, own.reason or own.outcome, own.says, emit)

    def _wake_everybody(self) -> None:
        """PRO-11 Whoever has not heard yet is woken by the ticks to come, in their portions; `load` finds the same members."""
        words = majeure.words(self._read)
        for member_id, member in self._members():
            if member and not member.quarantined and majeure.has_to_hear(member, words):
                self._wakes.set(member_id, AT_ONCE)

    def _tick(self, tick: Tick, record: Record, moment: Moment, emit: Emit) -> None:
        """Move now forward, never back; then wake who is due, a bounded portion at a time."""
        at = min(tick.at, record_time(record.timestamp_ms)) if self._wall else tick.at
        now = self._state.now = max(at, self._state.now or at)
        moment = moment._replace(now=now)
        failed: list[str] = []
        for _ in range(WAKE_PORTION):
            if not self._wakes.any_due(now):
                break
            failed += self._wake_next(now, record, moment, emit)
        if failed:  # one letter for the record, whoever failed
            self._dead_letter(record, "internal_error", cut("\n".join(failed)), emit)
        if self._wakes.any_due(now):
            emit(self._clock_topic, None, orjson.dumps({"at": now}), partition=self._partition)

    def _wake_next(self, now: datetime, record: Record, moment: Moment, emit: Emit) -> list[str]:
        """Work off what is due for the member who is due first; returns what failed."""
        member_id = self._wakes.pop(now)
        try:
            decision = self._wake(member_id, moment)
            _demand_writable(decision)
        except FATAL:
            raise
        except Exception as error:  # noqa: BLE001  as above: one member's broken deadline must not stop the clock
            self._isolate(member_id, error, record, moment, emit)
            return [f"deadlines of member {member_id}:\n{traceback_of(error)}"]
        self._collect(decision, emit)
        self._wakes.set(member_id, decision.due)
        return []

    def _decide(self, event: Event[Any], moment: Moment) -> Decision:
        return decide(event, self._read, moment, self._policies)

    def _wake(self, member_id: str, moment: Moment) -> Decision:
        return wake(member_id, self._read, moment, self._policies)

    def _isolate(self, member_id: str, error: Exception, record: Record, moment: Moment, emit: Emit) -> None:
        """Set the member aside, alone and loudly (MS-20, fault 11): nothing of its event has been collected."""
        if member_id == EVERYBODY:  # nobody's state, so nothing that could go wrong further: the letter is enough
            log.error("event for everybody failed", topic=record.topic, offset=record.offset, exc_info=error)
            return
        log.error("member quarantined", member=member_id, topic=record.topic, offset=record.offset, exc_info=error)
        self._collect(quarantine(member_id, self._read, moment, type(error).__name__), emit)
        self._wakes.set(member_id, None)
        self.counts["quarantined", type(error).__name__] += 1
        self.quarantined.add(member_id)

    def _collect(self, decision: Decision, emit: Emit) -> None:
        for table, changes in decision.changes.items():
            store = self._stores[table]
            if table == state.MEMBERS:
                self.largest = max(self.largest, *[len(value or b"") for value in changes.values()])
            for key, value in changes.items():
                if value is None:
                    store.delete(key)
                else:
                    store.put(key, value)
        for decided in decision.decisions:
            self.counts[decided.data.outcome, decided.data.reason] += 1
            self.sources.add(decided.data)
        for outputs in (decision.ledger, decision.notifications, decision.requests, decision.decisions):
            for output in outputs:
                topic = self._topic_of[type(output.data)]
                emit(topic, output.subject.encode(), encode(output), headers=HEADERS, partition=self._partition)
        for sent in decision.transfers:
            key, value = sent.subject.encode(), EVENT.dump_json(sent, exclude_none=True)
            home = partition_of(key, self._catalogue.partitions)  # the only output that leaves the partition
            emit(self._transfers, key, value, headers=HEADERS, partition=home)

    def _dead_letter(self, record: Record, error_class: str, error: str, emit: Emit) -> None:
        headers = dead_letter_headers(
            record.headers,
            topic=record.topic,
            partition=self._partition,
            offset=record.offset,
            error_class=error_class,
            error=error,
            first_seen=record_time(record.timestamp_ms).isoformat(),
            rules_version=RULES_VERSION,
        )
        emit(self._dead_letters, record.key, record.value, headers=headers, partition=self._partition)

    def _read(self, table: str, key: bytes) -> bytes | None:
        try:
            return self._stores[table].get(key)
        except Exception as error:
            raise StoreFailedError(f"table {table} of partition {self._partition} cannot be read") from error


def _demand_writable(decision: Decision) -> None:
    for table, changes in decision.changes.items():
        for key, value in changes.items():
            if value is not None and len(value) > VALUE_BYTES:
                raise ValueTooLargeError(f"{len(value)} bytes for {key!r} of table {table}; at most {VALUE_BYTES}")
