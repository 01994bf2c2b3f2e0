"""How the health of sources looks on a terminal. Everything shown is data: nothing of it is markup."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from cli.producers.sample import shown_text

STYLES = {"set aside": "red", "ignored": "yellow", "handled": "cyan"}


def report(body: Mapping[str, Any]) -> Group:
    """A line for each healthy source, a panel for each that has trouble, and what was read."""
    parts = [_source(one) for one in body["sources"]] or [Text("Nothing came.", style="dim")]
    read = f"{body['records']:,} records read"
    if body["undecided"]:
        read += f"; {body['undecided']:,} are not decided yet, and not judged"
    if body["redriven"]:
        read += f"; {body['redriven']:,} more were redriven by operators"
    return Group(*parts, Text(read, style="dim"))


def _source(one: Mapping[str, Any]) -> RenderableType:
    title = Text.assemble((_name(one), "bold"), f"  {one['records']:,} records")
    if one["healthy"]:
        return Text.assemble(title, ("  healthy", "green"))
    lines = [line for trouble in one["troubles"] for line in _trouble(trouble)]
    return Panel(Group(*lines), title=title, title_align="left")


def _name(one: Mapping[str, Any]) -> str:
    if one["source"] is not None:
        return shown_text(one["source"])
    return f"topic {one['topic']}, source unreadable" if one["topic"] else "other sources"


def _trouble(one: Mapping[str, Any]) -> Iterator[Text]:
    about = f" {shown_text(one['field'])}" if one["field"] else ""
    yield Text.assemble(
        (f"{one['count']:,}", "bold"),
        f" ({one['share']:.2%})  ",
        (f"{one['kind']}{about}", STYLES[one["effect"]]),
        f"  {one['what']}: {one['effect']}",
    )
    yield Text(f"    change: {one['hint']}")
    if sample := one["sample"]:
        record = sample["record"]
        place = f"{record['topic']}[{record['partition']}]@{record['offset']}"
        yield Text(f"    sample: {place}, {sample['bytes']:,} bytes, key {sample['key'] or 'none'}", style="dim")
        yield Text(f"      {shown_text(sample['says'])}", style="dim")
        yield Text(f"      {sample['value'] or 'no value'}", style="dim")
