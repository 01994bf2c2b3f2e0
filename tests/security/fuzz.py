"""`make fuzz`: does the reader answer whatever a record holds, quickly, in little memory, and without repeating it?

python -m tests.security.fuzz --inputs 1000000 --seed 1
"""

import argparse
import ctypes
import gc
import os
import sys
import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from models.envelope import Event, Reason, Tick, Unreadable, decode
from models.events import EVENT
from tests.contract.samples import PARTITIONS
from tests.security.mutations import CANARY, STRUCTURED, Input, Mutator

REASONS: Final = frozenset(get_args(Reason))
SENTENCE: Final = 400
"""Longest answer, in characters."""
LARGE: Final = 100_000
"""Bytes from which on an input's memory is measured always, and not just now and then."""
MEASURED: Final = 500
WRITTEN: Final = 10
"""One of so many events is written again and read again."""
PEAK: Final = (128, 1 << 20)
"""Python's memory at its highest while one input is read: so many times its length, and so many bytes."""
SLOW_S: Final = 10.0
GROWTH: Final = 64 << 20
"""Bytes that the process may grow after its first tenth: what the reader remembers (prices), and fragments."""


class BrokenPromiseError(AssertionError):
    """An input that the reader does not answer as it must."""


@dataclass
class Report:
    """What came out, and what it took."""

    seed: int
    inputs: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest_ms: float = 0.0
    peak_bytes: int = 0
    measured: int = 0
    rss_early: int = 0
    rss_end: int = 0

    def __str__(self) -> str:
        told = ", ".join(f"{name} {count:,}" for name, count in self.answers.most_common())
        return (
            f"seed {self.seed}: {self.inputs:,} inputs in {self.seconds:.0f} s, slowest {self.slowest_ms:.0f} ms; "
            f"highest peak of Python's memory {self.peak_bytes / 1e6:.1f} MB ({self.measured:,} measured); "
            f"process {self.rss_early / 1e6:.0f} MB after a tenth, {self.rss_end / 1e6:.0f} MB at the end\n{told}"
        )


def run(seed: int, inputs: int) -> Report:
    """Feed the reader. Raises BrokenPromiseError, which names seed and number of the input."""
    mutator, report, began = Mutator(seed), Report(seed), time.monotonic()
    for number in range(inputs):
        given = mutator()
        try:
            found = _measured(given, report, always=number % MEASURED == 0)
            check(given, found, again=number % WRITTEN == 0)
        except Exception as error:
            raise BrokenPromiseError(f"seed {seed}, input {number}: {error!r}\n{_shown(given)}") from error
        report.answers[
            found.reason if isinstance(found, Unreadable) else type(found).__name__.removesuffix("[Any]")
        ] += 1
        report.inputs += 1
        if number == inputs // 10:
            report.rss_early = _rss()
    report.seconds, report.rss_end = time.monotonic() - began, _rss()
    if report.rss_end - report.rss_early > GROWTH:
        raise BrokenPromiseError(f"the process grew: {report}")
    return report


def read(given: Input) -> Any:
    """The reader's answer."""
    return decode(given.topic, given.partition, PARTITIONS, given.key, given.value, given.headers)


def check(given: Input, found: Any, *, again: bool) -> None:
    """What every answer must be. again: an event also has to survive being written and read."""
    if isinstance(found, Unreadable):
        assert found.reason in REASONS
        assert 0 < len(found.error) < SENTENCE
        assert found.error.isprintable()
        assert CANARY not in found.error
        for name in (found.source, found.id, found.type, found.subject):
            assert name is None or (name.isprintable() or not any(ord(char) < 32 for char in name))
    elif isinstance(found, Event):
        if again:
            raw = EVENT.dump_json(found, exclude_none=True)
            place = Input(given.topic, given.partition, given.key, raw, list(STRUCTURED))
            assert read(place) == found
            assert len(found.content_hash()) == 16
    else:
        assert isinstance(found, Tick)


def _measured(given: Input, report: Report, *, always: bool) -> Any:
    size = len(given.value or b"")
    if not (always or size > LARGE):
        began = time.perf_counter()
        found = read(given)
        report.slowest_ms = max(report.slowest_ms, (time.perf_counter() - began) * 1000)
        assert report.slowest_ms < SLOW_S * 1000
        return found
    tracemalloc.start()
    try:
        found = read(given)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < PEAK[0] * size + PEAK[1], f"{peak} bytes for {size}"
    report.peak_bytes = max(report.peak_bytes, peak)
    report.measured += 1
    return found


def _rss() -> int:
    """What is held, without what the allocator keeps back of the largest inputs."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _shown(given: Input) -> str:
    text = repr(given)
    return text if len(text) < 4_000 else f"{text[:2_000]} ... {text[-2_000:]}"


def main() -> int:
    """The command: 0 if every input was answered as it must be, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    try:
        sys.stdout.write(f"{run(asked.seed, asked.inputs)}\n")
    except BrokenPromiseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
