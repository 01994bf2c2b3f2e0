"""Compaction of changelogs when a test wants it, on a broker of the test's own: Kafka would take days."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from local.kafka import Kafka
from models.catalogue import DELETIONS_MS, TABLES
from tests.support.processes import eventually
from tests.system.site import PARTITIONS, Site

SEGMENT_MS = 500
"""A segment of a changelog ends with the first record so long after its own first. The last segment is never compacted."""
Place = tuple[str, int]
"""A table and a partition."""


class Compaction:
    """Of an installation's changelogs; off until it is asked for."""

    def __init__(self, broker: Kafka, site: Site) -> None:
        self._admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
        self._files = broker.data_dir / "topics"
        self._names = {site.settings.catalogue().changelog(table): table for table in TABLES}
        self._alter(ResourceType.BROKER, ["1"], {"log.cleaner.backoff.ms": "50"})
        self._alter(ResourceType.TOPIC, self._names, {"segment.ms": str(SEGMENT_MS)} | OFF)

    def between_runs(self) -> None:
        """Compact all there is but the last segments, at once; what was compacted before loses its deletions as well."""
        self._alter(ResourceType.TOPIC, self._names, ON | {"delete.retention.ms": "0"})
        assert eventually(lambda: self.reached == self._last_segments()), (self.reached, self._last_segments())
        self._alter(ResourceType.TOPIC, self._names, OFF | {"delete.retention.ms": str(DELETIONS_MS)})

    @contextmanager
    def all_the_while(self) -> Iterator[None]:
        """Compact whatever there is, again and again; deletions are kept as long as in any installation."""
        self._alter(ResourceType.TOPIC, self._names, ON)
        yield
        self._alter(ResourceType.TOPIC, self._names, OFF)

    @property
    def reached(self) -> dict[Place, int]:
        """The offset up to which each changelog is compacted, where it has more than one segment."""
        checkpoint = self._files / "cleaner-offset-checkpoint"
        text = checkpoint.read_text() if checkpoint.exists() else ""
        found = re.findall(r"^(\S+) (\d+) (\d+)$", text, re.MULTILINE)
        return {(self._names[name], int(number)): int(offset) for name, number, offset in found if name in self._names}

    def _last_segments(self) -> dict[Place, int]:
        """The first offset of each last segment, where there is more than one."""
        starts = {
            (table, number): max(int(file.stem) for file in (self._files / f"{name}-{number}").glob("*.log"))
            for name, table in self._names.items()
            for number in range(PARTITIONS)
        }
        return {place: start for place, start in starts.items() if start}

    def _alter(self, kind: ResourceType, names: Iterable[str], wanted: dict[str, str]) -> None:
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in wanted.items()
        ]
        changes = [ConfigResource(kind, name, incremental_configs=entries) for name in names]
        for done in self._admin.incremental_alter_configs(changes).values():
            done.result()


ON = {"min.cleanable.dirty.ratio": "0.0001"}
OFF = {"min.cleanable.dirty.ratio": "1"}
