"""About how many points a member has: enough to make up redemptions of which most succeed, and no second set of rules."""

from collections import deque
from datetime import datetime, timedelta

LIFETIME = timedelta(days=730)


class Purse:
    """Points by when they were earned. What is returned, disputed or told late is not counted."""

    def __init__(self) -> None:
        self._lots: deque[tuple[datetime, int]] = deque()

    def has(self, at: datetime) -> int:
        """What has not expired by then."""
        while self._lots and self._lots[0][0] < at - LIFETIME:
            self._lots.popleft()
        return sum(points for _, points in self._lots)

    def earn(self, at: datetime, points: int) -> None:
        """More of them; in order of time."""
        self._lots.append((at, points))

    def spend(self, points: int) -> None:
        """Oldest first, as far as there are any."""
        while points and self._lots:
            at, there = self._lots.popleft()
            if there > points:
                self._lots.appendleft((at, there - points))
            points -= min(there, points)

    def empty(self) -> None:
        """The member left."""
        self._lots.clear()
