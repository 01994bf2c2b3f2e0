"""`member` and `why`: one member's state, and the reasons for it, out of the views."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from cli import talk
from cli.errors import CommandError, check_failed
from cli.options import AsJson, examples, settings

if TYPE_CHECKING:
    from agents.settings import Settings

MemberId = Annotated[str, typer.Argument(metavar="ID", help="Member id.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(epilog=examples("memberships member sample-001", "memberships member sample-001 --json"))(member)
    app.command(
        epilog=examples(
            "memberships why sample-001                            # the whole story",
            "memberships why sample-001 placed-sample-001-order-1  # an event: its entries and notices",
            "memberships why sample-001 sample-001-order-1         # an order, and all that is about it",
            "memberships why sample-001 2026-03-31                 # a day",
            "memberships why sample-001 points.expire              # what expired",
            "memberships why sample-001 407e6b7e                   # an entry, a lot or a notice, by its id's start",
        )
    )(why)


def member(member_id: MemberId, as_json: AsJson = False) -> None:
    """Show a member: points, memberships, repairs, and promises."""
    from views import query

    config = settings()
    document = query.member(config, member_id)
    if document is None:
        raise unknown_member(config, member_id)

    def card() -> RenderableType:
        from cli import cards

        return cards.member(member_id, document)

    talk.answer(document, as_json, card)


def why(
    member_id: MemberId,
    event: Annotated[
        str | None,
        typer.Argument(metavar="EVENT", help="Only what is about this event, order, day, deadline, entry or notice."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a member and why, or why not.

    With the arithmetic, in the order in which it was decided. Deadlines are part of the story: what expired, what was reminded of, what ended. About one thing, every ledger entry
    and notice is listed, and which notices were replaced or withdrawn since.
    """
    from views import query

    config = settings()
    told = query.why(config, member_id, event)
    if not told:
        raise (
            _unknown_event(member_id, event)
            if event and query.why(config, member_id)
            else unknown_member(config, member_id)
        )

    def card() -> RenderableType:
        from cli import reasons

        return reasons.story(member_id, told) if event is None else reasons.details(member_id, event, told)

    talk.answer({"member": member_id, "timeline": told}, as_json, card)


def unknown_member(config: "Settings", member_id: str) -> CommandError:
    """Nothing is known of a member: not yet, or the id is wrong (exit 1)."""
    from views import query

    fed = query.status(config)
    if not fed:
        hint = "nobody feeds the views: start `memberships views`"
    elif fed["lag"] != "0":
        hint = f"the views are behind ({fed['lag']} records to go): ask again in a moment"
    else:
        hint = "the views have everything: is the id right? Upper and lower case count"
        if (query.member(config, member_id) or {}).get("erased_at"):
            hint = (
                f"it was erased: `memberships member {member_id}` shows what is left, and stories begin anew after that"
            )
    return check_failed("unknown_member", f"nothing is known of member {member_id}", hint)


def _unknown_event(member_id: str, event: str) -> CommandError:
    hint = f"`memberships why {member_id}` tells all that is kept of this member, with the ids to ask by"
    return check_failed("unknown_event", f"nothing that is kept of member {member_id} is about {event}", hint)
