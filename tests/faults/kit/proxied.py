"""A Kafka with two ways in: the plain one, and one through a proxy that knows requests when it sees them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, Literal, Self

from local.kafka import Kafka
from local.ports import LOOPBACK, free_ports
from tests.faults.kit.proxy import Link, Proxy, Way

Place = Literal["before", "within", "after"]
PLACES: Final[tuple[Place, ...]] = ("before", "within", "after")
LENGTH, KEY_END = 4, 6


class Request(IntEnum):
    """Keys of Kafka's protocol, in the order in which a commit has them."""

    PRODUCE = 0
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    TXN_OFFSET_COMMIT = 28
    END_TXN = 26


class KafkaProxy(Proxy):
    """Carries whole requests, so that a connection can be cut at one of them."""

    def __init__(self) -> None:
        super().__init__(target=0)
        self.cuts = 0
        """Connections that were cut at a request."""
        self._wanted: tuple[Request, Place] | None = None
        self._deaf: set[Link] = set()

    def cut(self, request: Request, place: Place) -> None:
        """Reset the next connection with such a request: with nothing of it passed on, half of it, or all but the answer."""
        self._wanted = request, place

    async def _asked(self, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                length = await reader.readexactly(LENGTH)
                yield length + await reader.readexactly(int.from_bytes(length))

    def _look(self, link: Link, way: Way, piece: bytes) -> None:
        if way == "down":
            if link in self._deaf:
                self._deaf.discard(link)
                self._cut(link)
        elif self._wanted is not None and piece[LENGTH:KEY_END] == self._wanted[0].to_bytes(2):
            _, place = self._wanted
            self._wanted = None
            if place == "after":
                self._deaf.add(link)
                link.holes |= {"down"}
                return
            if place == "within":
                link.ends["up"].write(piece[: len(piece) // 2])
            self._cut(link)

    def _cut(self, link: Link) -> None:
        self.cuts += 1
        self._reset(link)


class ProxiedKafka(Kafka):
    """Beside its plain listener it has one that tells its clients to come by the proxy."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.proxy = KafkaProxy()

    def __enter__(self) -> Self:
        self.proxy.__enter__()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.proxy.__exit__(*error)

    def _settings(self, port: int) -> dict[str, Any]:
        plain = super()._settings(port)
        if not self.proxy.target:
            self.proxy.target = next(free for free in free_ports() if str(free) not in plain["listeners"])
        return plain | {
            "listeners": f"{plain['listeners']},PROXIED://{LOOPBACK}:{self.proxy.target}",
            "advertised.listeners": f"{plain['advertised.listeners']},PROXIED://{self.proxy.address}",
            "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},PROXIED:PLAINTEXT",
        }
