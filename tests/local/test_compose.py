"""docker-compose.yml and the image agree with the code: settings, commands, broker settings, start order.

Where docker has compose, `docker compose config` judges the file as well; the checks here hold everywhere.
"""

import re
import shutil
import subprocess
import tomllib
from typing import Annotated, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typer.main import get_command

from agents.settings import Settings
from cli.main import app
from local.jars import KAFKA_VERSION
from local.kafka import BROKER_SETTINGS, CLUSTER_ID, JAVA_OPTIONS
from tests.support.processes import ROOT

PREFIX = "MEMBERSHIPS_"
Duration = Annotated[str, StringConstraints(pattern=r"^\d+s$")]
LoopbackPort = Annotated[str, StringConstraints(pattern=r"^127\.0\.0\.1:\d+:\d+$")]


class Strict(BaseModel):
    """Of compose's vocabulary only what we use: a misspelt or misplaced key fails."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Build(Strict):
    context: Literal["."]
    dockerfile: str


class Healthcheck(Strict):
    test: Annotated[list[str], Field(min_length=2)]
    interval: Duration
    timeout: Duration
    retries: int
    start_period: Duration
    start_interval: Duration


class Dependency(Strict):
    condition: Literal["service_healthy", "service_completed_successfully"]


class Container(Strict):
    image: str
    build: Build | None = None
    command: list[str] | None = None
    environment: dict[str, str] = {}
    restart: Literal["no", "unless-stopped"]
    ports: list[LoopbackPort] = []
    volumes: list[str] = []
    depends_on: dict[str, Dependency] = {}
    healthcheck: Healthcheck | None = None
    init: bool = False
    read_only: bool = False
    tmpfs: list[str] = []
    cap_drop: list[Literal["ALL"]] = []
    security_opt: list[Literal["no-new-privileges:true"]] = []
    stop_grace_period: Duration | None = None


class Compose(Strict):
    name: str
    template: dict[str, object] = Field(alias="x-memberships")
    services: dict[str, Container]
    volumes: dict[str, None]

    @property
    def ours(self) -> dict[str, Container]:
        return {name: service for name, service in self.services.items() if service.image == "memberships"}


@pytest.fixture(scope="module")
def compose() -> Compose:
    return Compose.model_validate(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")


def test_docker_accepts_the_file(compose: Compose) -> None:
    """given a docker with compose, then it reads the same services; given none, then the model above is the judge."""
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        command = [docker, "compose", "--file", "docker-compose.yml", "config", "--services"]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert set(told.split()) == set(compose.services)
    assert set(compose.services) == {"kafka", "valkey", "topics", "worker", "views"}


def test_the_processes_get_settings_that_exist_and_hold(compose: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    for service in compose.ours.values():
        names = {name.removeprefix(PREFIX).lower() for name in service.environment}
        assert names <= set(Settings.model_fields)
        for name, value in service.environment.items():
            assert name.startswith(PREFIX)
            monkeypatch.setenv(name, value)
        settings = Settings()
        assert settings.bootstrap_servers in compose.services["kafka"].environment["KAFKA_ADVERTISED_LISTENERS"]
        assert settings.redis_url == "redis://valkey:6379/0"


def test_the_processes_run_commands_that_exist(compose: Compose) -> None:
    for service in compose.ours.values():
        command = get_command(app)
        assert service.command
        for word in service.command:
            command = command.commands[word]  # type: ignore[attr-defined]
        assert not hasattr(command, "commands"), "a group of commands, not one"


def test_the_broker_has_the_settings_of_the_embedded_one(compose: Compose) -> None:
    kafka = compose.services["kafka"]
    names = {name: "KAFKA_" + name.upper().replace(".", "_") for name in BROKER_SETTINGS}
    assert {name: kafka.environment[names[name]] for name in names} == {k: str(v) for k, v in BROKER_SETTINGS.items()}
    assert kafka.image == f"apache/kafka:{KAFKA_VERSION}"
    assert kafka.environment["CLUSTER_ID"] == CLUSTER_ID
    assert kafka.environment["KAFKA_HEAP_OPTS"] in JAVA_OPTIONS


def test_each_listener_has_a_protocol_and_leads_to_a_port(compose: Compose) -> None:
    kafka = compose.services["kafka"]
    listeners = dict(re.findall(r"(\w+)://:(\d+)", kafka.environment["KAFKA_LISTENERS"]))
    advertised = dict(re.findall(r"(\w+)://([\w.]+:\d+)", kafka.environment["KAFKA_ADVERTISED_LISTENERS"]))
    protocols = re.findall(r"(\w+):PLAINTEXT", kafka.environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"])
    controller = kafka.environment["KAFKA_CONTROLLER_LISTENER_NAMES"]
    assert sorted(protocols) == sorted(listeners)
    assert set(advertised) == set(listeners) - {controller}
    assert advertised["CLIENTS"] == f"kafka:{listeners['CLIENTS']}"
    assert f"{advertised['HOST']}:{listeners['HOST']}" in kafka.ports
    assert kafka.environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].endswith(f":{listeners[controller]}")
    assert kafka.environment["KAFKA_LOG_DIRS"] in {volume.split(":")[1] for volume in kafka.volumes}


def test_everything_waited_for_can_happen(compose: Compose) -> None:
    for service in compose.services.values():
        for name, dependency in service.depends_on.items():
            other = compose.services[name]
            if dependency.condition == "service_healthy":
                assert other.healthcheck is not None
            else:
                assert other.restart == "no"


def test_one_shots_end_and_the_rest_is_started_again(compose: Compose) -> None:
    """The worker is crash-only: without a restart policy its first fail-stop would be its last."""
    assert {name: service.restart for name, service in compose.services.items()} == {
        "kafka": "unless-stopped",
        "valkey": "unless-stopped",
        "topics": "no",
        "worker": "unless-stopped",
        "views": "unless-stopped",
    }


def test_ours_run_without_rights_and_write_their_volume_alone(compose: Compose, dockerfile: str) -> None:
    final = dockerfile.split("\nFROM ")[-1]
    data = compose.ours["worker"].environment["MEMBERSHIPS_DATA"]
    for name, service in compose.ours.items():
        assert service.read_only
        assert service.cap_drop == ["ALL"]
        assert service.security_opt == ["no-new-privileges:true"]
        assert name == "topics" or service.volumes == [data]
    assert f"VOLUME {data}" in final
    user = re.search(r"^USER (\d+)$", final, re.M)
    assert user is not None
    assert int(user[1]) > 0


def test_named_volumes_are_declared(compose: Compose) -> None:
    used = {v.split(":")[0] for s in compose.services.values() for v in s.volumes if not v.startswith("/")}
    assert used == set(compose.volumes)


def test_the_image_is_built_from_what_is_there(compose: Compose, dockerfile: str) -> None:
    """Every package of ours is copied and let through, the entry point is one, and all packages are hash-checked."""
    ignored = (ROOT / "deploy/Dockerfile.dockerignore").read_text().split("\n")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.M)
    sources = {source.rstrip("/") for line in copied for source in line.split()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert sources == packages | {"requirements", "pyproject.toml", project["project"]["readme"]}
    assert {line[1:].rstrip("/") for line in ignored if line.startswith("!")} == sources
    assert re.search(r'^ENTRYPOINT \["(.+)"\]$', dockerfile, re.M)[1] in project["project"]["scripts"]  # type: ignore[index]
    assert re.search(r'^CMD \["(.+)"\]$', dockerfile, re.M)[1] == "worker"  # type: ignore[index]
    assert "STOPSIGNAL SIGTERM" in dockerfile
    for requirements in re.findall(r"--require-hashes (?:-r )?(\S+)", dockerfile):
        assert (ROOT / requirements).is_file()
    assert len(re.findall("--require-hashes", dockerfile)) == 2
    assert {service.build.dockerfile for service in compose.ours.values() if service.build} == {"deploy/Dockerfile"}
