"""What an audit found: one check per question, with the number of things compared and the first differences in full."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from audit.places import Difference, Place

NAMED = 20
"""Differences named in full per check; the rest are only counted."""

State = Literal["clean", "differs", "not_run", "switched_off"]


class Check(BaseModel):
    """The answer to one question. ``differences`` are sentences, ``found`` is how many there were in all."""

    model_config = ConfigDict(frozen=True)

    name: str
    proves: str
    state: State
    compared: int
    found: int
    differences: tuple[str, ...]


class Checkpoint(BaseModel):
    """A clean audit that was saved, by which what lies before its offsets is verified."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    """SHA-256 of all that was saved, in hex: its name."""
    made_at: datetime
    rules_version: str
    handled: int
    """How many input records and ticks the workers had handled by then, since the first."""
    offsets: dict[str, tuple[int, ...]]
    """By topic (the contract's name), for each partition: the first record that was not part of it."""
    began_from: str | None = None
    """Digest of the checkpoint from which that audit began; None: from the first record."""


class Report(BaseModel):
    """Every check in the order it was asked, and what the audit covered."""

    model_config = ConfigDict(frozen=True)

    checks: tuple[Check, ...]
    covered: dict[str, int]
    """Records read, per topic."""
    taken_as_given: dict[str, int]
    """What the audit believed without being able to recompute it, and how often."""
    seconds: float
    began_from: Checkpoint | None = None
    """None: from the first record. What lies before it was verified when it was made, and not by this audit."""
    saved: Checkpoint | None = None
    """What the next audit can begin from; only if asked for, and clean."""
    first_offset: str | None = None
    """``topic[partition]@offset`` of the first input record in the recorded order that a difference begins with."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def clean(self) -> bool:
        """True when every check ran (or was switched off on purpose) and found nothing."""
        return _are_clean(self.checks)

    @property
    def first(self) -> str | None:
        """The first difference of the first check that has one."""
        return next((check.differences[0] for check in self.checks if check.differences), None)


def _are_clean(checks: Iterable[Check]) -> bool:
    return all(check.state in ("clean", "switched_off") for check in checks)


class Findings:
    """Collects what the layers compare while they run; ``checks()`` is the result.

    A check exists only if it was opened (``compare`` or ``differ`` or ``not_run``); the orchestrator opens all of them
    first, so that a layer that never got to its work shows as zero things compared and not as silence.
    """

    def __init__(self, questions: dict[str, str]) -> None:
        self._questions = questions
        self._compared = dict.fromkeys(questions, 0)
        self._found = dict.fromkeys(questions, 0)
        self._named: dict[str, list[str]] = {name: [] for name in questions}
        self._states: dict[str, State] = {}
        self.taken_as_given: Counter[str] = Counter()
        self.first: Place | None = None
        """Where history departs, by all differences of which that can be told."""

    def compared(self, name: str, count: int = 1) -> None:
        """Count things that were looked at."""
        self._compared[name] += count

    def differs(self, name: str, difference: str, place: Place | None = None) -> None:
        """Record one difference, and where it begins; the first ones are kept in full."""
        self._found[name] += 1
        if place:
            self.first = min(self.first or place, place)
        if len(self._named[name]) < NAMED:
            begins = f" (from {place.name} on)" if place and place.name not in difference else ""
            self._named[name].append(difference + begins)

    def all_differ(self, name: str, differences: Iterable[str | Difference]) -> None:
        """Record several differences."""
        for one in differences:
            self.differs(name, *([one] if isinstance(one, str) else one))

    def not_run(self, name: str, why: str) -> None:
        """The check could not be made: that is a failure, never a skip."""
        self._states[name] = "not_run"
        self.differs(name, why)

    def switched_off(self, name: str) -> None:
        """The caller asked for the check to be left out."""
        self._states[name] = "switched_off"

    @property
    def clean(self) -> bool:
        """Whether nothing was found so far."""
        return _are_clean(self.checks())

    def checks(self) -> tuple[Check, ...]:
        """All checks in the order of the questions."""
        return tuple(
            Check(
                name=name,
                proves=proves,
                state=self._states.get(name, "differs" if self._found[name] else "clean"),
                compared=self._compared[name],
                found=self._found[name],
                differences=tuple(self._named[name]),
            )
            for name, proves in self._questions.items()
        )
