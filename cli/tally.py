"""Counts what became of published events: by outcome and reason, as told by the `decisions` topic."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

HELD = "held"

Coordinates = tuple[str, int, int]
"""Where an input record lies: topic (the catalogue's name), partition, offset."""

Verdict = tuple[str, str]
"""Outcome and reason ("" without one)."""


@dataclass
class Tally:
    """Running counts. An event that was held and settled later counts once, by its last outcome."""

    sent: int = 0
    ticks: int = 0
    decided: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    _held: dict[Coordinates, Verdict] = field(default_factory=dict)

    def first(self, at: Coordinates, verdict: Verdict) -> None:
        """The record's own decision."""
        self.decided += 1
        self.verdicts[verdict] += 1
        if verdict[0] == HELD:
            self._held[at] = verdict

    def later(self, at: Coordinates, verdict: Verdict) -> None:
        """A further decision on some record; counts only if that record is one of ours and was held."""
        held = self._held.pop(at, None)
        if held is not None:
            self.verdicts[held] -= 1
            self.verdicts[verdict] += 1

    def as_json(self, seconds: float) -> dict[str, Any]:
        """The summary as data; `outcomes` maps outcome to its total and its reasons."""
        outcomes: dict[str, Any] = {}
        for (outcome, reason), count in sorted((+self.verdicts).items()):
            entry = outcomes.setdefault(outcome, {"total": 0, "reasons": {}})
            entry["total"] += count
            if reason:
                entry["reasons"][reason] = count
        return {
            "sent": self.sent,
            "ticks": self.ticks,
            "decided": self.decided,
            "outcomes": outcomes,
            "seconds": round(seconds, 3),
            "events_per_second": round(self.decided / seconds) if seconds else 0,
        }


def table(summary: dict[str, Any]) -> Table:
    """The summary for people."""
    ticks = f", {summary['ticks']} ticks" if summary["ticks"] else ""
    title = f"{summary['decided']:,} of {summary['sent']:,} events decided{ticks}"
    view = Table(
        title=title,
        caption=f"{summary['seconds']} s, {summary['events_per_second']:,} events/s",
        min_width=len(title),
        title_justify="left",
        caption_justify="left",
    )
    view.add_column("outcome")
    view.add_column("reason")
    view.add_column("events", justify="right")
    for outcome, entry in summary["outcomes"].items():
        view.add_row(outcome, "", f"{entry['total']:,}", style="bold")
        for reason, count in entry["reasons"].items():
            view.add_row("", reason, f"{count:,}")
    return view


def counts(title: str, found: dict[str, int]) -> Table:
    """Names and counts for people."""
    view = Table("what", title=title, title_justify="left")
    view.add_column("count", justify="right")
    for name, count in found.items():
        view.add_row(name, f"{count:,}")
    return view
