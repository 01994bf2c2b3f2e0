"""Settings: their names in the environment, what is refused, and that no secret is ever printed."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.app import worker_name
from agents.settings import Settings
from models.policies import STANDARD

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MEMBERSHIPS_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("MEMBERSHIPS_BOOTSTRAP_SERVERS", "a:1,b:2", "bootstrap_servers", "a:1,b:2"),
        ("MEMBERSHIPS_REDIS_URL", "redis://cache:6379/3", "redis_url", "redis://cache:6379/3"),
        ("MEMBERSHIPS_CLOCK", "external", "clock", "external"),
        ("MEMBERSHIPS_DATA", "somewhere", "data", Path("somewhere")),
        ("MEMBERSHIPS_WORKER", "w-7", "worker", "w-7"),
        ("MEMBERSHIPS_PARTITIONS", "48", "partitions", 48),
        ("MEMBERSHIPS_POLICIES", "own.toml", "policies", Path("own.toml")),
        ("MEMBERSHIPS_SECURITY_PROTOCOL", "SSL", "security_protocol", "SSL"),
    ],
)
def test_the_contract_s_variables(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, field: str, value: object
) -> None:
    assert getattr(Settings(), field) != value
    monkeypatch.setenv(variable, text)
    assert getattr(Settings(), field) == value


def test_a_password_reaches_the_clients_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERSHIPS_SASL_PASSWORD", SECRET)
    settings = Settings()
    assert settings.librdkafka()["sasl.password"] == SECRET
    assert settings.kafka_python()["sasl_plain_password"] == SECRET
    for text in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.model_dump()}"):
        assert SECRET not in text


def test_a_refused_setting_is_named_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERSHIPS_SASL_PASSWORD", SECRET)
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "0")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "partitions" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [("CLOCK", "sundial"), ("PARTITIONS", "many"), ("TOPIC_PREFIX", "a b"), ("SESSION_TIMEOUT_MS", "999")],
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, text: str) -> None:
    monkeypatch.setenv(f"MEMBERSHIPS_{variable}", text)
    with pytest.raises(ValidationError):
        Settings()


def test_both_clients_are_told_the_same_places(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    settings = Settings(bootstrap_servers="a:1,b:2", ssl_ca=ca, security_protocol="SSL")
    assert settings.librdkafka() == {
        "bootstrap.servers": "a:1,b:2", "security.protocol": "SSL", "ssl.ca.location": str(ca),
    }  # fmt: skip
    assert settings.kafka_python() == {
        "bootstrap_servers": ["a:1", "b:2"], "security_protocol": "SSL", "ssl_cafile": str(ca),
    }  # fmt: skip


def test_a_secret_may_lie_in_a_file_and_a_variable_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"redis://worker:{SECRET}@cache:6379/0"
    (tmp_path / "memberships_sasl_password").write_text(f"{SECRET}\n")
    (tmp_path / "memberships_redis_url").write_text(url)
    monkeypatch.setenv("MEMBERSHIPS_SECRETS", str(tmp_path))
    settings = Settings()
    assert settings.librdkafka()["sasl.password"] == SECRET
    assert settings.redis_url == url
    assert SECRET not in repr(settings)
    monkeypatch.setenv("MEMBERSHIPS_SASL_PASSWORD", "another")
    assert Settings().librdkafka()["sasl.password"] == "another"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SECRETS": "/no/such/directory"}, "secrets"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_CA": "/no/such/file"}, "ssl_ca"),
        ({"SECURITY_PROTOCOL": "SASL_SSL"}, "sasl_mechanism"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "PLAIN", "SASL_USERNAME": "w"}, "sasl_password"),
    ],
)
def test_half_a_login_is_refused_before_anybody_is_asked(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"MEMBERSHIPS_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert refused.value.errors()[0]["loc"] == (named,)


def test_two_installations_on_one_broker_share_neither_group_nor_topics() -> None:
    one, other = Settings(topic_prefix="one-"), Settings(topic_prefix="other-")
    assert one.group == "one-memberships"
    assert not {t.name for t in one.catalogue().topics} & {t.name for t in other.catalogue().topics}


def test_policies_come_from_a_file_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("hold_days = 10\n")
    policies = Settings(policies=file).rules()
    assert policies.hold_days == 10
    assert policies.ids_remembered_days == STANDARD.ids_remembered_days
    assert Settings().rules() == STANDARD


def test_an_unknown_policy_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("hold_dayz = 10\n")
    with pytest.raises(ValidationError, match="hold_dayz"):
        Settings(policies=file).rules()


def test_a_worker_without_a_name_makes_one_once(tmp_path: Path) -> None:
    here, there = Settings(data=tmp_path / "here"), Settings(data=tmp_path / "there")
    assert worker_name(here) == worker_name(here)
    assert worker_name(here) != worker_name(there)
    assert worker_name(Settings(data=tmp_path / "here", worker="w-7")) == "w-7"
