"""How promises look on a terminal: a table, and the working of one. Times are the programme's. Everything shown is data:
nothing of it is markup. `--json` has all of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.reasons import coloured, plain
from cli.talk import printable
from models.calendar import rfc3339

Shown = Mapping[str, Any]
"""A promise as the member's document has it; `member` where there are several members'."""

NAMES: Final = {"sony": "Sony", "member": "member", None: ""}
INDENT: Final = (0, 0, 0, 2)
WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Watch:
    """The time it is for the reader, and the zone that times are told in."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now, self._zone = now, zone

    def minute(self, instant: str) -> str:
        """`Thu 2026-03-12 00:00 PDT`."""
        return f"{datetime.fromisoformat(instant).astimezone(self._zone):%a %Y-%m-%d %H:%M %Z}"

    def day(self, instant: str) -> date:
        """The day it is in the zone."""
        return datetime.fromisoformat(instant).astimezone(self._zone).date()

    def is_past(self, instant: str) -> bool:
        """Whether it is too late."""
        return datetime.fromisoformat(instant) <= self.now

    def distance(self, instant: str) -> str:
        """`in 2 d 3 h`, `5 min ago`."""
        left = datetime.fromisoformat(instant) - self.now
        words = length(abs(left))
        return f"in {words}" if left > timedelta() else f"{words} ago"


def length(time: timedelta) -> str:
    """The two largest of days, hours and minutes."""
    minutes = int(time.total_seconds()) // 60
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 min"


def of_member(member_id: str, promises: Sequence[Shown], watch: Watch) -> Panel:
    """All promises of a member."""
    body: RenderableType = _table(promises, watch) if promises else Text("Nothing is owed.", style="dim")
    return _panel(Text.assemble(("promises to and by ", "dim"), (printable(member_id), "bold")), body, watch)


def at_risk(title: str, found: Sequence[Shown], more: int, watch: Watch) -> Panel:
    """Promises of many members, soonest first."""
    parts: list[RenderableType] = [_table(found, watch)] if found else [Text("None.", style="green")]
    if more:
        parts.append(Text(f"and {more:,} more (--limit)", style="dim"))
    return _panel(Text(title, style="bold"), Group(*parts), watch)


def workings(member_id: str, promises: Sequence[Shown], watch: Watch) -> Panel:
    """How each of these was worked out."""
    parts: list[RenderableType] = []
    for one in promises:
        parts += ["", *_working(one, watch)] if parts else _working(one, watch)
    return _panel(
        Text.assemble(("how it was worked out: ", "dim"), (printable(member_id), "bold")), Group(*parts), watch
    )


def _panel(title: Text, body: RenderableType, watch: Watch) -> Panel:
    foot = f"as of {watch.minute(rfc3339(watch.now))}"
    return Panel(body, title=title, title_align="left", subtitle=foot, subtitle_align="left")


def _table(promises: Sequence[Shown], watch: Watch) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    has_members = any("member" in one for one in promises)
    for name in (*(["member"] if has_members else []), "state", "what", "owed by", "due", "that is", "clause", "ref"):
        table.add_column(name, overflow="fold")
    for one in promises:
        due = one["due"]
        is_over = bool(due) and one["state"] == "open" and watch.is_past(due)
        cells = [
            coloured(one["state"]),
            Text(one["what"]),
            Text(NAMES[one["by"]]),
            Text(watch.minute(due) if due else "no deadline"),
            Text(watch.distance(due) if due else "", style="red" if is_over or one["state"] == "missed" else ""),
            Text(one["clause"], style="bold"),
            Text(_name(one), style="dim"),
        ]
        table.add_row(*map(plain, [Text(one["member"]), *cells] if has_members else cells))
    return table


def _name(one: Shown) -> str:
    """What it is asked for by."""
    return f"{one['kind']} {one['ref']}".rstrip()


def _working(one: Shown, watch: Watch) -> list[RenderableType]:
    head = Text.assemble(
        coloured(one["state"]), "  ", (one["what"], "bold"), f"  {one['clause']}  ", (_name(one), "dim")
    )
    facts = Table.grid(padding=(0, 2))
    for name, words in _facts(one, watch):
        facts.add_row(Text(name, style="dim"), plain(Text(words)))
    parts: list[RenderableType] = [plain(head), Padding(facts, INDENT)]
    if one["days"]:
        started = watch.day(one["started_at"]) if one["started_at"] else None
        parts += [Padding(_strip(one["days"], started), INDENT), Padding(_days(one["days"], started), INDENT)]
    return parts


def _facts(one: Shown, watch: Watch) -> Iterator[tuple[str, str]]:
    yield "owed", f"by {NAMES[one['by']]} to {NAMES[one['to']]}"
    if one["started_at"]:
        event = one["started_by"]
        by = f", by event {event['id']} of {event['source']}" if event else ""
        yield "started", f"{watch.minute(one['started_at'])}{by}"
    if one["counts"]:
        yield "counts", one["counts"]
    due = one["due"]
    yield "due", f"before {watch.minute(due)}, {watch.distance(due)}" if due else "no deadline"
    if one["calendar"]:
        yield "calendar", one["calendar"]
    for option in one["options"]:
        yield "can be done", option
    if one["remedy"]:
        yield "as it was missed" if one["state"] == "missed" else "if missed", one["remedy"]


def _numbered(days: Sequence[Shown]) -> Iterator[tuple[date, int | None, str | None]]:
    """Each day with its number if it counts, else with the reason why not."""
    number = 0
    for day in days:
        number += day["skipped"] is None
        yield date.fromisoformat(day["day"]), None if day["skipped"] else number, day["skipped"]


def _days(days: Sequence[Shown], started: date | None) -> Table:
    """A line for each day of the clock."""
    table = Table.grid(padding=(0, 2))
    if started:
        table.add_row(f"{started:%a %Y-%m-%d}", Text("the day it starts on never counts", style="dim"))
    for day, number, why in _numbered(days):
        words = Text(f"{number}", style="green") if number else Text(f"skipped: {printable(why or '')}", style="yellow")
        table.add_row(f"{day:%a %Y-%m-%d}", words)
    return table


def _strip(days: Sequence[Shown], started: date | None) -> Table:
    """The same days as a picture: a row for each week, a number for each day that counts."""
    marks = {
        day: Text(f"{number}", style="bold green") if number else Text("-", style="yellow")
        for day, number, _ in _numbered(days)
    }
    if started:
        marks[started] = Text("S", style="cyan")
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for name in ("", *WEEK):
        table.add_column(name, justify="right")
    monday = min(marks) - timedelta(days=min(marks).weekday())
    while monday <= max(marks):
        week = [marks.get(monday + timedelta(days=place), Text("")) for place in range(len(WEEK))]
        table.add_row(Text(f"{monday:%d %b}", style="dim"), *week)
        monday += timedelta(days=len(WEEK))
    return table
