"""TLS, logins and rights: every process works through them by its settings alone, and says in a sentence what is refused.

The rights of the users here are those that docs/security.md asks for.
"""

import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from confluent_kafka import Producer
from pydantic import SecretStr

from agents import topics
from agents.settings import Settings
from cli.errors import ExitCode
from tests.security.conftest import PASSWORD, LockedValkey
from tests.support.processes import PATIENCE, ROOT, eventually
from tests.support.secured import MECHANISMS, Certificates, Rights, SecuredKafka
from tests.system.site import MEMBERSHIPS, PARTITIONS, Program, Worker, environment

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("secured")]

ADMIN: Rights = {"TOPIC": "CREATE DESCRIBE DESCRIBE_CONFIGS ALTER_CONFIGS"}
WORKER: Rights = {
    "TOPIC": "READ WRITE DESCRIBE DESCRIBE_CONFIGS",
    "GROUP": "READ",
    "TRANSACTIONAL_ID": "WRITE DESCRIBE",
}
PUBLISHER: Rights = {"TOPIC": "READ WRITE DESCRIBE", "GROUP": "DESCRIBE"}
READER: Rights = {"TOPIC": "READ DESCRIBE", "GROUP": "READ DESCRIBE"}
RIGHTS = {"admin": ADMIN, "worker": WORKER, "publisher": PUBLISHER, "reader": READER}
SOON = 40.0
"""Seconds in which a process must have given up, however busy the machine is."""


def settings(broker: SecuredKafka, folder: Path, user: str, **others: Any) -> Settings:
    base = {"topic_prefix": "none-", "partitions": PARTITIONS, "clock": "external", "data": folder / "data"}
    return Settings(**base | broker.login(user) | others)


