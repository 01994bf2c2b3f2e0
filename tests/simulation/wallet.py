"""Payment methods on file, and which of them is to be asked next (PAY-1, CARE-8)."""

from dataclasses import dataclass, field
from datetime import datetime

from tests.simulation.dates import day_of
from tests.simulation.fees import Fee
from tests.simulation.partition import Json, Message

CARDS = ("card", "credit_card", "debit_card")


@dataclass
class Card:
    kind: str
    position: int
    expires: str | None
    renewed: datetime
    on_file: bool = True

    def takes(self, program: str) -> bool:
        """CARE-8 Care's fee is asked from cards alone."""
        return program == "pro" or self.kind in CARDS


@dataclass
class Wallet:
    """What was said of the member's methods."""

    words: list[tuple[datetime, int, str, Json]] = field(default_factory=list)
    hard: dict[str, datetime] = field(default_factory=dict)
    """The latest hard decline of each."""

    def hear(self, message: Message) -> None:
        self.words.append((message.time, len(self.words), message.kind, message.data))

    def retire(self, method: str, at: datetime) -> None:
        self.hard[method] = max(self.hard.get(method, at), at)

    def cards(self) -> dict[str, Card]:
        """PAY-1 The latest word on each, by its time."""
        cards: dict[str, Card] = {}
        for at, _, kind, data in sorted(self.words, key=lambda word: word[:2]):
            known = cards.get(data["method_id"])
            if kind == "method.added":
                cards[data["method_id"]] = Card(data["kind"], data["position"], data.get("expires"), at)
            elif known and kind == "method.updated":
                known.expires, known.renewed = data.get("expires") or known.expires, at
            elif known:
                known.on_file = False
        return cards

    def renewed(self, program: str, method: str) -> datetime | None:
        """When a method that can be asked for the programme was added or replaced last."""
        card = self.cards().get(method)
        return card.renewed if card and card.on_file and card.takes(program) else None

    def next_method(self, program: str, fee: Fee, number: int, at: datetime) -> str | None:
        """PAY-1 The first usable one in the member's order that was not tried in this round since it was renewed."""
        tried = fee.tries(number)
        found = [
            (card.position, name)
            for name, card in self.cards().items()
            if card.on_file
            and card.takes(program)
            and (card.expires is None or f"{day_of(at):%Y-%m}" <= card.expires)
            and not (name in self.hard and self.hard[name] >= card.renewed)
            and not any(method == name and tried_at >= card.renewed for method, tried_at in tried)
        ]
        return min(found)[1] if found else None
