"""`member` and `why`: one member's state, and the reasons for it, out of the views."""

from typing import Annotated

import typer
from rich.console import RenderableType

from cli import talk
from cli.errors import CommandError, check_failed
from cli.options import AsJson, examples, settings

MemberId = Annotated[str, typer.Argument(metavar="ID", help="Member id.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(epilog=examples("memberships member sample-001", "memberships member sample-001 --json"))(member)
    app.command(
        epilog=examples("memberships why sample-001", "memberships why sample-001 placed-sample-001-order-1 --json")
    )(why)


def member(member_id: MemberId, as_json: AsJson = False) -> None:
    """Show a member: points, memberships, repairs, and what is promised to them."""
    from views import query

    document = query.member(settings(), member_id)
    if document is None:
        raise _unknown(member_id)

    def card() -> RenderableType:
        from cli import cards

        return cards.member(member_id, document)

    talk.answer(document, as_json, card)


def why(
    member_id: MemberId,
    event: Annotated[str | None, typer.Argument(metavar="EVENT", help="Only what became of this event id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a member and why (or why not), with the arithmetic, in the order it was decided."""
    from views import query

    told = query.why(settings(), member_id, event)
    if not told:
        raise _unknown(member_id) if event is None else _unknown_event(member_id, event)

    def card() -> RenderableType:
        from cli import cards

        return cards.why(member_id, told)

    talk.answer({"member": member_id, "timeline": told}, as_json, card)


def _unknown(member_id: str) -> CommandError:
    hint = "ids are case-sensitive; has `memberships views` caught up?"
    return check_failed("unknown_member", f"nothing is known of member {member_id}", hint)


def _unknown_event(member_id: str, event: str) -> CommandError:
    hint = f"`memberships why {member_id}` lists every event kept for this member"
    return check_failed("unknown_event", f"nothing became of event {event} for member {member_id}", hint)
