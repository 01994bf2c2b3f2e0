"""`audit` and `bench`: proof that the books are right, and how fast they are kept."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import talk
from cli.options import AsJson, examples, settings

if TYPE_CHECKING:
    from audit import Checkpoint, Report
    from bench.run import Result


_AUDITS = (
    "memberships audit",
    "memberships audit --save /var/lib/memberships/audited",
    "memberships audit --from /var/lib/memberships/audited --save /var/lib/memberships/audited",
    "memberships audit --json",
)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(epilog=examples(*_AUDITS))(audit)
    app.command(epilog=examples("memberships bench --shop online_retail.csv.xz", "memberships bench --rules"))(bench)


def audit(
    begin: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Begin with the checkpoint saved there, not with offset 0."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="DIR", help="If all is clean, save a checkpoint there; may be the same."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute everything from the input topics and compare.

    Compared are the workers' tables, all outputs and the views. Exit 1 at a difference; the first one is named.
    With a checkpoint the records before it need not be there any more. It holds members' data: keep it as you keep the topics.
    """
    import audit as auditor
    from cli.wire import demand_broker

    config = settings()
    demand_broker(config)
    with talk.progress("auditing", None) as advance:
        report = auditor.run(
            config, lambda what, done, total: advance(done, f"of {total} {what}"), begin=begin, save=save
        )
    talk.answer(report, as_json, lambda: _audit_table(report))
    if not report.clean:
        if save and not as_json:
            talk.say(f"no checkpoint was saved to {save}: the audit is not clean")
        if not as_json and report.first:
            talk.say(f"first difference: {report.first}")
        raise typer.Exit(1)


def bench(
    shop: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The Online Retail data set.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each contender; medians are shown.")] = 3,
    only_rules: Annotated[bool, typer.Option("--rules", help="Only the rules, without Kafka: some seconds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory against other ways to do the work.

    In one run, on a Kafka of its own. Takes some minutes. Real purchases: D. Chen, Online Retail, UCI Machine Learning Repository, CC BY 4.0.
    """
    if only_rules:
        _bench_rules(as_json)
        return
    from bench.run import run

    results = run(shop, rounds, talk.say)
    body = {"results": [result.as_json() for result in results]}
    talk.answer(body, as_json, lambda: _bench_table(results))


def _bench_rules(as_json: bool) -> None:
    from bench import rules

    found = rules.run(talk.say)
    table = Table("what", "figure", title="The rules alone, three-line orders, one core", title_justify="left")
    table.add_row(f"orders/s, members with {found.lots} open lots", f"{found.orders_per_second:,.0f}")
    table.add_row("CPU µs/order", f"{found.us_per_order:.1f}")
    table.add_row("output bytes/order", f"{found.output_bytes:,.0f}")
    table.add_row(f"bytes of the hot value with {found.lots} open lots", f"{found.hot_bytes:,}")
    table.add_row(f"bytes of all state after {rules.TYPICAL_ORDERS} orders", f"{found.typical_bytes:,}")
    table.add_row("CPU µs/order of a member who has made 1", f"{found.us_new:.1f}")
    table.add_row(f"CPU µs/order of one who has made {rules.LONG_HISTORY:,}", f"{found.us_long:.1f}")
    table.add_row("ratio of the two", f"{found.us_long / found.us_new:.2f}")
    table.add_row("bytes of the hot value of the latter", f"{found.long_hot_bytes:,}")
    talk.answer(found.as_json(), as_json, lambda: table)


def _audit_table(report: "Report") -> RenderableType:
    view = Table(
        "check",
        "state",
        "compared",
        "differences",
        title="clean" if report.clean else "not clean",
        title_justify="left",
        caption=f"{sum(report.covered.values()):,} records read in {report.seconds:.1f} s",
        caption_justify="left",
    )
    for found in report.checks:
        colour = "green" if found.state == "clean" else "red" if found.state in ("differs", "not_run") else "dim"
        view.add_row(found.name, f"[{colour}]{found.state}[/{colour}]", f"{found.compared:,}", f"{found.found:,}")
    lines = []
    if report.began_from:
        lines.append(f"began from the {_named(report.began_from)}; what lies before was verified then")
    if report.saved:
        lines.append(f"saved: {_named(report.saved)}")
    if report.first_offset:
        lines.append(f"history departs at {report.first_offset}, as far as that can be told")
    if report.taken_as_given:
        believed = "; ".join(f"{count:,} {what}" for what, count in sorted(report.taken_as_given.items()))
        lines.append(f"taken as given, not recomputed: {believed}")
    return Group(view, *map(Text, lines))


def _named(of: "Checkpoint") -> str:
    return (
        f"checkpoint {of.digest[:16]} of {of.made_at:%Y-%m-%d %H:%M} UTC, rules {of.rules_version}, "
        f"after {of.handled:,} handled records"
    )


def _bench_table(results: "list[Result]") -> Table:
    view = Table("load", "contender", title="Medians", title_justify="left")
    for name in ("events/s", "MB", "CPU µs/event"):
        view.add_column(name, justify="right")
    for result in results:
        for contender, took in result.medians.items():
            figures = (f"{took.events_per_second:,.0f}", f"{took.megabytes:,.0f}", f"{took.cpu_us_per_event:.1f}")
            view.add_row(result.load, contender, *figures)
        view.add_row("", f"ours against the plain loop: {result.ratio:.2f}", style="bold", end_section=True)
    return view
