"""A TCP proxy that breaks what passes through it: latency, black holes, connections that are reset or forgotten.

It runs in a thread of its own; what is to be broken is told from any thread, and counted, so that a test can prove it.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Literal, Self

from local.ports import LOOPBACK, free_ports

Way = Literal["up", "down"]
"""Towards the server, or back."""
BOTH: frozenset[Way] = frozenset({"up", "down"})
PIECE = 1 << 16
PATIENCE = 10.0
ON_CLOSE_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close throws away what is not sent, and tells so (RST)


class Link:
    """One connection through the proxy: the writers to its two ends, and which ways lead nowhere."""

    def __init__(self, up: asyncio.StreamWriter, down: asyncio.StreamWriter, holes: frozenset[Way]) -> None:
        self.ends: dict[Way, asyncio.StreamWriter] = {"up": up, "down": down}
        self.holes = holes


class Proxy:
    """Listens on `port` and passes all on to the port `target`. Use as a context manager."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, next(free_ports())
        self.latency = 0.0
        """Seconds each way. What is on its way already keeps what it was given, and comes late rather than never."""
        self.connections = self.resets = self.swallowed = self.delayed = 0
        """Made and reset connections, bytes swallowed, pieces delayed."""
        self._links: set[Link] = set()
        self._holes: frozenset[Way] = frozenset()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._connected, LOOPBACK, self.port)
        asyncio.run_coroutine_threadsafe(listening, self._loop).result(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def address(self) -> str:
        """Where clients are to connect: `host:port`."""
        return f"{LOOPBACK}:{self.port}"

    def black_hole(self, *ways: Way) -> None:
        """Until `heal`, what goes these ways is swallowed; connections are still accepted."""
        self._now(lambda: self._swallow(frozenset(ways)))

    def forget(self) -> None:
        """The connections of this moment lead nowhere for ever, and nobody is told; new ones work."""
        self._now(lambda: [setattr(link, "holes", BOTH) for link in self._links])

    def reset(self) -> None:
        """Reset all connections."""
        self._now(lambda: [self._reset(link) for link in list(self._links)])

    def heal(self) -> None:
        """Nothing is wrong any more; connections that may have lost bytes are reset, since nobody could go on with them."""
        self._now(self._heal)

    def _now(self, act: Callable[[], object]) -> None:
        async def acting() -> None:
            act()

        asyncio.run_coroutine_threadsafe(acting(), self._loop).result(PATIENCE)

    def _swallow(self, ways: frozenset[Way]) -> None:
        self._holes = ways
        for link in self._links:
            link.holes |= ways

    def _heal(self) -> None:
        self.latency, self._holes = 0.0, frozenset()
        for link in [link for link in self._links if link.holes]:
            self._reset(link)

    def _reset(self, link: Link) -> None:
        self.resets += link in self._links
        self._links.discard(link)
        for end in link.ends.values():
            with suppress(OSError):  # it has ended by itself
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ON_CLOSE_RESET)
            end.transport.abort()

    async def _connected(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            to_client.transport.abort()
            return
        link = Link(to_server, to_client, self._holes)
        self.connections += 1
        self._links.add(link)
        up = asyncio.create_task(self._carry(link, "up", self._asked(from_client)))
        down = asyncio.create_task(self._carry(link, "down", pieces(from_server)))
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        self._links.discard(link)
        for end in link.ends.values():
            end.close()

    async def _carry(self, link: Link, way: Way, said: AsyncIterator[bytes]) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        giving = asyncio.create_task(_give(on_the_way, link.ends[way]))
        async for piece in said:
            self._look(link, way, piece)
            if way in link.holes:
                self.swallowed += len(piece)
            else:
                self.delayed += self.latency > 0
                on_the_way.put_nowait((self._loop.time() + self.latency, piece))
        on_the_way.put_nowait((0.0, b""))
        await giving

    def _asked(self, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """What a client says, in pieces to be judged one by one."""
        return pieces(reader)

    def _look(self, link: Link, way: Way, piece: bytes) -> None:
        """What is about to pass, for those who want to know."""


async def pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """All that comes, until the connection ends, however it does."""
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            yield piece


async def _give(pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    while True:
        due, piece = await pieces.get()
        await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
        if not piece or writer.is_closing():
            return
        writer.write(piece)
