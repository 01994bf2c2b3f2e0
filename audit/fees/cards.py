"""PAY-1 Payment methods: all that was said of each, and what follows from the latest word on each part of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

AT_MOST: Final = 32
"""Methods that are kept, removed ones included."""


@dataclass(slots=True)
class Card:
    """A method, with every word about it: (when, what), in the order in which they came."""

    id: str
    kind: str
    places: list[tuple[datetime, int]] = field(default_factory=list)
    months: list[tuple[datetime, str | None]] = field(default_factory=list)
    """Through which month it is good."""
    renewals: list[tuple[datetime, None]] = field(default_factory=list)
    """When it was added or replaced."""
    presence: list[tuple[datetime, bool]] = field(default_factory=list)
    hard_declines: list[datetime] = field(default_factory=list)

    @property
    def place(self) -> int:
        """In the member's order; the lowest is asked first."""
        found: int = _latest(self.places)
        return found

    @property
    def month(self) -> str | None:
        """Through which it is good; None: for ever."""
        found: str | None = _latest(self.months)
        return found

    @property
    def on_file(self) -> bool:
        """Added, and not removed since."""
        found: bool = _latest(self.presence)
        return found

    @property
    def renewed_at(self) -> datetime:
        """When it was added or replaced last."""
        return max(at for at, _ in self.renewals)

    @property
    def retired(self) -> bool:
        """By a hard decline, and not replaced since."""
        return bool(self.hard_declines) and max(self.hard_declines) >= self.renewed_at

    def good_on(self, day: date) -> bool:
        """Whether it can be asked."""
        return self.on_file and not self.retired and (self.month is None or f"{day:%Y-%m}" <= self.month)


@dataclass(slots=True)
class Cards:
    """All of one member's."""

    known: dict[str, Card] = field(default_factory=dict)
    declined_before: dict[str, list[datetime]] = field(default_factory=dict)
    """Hard declines of methods that are not known yet."""

    def add(self, told: Any, at: datetime) -> bool:
        """On file, or replaced. Returns whether that is the latest word on anything; it is none where there is no room."""
        card = self.known.get(told.method_id)
        if card is None:
            if len(self.known) >= AT_MOST and not self._forget_one():
                return False
            card = self.known[told.method_id] = Card(told.method_id, told.kind)
            card.hard_declines = self.declined_before.pop(card.id, [])
        parts = (card.places, told.position), (card.months, told.expires), (card.renewals, None), (card.presence, True)
        news = [_tell(words, at, what) for words, what in parts]
        return any(news)

    def change(self, told: Any, at: datetime) -> bool:
        """Moved, replaced, or both; what is absent stays. Returns as ``add`` does."""
        card, news = self.known[told.method_id], False
        if told.position is not None:
            news |= _tell(card.places, at, told.position)
        if told.expires is not None:
            news |= _tell(card.months, at, told.expires)
        if told.expires is not None or told.position is None:
            news |= _tell(card.renewals, at, None)
        return news

    def remove(self, told: Any, at: datetime) -> bool:
        """Gone. Returns as ``add`` does."""
        return _tell(self.known[told.method_id].presence, at, False)

    def declined_hard(self, method_id: str, at: datetime) -> None:
        """Stolen, closed, expired."""
        card = self.known.get(method_id)
        declines = card.hard_declines if card else self.declined_before.setdefault(method_id, [])
        declines.append(at)

    def _forget_one(self) -> bool:
        gone = {card.id: max(at for at, _ in card.presence) for card in self.known.values() if not card.on_file}
        if gone:
            del self.known[min(gone, key=lambda name: (gone[name], name))]
        return bool(gone)


def _tell(words: list[tuple[datetime, Any]], at: datetime, what: Any) -> bool:
    """Note a word. Returns whether it is the latest."""
    words.append((at, what))
    return at == max(when for when, _ in words)


def _latest(words: list[tuple[datetime, Any]]) -> Any:
    """What was said last by the time in the events; of what was said at the same time, what came last."""
    at = max(when for when, _ in words)
    return [what for when, what in words if when == at][-1]
