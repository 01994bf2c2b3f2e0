"""What was wrong with one record, told from the record, the workers' decision on it, and the key's events before it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, get_args
from zlib import crc32

from audit.topics import Stored
from models.calendar import record_time
from models.case import AHEAD_OF_NOW
from models.envelope import NO_SUCH_FIELD, Reason, attributes
from models.events import EVERYBODY
from models.partitioning import partition_of

KEYS: Final = 100_000
"""Of so many (topic, source, key) the latest time is remembered; forgetting one can hide a step back, never invent one."""
_UNREAD: Final = frozenset(get_args(Reason)) - {"wrong_topic", "null_key", "key_mismatch", "wrong_partition"}
"""Reasons of records whose time is not known to be one."""
_TOLD_BEFORE: Final = ("duplicate", "conflict")
"""What comes again comes late."""
_PLACE_IN_LIST: Final = re.compile(r"(?<=\.)\d+(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far times may be off before that is a trouble."""

    ahead: timedelta = timedelta(minutes=1)
    behind: timedelta = timedelta(days=1)
    backwards: timedelta = timedelta(minutes=1)


class Decided(NamedTuple):
    """The workers' own decision on a record; written_ms: by the clock of the worker that took it."""

    source: str | None
    outcome: str
    reason: str | None
    says: str
    now: datetime | None
    written_ms: int

    @classmethod
    def of(cls, data: Mapping[str, Any], written_ms: int) -> "Decided":
        """From a decision's `data`."""
        now = data["now"] and datetime.fromisoformat(data["now"])
        return cls(data["event"]["source"], data["outcome"], data["reason"], data["says"], now, written_ms)


class Trouble(NamedTuple):
    """A kind's code, the field it is about if it is about one, and the words for it."""

    kind: str
    field: str | None
    says: str


class Finding(NamedTuple):
    """All there is to say about one record. misplaced: None for a record whose partition means nothing."""

    troubles: list[Trouble]
    misplaced: bool | None
    is_crc32: bool
    time: datetime | None


class Judge:
    """Looks at the records of a topic partition in their order."""

    def __init__(self, partitions: int, tolerance: Tolerance) -> None:
        self._partitions = partitions
        self._tolerance = tolerance
        self._latest: dict[tuple[str, str | None, bytes | None], datetime] = {}

    def judge(self, topic: str, record: Stored, decided: Decided) -> Finding:
        """What was wrong with a record; topic: its name in the contract."""
        stated = attributes(record.value, record.headers)
        misplaced = is_crc32 = None
        if record.key and stated.get("subject") != EVERYBODY:
            misplaced = partition_of(record.key, self._partitions) != record.partition
            is_crc32 = crc32(record.key) % self._partitions == record.partition
        time = None if decided.reason in _UNREAD else _instant(stated.get("time"))
        troubles = list(_by_decision(decided))
        if misplaced and decided.reason != "wrong_partition":
            troubles.append(Trouble("wrong_partition", None, "partition: murmur2 puts this key on another one"))
        if time and decided.reason != AHEAD_OF_NOW and decided.outcome not in _TOLD_BEFORE:
            troubles += self._by_clock(time, record, decided)
            if decided.outcome != "dead_lettered":
                troubles += self._by_order(time, topic, record, decided)
        return Finding(troubles, misplaced, bool(is_crc32), time)

    def _by_clock(self, time: datetime, record: Stored, decided: Decided) -> Iterator[Trouble]:
        """Only what both clocks agree on: the partition's now, which may stand still, and the one that stamped the record.

        A record's stamp can be its sender's and say anything: it counts for no later than the decision, which came after it.
        """
        stamped, now = record_time(min(record.timestamp_ms, decided.written_ms)), decided.now
        if now is None:
            return
        if (off := time - max(now, stamped)) > self._tolerance.ahead:
            yield Trouble("clock_ahead", None, f"time: {_words(off)} ahead")
        elif (off := min(now, stamped) - time) > self._tolerance.behind:
            yield Trouble("clock_behind", None, f"time: {_words(off)} before it was sent")

    def _by_order(self, time: datetime, topic: str, record: Stored, decided: Decided) -> Iterator[Trouble]:
        slot = topic, decided.source, record.key
        latest = self._latest.pop(slot, time)
        if latest - time > self._tolerance.backwards:
            yield Trouble(
                "backwards", None, f"time: {_words(latest - time)} before that of an earlier record of its key"
            )
        self._latest[slot] = max(latest, time)
        if len(self._latest) > KEYS:
            del self._latest[next(iter(self._latest))]


def _by_decision(decided: Decided) -> Iterator[Trouble]:
    match decided.outcome, decided.reason:
        case "dead_lettered", "invalid":
            yield _invalid(decided.says)
        case "dead_lettered", "quarantined" | "internal_error":
            pass  # ours, not theirs
        case "dead_lettered", str(reason):
            yield Trouble(reason, None, decided.says)
        case "conflict", _:
            yield Trouble("id_reused", None, decided.says)
        case "duplicate" | "held" | "superseded" as kind, _:
            yield Trouble(kind, None, decided.says)


def _invalid(says: str) -> Trouble:
    """The sentence is `field: what was expected`."""
    where, _, expected = says.partition(": ")
    if where == "id":
        return Trouble("bad_id", None, says)
    kind = "unknown_field" if expected == NO_SUCH_FIELD else "invalid"
    return Trouble(kind, _PLACE_IN_LIST.sub("*", where), says)


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _words(off: timedelta) -> str:
    return str(timedelta(seconds=round(off.total_seconds())))
