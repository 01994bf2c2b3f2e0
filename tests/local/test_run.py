"""A test run shares its services and takes them with it, even when it is killed."""

import json
import os
import sys
from pathlib import Path

from local.process import Child, Identity
from tests.support.processes import ROOT, eventually

RUN = """
import json, os, time
from pathlib import Path

import psutil
import pytest
import redis

@pytest.mark.parametrize("turn", [1, 2])
def test_that_never_ends(redis_url, turn):
    pid = redis.Redis.from_url(redis_url).info()["process_id"]
    told = {"pid": pid, "started": psutil.Process(pid).create_time(), "url": redis_url, "worker": os.getpid()}
    draft = Path(__file__).with_name("draft" + str(turn))
    draft.write_text(json.dumps(told))
    draft.rename(Path(__file__).with_name("told" + str(turn)))
    time.sleep(600)
"""


def test_two_workers_share_a_server_that_dies_with_the_killed_run(tmp_path: Path) -> None:
    """given a run of two workers on one Valkey, when the run is killed by SIGKILL, then no Valkey is left."""
    (tmp_path / "test_run.py").write_text(RUN)
    options = [
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "-n",
        "2",
        "--rootdir",
        str(tmp_path),
    ]
    run = Child(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        log=tmp_path / "log",
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    told = [tmp_path / "told1", tmp_path / "told2"]
    assert eventually(lambda: all(path.exists() for path in told)), (tmp_path / "log").read_text()
    first, second = (json.loads(path.read_text()) for path in told)
    assert first["worker"] != second["worker"]
    assert (first["pid"], first["started"]) == (second["pid"], second["started"])
    assert first["url"] != second["url"]
    server = Identity(first["pid"], first["started"])
    assert server.alive
    run.end(grace=0)
    assert eventually(lambda: not server.alive)
