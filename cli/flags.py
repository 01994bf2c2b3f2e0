"""How what support has to look at appears on a terminal. Times are the programme's. Everything shown is data."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from cli.promises import Watch
from cli.reasons import plain


def over_all(found: Sequence[Mapping[str, Any]], more: int, watch: Watch) -> Panel:
    """A few lines for each: whose, when, what about; and what is wrong."""
    parts: list[RenderableType] = [_brief(one, watch) for one in found] or [Text("None.", style="green")]
    if more:
        parts.append(Text(f"and {more:,} more (--limit)", style="dim"))
    return Panel(Group(*parts), title=Text("for support to look at", style="bold"), title_align="left")


def _brief(one: Mapping[str, Any], watch: Watch) -> Text:
    head = ((one["member"], "bold"), "  ", (watch.minute(one["at"]), "dim"), f"  {one['code']} ", (one["about"], "dim"))
    return plain(Text.assemble(*head, f"  {one['clause']}\n    {one['says']}"))
