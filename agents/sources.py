"""Decisions counted by the source of their event, for the metrics."""

from collections import Counter
from typing import Final

from models.outputs.decisions import Decided

NAMED: Final = 50
"""Sources are upstream's words: so many get a name, the first that send an event; a series for each is all that a store can bear."""
OTHER: Final = "other"
UNKNOWN: Final = "unknown"
"""Of records whose source cannot be read."""


class BySource:
    """How often which source's events ended in which (outcome, reason), polls done again included."""

    def __init__(self, named: int = NAMED) -> None:
        self._named = named
        self._names: set[str] = set()
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """(source, outcome, reason or "")."""

    def add(self, decided: Decided) -> None:
        """Count one decision. What is no event gives no source a name: rubbish must not use the names up."""
        source = decided.event.source
        if source is None:
            name = UNKNOWN
        elif source in self._names:
            name = source
        elif decided.outcome != "dead_lettered" and len(self._names) < self._named:
            self._names.add(source)
            name = source
        else:
            name = OTHER
        self.counts[name, decided.outcome, decided.reason or ""] += 1
