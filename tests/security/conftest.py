"""A Kafka with TLS, logins and rights, and a Redis with TLS and a password; both only for these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.valkey import Valkey
from tests.support.secured import SecuredKafka
from tests.support.tls import TlsFront

PASSWORD = "correct-horse-battery"
"""The beginning of every password: what must never be seen anywhere."""
USERS = ("admin", "worker", "publisher", "reader", "nobody")


class LockedValkey(Valkey):
    """One that wants a password."""

    password = f"{PASSWORD}-valkey"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{self.address}/0"

    def _command(self, port: int) -> list[str]:
        return [*super()._command(port), "--requirepass", self.password]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    folder = tmp_path_factory.mktemp("secured")
    with SecuredKafka(folder / "kafka", {user: f"{PASSWORD}-{user}" for user in USERS}) as broker:
        yield broker


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[LockedValkey]:
    with LockedValkey(tmp_path / "valkey") as valkey:
        yield valkey


@pytest.fixture
def tls_redis_url(secured: SecuredKafka, locked: LockedValkey) -> Iterator[str]:
    """An address of a Redis that speaks TLS alone and wants a password."""
    with TlsFront(secured.certificates, locked.port) as front:
        yield f"rediss://:{locked.password}@127.0.0.1:{front.port}/0?ssl_ca_certs={secured.certificates.ca}"
