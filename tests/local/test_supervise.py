"""The supervisor keeps a command running, gives up in time, and leaves nothing behind."""

import os
import signal
import sys
from pathlib import Path

import pytest

from local import LocalError
from local.process import Identity
from local.supervise import Supervisor
from tests.support.processes import PATIENCE, eventually, python

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def ending(code: int) -> list[str]:
    return [sys.executable, "-c", f"print('run', flush=True); raise SystemExit({code})"]


def test_a_killed_command_is_started_again_until_stop(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Supervisor(SLEEP, log=log, delay=0.01) as supervisor:
        first = supervisor.pid
        assert first is not None
        assert eventually(lambda: log.read_text() == "up\n")
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: supervisor.restarts == 1 and supervisor.pid not in (None, first))
        assert eventually(lambda: log.read_text() == "up\nup\n")
        assert supervisor.pid is not None
        second = Identity.of(supervisor.pid)
        supervisor.check()
    assert not second.alive
    assert supervisor.restarts == 1


@pytest.mark.parametrize("limit", [0, 2])
def test_it_gives_up_after_the_limit(tmp_path: Path, limit: int) -> None:
    """given a command that ends at once, when it did so `limit` + 1 times, then that is told with the log."""
    log = tmp_path / "log"
    with Supervisor(ending(1), log=log, delay=0.001, limit=limit) as supervisor:
        supervisor._thread.join(PATIENCE)
        with pytest.raises(LocalError, match="ended with code 1") as told:
            supervisor.check()
    assert str(log) in told.value.hint
    assert log.read_text() == "run\n" * (limit + 1)


def test_wrong_use_is_not_tried_again(tmp_path: Path) -> None:
    with Supervisor(ending(2), log=tmp_path / "log") as supervisor:
        supervisor._thread.join(PATIENCE)
        with pytest.raises(LocalError, match="ended with code 2"):
            supervisor.check()
    assert supervisor.restarts == 0


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot start no-such-program"):
        Supervisor(["no-such-program"], log=tmp_path / "log").start()


def test_the_environment_is_the_given_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    show = [sys.executable, "-c", "import os, time; print(sorted(os.environ), flush=True); time.sleep(600)"]
    with Supervisor(show, log=log, env={"MEMBERSHIPS_CLOCK": "external", "LC_CTYPE": "C.UTF-8"}):
        assert eventually(lambda: log.read_text() == "['LC_CTYPE', 'MEMBERSHIPS_CLOCK']\n")


def test_the_command_ends_with_a_killed_supervisor(tmp_path: Path) -> None:
    program = """
        import sys, time
        from pathlib import Path
        from local.process import Identity
        from local.supervise import Supervisor
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        process = Identity.of(Supervisor(command, log=Path(sys.argv[1])).start().pid)
        print(process.pid, process.started, flush=True)
        time.sleep(600)
    """
    parent = python(program, tmp_path / "log")
    assert parent.stdout is not None
    pid, started = parent.stdout.readline().split()
    command = Identity(int(pid), float(started))
    assert command.alive
    parent.kill()
    parent.wait()
    assert eventually(lambda: not command.alive)
