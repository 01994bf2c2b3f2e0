"""Fault 14: changelogs are compacted between runs and during them; who starts from nothing has the same state."""

import shutil
import time
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Producer

from cli.lines import Item, Tick
from driver import Config
from driver.restore import Restore
from driver.store import MemoryStores, RocksStore, RocksStores, Stores
from local.kafka import Kafka
from models.catalogue import TABLES
from tests.faults.kit.compaction import SEGMENT_MS, Compaction, Place
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean, settled
from tests.support.processes import PATIENCE
from tests.system.site import PARTITIONS, Site, shared

pytestmark = pytest.mark.broker

RATE = 600
EVENTS, MORE = 1_500, 300
BEFORE = 5_000
RESTORES = 3
EARLY = Tick("2026-01-15T00:00:00Z")
IDS_EXPIRED = [Tick(f"2029-01-01T00:{minute:02}:00Z") for minute in range(15)]
"""GEN-1 Long after their time, and as many ticks as it takes to sweep the ids of a partition."""
ABANDONED = b"what nobody has committed"


State = dict[Place, dict[bytes, bytes]]


@pytest.mark.long
@pytest.mark.fault(14)
def test_restored_from_nothing_after_compaction(
    own_broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence
) -> None:
    """What a worker had in its files when it ended comes back, byte for byte, from what compaction leaves; twice."""
    lines, sent, lost = months(2), 0, Counter[str]()
    rounds = (([EARLY], EVENTS, IDS_EXPIRED), ([], MORE, []))
    with Site(own_broker, tmp_path, redis_url=redis_url, store="rocksdb") as site:
        compaction, feeder = Compaction(own_broker, site), site.views()
        for before, events, after in rounds:
            worker = site.worker().live()
            site.publish(before)
            sent += _sent(site, islice(lines, events))
            site.publish(after)
            worker.stop()
            had = _taken_away(site)
            _abandon(site)
            lost += _lost(site, compaction)
            for stores in (MemoryStores(TABLES), RocksStores(tmp_path / "restored", TABLES)):
                assert _restored(site, stores) == had
                evidence.happened(restores_from_nothing=1)
        assert sum(len(had["applied", number]) for number in range(PARTITIONS)) < 2 * MORE, "ids of years ago are left"
        assert lost["deletions"] > EVENTS / 2, "each forgotten id had one, and few are in a last segment"
        evidence.happened(**{f"{what}_compacted_away": count for what, count in lost.items()})
        last = site.worker(store="memory").live()
        sent += _sent(site, islice(lines, MORE))
        evidence.came_to(clean(site, sent, feeder))
        last.stop()


@pytest.mark.long
@pytest.mark.fault(14)
def test_compaction_while_workers_restore(
    own_broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence
) -> None:
    """Under load, over what is being compacted at that very moment."""
    lines = months(6)
    with Site(own_broker, tmp_path, redis_url=redis_url) as site:
        compaction, feeder, first = Compaction(own_broker, site), site.views(), site.worker("w1").live()
        sent = _sent(site, islice(lines, BEFORE))
        with compaction.all_the_while(), Load(site.settings, lines, RATE // 4) as load:
            for _ in range(RESTORES):
                second = site.worker("w2").says("assigned: [")
                before = compaction.reached
                second.says("live: [")
                evidence.happened(restores=1)
                evidence.happened(compacted_meanwhile=int(compaction.reached != before))
                shared(first, second)
                load.passes(RATE // 8)
                second.stop()
            assert load.going_on
            evidence.came_to(clean(site, sent + load.end(), feeder))
        first.stop()


def _sent(site: Site, lines: Iterable[Item]) -> int:
    """Have these events handled; returns how many there are."""
    with Load(site.settings, lines, RATE) as load:
        sent = load.finish()
    settled(site)
    return sent


def _taken_away(site: Site) -> State:
    """What the worker that has ended has in its files, which are then deleted."""
    found: State = {}
    data = site.settings.data / "w1"
    for number in range(PARTITIONS):
        files = RocksStore(data / "state" / site.settings.group / f"{number:05}", TABLES)
        found |= {(table, number): dict(files.items(table)) for table in TABLES}
        files.drop()
    shutil.rmtree(data)
    assert any(found.values())
    return found


def _abandon(site: Site) -> None:
    """A worker that dies in a transaction, the last there is in each changelog: the broker aborts it."""
    settings = site.settings
    producer = Producer(settings.librdkafka() | {"transactional.id": f"{settings.group}-abandoned"})
    producer.init_transactions(PATIENCE)
    producer.begin_transaction()
    for table in TABLES:
        for number in range(PARTITIONS):
            producer.produce(settings.catalogue().changelog(table), ABANDONED, b"some key", number)
    assert producer.flush(PATIENCE) == 0
    time.sleep(2 * SEGMENT_MS / 1000)  # the marker of its end begins a segment, so that compaction gets at the rest
    producer.abort_transaction(PATIENCE)


def _lost(site: Site, compaction: Compaction) -> Counter[str]:
    """Compact, and count what is there no longer: values, deletions, and what was never committed."""
    before = _counted(site)
    compaction.between_runs()
    lost = before - _counted(site)
    assert lost["abandoned"] == before["abandoned"] == len(TABLES) * PARTITIONS, "the last records are gone"
    return lost


def _counted(site: Site) -> Counter[str]:
    records = [record for table in TABLES for record in site.read_changelog(table, "read_uncommitted")]
    return Counter(
        "abandoned" if record.value == ABANDONED else "deletions" if record.value is None else "values"
        for record in records
    )


def _restored(site: Site, stores: Stores) -> State:
    """What a worker that has nothing starts with."""
    settings, catalogue = site.settings, site.settings.catalogue()
    restore = Restore(
        config=Config(bootstrap_servers=settings.bootstrap_servers, worker="reader"),
        app_id=settings.group,
        sources=[topic.name for topic in catalogue.handled],
        changelogs={catalogue.changelog(table): table for table in TABLES},
        stores=stores,
        partitions=range(PARTITIONS),
        kept={},
        beat=lambda: None,
    )
    restore.start()
    restore.join(PATIENCE)
    assert not restore.is_alive(), "the restore does not end"
    assert restore.failure is None
    found: State = {}
    for restored in restore.ready():
        found |= {(table, restored.partition): dict(restored.store.items(table)) for table in TABLES}
        restored.store.drop()
    return found
