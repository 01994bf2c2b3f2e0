"""GEN-1, GEN-4 Which events are news: of all members of a partition, as an event's id is spent for everybody."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from models.policies import STANDARD, Policies

RELEASED, ERASURE = "member.released.v1", "member.erasure_requested.v1"
"""What our operators say, and no upstream system."""


@dataclass(eq=False)
class Seen:
    """The ids that came, and the day when they came last as news; None: before the first tick."""

    policies: Policies = STANDARD
    _days: dict[tuple[str, str], date | None] = field(default_factory=dict)

    def is_news(self, event: Any, now: datetime | None) -> bool:
        """Whether an event that comes now is to be followed; then its id is spent.

        The same (source, id) again changes nothing, whatever it says now, for as long as ids are remembered.
        """
        name, today = (event.source, event.id), now.date() if now else None
        if name in self._days and self._is_remembered(self._days[name], today):
            return False
        if self._too_early(event, now):
            return False
        self._days[name] = today
        return True

    def forget(self, now: datetime) -> None:
        """Leave out the ids that are not remembered any more."""
        self._days = {name: came for name, came in self._days.items() if self._is_remembered(came, now.date())}

    def _is_remembered(self, came: date | None, today: date | None) -> bool:
        return came is None or today is None or (today - came).days <= self.policies.ids_remembered_days

    def _too_early(self, event: Any, now: datetime | None) -> bool:
        """GEN-4 It says that it happened in a time that is far from having come: it was set aside, to be sent again."""
        is_upstream = event.type not in (RELEASED, ERASURE)
        latest = now + timedelta(days=self.policies.ahead_days) if now else None
        return is_upstream and latest is not None and latest < happened(event)


def happened(event: Any) -> datetime:
    """When, as the event's data says, or else its envelope."""
    stated = [getattr(event.data, name, None) for name in ("placed_at", "paid_at", "purchased_at", "opened_at")]
    when: datetime = next(filter(None, stated), event.time)
    return when
