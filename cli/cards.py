"""How a member and the reasons for their state look on a terminal. Everything shown is data: nothing of it is markup."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

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
HEAD = ("generation", "revision", "updated_at", "as_of")
POINTS = ("available", "reserved", "debt")


def member(member_id: str, document: Document) -> Panel:
    """A member's document (contract, read side)."""
    sections = [_points(document["points"])] if document.get("points") else []
    sections += [_memberships(document["memberships"])] if document.get("memberships") else []
    for name, value in document.items():
        if name not in (*HEAD, "points", "memberships") and value:
            sections.append(_section(name, value))
    foot = f"revision {document.get('revision')}, updated {document.get('updated_at')}"
    return Panel(Group(*sections), title=Text(member_id, style="bold"), title_align="left", subtitle=foot, expand=False)


def why(member_id: str, told: Sequence[Explanation]) -> Panel:
    """What happened to a member and why, in the order in which it was decided."""
    view = Table.grid(padding=(0, 2))
    for one in told:
        view.add_row(Text(_minute(one["time"]), style="dim"), Text(_what(one)), _outcome(one), Text(_reason(one)))
    title = Text.assemble(("why ", "dim"), (member_id, "bold"))
    return Panel(view, title=title, title_align="left", expand=False)


def _points(points: dict[str, Any]) -> RenderableType:
    line = Text.assemble(("points  ", "bold"))
    line.append("   ".join(f"{points.get(name, 0):,} {name}" for name in POINTS))
    rest = {name: value for name, value in points.items() if name not in POINTS and value}
    return Group(line, _grid(rest)) if rest else line


def _memberships(memberships: dict[str, dict[str, Any]]) -> Table:
    view = Table.grid(padding=(0, 2))
    for program, state in memberships.items():
        term = state.get("term") or {}
        view.add_row(
            Text(program, style="bold"),
            _coloured(str(state.get("status"))),
            Text(", ".join(state.get("causes") or [])),
            Text(f"{term['from']} to {term['to']}" if term else ""),
            Text(_words({k: v for k, v in state.items() if k not in ("status", "causes", "term") and v is not None})),
        )
    return view


def _section(name: str, value: Any) -> RenderableType:
    title = Text(name, style="bold")
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        rows = Table.grid(padding=(0, 2))
        for entry in value:
            rows.add_row(
                *(Text(f"{key} {_words(found)}") for key, found in entry.items() if found not in (None, [], {}))
            )
        return Group(title, rows)
    return Group(title, _grid(value) if isinstance(value, dict) else Text(_words(value)))


def _grid(facts: dict[str, Any]) -> Table:
    view = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        view.add_row(Text(name.replace("_", " "), style="dim"), Text(_words(value)))
    return view


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_words(found)}" for name, found in value.items())
    if isinstance(value, list):
        return "; ".join(_words(found) for found in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _minute(time: str | None) -> str:
    return "before the first tick" if time is None else time[:16].replace("T", " ")


def _what(one: Explanation) -> str:
    if one["event"] is None:
        return f"deadline {one['cause']['id']}"
    return f"{(one['event']['type'] or 'unreadable').removesuffix('.v1')}\n{one['event']['id'] or ''}"


def _outcome(one: Explanation) -> Text:
    text = _coloured(one["outcome"])
    return text.append(f"\n{one['reason']}", style="dim") if one["reason"] else text


def _reason(one: Explanation) -> str:
    booked = [f"{entry['points']:+,} points ({entry['kind']})" for entry in one["ledger"]]
    told = [f"told: {notice['notification']}" for notice in one["notifications"]]
    return "\n".join([one["says"], *(["; ".join(booked)] if booked else []), *told])


def _coloured(word: str) -> Text:
    return Text(word, style=COLOURS.get(word, ""))
