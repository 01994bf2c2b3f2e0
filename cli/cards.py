"""How a member looks on a terminal. Everything shown is data: nothing of it is markup.

What is nested deeper than a line can say is left to `--json`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.reasons import COLOURS as COLOURS
from cli.reasons import coloured, minute
from cli.talk import printable
from cli.things import SHOWN
from views.query import Document

HEAD = ("member_id", "generation", "revision", "updated_at", "as_of")
DAYS = 12
"""Days of the expiry schedule that are shown; the rest is summed up."""
DAYS_IN_A_LINE = 4
LISTED = 8
"""Products, claims and the like that are shown of a membership; the rest is counted."""
NAMED = 3
"""Reservations that are named; the rest is counted."""
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def member(member_id: str, document: Document) -> Panel:
    """A member's document (contract, read side): one block for each part that is not empty."""
    view = Table.grid(padding=(0, 2))
    for name, lines in _parts(document):
        label = Text(printable(name), style="bold")
        for line in lines:
            line.plain = printable(line.plain)
            view.add_row(label, line)
            label = Text("")
    foot = f"revision {document.get('revision')}, updated {minute(document.get('updated_at'))} UTC"
    return Panel(
        view, title=Text(printable(member_id), style="bold"), title_align="left", subtitle=foot, subtitle_align="left"
    )


def _parts(document: Document) -> Iterator[tuple[str, Iterator[Text]]]:
    for name, value in document.items():
        if name == "memberships":
            yield from ((program, _lines(facts)) for program, facts in value.items())
        elif name == "points" and value:
            yield from _points(value)
        elif name == "quarantined" and value:
            yield name, _set_aside(value, document["member_id"])
        elif name in SHOWN and value:
            yield name, SHOWN[name](value, document.get("promises") or ())
        elif name not in HEAD and value:
            yield name.replace("_", " "), _lines(value)


def _set_aside(quarantine: dict[str, Any], member_id: str) -> Iterator[Text]:
    """Support sees at once that nothing more is applied, and who can do what about it."""
    since = f"since {minute(quarantine['since'])} UTC" if quarantine["since"] else "since before the first tick"
    yield Text(f"{since}: a rule or the state failed ({quarantine['reason']})", style="red")
    yield Text("what comes now is set aside and not lost; above is how the member stood then")
    yield Text(f"memberships dlq list --member {member_id} has what waits, dlq redrive is the way back", style="dim")


def _points(points: dict[str, Any]) -> Iterator[tuple[str, Iterator[Text]]]:
    """MS-19 The balance, what expires when, and the counts over the membership's life."""
    amounts = [_fact(name, points[name]) for name in ("available", "reserved", "debt")]
    yield "balance", iter([Text("  ").join(amounts)])
    if points.get("reservations"):
        yield "reserved", iter(_reserved(points["reserved"], points["reservations"]))
    yield "expires", iter(_schedule(points["expiry_schedule"]))
    if points.get("ends_at"):
        says = f"{minute(points['ends_at'])} UTC, as asked for: all points, reservations and debt are void then (MS-16)"
        yield "ends", iter([Text(says, style="yellow")])
    yield "lifetime", iter([Text("  ").join(_fact(name, count) for name, count in points["lifetime"].items())])


def _reserved(points: int, reservations: list[dict[str, Any]]) -> Iterator[Text]:
    """MS-8 What is set aside is in no schedule: said in words, lest somebody adds it up."""
    first, last = reservations[0], reservations[-1]
    names = ", ".join([one["reservation_id"] for one in reservations[:NAMED]])
    more = f" and {len(reservations) - NAMED} more (--json)" if len(reservations) > NAMED else ""
    until = f"until {minute(first['until'])}" + (f" to {minute(last['until'])}" if len(reservations) > 1 else "")
    yield Text(f"{points:,} points are set aside at checkout {until} UTC at the latest, for {names}{more}")
    yield Text("not among those that expire until they are claimed or free again (MS-8)", style="dim")


def _schedule(days: list[dict[str, Any]] | None) -> Iterator[Text]:
    if days is None:
        yield Text("not at hand at this moment: the views are putting it together; ask again", style="dim")
    elif not days:
        yield Text("nothing", style="dim")
    else:
        shown = days if len(days) <= DAYS else days[: DAYS - 1]
        for first in range(0, len(shown), DAYS_IN_A_LINE):
            some = shown[first : first + DAYS_IN_A_LINE]
            yield Text("   ").join(
                Text.assemble(f"{day['points']:,}", (f" after {day['expires_on']}", "dim")) for day in some
            )
        if rest := days[len(shown) :]:
            points = sum(day["points"] for day in rest)
            yield Text(f"and {points:,} on {len(rest)} further days to {rest[-1]['expires_on']} (--json)", style="dim")


def _lines(value: Any) -> Iterator[Text]:
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict):
            yield Text(words(entry))
            continue
        line = Text("  ").join(_fact(name, fact) for name, fact in entry.items() if _fits_a_line(fact))
        if line:
            yield line
        for name, facts in entry.items():
            nested = [facts] if isinstance(facts, dict) else facts if isinstance(facts, list) else []
            brief = [one for one in map(_brief, nested) if one]
            for one in brief[:LISTED]:
                yield Text.assemble((f"{label(name)}: ", "dim"), one)
            if more := brief[LISTED:]:
                yield Text(f"and {len(more)} more {label(name)} (--json)", style="dim")


def _brief(facts: Any) -> Text | None:
    """What is nested in an entry, on one line."""
    if not isinstance(facts, dict):
        return None
    return Text("  ").join(_fact(name, fact) for name, fact in facts.items() if _fits_a_line(fact))


def _fits_a_line(fact: Any) -> bool:
    if isinstance(fact, list):
        return bool(fact) and all(isinstance(one, str) for one in fact)
    return fact not in (None, "") and not isinstance(fact, dict)


def _fact(name: str, fact: Any) -> Text:
    if name == "status":
        return coloured(fact)
    return Text.assemble((f"{label(name)} ", "dim"), _listed(fact) if isinstance(fact, list) else words(fact))


def _listed(facts: Sequence[str]) -> str:
    return ", ".join(facts)


def label(name: str) -> str:
    """The name of a fact, for people."""
    return name.replace("_", " ")


def words(value: Any) -> str:
    """A fact of one line, for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return f"{minute(value)} UTC"
    return f"{value:,}" if isinstance(value, int) else str(value)
