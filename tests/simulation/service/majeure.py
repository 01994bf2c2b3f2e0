"""Force majeure befalls everybody (PRO-11)."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from tests.simulation.partition import DAY, Message
from tests.simulation.post import Post

EVERYBODY: Final = "*"


def strike(post: Post, chance: Random, at: datetime, years: int) -> None:
    """Force majeure now and then; its end is told late, or it is declared twice."""
    number, end = 0, at + years * 365 * DAY
    while at < end:
        at += timedelta(days=chance.uniform(150, 700))
        lasts = timedelta(days=chance.choice((2, 6, 12, 14.5, 15.5, 20, 40)))
        _say(post, number := number + 1, "declared", at, timedelta(days=chance.choice((0, 0, 0.3, 3))))
        if chance.random() < 0.2:
            _say(post, number := number + 1, "declared", at + lasts * chance.random(), timedelta())
        at += lasts
        _say(post, number := number + 1, "ended", at, timedelta(days=chance.choice((0, 0, 0.5, 4))))


def _say(post: Post, number: int, what: str, at: datetime, late: timedelta) -> None:
    data = {"program": "pro"}
    message = Message(at + late, EVERYBODY, f"force_majeure.{what}", data, at, f"majeure-{number}")
    post.put(message)
    if number % 3 == 0:
        post.put(message._replace(arrives=at + late + DAY))
