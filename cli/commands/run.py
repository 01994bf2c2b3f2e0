"""`topics`, `worker`, `views`, `rebuild`: what an installation consists of."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from cli import talk
from cli.options import AsJson, DataDir, examples, settings

if TYPE_CHECKING:
    from agents.settings import Settings
    from agents.topics import Problem

topics = typer.Typer(name="topics", help="Create and check the Kafka topics.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    topics.command(epilog=examples("memberships topics apply", "MEMBERSHIPS_PARTITIONS=48 memberships topics apply"))(
        apply
    )
    topics.command(epilog=examples("memberships topics check --json"))(check)
    app.add_typer(topics)
    app.command(epilog=examples("memberships worker", "MEMBERSHIPS_CLOCK=external memberships worker"))(worker)
    app.command(epilog=examples("memberships views"))(views)
    app.command(epilog=examples("memberships rebuild", "memberships rebuild --yes --json"))(rebuild)


def apply(as_json: AsJson = False) -> None:
    """Create what is missing and set what differs.

    Never removes a topic or changes a partition count: where that would be needed, exit 1 and a sentence.
    """
    from agents import topics as setup

    config = _reached()
    changes, problems = setup.apply(config), setup.check(config)
    body = {
        "changes": [{"topic": change.topic, "what": change.what} for change in changes],
        "problems": _rows(problems),
    }
    talk.answer(body, as_json, lambda: _applied(body["changes"], body["problems"]))
    if problems:
        raise typer.Exit(1)


def check(as_json: AsJson = False) -> None:
    """Compare the topics with the catalogue; exit 1 if they differ."""
    from agents import topics as setup

    problems = setup.check(_reached())
    body = {"problems": _rows(problems)}
    talk.answer(
        body, as_json, lambda: _table("Problems", body["problems"]) if problems else "all topics are as they should be"
    )
    if problems:
        raise typer.Exit(1)


def worker(data: DataDir = None, as_json: AsJson = False) -> None:
    """Run one worker until it is told to end (SIGTERM, Ctrl-C). Logs go to stderr."""
    del as_json  # says nothing on stdout; with --json an error does
    from agents.run import run_worker

    run_worker(_reached(data=data))


def views(data: DataDir = None, as_json: AsJson = False) -> None:
    """Feed Redis from the committed topics until told to end. Logs go to stderr."""
    del as_json  # as above
    from agents.logs import configure_logs
    from views.feeder import run as feed

    config = _reached(data=data)
    configure_logs()
    feed(config)


def rebuild(
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, only the count is shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Throw the views away and have them fed anew from Kafka.

    Kafka has all of it. Until `memberships views` has caught up, members are missing or old in Redis. Nothing else is touched.
    """
    from views.rebuild import doomed
    from views.rebuild import rebuild as act

    config = settings()
    if yes:
        deleted = act(config)
        body, told = {"deleted": deleted}, f"deleted {deleted:,} keys; `memberships views` feeds them anew"
    else:
        keys = doomed(config)
        body, told = {"would_delete": keys}, f"{keys:,} keys would be deleted and fed anew; nothing done without --yes"
    talk.answer(body, as_json, lambda: told)


def _rows(problems: "list[Problem]") -> list[dict[str, str]]:
    return [{"topic": found.topic, "what": found.what, "hint": found.hint} for found in problems]


def _applied(changes: list[dict[str, str]], problems: list[dict[str, str]]) -> RenderableType:
    if problems:
        return Group(*([_table("Changes", changes)] if changes else []), _table("What apply does not change", problems))
    return _table("Changes", changes) if changes else "nothing to change"


def _reached(**overrides: Any) -> "Settings":
    """The settings, once a broker has answered."""
    from cli.wire import demand_broker

    config = settings(**overrides)
    demand_broker(config)
    return config


def _table(title: str, rows: list[dict[str, str]]) -> Table:
    view = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        view.add_row(*row.values())
    return view
