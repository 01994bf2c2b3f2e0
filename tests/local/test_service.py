"""The life of a service, shown with Valkey because it starts in a tenth of a second; Kafka shares all of it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from local import LocalError
from local.ports import is_free
from local.process import SAME_START, Identity
from local.valkey import Valkey
from tests.support.processes import PATIENCE, eventually, python

TIED_TO_PARENT = """
    import sys, time
    from local.process import Identity
    from local.valkey import Valkey
    server = Valkey(sys.argv[1], tied=sys.argv[2] == "tied").start()
    print(server.pid, Identity.of(server.pid).started, flush=True)
    sys.stdin.close()
    time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path, append_only=True) as server:
        yield server


def started_by(program: "subprocess.Popen[str]") -> Identity:
    assert program.stdout is not None
    pid, started = program.stdout.readline().split()
    return Identity(int(pid), float(started))


def test_it_answers_when_start_returns_and_is_gone_when_stop_does(tmp_path: Path) -> None:
    server = Valkey(tmp_path).start()
    process = Identity.of(server.pid)
    with redis.Redis.from_url(server.url) as client:
        assert client.ping()
    server.stop()
    assert not process.alive
    with pytest.raises(LocalError, match="not running"):
        _ = server.pid


def test_a_kill_and_a_start_keep_port_and_data(valkey: Valkey) -> None:
    """given data in a server, when it is killed and started again, then the same client finds it there."""
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "yes")
        url, pid = valkey.url, valkey.pid
        valkey.kill()
        valkey.start()
        assert (valkey.url, client.get("kept")) == (url, b"yes")
        assert valkey.pid != pid


def test_a_paused_server_is_silent_until_it_is_resumed(valkey: Valkey) -> None:
    valkey.pause()
    with redis.Redis.from_url(valkey.url, socket_timeout=0.2, retry=None) as client, pytest.raises(redis.TimeoutError):
        client.ping()
    valkey.resume()
    with redis.Redis.from_url(valkey.url, socket_timeout=PATIENCE) as client:
        assert client.ping()


def test_a_paused_server_can_be_stopped_cleanly(valkey: Valkey) -> None:
    valkey.pause()
    valkey.stop(grace=PATIENCE)
    assert "bye bye" in valkey.log.read_text()


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_a_tied_server_ends_with_its_owner(tmp_path: Path, death: signal.Signals) -> None:
    """given a tied server, when its owner is killed, then no orphan is left."""
    owner = python(TIED_TO_PARENT, tmp_path, "tied", 600)
    server = started_by(owner)
    assert server.alive
    owner.send_signal(death)
    owner.wait()
    assert eventually(lambda: not server.alive)


def test_a_tied_server_is_gone_when_its_owner_has_returned(tmp_path: Path) -> None:
    """given an owner that forgets to stop its server, when it returns, then the server has ended before it."""
    owner = python(TIED_TO_PARENT, tmp_path, "tied", 0)
    server = started_by(owner)
    assert owner.wait() == 0
    assert not server.alive


def test_a_detached_server_survives_its_starter_and_is_found(tmp_path: Path) -> None:
    """given a detached server, when its starter is killed, then it lives on, and another process can end it."""
    starter = python(TIED_TO_PARENT, tmp_path, "detached", 600)
    server = started_by(starter)
    starter.kill()
    starter.wait()
    found = Valkey(tmp_path)
    assert found.find()
    assert (found.pid, server.alive) == (server.pid, True)
    assert os.getsid(server.pid) == server.pid
    found.stop()
    assert not server.alive
    assert not found.find()


def test_a_second_start_says_where_the_first_one_is(valkey: Valkey, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=f"already runs on {valkey.address}"):
        Valkey(tmp_path).start()
    assert valkey.alive


@pytest.mark.parametrize(("apart", "same"), [(SAME_START - 0.1, True), (SAME_START + 0.1, False)])
def test_a_recycled_pid_is_another_process(tmp_path: Path, apart: float, same: bool) -> None:
    """given a pid file whose pid now belongs to a stranger, when the server is stopped, then the stranger lives on."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        process = {"pid": stranger.pid, "started": Identity.of(stranger.pid).started - apart}
        (tmp_path / "valkey.pid.json").write_text(json.dumps({"process": process, "port": 1}))
        server = Valkey(tmp_path)
        assert server.find() == same
        server.stop()
        assert (stranger.poll() is None) != same
        assert json.loads((tmp_path / "valkey.pid.json").read_text())["process"] is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stale_pid_file_does_not_stop_a_start_and_keeps_the_port(tmp_path: Path) -> None:
    """given a server that was killed from outside, when one is started there anew, then it is where it was."""
    with Valkey(tmp_path) as fallen:
        os.kill(fallen.pid, signal.SIGKILL)
        assert eventually(lambda: not fallen.alive)
        with Valkey(tmp_path) as risen:
            assert risen.port == fallen.port


def test_the_next_start_takes_the_port_of_the_last_one(tmp_path: Path) -> None:
    with Valkey(tmp_path) as before:
        port = before.port
    with Valkey(tmp_path) as after:
        assert after.port == port


def test_a_server_that_is_not_alive_has_let_go_of_its_port(tmp_path: Path) -> None:
    """given a killed server, when its first thread is a zombie and others still end, then it still counts as alive."""
    for turn in range(10):
        with Valkey(tmp_path / str(turn), tied=False) as server:
            os.kill(server.pid, signal.SIGKILL)
            while server.alive:
                pass
            assert is_free(server.port)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"cannot have port {port}"):
            Valkey(tmp_path, port).start()


def test_a_server_that_ends_while_starting_is_quoted(tmp_path: Path) -> None:
    """given a server that refuses its settings, when it is started, then its last words and its log are told."""
    server = Valkey(tmp_path, databases=-1)
    with pytest.raises(LocalError) as told:
        server.start()
    assert "databases" in server.log.read_text()
    assert "ended while starting" in told.value.message
    assert str(server.log) in told.value.hint
    assert not server.find()
