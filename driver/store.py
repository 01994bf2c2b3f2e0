"""Where one partition's tables are kept between commits: in memory, or in RocksDB files.

Only what a transaction committed gets in here. The truth is the changelog; a store is a copy that may be lost.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rocksdict import DBCompressionType, Options, Rdict, WriteBatch, WriteOptions

from driver.config import Config
from driver.failstop import StorageError

OPEN_FILES = 64
"""Most files that one partition's database keeps open."""
Changes = Mapping[str, Mapping[bytes, bytes | None]]
"""By table and key: the new value, or None where the key is deleted."""
Offsets = Mapping[str, int]
"""By source topic: the committed offset of one partition."""


class Store(Protocol):
    """One partition's tables."""

    def reader(self, table: str) -> Callable[[bytes], bytes | None]:
        """Give the function that reads a key; None when it is absent."""

    def items(self, table: str) -> Iterable[tuple[bytes, bytes]]:
        """Give all entries, in no order to rely on."""

    def count(self, table: str) -> int:
        """Count the entries; RocksDB has to walk through them."""

    def apply(self, changes: Changes) -> None:
        """Take in committed changes, all or none."""

    def close(self, offsets: Offsets) -> None:
        """Put aside for the next start, as of these committed source offsets."""

    def drop(self) -> None:
        """Forget it."""


class Stores(Protocol):
    """Makes the stores of one worker."""

    def create(self, partition: int) -> Store:
        """Give an empty store."""

    def reopen(self, partition: int, committed: Offsets) -> Store | None:
        """Give the store that was closed at exactly these committed offsets, if there is one."""


class MemoryStore:
    """Tables as dictionaries; gone with the process."""

    def __init__(self, tables: Iterable[str]) -> None:
        self._tables: dict[str, dict[bytes, bytes]] = {table: {} for table in tables}

    def reader(self, table: str) -> Callable[[bytes], bytes | None]:
        """Give the function that reads a key."""
        return self._tables[table].get

    def items(self, table: str) -> Iterable[tuple[bytes, bytes]]:
        """Give all entries."""
        return self._tables[table].items()

    def count(self, table: str) -> int:
        """Count the entries."""
        return len(self._tables[table])

    def apply(self, changes: Changes) -> None:
        """Take in committed changes."""
        for table, changed in changes.items():
            entries = self._tables[table]
            entries.update(changed)  # type: ignore[arg-type]  # the deleted ones go next
            for key in [key for key, value in changed.items() if value is None]:
                del entries[key]

    def close(self, offsets: Offsets) -> None:  # noqa: ARG002 - nothing outlives the process
        """Put aside for the next start."""
        self._tables.clear()

    def drop(self) -> None:
        """Forget all."""
        self._tables.clear()


class MemoryStores:
    """Stores in memory."""

    def __init__(self, tables: Iterable[str]) -> None:
        self._names = tuple(tables)

    def create(self, partition: int) -> Store:  # noqa: ARG002 - all are alike
        """Give an empty store."""
        return MemoryStore(self._names)

    def reopen(self, partition: int, committed: Offsets) -> Store | None:  # noqa: ARG002
        """Give the store closed at these offsets."""
        return None


@contextmanager
def _using(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # rocksdict has no kind of error of its own
        raise StorageError(f"the data directory cannot be used: {path}: {error}") from error


class RocksStore:
    """Tables as column families of one RocksDB database.

    The write-ahead log is off: files of a process that did not close them are never read again.
    """

    def __init__(self, path: Path, tables: Iterable[str]) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)
        options = _options()
        names = tuple(tables)
        self._db = Rdict(str(path / "db"), options, column_families={name: _options() for name in names})
        self._families = {name: self._db.get_column_family(name) for name in names}
        self._handles = {name: self._db.get_column_family_handle(name) for name in names}
        self._unlogged = WriteOptions()
        self._unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # a property, the stub says a method

    def reader(self, table: str) -> Callable[[bytes], bytes | None]:
        """Give the function that reads a key."""
        return self._families[table].get

    def items(self, table: str) -> Iterable[tuple[bytes, bytes]]:
        """Give all entries."""
        return self._families[table].items()  # type: ignore[return-value]  # raw mode: keys are bytes

    def count(self, table: str) -> int:
        """Count the entries."""
        return sum(1 for _ in self._families[table].keys())  # noqa: SIM118 - Rdict is not a dict

    def apply(self, changes: Changes) -> None:
        """Take in committed changes."""
        batch = WriteBatch(raw_mode=True)
        for table, changed in changes.items():
            family = self._handles[table]
            for key, value in changed.items():
                if value is None:
                    batch.delete(key, family)
                else:
                    batch.put(key, value, family)
        with _using(self._path):
            self._db.write(batch, self._unlogged)

    def close(self, offsets: Offsets) -> None:
        """Put aside for the next start."""
        with _using(self._path):
            for family in self._families.values():
                family.flush()
            self._release()
            marker = self._path / "closed.tmp"
            with marker.open("w") as file:
                json.dump(dict(offsets), file)
                file.flush()
                os.fsync(file.fileno())
            marker.rename(self._path / "closed.json")

    def drop(self) -> None:
        """Forget all."""
        self._release()
        shutil.rmtree(self._path)

    def _release(self) -> None:
        self._handles.clear()
        for family in self._families.values():
            family.close()
        self._families.clear()
        self._db.close()


class RocksStores:
    """Stores in files: one directory per partition."""

    def __init__(self, root: Path, tables: Iterable[str]) -> None:
        self._root = root
        self._names = tuple(tables)

    def create(self, partition: int) -> Store:
        """Give an empty store."""
        path = self._path(partition)
        with _using(path):
            if path.exists():
                shutil.rmtree(path)
            return RocksStore(path, self._names)

    def reopen(self, partition: int, committed: Offsets) -> Store | None:
        """Give the store closed at these offsets."""
        path = self._path(partition)
        marker = path / "closed.json"
        with _using(path):
            if not marker.exists():
                return None
            with marker.open() as file:
                closed_at = json.load(file)
            marker.unlink()  # from here on the files are those of an unclean end
            return RocksStore(path, self._names) if closed_at == dict(committed) else None

    def _path(self, partition: int) -> Path:
        return self._root / f"{partition:05d}"


def open_stores(config: Config, app_id: str, tables: Iterable[str]) -> Stores:
    """Make the stores that the configuration asks for."""
    if config.store == "rocksdb" and config.data_dir is not None:
        return RocksStores(config.data_dir / "state" / app_id, tables)
    return MemoryStores(tables)


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.create_missing_column_families(True)
    options.set_write_buffer_size(8 * 1024 * 1024)  # many partitions times tables share the memory
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(1)
    options.set_max_open_files(OPEN_FILES)
    return options
