"""Python programs run beside a test, and waiting for what they do."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


PATIENCE = 60.0
"""Seconds to wait for what must happen, however busy the machine is; when all is well nobody waits that long."""


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def python(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Run this program text from the repository's root, its output in a pipe."""
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
