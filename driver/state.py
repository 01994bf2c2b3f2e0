"""All tables of the live partitions: what changed in this poll, and taking it in after the commit."""

from collections.abc import Iterable

from driver.store import Offsets, Store
from driver.table import Table


class State:
    """The stores of the live partitions, seen through their tables."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = tuple(tables)
        self._stores: dict[int, Store] = {}

    def attach(self, partition: int, store: Store) -> None:
        """Make a restored partition live."""
        self._stores[partition] = store
        for table in self._tables:
            table.attach(partition, store)

    def detach(self, partition: int) -> Store:
        """Take a partition out, without the changes of an unfinished poll."""
        for table in self._tables:
            table.detach(partition)
        return self._stores.pop(partition)

    @property
    def partitions(self) -> frozenset[int]:
        """The live partitions."""
        return frozenset(self._stores)

    def changes(self) -> dict[int, dict[str, dict[bytes, bytes | None]]]:
        """Give what was written since the last merge, by partition and table."""
        changed: dict[int, dict[str, dict[bytes, bytes | None]]] = {}
        for table in self._tables:
            for partition, part in table.parts().items():
                if part.pending:
                    changed.setdefault(partition, {})[table.name] = part.pending
        return changed

    def merge(self) -> None:
        """Take in what was written: its transaction is committed."""
        for partition, tables in self.changes().items():
            self._stores[partition].apply(tables)
            for pending in tables.values():
                pending.clear()

    def close(self, offsets: dict[int, Offsets]) -> None:
        """Put the stores aside at a clean end."""
        for partition in tuple(self._stores):
            self.detach(partition).close(offsets[partition])
