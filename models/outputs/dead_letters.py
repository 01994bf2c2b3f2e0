"""The headers of a dead letter; its key, value and own headers go on unchanged."""

import traceback
from collections.abc import Sequence
from typing import Final

TRACEBACK_BYTES: Final = 8 * 1024
"""A longer traceback loses its middle: the entry point and the failing line are what one reads."""
PREFIX: Final = "dl_"

Headers = list[tuple[str, bytes | None]]


def dead_letter_headers(
    own: Sequence[tuple[str, bytes | None]],
    *,
    topic: str,
    partition: int,
    offset: int,
    error_class: str,
    error: str,
    first_seen: str,
    rules_version: str,
) -> Headers:
    """The record's own headers, then ours. A redriven letter's old `dl_` headers are replaced.

    error_class: a reason code (`invalid`, `wrong_partition`, ...) or `internal_error`. error: one sentence, or a
    traceback from `traceback_of`. first_seen: RFC 3339.
    """
    ours = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "error_class": error_class,
        "error": error,
        "first_seen": first_seen,
        "rules_version": rules_version,
    }
    kept: Headers = [(name, value) for name, value in own if not name.startswith(PREFIX)]
    return kept + [(PREFIX + name, text.encode("utf-8", "replace")) for name, text in ours.items()]


def traceback_of(error: BaseException) -> str:
    """The traceback as text of at most 8 KiB in UTF-8: lines of code, which say nothing of anybody, and kinds of errors.

    The words of an error are there where a `raise` chose them. Others quote what they stumbled over: a key, a birth date.
    """
    told: list[str] = []
    before: set[int] = set()
    seen: BaseException | None = error
    while seen is not None and id(seen) not in before:  # causes may go round in a circle
        before.add(id(seen))
        frames = traceback.extract_tb(seen.__traceback__)
        chosen = bool(frames) and (frames[-1].line or "").startswith("raise ")
        lines = ["Traceback (most recent call last):\n", *frames.format()]
        lines.append(f"{type(seen).__name__}: {seen}\n" if chosen else f"{type(seen).__name__}\n")
        told = [*lines, "\nwhich led to:\n\n", *told] if told else lines
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return cut("".join(told))


def cut(text: str) -> str:
    """The text without its middle, where it is longer than 8 KiB in UTF-8."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= TRACEBACK_BYTES:
        return text
    gap = b"\n  ... cut ...\n"
    half = (TRACEBACK_BYTES - len(gap)) // 2
    return (raw[:half] + gap + raw[-half:]).decode("utf-8", "ignore")
