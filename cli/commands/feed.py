"""`publish` and `import`: events on their way in, and what became of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import talk
from cli.options import AsJson, Patience, examples, settings

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
    """Send events and clock ticks, wait until each event is decided, and show what became of them.

    A member's events are sent in the order of the file: one on another topic waits until the earlier ones are decided.
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
    years: Annotated[int, typer.Option(min=-10, max=80, metavar="N", help="Add N years to every date.")] = 0,
    patience: Patience = 60,
    as_json: AsJson = False,
) -> None:
    """Import the invoices of Online Retail as orders and returns of members and guests.

    Data: D. Chen, Online Retail, UCI Machine Learning Repository, 2015, doi 10.24432/C5BW33, CC BY 4.0.
    Pounds are read as dollars. The data has no memberships: each customer's joining (state, birth date) is made up.
    """
    from samples.online_retail import Importer
    from samples.retail_rows import read_invoices

    talk.say(f"reading {file} (Online Retail, D. Chen, UCI, CC BY 4.0)")
    importer = Importer(read_invoices(file)[:limit], years)
    summary = _send(importer, patience) if out is None else _write(importer, out)
    _show(summary | {"mapping": importer.mapping.as_json()}, as_json)


def _send(importer: Any, patience: float) -> dict[str, Any]:
    from cli import lines
    from cli.publisher import Publisher
    from cli.wire import connected

    with connected(settings()) as wire, talk.progress("importing", importer.expected) as advance:
        publisher = Publisher(wire, ordered=False, patience_s=patience, advance=advance)
        for events in (importer.joins(), importer.purchases()):
            publisher.publish(lines.as_message(event) for event in events)
    return publisher.summary()


def _write(importer: Any, out: Path) -> dict[str, Any]:
    from cli import lines

    written = 0
    with out.open("wb") as file:
        for events in (importer.joins(), importer.purchases()):
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
        return Group(*parts)

    talk.answer(summary, as_json, render)
