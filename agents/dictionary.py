"""A table on a dict, for those who run the handling path without a driver (``agents.ports.Store``)."""

from collections.abc import Iterator


class Dictionary:
    """A table on a dict, as the handler wants it."""

    def __init__(self, content: dict[bytes, bytes]) -> None:
        self._content = content

    def get(self, key: bytes, /) -> bytes | None:
        """The value, if there is one."""
        return self._content.get(key)

    def put(self, key: bytes, value: bytes, /) -> None:
        """Set a value."""
        self._content[key] = value

    def delete(self, key: bytes, /) -> None:
        """Remove a key."""
        self._content.pop(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All of it."""
        yield from self._content.items()
