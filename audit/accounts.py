"""The accounts of all members of a partition, kept from its records in the order in which they were handled."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit import quarantines
from audit.account import Account
from audit.account.seen import RELEASED, Seen
from audit.fees import Fees
from audit.programmes import FOLLOWED, Programmes
from audit.service import Majeure, Service
from audit.service.majeure import DECLARED, ENDED
from models.events import GUEST
from models.policies import Policies


@dataclass(eq=False)
class Accounts:
    """One account of points for each member, and those of fees and of service for who has any, but for guests, who have no
    membership yet (CARE-3). While one is set aside no time passes for it.

    Of points between two events of a member only the last tick counts: what is due happens in the order in which it was
    due. So an account is told the time when the member's next event comes, and at the end. Of fees and of service it counts
    when something was done: these are told the first tick after each time that something is due, and no other.
    """

    policies: Policies
    aside: Mapping[bytes, list[int]] = field(default_factory=dict)
    """The records at which members were set aside, by the key of their quarantine."""
    members: dict[str, Account] = field(default_factory=dict)
    programmes: dict[str, Programmes] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    """Members of whom nothing personal is taken in any more."""
    _majeure: Majeure = field(default_factory=Majeure)
    _seen: Seen = field(init=False)
    _lifted: Counter[str] = field(default_factory=Counter)
    """Number of the record that last brought a member back."""
    _ticks: list[tuple[int, datetime]] = field(default_factory=list)
    _told: Counter[str] = field(default_factory=Counter)
    """How many ticks an account has been told of."""

    def __post_init__(self) -> None:
        self._seen = Seen(self.policies)

    def tick(self, seq: int, at: datetime) -> None:
        """Time goes on, and never back."""
        self._ticks.append((seq, max(at, self._ticks[-1][1]) if self._ticks else at))
        if len(self._ticks) == 1:
            self.catch_up()  # what has been waiting so far waits from now on

    def note(self, seq: int, event: Any) -> None:
        """An event was handled as record ``seq``, with an effect that the accounts are to follow."""
        member_id, now = event.subject, self._ticks[-1][1] if self._ticks else None
        account = self.members.setdefault(member_id, Account(self.policies, self._seen))
        self._catch_up(member_id)
        if event.type == RELEASED and self._aside_since(member_id):
            self._lifted[member_id] = seq
            self._come_back(member_id)
        if self._seen.is_news(event, now):
            account.take(event, now)
            if event.type in (DECLARED, ENDED):
                self.catch_up()  # what was due before is decided by what was known then
                self._majeure.take(event)
            elif event.type in FOLLOWED and not member_id.startswith(GUEST):
                self._programmes_of(member_id).take(event, now)
        if member_id in self.programmes:
            self.programmes[member_id].hear(self._majeure)

    def catch_up(self) -> None:
        """Tell everybody the time."""
        for member_id in self.members:
            self._catch_up(member_id)

    def forget(self) -> None:
        """Let go of what no event to come can ask for: ticks that everybody was told of, ids past their time."""
        heard = max(min((self._told[member_id] for member_id in self.members), default=len(self._ticks)) - 1, 0)
        del self._ticks[:heard]  # the last one told is kept: it is the time
        for member_id in self.members:
            self._told[member_id] -= heard
        if self._ticks:
            self._seen.forget(self._ticks[-1][1])

    def _catch_up(self, member_id: str) -> None:
        aside = self._aside_since(member_id)
        count = bisect_left(self._ticks, aside, key=lambda tick: tick[0]) if aside else len(self._ticks)
        told = self._told[member_id]
        if count > told:
            self.members[member_id].tick(self._ticks[count - 1][1])
            if member_id in self.programmes:
                self._tell_what_is_due(self.programmes[member_id], told, count)
            self._told[member_id] = count

    def _tell_what_is_due(self, of: Programmes, told: int, count: int) -> None:
        """Of the ticks not told yet, those at which something is due; and the first of all, from which waiting counts."""
        if told == 0:
            of.tick(self._ticks[0][1], self._majeure)
        while told < count and (due := of.next_due(self._ticks[told][1], self._majeure)):
            told = bisect_left(self._ticks, due, lo=told, hi=count, key=lambda tick: tick[1])
            if told < count:
                of.tick(self._ticks[told][1], self._majeure)
                told += 1

    def _programmes_of(self, member_id: str) -> Programmes:
        if member_id not in self.programmes:
            fees, service = Fees(member_id, self.policies, self._seen), Service(member_id, self.policies)
            self.programmes[member_id] = Programmes(fees, service)
        return self.programmes[member_id]

    def _come_back(self, member_id: str) -> None:
        """What was due while the member was set aside is worked off now, and not tick by tick."""
        self._told[member_id] = max(self._told[member_id], len(self._ticks) - 1)
        self._catch_up(member_id)

    def _aside_since(self, member_id: str) -> int | None:
        numbers = self.aside.get(quarantines.key_of(member_id), ())
        return next((number for number in numbers if number > self._lifted[member_id]), None)
