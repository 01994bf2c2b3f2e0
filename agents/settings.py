"""Every setting of every process, read from the environment (``MEMBERSHIPS_*``) and from secret files in this one place.

The policies file (TOML, table per clause setting) overrides named policies of ``models.policies``; secrets are
``SecretStr`` so that no log line or error can print them.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import DirectoryPath, Field, FilePath, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from models.catalogue import APP, DAY_MS, DEFAULT_PARTITIONS, FOREVER, Catalogue
from models.policies import Policies


class Settings(BaseSettings):
    """Where the services are and how this process behaves. Field names are variable names without the prefix."""

    model_config = SettingsConfigDict(env_prefix="MEMBERSHIPS_", frozen=True, extra="ignore")

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port separated by commas")
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", repr=False, description="Redis-compatible server of the views"
    )  # may hold a password
    clock: Literal["wall", "external"] = Field(
        "wall", description="wall: workers tick each second; external: only ticks published by somebody else move time"
    )
    data: Path = Field(Path(".data"), description="data directory of this process (lock, name, RocksDB files)")
    worker: str | None = Field(None, description="stable unique worker name; made once in the data directory if unset")
    partitions: int = Field(DEFAULT_PARTITIONS, ge=1, le=512, description="partitions of every input topic")
    policies: Path | None = Field(None, description="TOML file with policies that differ from the defaults")
    topic_prefix: str = Field("", max_length=64, pattern=r"^[A-Za-z0-9._-]*$", description="put before topic names")
    generation: int = Field(1, ge=1, description="generation of the views; raise it to rebuild beside the old one")
    retention_days: int | None = Field(
        None,
        ge=60,
        description="days that topics keep records, the changelogs apart; for ever if unset: an audit, and views made anew, need all",
    )
    replication: int = Field(1, ge=1, le=9, description="replication factor that `topics apply` gives new topics")
    store: Literal["memory", "rocksdb"] = Field(
        "memory", description="where a worker keeps its tables: memory or rocksdb"
    )
    metrics_port: int | None = Field(None, ge=0, le=65535, description="serve Prometheus metrics on this port")
    metrics_host: str = Field("127.0.0.1", description="address the metrics listen on")
    session_timeout_ms: int = Field(15_000, ge=1_000, le=300_000, description="silence after which a worker is lost")
    transaction_timeout_ms: int = Field(10_000, ge=1_000, le=300_000, description="longest a dead worker can block")
    crash_at: str | None = Field(None, description="for tests: end the process at this named point (name or name:n)")

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to Kafka: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, validate_default=True, description="how to log in to Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    sasl_username: str | None = Field(None, validate_default=True, description="user of that login")
    sasl_password: SecretStr | None = Field(
        None, validate_default=True, description="password of that login; never shown"
    )
    ssl_ca: FilePath | None = Field(None, description="certificate authority file (PEM)")
    ssl_certificate: FilePath | None = Field(None, description="client certificate file (PEM)")
    ssl_key: FilePath | None = Field(None, description="client key file (PEM)")
    secrets: DirectoryPath | None = Field(
        None,
        description="directory with one file per setting that is not to be a variable, named memberships_sasl_password",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis_url(cls, url: str) -> str:
        """What the client would stumble over only when it connects; the URL itself is not repeated: it may hold a password."""
        parts = urlsplit(url)
        try:
            known = parts.scheme == "unix" or (parts.scheme in ("redis", "rediss") and parts.port != 0)
        except ValueError:  # the port
            known = False
        if not known:
            raise PydanticCustomError("redis_url", "expected redis://HOST:PORT/NUMBER, rediss://... or unix://...")
        return url

    @field_validator("sasl_mechanism", "sasl_username", "sasl_password")
    @classmethod
    def _is_there_for_a_login(cls, value: Any, info: ValidationInfo) -> Any:
        protocol = info.data.get("security_protocol", "")
        if value is None and protocol.startswith("SASL"):
            raise PydanticCustomError("login", "needed with {protocol}", {"protocol": protocol})
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options that were given, then variables, then the files in the directory that a variable names."""
        del dotenv_settings, file_secret_settings
        folder = Path(env_settings().get("secrets") or "/nowhere")
        files = (
            (SecretsSettingsSource(settings_cls, folder),) if folder.is_dir() else ()
        )  # a wrong one is told of above
        return (init_settings, env_settings, *files)

    @property
    def group(self) -> str:
        """Consumer group of the workers, with the topic prefix, so that two installations never share one."""
        return f"{self.topic_prefix}{APP}"

    def catalogue(self) -> Catalogue:
        """The topics under this installation's prefix."""
        kept = FOREVER if self.retention_days is None else self.retention_days * DAY_MS
        return Catalogue(self.topic_prefix, self.partitions, kept)

    def rules(self) -> Policies:
        """The policies in force: the defaults, and what the policies file says differently."""
        if self.policies is None:
            return Policies()
        with self.policies.open("rb") as file:
            return Policies.model_validate(tomllib.load(file))

    def librdkafka(self) -> dict[str, Any]:
        """Connection properties for confluent-kafka clients."""
        properties: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password.get_secret_value() if self.sasl_password else None,
            "ssl.ca.location": self.ssl_ca and str(self.ssl_ca),
            "ssl.certificate.location": self.ssl_certificate and str(self.ssl_certificate),
            "ssl.key.location": self.ssl_key and str(self.ssl_key),
        }
        return {name: value for name, value in properties.items() if value is not None}

    def kafka_python(self) -> dict[str, Any]:
        """Connection properties for kafka-python clients."""
        properties: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password.get_secret_value() if self.sasl_password else None,
            "ssl_cafile": self.ssl_ca and str(self.ssl_ca),
            "ssl_certfile": self.ssl_certificate and str(self.ssl_certificate),
            "ssl_keyfile": self.ssl_key and str(self.ssl_key),
        }
        return {name: value for name, value in properties.items() if value is not None}
