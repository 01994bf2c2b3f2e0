"""Forgets event ids that are older than GEN-1 asks for, a few at each tick.

Such an id already counts as unknown to the rules, so it does not matter when it is deleted, only that it is.
"""

from datetime import date, datetime

from agents.ports import Store
from models import applied
from models.policies import Policies

PORTION = 100
TICKS = 3_600
"""A round takes at most so many ticks (an hour of the wall clock), or as many as portions of PORTION take."""


class Sweeper:
    """Walks through the ids of one partition, once a day of its now: ids expire by the day."""

    def __init__(self, store: Store, policies: Policies) -> None:
        self._store = store
        self._policies = policies
        self._round: list[bytes] = []
        self._begun_on: date | None = None
        self._portion = PORTION

    def sweep(self, now: datetime | None) -> None:
        """Look at the next portion; write tombstones for what is expired by ``now``."""
        if now is None:
            return
        if now.date() != self._begun_on and not self._round:
            self._begun_on = now.date()
            self._round = [key for key, _ in self._store.items()]
            self._portion = max(PORTION, -(-len(self._round) // TICKS))
        for _ in range(min(self._portion, len(self._round))):
            key = self._round.pop()
            raw = self._store.get(key)
            if raw is not None and applied.expired(raw, now, self._policies):
                self._store.delete(key)
