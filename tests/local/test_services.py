"""`up`, `down` and `status` with both real services."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka.admin import AdminClient

from local import LocalError
from local.kafka import Kafka
from local.process import Identity
from local.services import down, status, up
from local.valkey import Valkey
from tests.support.processes import PATIENCE, ROOT, eventually

pytestmark = pytest.mark.xdist_group("own-broker")

UP = "import sys; from local.services import up; print(up(sys.argv[1]).json())"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    down(tmp_path / "data")


def found(data: Path) -> tuple[Identity, Identity]:
    """The processes of Kafka and of Valkey."""
    kafka, valkey = Kafka(data / "kafka"), Valkey(data / "valkey")
    assert kafka.find()
    assert valkey.find()
    return Identity.of(kafka.pid), Identity.of(valkey.pid)


def test_up_again_half_up_and_down(data: Path) -> None:
    """given a program that brings the services up and ends, then they live on, once, until `down` ends exactly them."""
    # A pipe that a service had inherited would keep this call waiting for ever.
    done = subprocess.run(
        [sys.executable, "-c", UP, str(data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=True,
    )
    told = json.loads(done.stdout)
    assert set(told) == {"bootstrap_servers", "redis_url", "data"}
    assert told["data"] == str(data)
    assert AdminClient({"bootstrap.servers": told["bootstrap_servers"]}).list_topics(timeout=PATIENCE).brokers
    kafka, valkey = found(data)
    with redis.Redis.from_url(told["redis_url"]) as client:
        client.set("member:1", "view")

        again = up(data)
        assert (again.started, json.loads(again.json())) == ((), told)
        with pytest.raises(LocalError, match="already runs"):
            up(data, kafka_port=1)

        os.kill(valkey.pid, signal.SIGKILL)
        assert eventually(lambda: not valkey.alive)
        assert (status(data).bootstrap_servers, status(data).redis_url) == (told["bootstrap_servers"], None)
        mended = up(data)
        assert (mended.started, json.loads(mended.json())) == (("valkey",), told)
        assert client.get("member:1") == b"view"

    kafka_now, valkey_now = found(data)
    assert (kafka_now, status(data).up) == (kafka, True)
    assert down(data) == ("kafka", "valkey")
    assert not kafka_now.alive
    assert not valkey_now.alive
    assert (down(data), status(data).up) == ((), False)
    assert json.loads((data / "kafka" / "kafka.pid.json").read_text())["process"] is None


def test_a_failed_up_leaves_nothing_running(data: Path, broker: Kafka) -> None:
    """given a taken Kafka port, when up fails after Valkey was started, then Valkey is ended again."""
    with pytest.raises(LocalError, match=f"cannot have port {broker.port}"):
        up(data, kafka_port=broker.port)
    assert (status(data).redis_url, status(data).bootstrap_servers) == (None, None)


def test_a_data_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LocalError, match="cannot use the data directory"):
        up(tmp_path / "file" / "data")
