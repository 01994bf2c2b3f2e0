"""Which partitions are ours, which of them are live, and where each stands.

A partition is live when its tables are restored and it is fetched from. On a revoke its state is put aside; on the next
assignment it is taken up again if the group's committed offsets are still the ones it stands at, else restored.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID

from driver.config import Config
from driver.failstop import RefusedError
from driver.metrics import Metrics
from driver.restore import Kept, Restore, Restored
from driver.source import TP, Assigned, Revoked, Source
from driver.state import State
from driver.store import Stores
from driver.watchdog import Watchdog

log = logging.getLogger(__name__)
Hook = Callable[[int], None]


class Assignment:
    """The partitions of one worker. Belongs to the event loop, between polls."""

    def __init__(
        self,
        *,
        config: Config,
        app_id: str,
        sources: Iterable[str],
        changelogs: Mapping[str, str],
        source: Source,
        state: State,
        stores: Stores,
        watchdog: Watchdog,
        metrics: Metrics,
        on_restored: list[Hook],
        on_revoked: list[Hook],
    ) -> None:
        self._config, self._app_id = config, app_id
        self._sources, self._changelogs = tuple(sources), changelogs
        self._source, self._state, self._stores = source, state, stores
        self._watchdog, self._metrics = watchdog, metrics
        self._on_restored, self._on_revoked = on_restored, on_revoked
        self._assigned: frozenset[int] = frozenset()
        self._kept: dict[int, Kept] = {}
        self._restore: Restore | None = None
        self._since = 0.0
        self._offsets: dict[int, dict[str, int]] = {}
        self.group: Any = None
        """Metadata of the consumer group, as of this assignment."""

    async def follow(self) -> bool:
        """Do what the group and the restore ask for; True if partitions became live: fetch from `positions` anew."""
        for change in self._source.changes():
            if isinstance(change, Revoked):
                await self._revoke()
            else:
                await self._assign(change)
        return self._take_up()

    @property
    def settled(self) -> bool:
        """The group has answered and all it gave is live."""
        return self.group is not None and self._restore is None

    def positions(self) -> dict[TP, int]:
        """Give the next offset of each live topic partition."""
        return {
            (topic, partition): OFFSET_BEGINNING if offset == OFFSET_INVALID else offset
            for partition, offsets in self._offsets.items()
            for topic, offset in offsets.items()
        }

    def advance(self, offsets: Mapping[TP, int]) -> None:
        """Take note of committed offsets."""
        for (topic, partition), offset in offsets.items():
            self._offsets[partition][topic] = offset

    async def rewind(self) -> None:
        """After an abort: drop what the poll changed and start again from what the group has committed."""
        await self._put_aside()
        self._start_restore()

    async def close(self) -> None:
        """Put the state aside for the next start."""
        if self._restore is not None:
            await asyncio.to_thread(self._restore.cancel)
        self._state.close(dict(self._offsets))
        for kept in self._kept.values():
            kept.store.drop()

    async def _revoke(self) -> None:
        self._metrics.rebalances += 1
        revoked = self._state.partitions
        await self._put_aside()
        self._assigned = frozenset()
        self.group = None
        self._watchdog.beat("group")
        for partition in sorted(revoked):
            for hook in self._on_revoked:
                hook(partition)
        log.info("revoked: %s", sorted(revoked))

    async def _assign(self, change: Assigned) -> None:
        self._watchdog.rest("group")
        self.group = change.group
        self._assigned = frozenset(partition for _, partition in change.partitions)
        expected = {(topic, partition) for partition in self._assigned for topic in self._sources}
        if expected != change.partitions:
            raise RefusedError(
                "the group splits a partition's topics between workers: do all its members read the same topics "
                f"({', '.join(self._sources)}) with the range assignor?"
            )
        for partition in [partition for partition in self._kept if partition not in self._assigned]:
            self._kept.pop(partition).store.drop()
        log.info("assigned: %s", sorted(self._assigned))
        self._start_restore()

    async def _put_aside(self) -> None:
        if self._restore is not None:
            await asyncio.to_thread(self._restore.cancel)
            self._kept |= self._restore.kept
            for restored in self._restore.ready():
                self._kept[restored.partition] = Kept(restored.store, restored.offsets)
            self._end_restore()
        for partition in self._state.partitions:
            self._kept[partition] = Kept(self._state.detach(partition), self._offsets.pop(partition))

    def _start_restore(self) -> None:
        self._since = time.monotonic()
        self._watchdog.beat("restore")
        self._restore = Restore(
            config=self._config,
            app_id=self._app_id,
            sources=self._sources,
            changelogs=self._changelogs,
            stores=self._stores,
            partitions=self._assigned,
            kept=self._kept,
            beat=lambda: self._watchdog.beat("restore"),
        )
        self._kept = {}
        self._restore.start()

    def _end_restore(self) -> None:
        if self._restore is not None:
            self._metrics.restored_records += self._restore.records
        self._restore = None
        self._watchdog.rest("restore")

    def _take_up(self) -> bool:
        restore = self._restore
        if restore is None:
            return False
        ended = not restore.is_alive()
        if restore.failure is not None:
            raise restore.failure
        ready = restore.ready()
        for restored in ready:
            self._go_live(restored)
        if ended:
            self._end_restore()
            seconds = time.monotonic() - self._since
            self._metrics.restore_seconds += seconds
            self._metrics.observe("restore", seconds)
            log.info("live: %s after %.2f s, %d records read", sorted(self._state.partitions), seconds, restore.records)
        return bool(ready)

    def _go_live(self, restored: Restored) -> None:
        if restored.kept:
            self._metrics.kept += 1
        else:
            self._metrics.restores += 1
        self._offsets[restored.partition] = dict(restored.offsets)
        self._state.attach(restored.partition, restored.store)
        for hook in self._on_restored:
            hook(restored.partition)
