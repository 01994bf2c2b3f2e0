"""A Kafka that lets nobody in without TLS and a login, and nobody do what they have no right to.

Beside its plain listener, which is the administrator's (loopback alone), it has one with SASL over TLS. Users come into
being when the data directory is formatted, as KRaft has it; certificates are made for this one broker.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from pydantic import SecretStr

from local.kafka import Kafka
from local.ports import LOOPBACK, free_ports
from tests.support.processes import PATIENCE

Rights = Mapping[str, str]
"""Kind of thing (`TOPIC`, `GROUP`, `TRANSACTIONAL_ID`) -> what may be done with it."""
MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512")
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class Certificates:
    """An authority and a server's certificate for the loopback address, as PEM files in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        issued = authority.issue_cert(LOOPBACK)
        self.ca, self.chain, self.key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
        authority.cert_pem.write_to_path(self.ca)
        for part in issued.cert_chain_pems:
            part.write_to_path(self.chain, append=True)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        self.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )  # Java reads no other
        self.both = folder / "server.pem"
        self.both.write_bytes(self.key.read_bytes() + self.chain.read_bytes())


class SecuredKafka(Kafka):
    """`users`: name -> password; each can log in by both mechanisms, and has no rights until `allow`."""

    def __init__(self, data_dir: Path, users: dict[str, str]) -> None:
        super().__init__(data_dir)
        self.certificates = Certificates(data_dir / "certificates")
        self._users = users
        self._secured_port: int | None = None

    @property
    def secured_servers(self) -> str:
        """Where a login is asked for."""
        return f"{LOOPBACK}:{self._secured_port}"

    def login(self, user: str, mechanism: str = MECHANISMS[1]) -> dict[str, Any]:
        """The settings of a client that may come in."""
        return {
            "bootstrap_servers": self.secured_servers,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": mechanism,
            "sasl_username": user,
            "sasl_password": SecretStr(self._users[user]),
            "ssl_ca": self.certificates.ca,
        }

    def allow(self, user: str, prefix: str, rights: Rights) -> None:
        """Rights of the user on the topics, groups and transactions whose names start so."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        bindings = [
            AclBinding(
                ResourceType[kind],
                prefix,
                ResourcePatternType.PREFIXED,
                f"User:{user}",
                "*",
                AclOperation[right],
                AclPermissionType.ALLOW,
            )
            for kind, operations in rights.items()
            for right in operations.split()
        ]
        for done in admin.create_acls(bindings).values():
            done.result(PATIENCE)

    def _settings(self, port: int) -> dict[str, Any]:
        plain = super()._settings(port)
        if self._secured_port is None:
            self._secured_port = next(free for free in free_ports() if str(free) not in str(plain["listeners"]))
        secured = f",SECURED://{LOOPBACK}:{self._secured_port}"
        return plain | {
            "listeners": f"{plain['listeners']}{secured}",
            "advertised.listeners": f"{plain['advertised.listeners']}{secured}",
            "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},SECURED:SASL_SSL",
            "sasl.enabled.mechanisms": ",".join(MECHANISMS),
            **{f"listener.name.secured.{name.lower()}.sasl.jaas.config": _LOGIN for name in MECHANISMS},
            "listener.name.secured.ssl.keystore.type": "PEM",
            "listener.name.secured.ssl.keystore.location": self.certificates.both,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",  # who comes by the plain listener
        }

    def _format_options(self) -> list[str]:
        users = [(mechanism, *user) for mechanism in MECHANISMS for user in self._users.items()]
        return [
            word
            for mechanism, name, password in users
            for word in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        ]
