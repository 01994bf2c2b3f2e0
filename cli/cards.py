"""How a member and the reasons for their state look on a terminal. Everything shown is data: nothing of it is markup.

What is nested deeper than a line can say is left to `--json`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.talk import printable
from views.query import Document
from views.timeline import Explanation

COLOURS = {
    "active": "green",
    "applied": "green",
    "due": "cyan",
    "held": "yellow",
    "superseded": "yellow",
    "duplicate": "dim",
    "suspended": "red",
    "conflict": "red",
    "refused": "red",
    "dead_lettered": "red",
}
HEAD = ("member_id", "generation", "revision", "updated_at", "as_of")


def member(member_id: str, document: Document) -> Panel:
    """A member's document (contract, read side): one block for each part that is not empty."""
    view = Table.grid(padding=(0, 2))
    for name, value in _parts(document):
        label = Text(name, style="bold")
        for line in _lines(value):
            line.plain = printable(line.plain)
            view.add_row(label, line)
            label = Text("")
    foot = f"revision {document.get('revision')}, updated {document.get('updated_at')}"
    return Panel(
        view, title=Text(printable(member_id), style="bold"), title_align="left", subtitle=foot, subtitle_align="left"
    )


def why(member_id: str, told: Sequence[Explanation]) -> Panel:
    """What happened to a member and why, in the order in which it was decided."""
    story = Text("\n").join(_entry(one) for one in told)
    story.plain = printable(story.plain)
    title = Text.assemble(("why ", "dim"), (printable(member_id), "bold"))
    return Panel(story, title=title, title_align="left")


def _parts(document: Document) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if name == "memberships":
            yield from value.items()
        elif name not in HEAD and value:
            yield ("balance" if name == "points" else name), value


def _lines(value: Any) -> Iterator[Text]:
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict):
            yield Text(_words(entry))
            continue
        line = Text("  ").join(_fact(name, fact) for name, fact in entry.items() if _fits_a_line(fact))
        if line:
            yield line
        for name, facts in entry.items():
            if isinstance(facts, dict) and (
                brief := [_fact(key, fact) for key, fact in facts.items() if _fits_a_line(fact)]
            ):
                yield Text.assemble((f"{_label(name)}: ", "dim"), Text("  ").join(brief))


def _fits_a_line(fact: Any) -> bool:
    if isinstance(fact, list):
        return bool(fact) and all(isinstance(one, str) for one in fact)
    return fact not in (None, "") and not isinstance(fact, dict)


def _fact(name: str, fact: Any) -> Text:
    if name == "status":
        return _coloured(fact)
    return Text.assemble((f"{_label(name)} ", "dim"), ", ".join(fact) if isinstance(fact, list) else _words(fact))


def _entry(one: Explanation) -> Text:
    event = one["event"]
    text = Text.assemble((_minute(one["time"]), "dim"), "  ")
    if event is None:
        text.append(f"{one['cause']['id']}", "bold")
    else:
        text.append((event["type"] or "unreadable").removesuffix(".v1"), "bold").append(f" {event['id'] or ''}", "dim")
    text.append("  ").append_text(_coloured(one["outcome"]))
    if one["reason"]:
        text.append(f" {one['reason']}", "dim")
    text.append(f"\n    {one['says']}")
    effects = [f"{entry['points']:+,} points ({entry['kind']})" for entry in one["ledger"]]
    effects += [f"told {notice['notification']}" for notice in one["notifications"]]
    if effects:
        text.append(f"\n    {'; '.join(effects)}", "cyan")
    return text


def _label(name: str) -> str:
    return name.replace("_", " ")


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _minute(time: str | None) -> str:
    return "before the first tick" if time is None else time[:16].replace("T", " ")


def _coloured(word: str) -> Text:
    return Text(word, style=COLOURS.get(word, ""))
