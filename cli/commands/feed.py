"""`publish` and `import`: events on their way in, and what became of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import talk
from cli.options import AsJson, Patience, examples, settings

if TYPE_CHECKING:
    from samples.script import Line

importer = typer.Typer(name="import", help="Bring in purchases recorded by somebody else.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(
        epilog=examples(
            "memberships publish events.jsonl",
            "memberships publish --json --unordered - < events.jsonl",
            """echo '{"tick": "2026-03-01T12:00:00Z"}' | memberships publish -""",
        )
    )(publish)
    importer.command(
        "online-retail",
        epilog=examples(
            "memberships import online-retail online_retail.csv.xz",
            "memberships import online-retail data.csv --limit 500 --years 15 --out events.jsonl",
            "memberships import online-retail online_retail.csv.xz --years 15 --stretch 5 --seed 7",
        ),
    )(online_retail)
    app.add_typer(importer)


def publish(
    file: Annotated[str, typer.Argument(help="Lines {topic, event} or {tick}; - reads standard input.")],
    unordered: Annotated[
        bool,
        typer.Option("--unordered", help="Faster: give up each member's order between topics (ticks keep theirs)."),
    ] = False,
    patience: Patience = 60,
    as_json: AsJson = False,
) -> None:
    """Send events and clock ticks, and show what became of them.

    Waits until each event is decided. A member's events are sent in the order of the file: one on another topic waits until the earlier ones are decided.
    The whole file is checked before anything is sent.
    """
    from cli import lines
    from cli.publisher import Publisher
    from cli.wire import connected, input_topics

    config = settings()
    topics = input_topics(config)
    with lines.opened(file) as opened:
        total = lines.check(opened, topics)
        opened.seek(0)
        with connected(config) as wire, talk.progress("publishing", total) as advance:
            publisher = Publisher(wire, ordered=not unordered, patience_s=patience, advance=advance)
            publisher.publish(lines.read(opened, topics))
    _show(publisher.summary(), as_json)


def online_retail(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The data set as csv or csv.xz.")],
    out: Annotated[Path | None, typer.Option(help="Write the events to this file and send nothing.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N invoices.")] = None,
    years: Annotated[
        int, typer.Option(min=-10, max=80, metavar="N", help="Move every date by N years, to the nearest same weekday.")
    ] = 0,
    stretch: Annotated[
        int, typer.Option(min=1, max=52, metavar="N", help="Put N weeks where one was: days and hours stay, gaps grow.")
    ] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Make up what members do with points; send clock ticks.")
    ] = None,
    patience: Patience = 60,
    as_json: AsJson = False,
) -> None:
    """Import invoices of Online Retail as orders and returns.

    They are those of members and of guests. Data: D. Chen, Online Retail, UCI Machine Learning Repository, 2015, doi 10.24432/C5BW33, CC BY 4.0.
    Pounds are read as dollars. The data has no memberships: each customer's joining (state, birth date) is made up.

    Points last 24 months and the shop's data does not. With --stretch 5 each week of the shop's is followed by four quiet
    ones: a half year takes almost three, and the first lots expire while the shop still sells.

    The data has no points either. With --seed a share of the orders is paid with points, and reservations, price matches,
    disputes, cancellations, rejected returns, adjustments and members who leave are made up around the shop's own orders.
    Some of it comes late or twice. The same seed always gives the same events. A clock tick every other week, and for 45
    days after the last event, makes lots expire and reservations run out: workers need MEMBERSHIPS_CLOCK=external.
    """
    from samples.made_up import Story
    from samples.online_retail import Importer
    from samples.retail_rows import read_invoices

    talk.say(f"reading {file} (Online Retail, D. Chen, UCI, CC BY 4.0)")
    importer = Importer(read_invoices(file)[:limit], years, stretch)
    story = None if seed is None else Story(importer, seed)
    told: list[Iterable[Line]] = [importer.joins(), importer.purchases()]
    expected = importer.expected
    if story is not None:
        lines = story.lines()
        told, expected = [lines], len(lines)
    summary = _send(told, expected, story is not None, patience) if out is None else _write(told, out)
    made_up = {} if story is None else {"made_up": dict(sorted(story.made_up.items()))}
    _show(summary | {"mapping": importer.mapping.as_json()} | made_up, as_json)


def _send(told: "Iterable[Iterable[Line]]", expected: int, ordered: bool, patience: float) -> dict[str, Any]:
    """`ordered`: with ticks between, a member's events keep the order they are told in, as `publish` does it."""
    from cli import lines
    from cli.publisher import Publisher
    from cli.wire import connected

    with connected(settings()) as wire, talk.progress("importing", expected) as advance:
        publisher = Publisher(wire, ordered=ordered, patience_s=patience, advance=advance)
        for events in told:
            publisher.publish(lines.as_item(event) for event in events)
    return publisher.summary()


def _write(told: "Iterable[Iterable[Line]]", out: Path) -> dict[str, Any]:
    from cli import lines

    written = 0
    with out.open("wb") as file:
        for events in told:
            for event in events:
                file.write(lines.as_line(event))
                written += 1
    return {"written": written, "file": str(out)}


def _show(summary: dict[str, Any], as_json: bool) -> None:
    from rich.console import Group

    from cli import tally

    def render() -> Group:
        parts: list[Any] = []
        if "outcomes" in summary:
            parts.append(tally.table(summary))
        if "written" in summary:
            parts.append(f"{summary['written']:,} events written to {summary['file']}")
        if "mapping" in summary:
            parts.append(tally.counts("What became of the file's rows", summary["mapping"]))
        if "made_up" in summary:
            parts.append(tally.counts("Made up", summary["made_up"]))
        return Group(*parts)

    talk.answer(summary, as_json, render)
