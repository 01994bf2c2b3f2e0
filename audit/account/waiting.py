"""GEN-2 Who waits for what: events that came before what they are about."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Partner = tuple[str, str]
"""What is waited for: ("order", id) and the like."""


@dataclass(slots=True)
class Waiting:
    """An event whose partner has not come, and when it is given up; None until the partition's first tick."""

    event: Any
    until: datetime | None


@dataclass(slots=True)
class WaitingRoom:
    """Those of one member."""

    days: int
    """How long one waits."""
    waiting: dict[Partner, list[Waiting]] = field(default_factory=dict)
    patience: datetime | None = None
    """When the event at hand is given up, if it has waited for something else before."""
    came: list[Partner] = field(default_factory=list)
    """What has become known just now, for the events that wait for it."""

    def given_up(self, now: datetime | None) -> datetime | None:
        """When something that comes too early now is given up."""
        return now + timedelta(days=self.days) if now else None

    def wait(self, partner: Partner, event: Any, now: datetime | None) -> None:
        """The event comes before what it is about."""
        self.waiting.setdefault(partner, []).append(Waiting(event, self.patience or self.given_up(now)))

    def no_longer_waiting(self, at: datetime | None) -> list[Waiting]:
        """The events whose partner came by then, first what happened first, without those given up before."""
        found = []
        for partner in self.came:
            waiting = [one for one in self.waiting.pop(partner, []) if not (one.until and at and one.until <= at)]
            found += sorted(waiting, key=lambda one: order_of(one.event))
        self.came = []
        return found

    def start_counting(self, now: datetime) -> None:
        """What came before the partition's first tick waits from then on."""
        for waiting in self.waiting.values():
            for one in waiting:
                one.until = one.until or self.given_up(now)

    def in_vain(self, now: datetime) -> list[Any]:
        """Take out the events that have waited too long by now."""
        over = [one for waiting in self.waiting.values() for one in waiting if one.until and one.until <= now]
        for waiting in self.waiting.values():
            waiting[:] = [one for one in waiting if one not in over]
        return [one.event for one in over]


def order_of(event: Any) -> tuple[datetime, str, str]:
    """In which order events are taken that could have been handled before."""
    return event.time, event.source, event.id
