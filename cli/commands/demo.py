"""`demo`: everything started here, a month of sample events run through it, and what came of it."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from cli import talk
from cli.options import AsJson, examples


def register(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(epilog=examples("memberships demo", "memberships demo --kill 3", "memberships demo --json"))(demo)


def demo(
    data: Annotated[
        Path | None,
        typer.Option("--data", file_okay=False, help="Keep everything here; else in a temporary directory."),
    ] = None,
    kill: Annotated[
        int,
        typer.Option(min=0, max=20, metavar="N", help="Kill the worker N times on the way, and audit the books after."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Start everything here, run a month of events, show the result.

    Kafka, Valkey, a worker and the views are started here, and stopped at the end. The sample is made up: members, orders,
    payments, repairs and loans of March 2026.
    """
    from cli.showcase import run

    result = run(data, kill)
    talk.answer(result, as_json, lambda: _render(result))
    if result["audit"] is not None and not result["audit"]["clean"]:
        raise typer.Exit(1)


def _render(result: dict[str, Any]) -> RenderableType:
    from rich.columns import Columns
    from rich.console import Group

    from cli import reasons, tally
    from samples.generated import SAVER

    written = result["written"]
    parts: list[Any] = [
        Columns(
            [
                tally.table(result["published"]),
                tally.counts("Notifications", written["notifications"]),
                tally.counts("Points, by ledger entry", written["points"]),
                tally.counts("Requests", written["requests"]),
            ],
            padding=(0, 4),
        )
    ]
    parts += [part for member_id, shown in result["members"].items() for part in _member(member_id, **shown)]
    for asked, told in result["asked"].items():
        parts += ["", f"memberships why {SAVER} {asked}", reasons.details(SAVER, asked, told)]
    if result["audit"] is not None:
        verdict = "clean" if result["audit"]["clean"] else "NOT CLEAN"
        parts += ["", f"worker killed {result['kills']} times; audit: {verdict}"]
    return Group(*parts, "", NEXT)


SHOWN = 20
"""Latest entries of a member's story."""


def _member(member_id: str, document: dict[str, Any] | None, timeline: list[Any]) -> list[Any]:
    from cli import cards, reasons

    if document is None:
        return []
    return ["", cards.member(member_id, document), reasons.story(member_id, timeline[-SHOWN:])]


NEXT = """Try next:
  memberships demo --kill 3     the same with a worker killed three times
  memberships up                keep Kafka and Valkey; prints their addresses
  memberships topics apply      then in terminals of their own: worker, views
  memberships publish FILE      your own events; then member ID, why ID, promises ID
  memberships audit             recompute everything and compare"""
