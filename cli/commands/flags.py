"""`flags`: what support has to look at, over all members."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import RenderableType

from cli import talk
from cli.options import AsJson, examples, instant, settings


def register(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(
        epilog=examples(
            "memberships flags                         # the latest, over all members",
            "memberships flags --since 2026-03-01      # raised from that day on",
            "memberships flags --json",
        )
    )(flags)


def flags(
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only what was raised from that time on.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="The most that is shown.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what support has to look at, over all members.

    Latest first: what the rules never undo by themselves, such as a refund that a later word would have changed. `memberships why ID` has the whole story.
    """
    from views.flagged import flagged

    config = settings()
    found = flagged(config, instant(since, "--since").astimezone(UTC) if since else None, limit)

    def card() -> RenderableType:
        from zoneinfo import ZoneInfo

        from cli import flags as cards
        from cli.promises import Watch

        watch = Watch(datetime.now(UTC), ZoneInfo(config.rules().zone))  # noqa: TID251  whoever asks does so now
        return cards.over_all(found["flags"], found["more"], watch)

    talk.answer(found, as_json, card)
