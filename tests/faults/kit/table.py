"""The table of docs/faults.md, from the runs of `make faults`: python -m tests.faults.kit.table RUNS.jsonl"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.faults.kit.evidence import Evidence, read

HEAD = (
    "| fault | case | runs | what was hit | what came out |",
    "|---:|---|---:|---|---|",
)


def table(runs: Iterable[Evidence]) -> str:
    """A row for each case: hits summed over its runs, measures the worst of them."""
    cases: dict[tuple[int, str], list[Evidence]] = defaultdict(list)
    for run in runs:
        cases[run.fault, run.case].append(run)
    return "\n".join([*HEAD, *(_row(*case, cases[case]) for case in sorted(cases))])


def _row(fault: int, case: str, runs: list[Evidence]) -> str:
    hit: Counter[str] = Counter()
    worst: dict[str, float] = {}
    for run in runs:
        hit.update(run.hit)
        worst |= {name: max(value, worst.get(name, value)) for name, value in run.measured.items()}
    hits = ", ".join(f"{count:,} {_words(what)}" for what, count in hit.items()) or "nothing"
    return f"| {fault} | {case} | {len(runs)} | {hits} | {_result(runs)}{''.join(map(_measure, worst.items()))} |"


def _result(runs: list[Evidence]) -> str:
    failed = [str(run.seed) for run in runs if not run.passed]
    if failed:
        return f"**failed** with seed {', '.join(failed)}"
    events, compared = sum(run.events for run in runs), sum(run.compared for run in runs)
    return f"clean: {events:,} events, {compared:,} things compared" if events else "as it must be"


def _measure(named: tuple[str, float]) -> str:
    name, value = named
    what, _, unit = name.rpartition("_")
    return f"; {_words(what)} {value:,.1f} {unit}" if what else f"; {name} {value:,.1f}"


def _words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    sys.stdout.write(table(read(Path(sys.argv[1]))) + "\n")
