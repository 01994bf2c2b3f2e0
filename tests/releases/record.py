"""Records a release, once, with the code as it is released: `python -m tests.releases.record VERSION` (about a minute).

See README.md here, and docs/releasing.md for when.
"""

import sys
import tempfile
from pathlib import Path

import kafka

import audit
from local.kafka import Kafka
from models import state
from models.catalogue import ALL, HANDLED
from models.policies import RULES_VERSION
from tests.releases.recording import PREFIXED, Kept, Log, Recording, releases, save, told
from tests.releases.story import story
from tests.releases.unlucky import WORKER as UNLUCKY_WORKER
from tests.system.memory import Record
from tests.system.site import Site


def record(release: str) -> Recording:
    """Run the first part of the story on a broker of its own, and take down all there is then."""
    before, after = story()
    with tempfile.TemporaryDirectory() as folder:
        broker = Kafka(Path(folder) / "kafka").start()
        try:
            with Site(broker, Path(folder)) as site:
                worker = site.worker(command=UNLUCKY_WORKER).live()
                site.publish(before)
                worker.stop()
                report = audit.run(site.settings, views=False)
                if not report.clean:
                    raise SystemExit(f"not worth keeping: {report.first}")
                return Recording(release, state.VERSION, RULES_VERSION, _topics(site), told(before), told(after))
        finally:
            broker.stop()


def _topics(site: Site) -> dict[str, tuple[Log, ...]]:
    """Every topic's committed records, ends, and the group's offsets."""
    settings = site.settings
    handled = {topic.role for topic in HANDLED}
    consumer = kafka.KafkaConsumer(**settings.kafka_python(), group_id=settings.group, enable_auto_commit=False)
    found = {}
    for topic in ALL:
        records = site.read(topic.role)
        logs = []
        for partition in range(settings.partitions):
            place = kafka.TopicPartition(settings.topic_prefix + topic.role, partition)
            mine = tuple(_kept(record, settings.topic_prefix) for record in records if record.partition == partition)
            committed = consumer.committed(place) if topic.role in handled else None
            logs.append(Log(mine, consumer.end_offsets([place])[place], committed))
        found[topic.role] = tuple(logs)
    consumer.close()
    return found


def _kept(record: Record, prefix: str) -> Kept:
    headers = tuple(
        (name, value.removeprefix(prefix.encode()) if name == PREFIXED and value else value)
        for name, value in record.headers
    )
    kept = Kept(record.offset, record.key, record.value, headers, record.timestamp_ms)
    if prefix.encode() in repr(kept).encode():
        raise SystemExit(f"the prefix of this installation is in {kept}")
    return kept


if __name__ == "__main__":
    [_, version] = sys.argv
    if version in releases():
        raise SystemExit(f"{version} is recorded: a release is recorded once")
    path = save(record(version))
    sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")
