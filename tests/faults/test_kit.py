"""The kit itself: what it must not call clean, and what it must not count as a fault."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from cli.lines import Message
from local.kafka import Kafka
from models.partitioning import partition_of
from tests.faults.kit import evidence
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import months
from tests.faults.kit.table import table
from tests.faults.kit.verdict import Verdict, clean, settled
from tests.support.processes import PATIENCE
from tests.system.site import PARTITIONS, Site

EVENTS = 40
STRANGER = "somebody"


@pytest.fixture
def handled(broker: Kafka, tmp_path: Path) -> Iterator[Site]:
    """An installation that has handled so many events, and in which nobody works any more."""
    messages = [item for item in islice(months(1), 2 * EVENTS) if isinstance(item, Message)]
    with Site(broker, tmp_path) as site:
        worker = site.worker()
        site.publish(messages[:EVENTS])
        worker.stop()
        yield site


def _tell_again(site: Site) -> None:
    """A decision, doubled."""
    decided = site.read("decisions")[0]
    _produce(site, "decisions", decided.key or b"", decided.value, decided.partition)


def _forget(site: Site) -> None:
    """A member, lost."""
    kept = site.read_changelog("members")[0]
    _produce(site, site.settings.catalogue().changelog("members"), kept.key or b"", None, kept.partition)


def _skip(site: Site) -> None:
    """An event that the workers take for handled, without a decision."""
    topic, number = site.settings.catalogue().name("orders"), partition_of(STRANGER.encode(), PARTITIONS)
    _produce(site, "orders", STRANGER.encode(), b"{}", number)
    with closing(Consumer(site.settings.librdkafka() | {"group.id": site.settings.group})) as group:
        _, end = group.get_watermark_offsets(TopicPartition(topic, number), PATIENCE)
        group.commit(offsets=[TopicPartition(topic, number, end)], asynchronous=False)


def _produce(site: Site, topic: str, key: bytes, value: bytes | None, partition: int) -> None:
    name = topic if topic.startswith(site.settings.topic_prefix) else site.settings.catalogue().name(topic)
    producer = Producer(site.settings.librdkafka())
    producer.produce(name, value, key, partition)
    assert producer.flush(PATIENCE) == 0


@pytest.mark.broker
class TestClean:
    """Not what only looks so."""

    def test_is_what_was_left_alone_and_came_to_kafka_whole(self, handled: Site) -> None:
        assert clean(handled, EVENTS).events == EVENTS
        with pytest.raises(AssertionError, match="-orders': "):
            clean(handled, EVENTS + 1)

    @pytest.mark.parametrize(
        ("tamper", "more", "words"),
        [
            (_tell_again, 0, "has more than one decision of its own"),
            (_forget, 0, "the changelog has nothing"),
            (_skip, 1, "has no decision"),
        ],
        ids=["doubled", "lost", "skipped"],
    )
    def test_is_not_what_was_tampered_with(
        self, handled: Site, tamper: Callable[[Site], None], more: int, words: str
    ) -> None:
        tamper(handled)
        with pytest.raises(AssertionError, match=words):
            clean(handled, EVENTS + more)

    def test_is_not_what_is_left_to_handle(self, handled: Site) -> None:
        _produce(handled, "orders", STRANGER.encode(), b"{}", partition_of(STRANGER.encode(), PARTITIONS))
        with pytest.raises(AssertionError, match=r"left to handle: \{'orders'"):
            settled(handled, 0.5)


class TestEvidence:
    """Of what has happened, and of nothing else."""

    def test_a_fault_that_did_not_happen_proves_nothing(self) -> None:
        with pytest.raises(AssertionError, match="rebalances: it did not happen"):
            Evidence(4, "four", 0).happened(kills=1, rebalances=0)

    def test_the_table_sums_what_was_hit_and_shows_the_worst_and_each_failure(self, tmp_path: Path) -> None:
        report = tmp_path / "runs.jsonl"
        for fault, seed, pause, passed in ((4, 0, 2.0, True), (4, 1, 3.5, True), (6, 0, 9.0, True), (6, 1, 1.0, False)):
            run = Evidence(fault, "one case", seed)
            run.happened(kills=2)
            run.came_to(Verdict(100, 1_000, pause))
            run.passed = passed
            run.write(report)
        four, six = table(evidence.read(report)).splitlines()[2:]
        assert four == (
            "| 4 | one case | 2 | 4 kills | clean: 200 events, 2,000 things compared; longest pause 3.5 s |"
        )
        assert "**failed** with seed 1" in six
