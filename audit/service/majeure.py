"""PRO-11 Force majeure: said to everybody, and heard of by each member with the next event or tick of their own."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from audit.service.days import Pause, pauses_of

DECLARED, ENDED = "force_majeure.declared.v1", "force_majeure.ended.v1"
WHY: Final = "majeure"


@dataclass(slots=True)
class Majeure:
    """All that was said in a partition, in the order in which it was told: when it was so, and whether it began then."""

    said: list[tuple[datetime, bool]] = field(default_factory=list)

    def take(self, event: Any) -> None:
        """A word, unless it was said before."""
        word = event.time, event.type == DECLARED
        if event.data.program == "pro" and word not in self.said:
            self.said.append(word)

    def pauses(self) -> list[Pause]:
        """The times in which Sony's clocks stand still. What is declared at the very time at which it ends is over."""
        return pauses_of(sorted(self.said, key=lambda word: (word[0], not word[1])), WHY)
