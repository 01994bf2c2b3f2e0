"""The accounts of all members of a partition, kept from its records in the order in which they were handled."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from audit import quarantines
from audit.account.account import Account
from models.policies import Policies

RELEASED = "member.released.v1"


class Accounts:
    """One account for each member. While one is set aside no time passes for it.

    Between two events of a member only the last tick counts: what is due happens in the order in which it was due. So
    an account is told the time when the member's next event comes, and at the end.
    """

    def __init__(self, policies: Policies, aside: Mapping[bytes, list[int]]) -> None:
        """``aside``: the records at which members were set aside, by the key of their quarantine."""
        self.members: dict[str, Account] = {}
        self._policies = policies
        self._seen: dict[tuple[str, str], date | None] = {}
        """Of all of them: an event id is spent for everybody in the partition."""
        self._aside = aside
        self._lifted: Counter[str] = Counter()
        """Number of the record that last brought a member back."""
        self._ticks: list[tuple[int, datetime]] = []
        self._told: Counter[str] = Counter()
        """How many ticks an account has been told of."""

    def tick(self, seq: int, at: datetime) -> None:
        """Time goes on, and never back."""
        self._ticks.append((seq, max(at, self._ticks[-1][1]) if self._ticks else at))
        if len(self._ticks) == 1:
            self.catch_up()  # what has been waiting so far waits from now on

    def note(self, seq: int, event: Any) -> None:
        """An event was handled as record ``seq``, with an effect that the account is to follow."""
        member_id = event.subject
        account = self.members.setdefault(member_id, Account(self._policies, self._seen))
        self._catch_up(member_id)
        if event.type == RELEASED and self._aside_since(member_id):
            self._lifted[member_id] = seq
            self._catch_up(member_id)
        account.note(event, self._ticks[-1][1] if self._ticks else None)

    def catch_up(self) -> None:
        """Tell everybody the time."""
        for member_id in self.members:
            self._catch_up(member_id)

    def _catch_up(self, member_id: str) -> None:
        aside = self._aside_since(member_id)
        count = bisect_left(self._ticks, aside, key=lambda tick: tick[0]) if aside else len(self._ticks)
        if count > self._told[member_id]:
            self.members[member_id].tick(self._ticks[count - 1][1])
            self._told[member_id] = count

    def _aside_since(self, member_id: str) -> int | None:
        numbers = self._aside.get(quarantines.key_of(member_id), ())
        return next((number for number in numbers if number > self._lifted[member_id]), None)
