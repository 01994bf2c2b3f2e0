"""How news of the shop travels: most of it at once, some late, some twice."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from models.values import cents
from samples.script import Line, Script

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATE, DOUBLED = 3, 2
"""Of a hundred events; late ones by up to ten days, copies within five."""


class News:
    """Tells the script of events; `told` counts those made up, by type, copies not counted."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.told: Counter[str] = Counter()

    def line(self, at: datetime, line: Line) -> None:
        """One of the shop's own events."""
        arrives = self._arrives(at)
        self.script.again(arrives, line)
        self._perhaps_twice(arrives, line)

    def event(
        self,
        at: datetime,
        topic: str,
        kind: str,
        name: str,
        member: str,
        data: dict[str, Any],
        *,
        arrives: datetime | None = None,
    ) -> None:
        """One that is made up; `arrives`: when, where that is part of the story."""
        arrives = arrives or self._arrives(at)
        line = self.script.event(arrives, topic, kind, f"{kind}-{name}", member, data, happened=at)
        self.told[line["event"]["type"]] += 1
        self._perhaps_twice(arrives, line)

    def _arrives(self, at: datetime) -> datetime:
        return self.script.after(at, MINUTE, 10 * DAY) if self.script.odds(LATE) else at

    def _perhaps_twice(self, arrives: datetime, line: Line) -> None:
        if self.script.odds(DOUBLED):
            self.script.again(self.script.after(arrives, MINUTE, 5 * DAY), line)


def time_of(line: Line) -> datetime:
    """When the event happened."""
    return datetime.fromisoformat(line["event"]["time"])


def cents_of(order: dict[str, Any]) -> int:
    """What the lines that qualify cost: no more can be paid with points, a cent each (MS-7)."""
    return sum(cents(line["unit_price"]) * line["quantity"] for line in order["lines"] if line["qualifying"])