def run(chosen: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """One command to its end, which must come soon, and no secret in what it says."""
    return ran(environment(chosen), *words)


def ran(variables: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    plain = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
    done = subprocess.run(
        [*MEMBERSHIPS, *words],
        cwd=ROOT,
        env=plain | variables,
        capture_output=True,
        text=True,
        timeout=SOON,
        check=False,
    )
    assert PASSWORD not in done.stdout + done.stderr
    return done


def refused(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """Exit code and code of the error."""
    return done.returncode, orjson.loads(done.stdout)["code"]


@pytest.fixture
def installed(secured: SecuredKafka, tmp_path: Path) -> Settings:
    """An installation of the administrator's; nobody else has any rights yet."""
    admin = settings(secured, tmp_path, "admin", topic_prefix=f"t{uuid4().hex[:12]}-")
    secured.allow("admin", admin.topic_prefix, ADMIN)
    assert topics.apply(admin)
    return admin


def test_a_whole_installation_with_tls_logins_and_no_more_rights_than_needed(
    secured: SecuredKafka, installed: Settings, tls_redis_url: str, tmp_path: Path
) -> None:
    """The first day of the samples, published, decided, shown and audited, each process under a user of its own."""
    for user, rights in RIGHTS.items():
        secured.allow(user, installed.topic_prefix, rights)
    of = {user: installed.model_copy(update=secured.login(user) | {"redis_url": tls_redis_url}) for user in RIGHTS}
    worker = Worker("w1", [*MEMBERSHIPS, "worker"], tmp_path / "worker.log", environment(of["worker"]))
    views = Program("views", [*MEMBERSHIPS, "views"], tmp_path / "views.log", environment(of["reader"]))
    try:
        worker.live()
        for user, words in (
            ("admin", "topics check"),
            ("publisher", "publish samples/first-day.jsonl"),
            ("reader", "dlq list"),
            ("reader", "whatif anna --until 2027-01-01"),
            ("publisher", "dlq redrive --since 2020-01-01"),
            ("reader", "config show"),
        ):
            done = run(of[user], *words.split(), "--json")
            assert done.returncode == ExitCode.DONE, (words, done.stdout, done.stderr)
        views.says("the views have everything")
        found = run(of["reader"], "member", _a_member(), "--json")
        assert found.returncode == ExitCode.DONE, found.stderr
        assert eventually(lambda: run(of["reader"], "audit", "--json").returncode == ExitCode.DONE)
    finally:
        worker.clear()
        views.clear()
    assert PASSWORD not in worker.said + views.said


def _a_member() -> str:
    lines = (orjson.loads(line) for line in (ROOT / "samples/first-day.jsonl").read_bytes().splitlines())
    return next(line["event"]["subject"] for line in lines if "event" in line)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_both_mechanisms_for_both_clients(secured: SecuredKafka, installed: Settings, mechanism: str) -> None:
    """`topics check` asks with one client whether Kafka is there, and with the other what is there."""
    done = run(installed.model_copy(update={"sasl_mechanism": mechanism}), "topics", "check")
    assert (done.returncode, done.stdout.strip()) == (0, "all topics are as they should be")


@pytest.mark.parametrize("command", ["worker", "views", "topics check", "audit"])
def test_a_wrong_password(secured: SecuredKafka, tmp_path: Path, command: str) -> None:
    wrong = settings(secured, tmp_path, "admin", sasl_password=SecretStr(f"{PASSWORD}-wrong"))
    done = run(wrong, *command.split(), "--json")
    assert refused(done) == (ExitCode.WRONG_USE, "kafka_refused")
    assert "invalid credentials" in done.stdout


@pytest.mark.parametrize(
    ("wrong", "code", "name", "words"),
    [
        ({"ssl_ca": "OTHER"}, ExitCode.WRONG_USE, "kafka_refused", "certificate verify failed"),
        ({"ssl_ca": "NO_PEM"}, ExitCode.WRONG_USE, "bad_setting", "no certificate or crl found"),
        ({"ssl_ca": "/no/such/file"}, ExitCode.WRONG_USE, "bad_setting", "MEMBERSHIPS_SSL_CA"),
        ({"sasl_username": ""}, ExitCode.WRONG_USE, "bad_setting", "MEMBERSHIPS_SASL_USERNAME"),
        ({"sasl_mechanism": "PLAIN"}, ExitCode.WRONG_USE, "kafka_refused", "mechanism"),
        ({"security_protocol": "PLAINTEXT"}, ExitCode.UNREACHABLE, "kafka_unreachable", "SECURITY_PROTOCOL"),
        ({"security_protocol": "SASL_PLAINTEXT"}, ExitCode.UNREACHABLE, "kafka_unreachable", "SECURITY_PROTOCOL"),
        ({"bootstrap_servers": "PLAIN"}, ExitCode.UNREACHABLE, "kafka_unreachable", "SECURITY_PROTOCOL"),
    ],
)
def test_what_does_not_fit_together(
    secured: SecuredKafka,
    tmp_path: Path,
    wrong: dict[str, str],
    code: ExitCode,
    name: str,
    words: str,
) -> None:
    places = {
        "OTHER": str(Certificates(tmp_path / "other").ca),
        "NO_PEM": __file__,
        "PLAIN": secured.bootstrap_servers if "bootstrap_servers" in wrong else "PLAIN",
    }
    variables = environment(settings(secured, tmp_path, "admin"))
    variables |= {f"MEMBERSHIPS_{key.upper()}": places.get(value, value) for key, value in wrong.items()}
    done = ran({key: value for key, value in variables.items() if value}, "worker", "--json")
    assert refused(done) == (code, name)
    assert words in done.stdout


def without(rights: Rights, kind: str, *operations: str) -> Rights:
    return rights | {kind: " ".join(right for right in rights[kind].split() if right not in operations)}


@pytest.mark.parametrize(
    ("rights", "command", "words"),
    [
        (without(WORKER, "TRANSACTIONAL_ID", "WRITE"), "worker", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),
        (without(WORKER, "TOPIC", "WRITE"), "worker", "TOPIC_AUTHORIZATION_FAILED"),
        (without(WORKER, "TOPIC", "READ"), "worker", "opic authorization failed"),
        (without(WORKER, "GROUP", "READ"), "worker", "roup authorization failed"),
        (without(WORKER, "TOPIC", "DESCRIBE_CONFIGS"), "worker", "the right DESCRIBE_CONFIGS"),
        (without(WORKER, "TOPIC", "READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"), "worker", "is missing"),
        (without(READER, "TOPIC", "READ"), "views", "opic authorization failed"),
        (without(READER, "TOPIC", "READ"), "audit", "TopicAuthorizationFailed"),
        (without(READER, "GROUP", "READ", "DESCRIBE"), "audit", "GroupAuthorizationFailed"),
        (without(READER, "TOPIC", "READ"), "dlq list", "TopicAuthorizationFailed"),
        (without(PUBLISHER, "TOPIC", "WRITE"), "publish samples/first-day.jsonl", "uthorization failed"),
        (without(PUBLISHER, "GROUP", "DESCRIBE"), "publish samples/first-day.jsonl", "roup authorization failed"),
    ],
)
def test_a_right_that_is_missing(
    secured: SecuredKafka,
    installed: Settings,
    locked: LockedValkey,
    tmp_path: Path,
    rights: Rights,
    command: str,
    words: str,
) -> None:
    """The process ends at once (no endless trying again), as wrongly set up, and nothing was written."""
    secured.allow("nobody", installed.topic_prefix, rights)
    producer = Producer({"bootstrap.servers": secured.bootstrap_servers})
    for name in ("orders", "dead-letters"):  # something to read
        producer.produce(installed.catalogue().name(name), b"no event", b"anna")
    assert producer.flush(PATIENCE) == 0
    clock = {"clock": "wall"} if command == "worker" else {}  # something to write
    chosen = installed.model_copy(update=secured.login("nobody") | {"redis_url": locked.url, **clock})
    done = run(chosen, *command.split())
    assert done.returncode == ExitCode.WRONG_USE, done.stderr
    assert words in done.stderr
    assert "internal_error" not in done.stderr


@pytest.mark.parametrize("wrong", ["password", "authority"])
def test_redis_that_does_not_let_us_in(secured: SecuredKafka, tls_redis_url: str, tmp_path: Path, wrong: str) -> None:
    url = {
        "password": tls_redis_url.replace(PASSWORD, f"{PASSWORD}-not"),
        "authority": tls_redis_url.replace(str(secured.certificates.ca), str(Certificates(tmp_path / "other").ca)),
    }[wrong]
    done = run(settings(secured, tmp_path, "admin", redis_url=url), "member", "anna", "--json")
    assert refused(done) == (ExitCode.WRONG_USE, "redis_refused"), done.stdout


def test_secrets_in_files(secured: SecuredKafka, installed: Settings, tmp_path: Path) -> None:
    """A password that is in no variable, and is masked all the same."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "memberships_sasl_password").write_text(f"{PASSWORD}-admin\n")
    variables = environment(installed)
    del variables["MEMBERSHIPS_SASL_PASSWORD"]
    variables["MEMBERSHIPS_SECRETS"] = str(folder)
    assert ran(variables, "topics", "check").returncode == ExitCode.DONE
    shown = orjson.loads(ran(variables, "config", "show", "--json").stdout)
    rows = {row["variable"]: (row["value"], row["origin"]) for row in shown["settings"]}
    assert rows["MEMBERSHIPS_SASL_PASSWORD"] == ("**********", "secret file")
