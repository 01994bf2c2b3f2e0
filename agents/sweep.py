"""Forgets event ids that are older than GEN-1 asks for, a few at each tick.

Such an id already counts as unknown to the rules, so it does not matter when it is deleted, only that it is.
"""

from datetime import date, datetime

from agents.handle import Store
from models import applied
from models.policies import Policies

PORTION = 100
"""Ids looked at in one tick."""


class Sweeper:
    """Walks through the ids of one partition, once a day of its now: ids expire by the day."""

    def __init__(self, store: Store, policies: Policies) -> None:
        self._store = store
        self._policies = policies
        self._round: list[bytes] = []
        self._begun_on: date | None = None

    def sweep(self, now: datetime | None) -> None:
        """Look at the next portion; write tombstones for what is expired by ``now``."""
        if now is None:
            return
        if now.date() != self._begun_on and not self._round:
            self._begun_on = now.date()
            self._round = [key for key, _ in self._store.items()]
        for _ in range(min(PORTION, len(self._round))):
            key = self._round.pop()
            raw = self._store.get(key)
            if raw is not None and applied.expired(raw, now, self._policies):
                self._store.delete(key)
