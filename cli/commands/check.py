"""`audit` and `bench`: proof that the books are right, and how fast they are kept."""

from typing import Any

import typer
from rich.table import Table

from cli import talk
from cli.options import AsJson, examples, settings


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(epilog=examples("memberships audit", "memberships audit --json"))(audit)
    app.command(epilog=examples("memberships bench", "memberships bench --json"))(bench)


def audit(as_json: AsJson = False) -> None:
    """Recompute everything from the input topics and compare; exit 1 at a difference, which is named."""
    import audit as auditor
    from cli.wire import demand_broker

    config = settings()
    demand_broker(config)
    with talk.progress("auditing", None) as advance:
        report = auditor.run(config, lambda what, done, total: advance(done, f"of {total} {what}"))
    talk.answer(report, as_json, lambda: _audit_table(report))
    if not report.clean:
        if not as_json and report.first:
            talk.say(f"[bold red]first difference:[/bold red] {report.first}")
        raise typer.Exit(1)


def bench(as_json: AsJson = False) -> None:
    """Measure speed and memory against other ways to do the same work, in one run."""
    import bench as benchmark

    result = benchmark.run(settings())
    talk.answer(result, as_json, lambda: _bench_table(result))


def _audit_table(report: Any) -> Table:
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
    return view


def _bench_table(result: Any) -> Any:
    table = getattr(result, "table", None)
    return table() if table else str(result)
