"""Two streams: stdout is data (a table for people, JSON for programs), stderr is talk (progress, notes, errors).

Consoles are made when needed and not at import: they look at the streams and at NO_COLOR of that moment.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.markup import escape

from cli.errors import Problem

PIPE_WIDTH = 160
"""Columns where there is no terminal to ask."""
PLAIN_PROGRESS_S = 2.0
"""Without a terminal a progress bar is a line now and then."""


_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What turns the direction of writing: a line could read otherwise than it is."""
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160), *_BIDI) if chr(code) != "\n"}


class Advance(Protocol):
    """Tells a progress bar how far the work is, and a word about it."""

    def __call__(self, done: int, note: str = "") -> None:
        """Set the count done so far."""


def printable(text: str) -> str:
    """The text with control characters replaced, one by one: what others wrote must not steer a terminal."""
    return text.translate(_CONTROLS)


def say(message: str) -> None:
    """A word to the person at the terminal, never part of the answer."""
    Console(stderr=True).print(printable(message), markup=False, highlight=False, soft_wrap=True)


def answer(body: Any, as_json: bool, table: Callable[[], RenderableType]) -> None:
    """The command's answer on stdout: `body` as one JSON document, or what `table` renders."""
    if as_json:
        print_json(body)
    else:
        terminal = sys.stdout.isatty()
        Console(width=None if terminal else PIPE_WIDTH).print(table())


def print_json(body: Any) -> None:
    """One JSON document on one line, the same bytes for the same answer (a terminal may wrap it, we do not)."""
    import orjson

    options = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    sys.stdout.write(orjson.dumps(body, default=_plain, option=options).decode())
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump else str(value)


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Advance]:
    """A bar with rate on stderr; without a terminal one plain line every few seconds, and none for short work."""
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console, description, total) as advance:
            yield advance
    else:
        yield _lines(description, total)


@contextmanager
def _bar(console: Console, description: str, total: int | None) -> Iterator[Advance]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(description, total=total, note="")

        def advance(done: int, note: str = "") -> None:
            bar.update(task, completed=done, note=note)

        yield advance


def _lines(description: str, total: int | None) -> Advance:
    last = time.monotonic()

    def advance(done: int, note: str = "") -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_PROGRESS_S:
            last = time.monotonic()
            said = [f"{done:,}{f' of {total:,}' if total else ''}", *([note] if note else [])]
            say(f"{description}: {', '.join(said)}")

    return advance


def say_problem(problem: Problem) -> None:
    """An error for people: what, what to do, where to read on."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("[bold red]error:[/bold red]", escape(printable(problem.message)))
    console.print("[bold]hint:[/bold] ", escape(problem.hint))
    console.print(f"[dim]{problem.doc}[/dim]")
