"""Counters of one worker, for the layer above to export."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Metrics:
    """Plain numbers since the start of the process; written by the event loop only.

    ``observe(name, seconds)`` is called with each single duration, for histograms; names: ``work`` (agents, per poll),
    ``commit`` (per transaction), ``restore`` (per assignment, until all its partitions are live).
    """

    records: int = 0
    """Source records committed."""
    polls: int = 0
    """Polls that brought records."""
    outputs: int = 0
    """Records emitted and committed."""
    changes: int = 0
    """Changelog records committed (one per changed key and poll)."""
    commits: int = 0
    aborts: int = 0
    """Transactions aborted and done again."""
    rebalances: int = 0
    restores: int = 0
    """Partitions restored from their changelogs."""
    kept: int = 0
    """Partitions whose state was still right and was kept."""
    restored_records: int = 0
    commit_seconds: float = 0.0
    work_seconds: float = 0.0
    restore_seconds: float = 0.0
    last_commit: float = 0.0
    """``time.monotonic()`` of the last commit."""
    observe: Callable[[str, float], None] = field(default=lambda _name, _seconds: None)
