"""The account of each source: counts, and one sample of each trouble. What it holds does not grow with what was read.

Names come from upstream, so there are limits: so many sources and so many fields of each have an account of their own, and
all others one together.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from audit.topics import Stored
from cli.producers.judge import Finding, Trouble
from cli.producers.kinds import KINDS, PARTITIONERS
from cli.producers.sample import Sample, shown_key, shown_value
from models.calendar import rfc3339

SOURCES: Final = 200
FIELDS: Final = 20
OTHERS: Final = "(others)"


class Name(NamedTuple):
    """Whose account: a source, or the topic on which records lie whose source cannot be read, or neither: all others."""

    source: str | None = None
    topic: str | None = None


@dataclass(slots=True)
class Count:
    """How often, and the smallest record that shows it."""

    count: int = 0
    sample: Sample | None = None


@dataclass(slots=True)
class Account:
    """What one source has sent."""

    records: int = 0
    keyed: int = 0
    """Records that have a partition of their own."""
    misplaced: int = 0
    not_crc32: int = 0
    """Of the misplaced ones, those that CRC32 does not explain."""
    troubles: dict[tuple[str, str | None], Count] = field(default_factory=dict)

    def add(self, topic: str, record: Stored, finding: Finding) -> None:
        """Take one record in."""
        self.records += 1
        self.keyed += finding.misplaced is not None
        self.misplaced += bool(finding.misplaced)
        self.not_crc32 += bool(finding.misplaced) and not finding.is_crc32
        for trouble in finding.troubles:
            found = self.troubles.setdefault(self._slot(trouble), Count())
            found.count += 1
            size = len(record.value or b"")
            if found.sample is None or size < found.sample.bytes:
                found.sample = _sample(topic, record, finding, trouble, size)

    def _slot(self, trouble: Trouble) -> tuple[str, str | None]:
        slot = trouble.kind, trouble.field
        if trouble.field is None or slot in self.troubles:
            return slot
        return slot if sum(name is not None for _, name in self.troubles) < FIELDS else (trouble.kind, OTHERS)

    @property
    def partitioner(self) -> str | None:
        """The one that explains every record on a wrong partition; None: none that we know."""
        return "crc32" if self.misplaced and not self.not_crc32 else None

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, troubles that cost most first."""
        order = list(KINDS)
        found = sorted(
            self.troubles.items(), key=lambda item: (order.index(item[0][0]), -item[1].count, item[0][1] or "")
        )
        return {
            "records": self.records,
            "healthy": not self.troubles,
            "troubles": [self._trouble(*slot, count) for slot, count in found],
        }

    def _trouble(self, code: str, name: str | None, found: Count) -> dict[str, Any]:
        kind = KINDS[code]
        body: dict[str, Any] = {
            "kind": code,
            "field": name,
            "what": kind.what,
            "effect": kind.effect,
            "count": found.count,
            "share": round(found.count / self.records, 4),
            "hint": kind.hint,
            "sample": found.sample and _sample_json(found.sample),
        }
        if code == "wrong_partition":
            explained = self.partitioner
            body |= {"share": round(self.misplaced / self.keyed, 4), "partitioner": explained}
            body["hint"] = PARTITIONERS[explained] if explained else kind.hint
        return body


@dataclass
class Health:
    """All accounts. only: the one source that is asked about."""

    only: str | None = None
    records: int = 0
    undecided: int = 0
    """Records that no worker has decided yet: they are not judged."""
    redriven: int = 0
    """Records that an operator sent once more: they are not the source's doing."""
    accounts: dict[Name, Account] = field(default_factory=dict)

    def add(self, source: str | None, topic: str, record: Stored, finding: Finding) -> None:
        """Take one record in; topic: its name in the contract."""
        self.records += 1
        if self.only not in (None, source):
            return
        name = Name(source) if source is not None else Name(topic=topic)
        if name not in self.accounts and source is not None and len(self.accounts) >= SOURCES:
            name = Name()
        self.accounts.setdefault(name, Account()).add(topic, record, finding)

    @property
    def healthy(self) -> bool:
        """Whether no source has trouble."""
        return not any(account.troubles for account in self.accounts.values())

    def as_json(self) -> dict[str, Any]:
        """The report; sources in trouble first, then by name."""
        named = sorted(self.accounts.items(), key=lambda item: (not item[1].troubles, str(item[0])))
        return {
            "records": self.records,
            "undecided": self.undecided,
            "redriven": self.redriven,
            "healthy": self.healthy,
            "sources": [name._asdict() | account.as_json() for name, account in named],
        }


def _sample(topic: str, record: Stored, finding: Finding, trouble: Trouble, size: int) -> Sample:
    return Sample(
        topic,
        record.partition,
        record.offset,
        size,
        rfc3339(finding.time) if finding.time else None,
        trouble.says,
        shown_key(record.key),
        shown_value(record.value),
    )


def _sample_json(sample: Sample) -> dict[str, Any]:
    place = {"topic": sample.topic, "partition": sample.partition, "offset": sample.offset}
    rest = {name: getattr(sample, name) for name in ("bytes", "time", "says", "key", "value")}
    return {"record": place} | rest
