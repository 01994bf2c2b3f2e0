"""`producers`: what each source sends that is not as it should be, for the team that sends it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli import talk
from cli.options import AsJson, examples, instant, settings

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"([1-9]\d{0,4})([mhd])")


def register(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(
        epilog=examples(
            "memberships producers                          # every source, those in trouble first",
            "memberships producers /shop --last 24h         # one of them, of the last day",
            "memberships producers --since 2026-03-01 --json",
            "memberships producers --last 1h --check        # exit 1 if any source has trouble",
        )
    )(producers)


def producers(
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="Only this CloudEvents source.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what was sent since: a day, or a time with a zone.")
    ] = None,
    last: Annotated[str | None, typer.Option(metavar="SPAN", help="Only the last 30m, 24h or 7d.")] = None,
    ahead: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="So far ahead a time may be.")] = 60,
    behind: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="So old an event may be when sent.")] = 86_400,
    backwards: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="So much earlier than its key's last one.")
    ] = 60,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 if any source has trouble.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with what each source sends.

    How often, and what to change there. Each kind of trouble has the smallest record that shows it, without what is personal. docs/producers.md explains each kind to the team that sends.
    """
    from cli.producers import cards, read
    from cli.producers.judge import Tolerance
    from models.calendar import rfc3339

    if since and last:
        raise typer.BadParameter("give either --since or --last", param_hint="--last")
    start = instant(since, "--since") if since else _ago(last) if last else None
    tolerance = Tolerance(*(timedelta(seconds=seconds) for seconds in (ahead, behind, backwards)))
    with read.opened(settings()) as opened:
        health = opened.examine(source, start, tolerance)
    body = health.as_json() | {"since": start and rfc3339(start)}
    talk.answer(body, as_json, lambda: cards.report(body))
    if check and not health.healthy:
        raise typer.Exit(1)


def _ago(text: str) -> datetime:
    span = _SPAN.fullmatch(text)
    if not span:
        raise typer.BadParameter(f"{text!r} is no span such as 30m, 24h or 7d", param_hint="--last")
    return datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})  # noqa: TID251  whoever asks does so now
