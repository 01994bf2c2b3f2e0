"""PRO-10 What a member has said of products, and for which of them there are member terms."""

from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from models.policies import Policies

EXCLUDED: Final = MappingProxyType(
    {"modified_other": "modified", "refurbished_other": "refurbished", "counterfeit": "counterfeit"}
)
"""Condition -> why it has no member terms."""
WORDS_KEPT: Final = 20
"""The most that counts of what was said of a product, the latest."""

Word = tuple[datetime, str, str, str, str]
"""When, by which event (source, id), model, condition."""


@dataclass(slots=True)
class Products:
    """One member's."""

    words: dict[str, list[Word]] = field(default_factory=dict)
    """By serial number, in the order of their times."""
    since: dict[str, datetime] = field(default_factory=dict)
    """When each was registered first."""
    models: dict[str, datetime] = field(default_factory=dict)
    """LOAN-1 The earliest time at which a product of the model was registered."""

    def note(self, event: Any) -> None:
        """A registration."""
        told, at = event.data, event.time
        model = told.model.upper()
        words = self.words.setdefault(told.serial, [])
        words[:] = sorted([*words, (at, event.source, event.id, model, told.condition)])[-WORDS_KEPT:]
        self.since[told.serial] = min(at, self.since.get(told.serial, at))
        self.models[model] = min(at, self.models.get(model, at))

    def why_not(self, serial: str, model: str | None, at: datetime, policies: Policies) -> list[str]:
        """Why there are no member terms for it at that time, by the latest word up to then. model: as the event calls it."""
        word, reasons = self._as_of(serial, at), list[str]()
        if word is None:
            reasons.append("not_registered")
        elif model is not None and word[3] != model.upper():
            reasons.append("other_model")
        name = word[3] if word else model
        if name is not None and not _is_listed(name.upper(), policies):
            reasons.append("unlisted")
        if word and word[4] in EXCLUDED:
            reasons.append(EXCLUDED[word[4]])
        return reasons

    def _as_of(self, serial: str, at: datetime) -> Word | None:
        words = self.words.get(serial, [])
        if not words or at < self.since[serial]:
            return None
        return max([word for word in words if word[0] <= at], default=words[0])


def _is_listed(model: str, policies: Policies) -> bool:
    listed = any(fnmatchcase(model, pattern) for pattern in policies.pro_products)
    return listed and not any(fnmatchcase(model, pattern) for pattern in policies.pro_products_excluded)
