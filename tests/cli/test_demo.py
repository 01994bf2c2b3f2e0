"""`memberships demo` for real: what it answers, that a killed worker changes nothing, and that nothing is left behind."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pytest

from cli import lines
from models.catalogue import INPUTS
from samples import generated
from samples.generated import ASKED
from tests.cli.world import World
from tests.support.processes import PATIENCE, ROOT, eventually

pytestmark = pytest.mark.broker


def demo(data: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cli", "demo", "--data", str(data), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes started here mind SIGINT, also where a shell began the run in the background and had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def left_behind(data: Path) -> list[str]:
    """Command lines of processes that work on this data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(str(data) in word for word in words):
            found.append(" ".join(words))
    return found


def test_with_a_worker_killed_on_the_way_comes_to_the_same_as_without(tmp_path: Path) -> None:
    expected = World(partitions=4)
    topics = tuple(topic.role for topic in INPUTS)
    expected.take(lines.parse(orjson.dumps(line), number, topics) for number, line in enumerate(generated.month()))
    expected.take(lines.Raw(*broken) for broken in generated.broken(generated.MONTH, 4))

    process = demo(tmp_path, "--json", "--kill", "1")
    out, err = process.communicate()

    assert process.returncode == 0, err.decode()
    result = orjson.loads(out)
    assert result["written"]["notifications"] == dict(expected.kinds)
    assert result["published"]["sent"] == result["published"]["decided"]
    assert result["worker_restarts"] >= 1
    assert result["audit"]["clean"]
    assert all(shown["document"] and shown["timeline"] for shown in result["members"].values())
    booked = {entry["kind"] for one in result["members"][generated.SAVER]["timeline"] for entry in one["ledger"]}
    assert booked >= {"earn", "bonus", "reserve", "release", "redeem", "take_back", "restore", "expire"}
    paid_with_points, expired = ([entry["kind"] for entry in result["asked"][asked][0]["ledger"]] for asked in ASKED)
    assert (paid_with_points, expired) == (["release", "redeem", "earn"], ["expire"])
    assert left_behind(tmp_path) == []


@pytest.mark.usefixtures("interruptible")
def test_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    process, log = demo(tmp_path), tmp_path / "worker.log"
    assert eventually(
        lambda: (log.exists() and "live: " in log.read_text()) or process.poll() is not None, 3 * PATIENCE
    )
    assert process.poll() is None
    assert left_behind(tmp_path)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate()

    assert process.returncode == 130, err.decode()
    assert left_behind(tmp_path) == []
