"""Free TCP ports on the loopback address."""

import os
import socket
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"

# Below the range from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere): a port from
# that range may be taken by any client while a server is down, and a client that keeps dialling it can even connect
# to itself. Either would break a restart on the same port.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    try:
        # Sets SO_REUSEADDR where that is what servers do, so that connections in TIME_WAIT do not count.
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def free_ports() -> Iterator[int]:
    """Free ports, each once; where the search begins depends on the process, so that two seldom want the same."""
    begin = os.getpid() * 61 % (LAST - FIRST)
    for step in range(LAST - FIRST):
        port = FIRST + (begin + step) % (LAST - FIRST)
        if is_free(port):
            yield port
