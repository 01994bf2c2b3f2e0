"""The audit: takes a quiet moment of the log, reads partition after partition, and asks every layer."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from kafka import TopicPartition
from kafka.errors import AuthorizationError, KafkaConnectionError, KafkaError, KafkaTimeoutError
from redis.exceptions import RedisError

from agents.settings import Settings
from agents.topics import BrokerUnreachable
from audit import books, compare, coverage, documents, own, replay, transfers, transport
from audit.checkpoint import SHARED, Installation, Saved, Saving
from audit.documents import Documents
from audit.ids import Ids
from audit.places import Places
from audit.replay import Replayed
from audit.report import Checkpoint, Findings, Report
from audit.shard import DEAD_LETTERS, OUTPUTS, Shard, last_values
from audit.start import Start
from audit.topics import Snapshot, TopicReader, TopicsUnreadableError
from audit.transfers import Transfers
from models import state
from models.catalogue import CLOCK, TABLES, TRANSFER
from models.policies import Policies

QUESTIONS: Final = {
    **coverage.QUESTIONS,
    **transport.QUESTIONS,
    **compare.QUESTIONS,
    **transfers.QUESTIONS,
    **books.QUESTIONS,
    **own.QUESTIONS,
    **documents.QUESTIONS,
}

Progress = Callable[[str, int, int], None]
"""(what, done, of how many)"""


class AuditImpossibleError(RuntimeError):
    """The topics cannot be read at all: the message says why. Nothing is known about what is in them."""


def run(
    settings: Settings,
    progress: Progress | None = None,
    *,
    views: bool = True,
    patience: float = 15.0,
    begin: Path | None = None,
    save: Path | None = None,
) -> Report:
    """Recompute everything from the input topics and compare; the layers' modules say what each proves.

    progress: called with (what, done, total) after each partition. views: False leaves Redis out, on purpose.
    patience: seconds to wait for a quiet moment of the log, and again for the views to catch up.
    begin: a directory with a checkpoint; only what came after it is read. save: a directory for the checkpoint of this
    audit, which is written if all is clean; it may be the same one.
    Raises CheckpointError, BrokerUnreachable, or AuditImpossibleError if the topics cannot be read or are still being
    written after that time.
    """
    started = time.monotonic()
    findings = Findings(QUESTIONS)
    try:
        with TopicReader(settings.kafka_python(), settings.group) as reader, _no_collector():
            installation = Installation.of(settings, reader.cluster_id())
            begun = Saved(begin, installation) if begin else None
            with Saving(save, installation) if save else nullcontext() as saving:
                audit = _Audit(settings, reader, findings, progress or _silent, patience, begun, saving)
                covered = audit.make(views=views)
                saved = audit.save() if findings.clean else None
    except AuthorizationError:
        raise  # its caller tells of rights, whatever wanted them
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        raise BrokerUnreachable(
            f"no Kafka broker answers at {settings.bootstrap_servers}", "start one: memberships up"
        ) from error
    except (KafkaError, TopicsUnreadableError) as error:
        raise AuditImpossibleError(
            f"{error or type(error).__name__} (brokers: {settings.bootstrap_servers})"
        ) from error
    return Report(
        checks=findings.checks(),
        covered=covered,
        taken_as_given=dict(findings.taken_as_given),
        first_offset=findings.first.name if findings.first else None,
        seconds=round(time.monotonic() - started, 2),
        began_from=begun.manifest.told if begun else None,
        saved=saved,
    )


class _Audit:
    """One run: what all partitions share."""

    def __init__(
        self,
        settings: Settings,
        reader: TopicReader,
        findings: Findings,
        progress: Progress,
        patience: float,
        begun: Saved | None,
        saving: Saving | None,
    ) -> None:
        self._settings = settings
        self._catalogue = settings.catalogue()
        self._policies = settings.rules()
        self._reader = reader
        self._findings = findings
        self._progress = progress
        self._patience = patience
        self._begun = begun
        self._saving = saving
        self._ids, self._transfers = begun.shared() if begun else (Ids(), Transfers())
        self._covered: Counter[str] = Counter()
        self._handled = 0

    def make(self, *, views: bool) -> dict[str, int]:
        """Audit every partition; returns how many records of each topic were read."""
        catalogue = self._catalogue
        names = [topic.name for topic in catalogue.topics]
        counts = {name: self._reader.partitions(name) for name in names}
        wrong = [
            f"{name} has {count} partitions, the settings say {catalogue.partitions}" if count else f"{name} is missing"
            for name, count in counts.items()
            if count != catalogue.partitions
        ]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise TopicsUnreadableError(f"topic {wrong[0]}{more}")
        self._progress("waiting for a quiet moment", 0, catalogue.partitions)
        places = [TopicPartition(name, number) for name in names for number in range(catalogue.partitions)]
        snapshot = self._reader.snapshot(places, self._patience)
        self._ends = coverage.end(catalogue, snapshot)
        begin = self._begun.manifest.offsets if self._begun else {}
        snapshot = coverage.check(catalogue, snapshot, begin, self._findings)
        seen_by_views = self._documents(views)
        for number in range(catalogue.partitions):
            shard = self._read(snapshot, number)
            start = self._begun.start(number) if self._begun else Start()
            replayed = examine(shard, start, self._ids, self._policies, self._settings.clock, self._findings)
            self._transfers.add(shard, replayed)
            self._keep(number, start)
            if seen_by_views:
                members, pages = shard.tables[state.MEMBERS], shard.tables[state.LOTS]
                self._views(lambda: seen_by_views.check(members, pages, self._findings))  # noqa: B023 - now
            self._progress("partitions", number + 1, catalogue.partitions)
        self._transfers.check(self._findings)
        if seen_by_views:
            self._views(lambda: seen_by_views.check_extra(self._findings))
            seen_by_views.close()
        return dict(self._covered)

    def _keep(self, number: int, start: Start) -> None:
        """Write down what the partition's next audit begins from, as long as this one may be clean."""
        self._handled += start.seq
        if self._saving and self._findings.clean:
            start.end()
            self._saving.add(f"partition-{number}", start)

    def save(self) -> Checkpoint | None:
        """The checkpoint of this audit, if one was asked for; all has to be clean."""
        if self._saving is None:
            return None
        self._ids.settle()
        self._saving.add(SHARED, (self._ids, self._transfers))
        before = self._begun.manifest.digest if self._begun else None
        now = datetime.now(UTC)  # noqa: TID251  for people: nothing is decided by it
        return self._saving.commit(self._ends, self._handled, before, now)

    def _read(self, snapshot: Snapshot, number: int) -> Shard:
        places = {topic.role: TopicPartition(topic.name, number) for topic in self._catalogue.topics}
        records = self._reader.read(snapshot, places.values())
        for place, found in records.items():
            self._covered[place.topic] += len(found)
        handled = {topic.role: snapshot.committed.get(places[topic.role], 0) for topic in self._catalogue.handled}
        clock = places[CLOCK.role]
        waiting = [record for record in records[places[TRANSFER.role]] if record.offset >= handled[TRANSFER.role]]
        if waiting:
            what = f"{len(waiting)} transfers from {waiting[0].place} on are not handled yet"
            self._findings.differs(coverage.COMMITTED, f"{what}, and audited up to there")
        return Shard(
            number,
            self._catalogue,
            inputs={
                role: [record for record in records[places[role]] if record.offset < done]
                for role, done in handled.items()
            },
            later_ticks=[record for record in records[clock] if record.offset >= handled[CLOCK.role]],
            transfers=records[places[TRANSFER.role]],
            outputs={role: records[places[role]] for role in OUTPUTS},
            dead_letters=records[places[DEAD_LETTERS]],
            tables={table: last_values(records[self._changelog(table, number)]) for table in TABLES},
        )

    def _changelog(self, table: str, number: int) -> TopicPartition:
        return TopicPartition(self._catalogue.changelog(table), number)

    def _documents(self, wanted: bool) -> Documents | None:
        if not wanted:
            self._findings.switched_off(documents.VIEWS)
            return None
        settings = self._settings
        why = documents.unreachable(settings.redis_url)
        if why:
            self._findings.not_run(documents.VIEWS, f"Redis does not answer: {why}")
            return None
        return Documents(settings.redis_url, settings.topic_prefix, settings.generation, self._patience)

    def _views(self, check: Callable[[], None]) -> None:
        try:
            check()
        except RedisError as error:
            self._findings.not_run(documents.VIEWS, f"Redis stopped answering: {type(error).__name__}")


def examine(
    shard: Shard, start: Start, ids: Ids, policies: Policies, clock: Literal["wall", "external"], findings: Findings
) -> Replayed | None:
    """Ask every layer that works on topics about one partition; returns its replay, None if the order cannot be told.

    start: what to begin from; left as what is behind the last record.
    """
    order = transport.check(shard, start, ids, findings)
    books.read(shard.parsed.get("points-ledger", []), start.books, findings)
    if order is None:
        why = f"partition {shard.number}: the order of handling cannot be told, see `{transport.ANSWERED}` and `{transport.ORDER}`"
        for question in (*compare.QUESTIONS, *own.QUESTIONS):
            findings.not_run(question, why)
        return None
    replayed, places = replay.replay(shard, start, order, policies, clock), Places(shard, order)
    compare.check(shard, start, replayed, policies, places, findings)
    own.check(shard, start, order, policies, clock, places, findings)
    return replayed


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of small records and no cycles among them: looking for cycles again and again would double the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _silent(_what: str, _done: int, _total: int) -> None:
    """No progress wanted."""
