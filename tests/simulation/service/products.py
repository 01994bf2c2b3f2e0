"""PRO-10 What members have said of their products, and for which of them there are member terms."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from tests.simulation.partition import Json, Message


@dataclass
class Products:
    """One member's."""

    CODES: ClassVar = {"not_registered", "other_model", "unlisted", "modified", "refurbished", "counterfeit"}
    EXCLUDED: ClassVar = {
        "modified_other": "modified",
        "refurbished_other": "refurbished",
        "counterfeit": "counterfeit",
    }

    words: dict[str, list[tuple[datetime, str, Json]]] = field(default_factory=dict)
    """Of each serial number what was said when, by which event."""
    owned: dict[str, datetime] = field(default_factory=dict)
    """LOAN-1 Models, and the earliest time at which the member was said to have one."""

    def note(self, message: Message) -> None:
        """A registration."""
        self.words.setdefault(message.data["serial"], []).append((message.time, message.id, message.data))
        self.note_owned([message.data["model"]], message.time)

    def note_owned(self, models: list[str], at: datetime) -> None:
        for model in models:
            self.owned[model] = min(at, self.owned.get(model, at))

    def owns(self, model: str, at: datetime) -> bool:
        return model in self.owned and self.owned[model] <= at

    def why_not(self, serial: str, model: str | None, at: datetime) -> set[str]:
        """Why there are no member terms for it at that time, by the latest word up to then."""
        words = [word for word in self.words.get(serial, []) if word[0] <= at]
        said = max(words, key=lambda word: word[:2])[2] if words else None
        name = said["model"] if said else model
        reasons = set[str]()
        if said is None:
            reasons.add("not_registered")
        elif model and model != said["model"]:
            reasons.add("other_model")
        if name and not name.startswith(("ILCE-", "SEL")):
            reasons.add("unlisted")
        if said and said["condition"] in self.EXCLUDED:
            reasons.add(self.EXCLUDED[said["condition"]])
        return reasons
