"""`promises`: what is owed to and by a member, how that was worked out, and what is at risk over all members."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from cli import talk
from cli.commands.read import unknown_member
from cli.errors import check_failed
from cli.options import AsJson, examples, instant, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.settings import Settings
    from cli.promises import Watch
    from views.at_risk import Span


class Who(StrEnum):
    """Who owes it."""

    sony = "sony"
    member = "member"


def register(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(
        epilog=examples(
            "memberships promises anna                               # what is owed to and by anna, soonest first",
            "memberships promises anna rp-1                          # how that of a repair was worked out, day by day",
            "memberships promises anna fee.due                       # the same, by the kind of the deadline",
            "memberships promises anna --working                     # the same of all",
            "memberships promises --at-risk --by sony                # over all members: due in 72 hours, or missed",
            "memberships promises --at-risk --within 24 --stopped    # and those whose clock stands still",
        )
    )(promises)


def promises(
    member_id: Annotated[str | None, typer.Argument(metavar="ID", help="Member id.")] = None,
    about: Annotated[
        str | None,
        typer.Argument(
            metavar="REF", help="How it was worked out: a repair, loan, invoice or order, or a kind such as fee.due."
        ),
    ] = None,
    working: Annotated[bool, typer.Option("--working", help="Show how each was worked out.")] = False,
    at_risk: Annotated[bool, typer.Option("--at-risk", help="Over all members, soonest first.")] = False,
    within: Annotated[
        float, typer.Option("--within", min=0, metavar="HOURS", help="At risk is what is due so soon.")
    ] = 72,
    missed: Annotated[
        float,
        typer.Option("--missed", min=0, metavar="DAYS", help="And what was missed, or not acted on, since so long."),
    ] = 7,
    by: Annotated[Who | None, typer.Option("--by", help="Only what that side owes.")] = None,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="And what has no deadline, as its clock stands still.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="The most that is shown.")] = 50,
    now: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Seen from that time, not from now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is owed to and by a member; or what is at risk.

    By when, and with REF or --working how that was worked out, day by day. With --at-risk over all members: what is due soon, or was missed.
    """
    if (member_id is None) != at_risk:
        raise typer.BadParameter("give either a member's id or --at-risk", param_hint="ID")
    config = settings()
    seen = instant(now, "--at").astimezone(UTC) if now else datetime.now(UTC)  # noqa: TID251  whoever asks does so now
    if member_id:
        _of_member(config, member_id, about, seen, by, as_json, working=working or about is not None)
        return
    from views.at_risk import span, stopped_ones

    wanted = [("at risk", span(seen, timedelta(hours=within), timedelta(days=missed), by))]
    if stopped:
        wanted.append(("stopped", stopped_ones(by)))
    _over_all(config, wanted, seen, limit, as_json)


def _of_member(
    config: "Settings",
    member_id: str,
    about: str | None,
    seen: datetime,
    by: Who | None,
    as_json: bool,
    *,
    working: bool,
) -> None:
    from models.calendar import rfc3339
    from views import query

    document = query.member(config, member_id)
    if document is None:
        raise unknown_member(config, member_id)
    found = [one for one in document["promises"] if by in (None, one["by"]) and _is_about(one, about)]
    if about and not found:
        hint = f"`memberships promises {member_id}` names what can be asked for"
        raise check_failed(
            "unknown_promise", f"nothing that is owed to or by member {member_id} is about {about}", hint
        )

    def card() -> RenderableType:
        from cli import promises as cards

        show = cards.workings if working else cards.of_member
        return show(member_id, found, _watch(config, seen))

    talk.answer({"member": member_id, "at": rfc3339(seen), "promises": found}, as_json, card)


def _is_about(one: dict[str, Any], about: str | None) -> bool:
    """Whether it is named so: by its kind, by what it is about, or by the last part of that, as `o-1` of `order|o-1`."""
    return about is None or about in (one["kind"], one["ref"], one["ref"].rpartition("|")[2])


def _over_all(
    config: "Settings", wanted: "Sequence[tuple[str, Span]]", seen: datetime, limit: int, as_json: bool
) -> None:
    from models.calendar import rfc3339
    from views.at_risk import at_risk

    found = {name: at_risk(config, span, limit) for name, span in wanted}

    def card() -> RenderableType:
        from rich.console import Group

        from cli import promises as cards

        watch = _watch(config, seen)
        return Group(*(cards.at_risk(name, one["promises"], one["more"], watch) for name, one in found.items()))

    talk.answer({"at": rfc3339(seen)} | {name.replace(" ", "_"): one for name, one in found.items()}, as_json, card)


def _watch(config: "Settings", seen: datetime) -> "Watch":
    from zoneinfo import ZoneInfo

    from cli.promises import Watch

    return Watch(seen, ZoneInfo(config.rules().zone))
