"""Events on their way."""

import heapq
from datetime import datetime, timedelta
from random import Random

from tests.simulation.partition import Json, Message


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


class Sender:
    """Posts what concerns one member, with the delays and the doubles of the world; `mark` is part of each event's id."""

    def __init__(self, name: str, chance: Random, post: Post, mark: str = "") -> None:
        self._name, self._chance, self._post, self._mark = name, chance, post, mark
        self._sent = 0

    def send(self, kind: str, data: Json, at: datetime, *, late: float = 0.0, to: str = "") -> None:
        """Post an event of that time; with that probability it comes some days late; now and then it comes twice."""
        self._sent += 1
        chance = self._chance
        arrives = at + self.some(0, 3 if chance.random() < 0.8 else 20) if chance.random() < late else at
        message = Message(arrives, to or self._name, kind, data, at, f"{self._name}-{self._mark}{self._sent}")
        self._post.put(message)
        if chance.random() < 0.03:
            self._post.put(message._replace(arrives=arrives + self.some(0, 20)))

    def some(self, least: float, most: float) -> timedelta:
        """So many days, to the second, by chance."""
        return timedelta(seconds=int(self._chance.uniform(least, most) * 86_400))
