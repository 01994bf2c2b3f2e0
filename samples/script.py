"""A story in the making: events with the moment they arrive, sorted at the end, with ticks of the clock in between."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random  # noqa: TID251 - made-up stories, the same for the same seed
from typing import Any

GENERATED = "/generated/sample"
"""Says in every event that nobody lived this."""

Line = dict[str, Any]
"""A line for `publish`: {"topic": name, "event": CloudEvent}, or {"tick": instant}."""


class Script:
    """Collects events. `chance` is the only source of variety: one seed, one story.

    `source` is that of every event made here.
    """

    def __init__(self, seed: int, source: str = GENERATED) -> None:
        self.chance = Random(seed)  # noqa: S311 - no secret
        self._source = source
        self._lines: list[tuple[datetime, Line]] = []

    def event(
        self,
        arrives: datetime,
        topic: str,
        kind: str,
        event_id: str,
        member: str,
        data: dict[str, Any],
        *,
        happened: datetime | None = None,
    ) -> Line:
        """Adds one event; `happened` is the envelope's time where that is not the arrival."""
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": self._source,
            "type": f"{kind}.v1",
            "time": instant(happened or arrives),
            "subject": member,
            "datacontenttype": "application/json",
            "data": data,
        }
        line = {"topic": topic, "event": event}
        self.again(arrives, line)
        return line

    def again(self, arrives: datetime, line: Line) -> None:
        """Adds a line as it is, for instance one more time."""
        self._lines.append((arrives, line))

    @property
    def first(self) -> datetime:
        """When the earliest of the events so far arrives."""
        return min(at for at, _ in self._lines)

    @property
    def last(self) -> datetime:
        """When the latest of the events so far arrives."""
        return max(at for at, _ in self._lines)

    def lines(self, ticks: Iterable[datetime]) -> Iterator[Line]:
        """Everything in the order of arrival; of one moment, in the order in which it was added."""
        everything = self._lines + [(at, {"tick": instant(at)}) for at in ticks]
        yield from (line for _, line in sorted(everything, key=lambda entry: entry[0]))

    def moment(self, day: date) -> datetime:
        """Some moment of the shop's open hours of that day."""
        opening = datetime.combine(day, time(15), UTC)
        return opening + timedelta(seconds=self.chance.randrange(9 * 3600))

    def after(self, at: datetime, least: timedelta, most: timedelta) -> datetime:
        """Some moment from `least` to `most` after that, to the second."""
        return at + timedelta(seconds=self.chance.randint(int(least.total_seconds()), int(most.total_seconds())))

    def odds(self, percent: int) -> bool:
        """True in that many cases of a hundred."""
        return self.chance.randrange(100) < percent


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
