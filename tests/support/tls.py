"""TLS in front of a server that has none of its own."""

import socket
import ssl
import threading
from typing import Self

from local.ports import LOOPBACK, free_ports
from tests.support.secured import Certificates


class TlsFront:
    """Takes TLS connections and hands what they say to a plain server at a loopback port. Use as a context manager."""

    def __init__(self, certificates: Certificates, behind: int) -> None:
        self.port = next(free_ports())
        self._behind = behind
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificates.chain, certificates.key)

    def __enter__(self) -> Self:
        self._listener = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed: the end
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        try:
            outer = self._context.wrap_socket(client, server_side=True)
        except (ssl.SSLError, OSError):  # somebody who speaks no TLS, or does not trust us
            client.close()
            return
        inner = socket.create_connection((LOOPBACK, self._behind))
        threading.Thread(target=_pass_on, args=(inner, outer), daemon=True).start()
        _pass_on(outer, inner)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while said := source.recv(65_536):
            sink.sendall(said)
    except OSError:
        pass
    finally:
        source.close()
        sink.close()
