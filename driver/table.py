"""Tables: bytes to bytes, one part per partition, with the changes of the running poll laid over what is committed."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import faust

from driver.store import Store


class NotAssignedError(LookupError):
    """The partition is not restored and live on this worker."""


class PartitionTable:
    """One partition's part of a table. Write only while handling a batch of this partition."""

    __slots__ = ("_committed", "_store", "name", "pending")

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self._store = store
        self._committed = store.reader(name)
        self.pending: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Give the value, or None."""
        pending = self.pending
        return pending[key] if key in pending else self._committed(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value; it goes to the changelog with the poll's transaction, once per key."""
        self.pending[key] = value

    def delete(self, key: bytes) -> None:
        """Remove the key (a tombstone in the changelog)."""
        self.pending[key] = None

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Walk through all entries, in no order to rely on; do not write meanwhile."""
        pending = self.pending
        for key, value in self._store.items(self.name):
            if key not in pending:
                yield key, value
        for key, changed in pending.items():
            if changed is not None:
                yield key, changed

    def __len__(self) -> int:
        added = sum((value is not None) - (self._committed(key) is not None) for key, value in self.pending.items())
        return self._store.count(self.name) + added


class Table(faust.Table):  # type: ignore[type-arg]
    """A Faust table declaration whose content is read and written by partition, as bytes.

    The changelog topic is ``<app id>-<table>-changelog``, with the source topics' partitions.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parts: dict[int, PartitionTable] = {}

    def at(self, partition: int) -> PartitionTable:
        """Give the part of a live partition.

        Raises:
            NotAssignedError: the partition is not live on this worker.
        """
        part = self._parts.get(partition)
        if part is None:
            raise NotAssignedError(f"partition {partition} of table {self.name} is not live on this worker")
        return part

    @property
    def changelog(self) -> str:
        """Name of the changelog topic."""
        return str(self._changelog_topic_name())

    def attach(self, partition: int, store: Store) -> None:
        """Make a restored partition readable."""
        self._parts[partition] = PartitionTable(self.name, store)

    def detach(self, partition: int) -> None:
        """Make a partition unreadable."""
        self._parts.pop(partition, None)

    def parts(self) -> Mapping[int, PartitionTable]:
        """Give the live parts by partition."""
        return self._parts

    def __getitem__(self, key: Any) -> NoReturn:
        raise TypeError("a table is read by partition: table.at(partition).get(key)")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError("a table is written by partition: table.at(partition).put(key, value)")

    def __delitem__(self, key: Any) -> NoReturn:
        raise TypeError("a table is written by partition: table.at(partition).delete(key)")
