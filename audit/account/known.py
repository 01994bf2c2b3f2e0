"""What any account knows of a member: the settings, what time it is, and who waits for what."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit.account.days import day_of
from audit.account.waiting import Partner, WaitingRoom
from models.policies import STANDARD, Policies


@dataclass(slots=True)
class Known:
    """The base of an account's facts."""

    policies: Policies = STANDARD
    now: datetime | None = None
    """The partition's; None before its first tick."""
    room: WaitingRoom = field(init=False)

    def __post_init__(self) -> None:
        self.room = WaitingRoom(self.policies.hold_days)

    @property
    def zone(self) -> ZoneInfo:
        """The programme's."""
        return ZoneInfo(self.policies.zone)

    def day(self, instant: datetime) -> date:
        """The day in the programme's zone."""
        return day_of(instant, self.zone)

    def moment(self, at: datetime) -> datetime:
        """When what is done now is done: not before now, whatever the date of its cause."""
        return max(at, self.now) if self.now else at

    def wait(self, partner: Partner, event: Any) -> None:
        """GEN-2 The event comes before what it is about."""
        self.room.wait(partner, event, self.now)
