"""What is remembered of the products that a member has. All of it as entries: only an event that names one reads it."""

from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from models.pro.events import Condition

WORDS = 20
"""The most that is kept of what was said of a product, the latest."""


class Word(Struct, array_like=True, frozen=True):
    """What one registration said of a product."""

    at: datetime
    source: str
    event_id: str
    model: str
    """In upper case."""
    condition: Condition
    purchased_on: date | None

    def agrees(self, other: "Word") -> bool:
        """Whether both say the same of the product."""
        return (self.model, self.condition, self.purchased_on) == (other.model, other.condition, other.purchased_on)


class Product(Struct, array_like=True):
    """PRO-10 A registered product. At any time the latest word up to then counts, in whatever order they were told."""

    KIND: ClassVar[str] = "product"

    serial: str
    since: datetime
    """The time of the first registration."""
    words: list[Word] = field(default_factory=list)

    def as_of(self, at: datetime) -> Word | None:
        """What counts at that time; None: it was not registered yet."""
        if at < self.since:
            return None
        return next((word for word in reversed(self.words) if word.at <= at), self.words[0])

    def note(self, word: Word) -> None:
        """Add what was said; of a product that is told of ever again the oldest words go."""
        self.since = min(self.since, word.at)
        self.words = sorted([*self.words, word], key=_told)[-WORDS:]


def _told(word: Word) -> tuple[datetime, str, str]:
    return word.at, word.source, word.event_id


class Owned(Struct, array_like=True):
    """LOAN-1 That the member has a product of this model: what was once said so counts."""

    KIND: ClassVar[str] = "owned"

    model: str
    """In upper case."""
    since: datetime
    """The earliest time at which that was said."""
