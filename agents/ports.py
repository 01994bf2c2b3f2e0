"""What the handling path needs of the world: records to handle, stores to keep state in, a way to emit."""

from collections.abc import Iterator
from typing import Protocol

from models.envelope import Headers


class Record(Protocol):
    """One input record, as the driver (or a replay) hands it over. Read only."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Headers: ...  # noqa: D102
    @property
    def timestamp_ms(self) -> int: ...  # noqa: D102


class Store(Protocol):
    """One table's keys of one partition."""

    def get(self, key: bytes, /) -> bytes | None:
        """The value, with what was put before it was committed."""

    def put(self, key: bytes, value: bytes, /) -> None:
        """Put a value; it is committed with the poll."""

    def delete(self, key: bytes, /) -> None:
        """Write a tombstone."""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values, in no particular order."""


class Emit(Protocol):
    """Puts an output into the poll's transaction."""

    def __call__(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Emit one record; without a partition the key decides it (murmur2)."""
