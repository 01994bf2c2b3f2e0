"""What a run of a fault has hit and what came of it: a row for the table in docs/faults.md, and the proof that it happened."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from tests.faults.kit.verdict import Verdict


@dataclass
class Evidence:
    """Filled in by a test as it goes."""

    fault: int
    case: str
    seed: int
    hit: dict[str, int] = field(default_factory=dict)
    """How often what was done: never 0."""
    measured: dict[str, float] = field(default_factory=dict)
    """What came of it, each with its unit in the name; the worst of several runs is shown."""
    events: int = 0
    compared: int = 0
    passed: bool = False
    seconds: float = 0.0

    def happened(self, **counts: int) -> None:
        """Note what has been done. Fails where that is nothing: a fault that did not happen proves nothing."""
        for what, count in counts.items():
            assert count > 0, f"{what.replace('_', ' ')}: it did not happen"
            self.hit[what] = self.hit.get(what, 0) + count

    def came_to(self, verdict: Verdict | None = None, **measured: float) -> None:
        """Note what came of it; the verdict of `clean` among it."""
        if verdict is not None:
            self.events += verdict.events
            self.compared += verdict.compared
            measured["longest_pause_s"] = max(verdict.longest_pause, self.measured.get("longest_pause_s", 0))
        self.measured |= measured

    def write(self, report: Path) -> None:
        """Append it, as one line, to a file that other processes append to as well."""
        with report.open("ab") as file:
            file.write(orjson.dumps(asdict(self), option=orjson.OPT_APPEND_NEWLINE))


def read(report: Path) -> list[Evidence]:
    """All runs of a file."""
    return [Evidence(**orjson.loads(line)) for line in report.read_bytes().splitlines()]
