"""A worker whose wall clock is wrong: `python -m tests.faults.kit.skewed SECONDS [PARTITIONS]`, then as `memberships worker`.

SECONDS is how far it is ahead (negative: behind). With PARTITIONS it ticks for so many partitions, its own or not: as a
worker does that has not noticed yet that they went to another one. Wall time enters at `agents.clock` and nowhere else.
"""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from agents import clock
from cli.main import main

AHEAD = timedelta(seconds=int(sys.argv[1]))


class Skewed(datetime):
    """The wrong clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + AHEAD


class Everywhere:
    """An app that takes all partitions for its own."""

    def __init__(self, app: Any, partitions: int) -> None:
        self.timer, self.send_outside, self.assigned = app.timer, app.send_outside, range(partitions)


def everywhere(start: Callable[[Any, str], None], partitions: int) -> Callable[[Any, str], None]:
    return lambda app, topic: start(Everywhere(app, partitions), topic)


clock.datetime = Skewed  # type: ignore[misc]
if len(sys.argv) > 2:
    clock.start = everywhere(clock.start, int(sys.argv[2]))
sys.argv[1:] = ["worker"]
main()
