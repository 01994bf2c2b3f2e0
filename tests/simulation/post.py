"""Events on their way."""

import heapq
from datetime import datetime

from tests.simulation.partition import Message


class Post:
    """Events on their way, by when they come."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Message]] = []
        self._sent = 0

    def put(self, message: Message) -> None:
        self._sent += 1
        heapq.heappush(self._waiting, (message.arrives, self._sent, message))

    def take(self, until: datetime) -> Message | None:
        """The next that comes before that instant."""
        if self._waiting and self._waiting[0][0] < until:
            return heapq.heappop(self._waiting)[2]
        return None
