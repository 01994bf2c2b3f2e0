"""`erase`: what is personal of a member goes, for good."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import talk
from cli.errors import ExitCode, check_failed, wrong_use
from cli.options import AsJson, Patience, examples, settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from agents.settings import Settings
    from cli.erasing import Kept


def register(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(
        epilog=examples(
            "memberships erase anna                                      # what would go, and what stands in the way",
            "memberships erase anna --yes --actor kim --because 'asked to by letter'",
            "memberships erase anna --json",
        )
    )(erase)


def erase(
    member_id: Annotated[str, typer.Argument(metavar="ID", help="Member id, or the key of an email (guest:...).")],
    actor: Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Who erases.")] = None,
    because: Annotated[str | None, typer.Option("--because", metavar="TEXT", help="Why.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, it is only shown what would be done.")] = False,
    patience: Patience = 60,
    as_json: AsJson = False,
) -> None:
    """Erase what is personal of a member, once nothing needs it.

    Shows first what would go, what stands in the way and what stays. The keys of the member's emails are deleted; the id, under which everything was booked, stays and takes in nothing
    personal any more (GEN-7, docs/privacy.md). Exit 1 if something stands in the way: nothing was sent then.
    """
    from cli import erasing, reading
    from cli.dlq.box import Box
    from cli.dlq.letters import Selection
    from models import state

    config = settings()
    with reading.opened(config) as reader:
        try:
            found = erasing.find(config, reader, member_id)
        except state.UNREADABLE as error:
            hint = "nothing was sent; the guide says what can be done about a state that is broken"
            raise check_failed("state_unreadable", f"a state cannot be read: {error}", hint) from error
        box = Box(config, reader)
        letters = [str(one.place) for key in found for one in box.letters(Selection(member=key.key))[0]]
    if not found:
        raise check_failed(
            "nothing_kept", f"nothing is kept of {member_id}", "is the id right? `memberships member ID`"
        )
    if yes:
        _demand(member_id, found, actor, because)
        _send(config, [kept.request(actor or "", because or "") for kept in found if not kept.is_erased], patience)
    body = {
        "member": member_id,
        "keys": [kept.as_json() for kept in found],
        "letters": letters,
        "stays": list(erasing.STAYS),
        "erased": yes,
    }
    talk.answer(body, as_json, lambda: _card(body))
    if not yes and _in_the_way(found):
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _demand(member_id: str, found: "Sequence[Kept]", actor: str | None, because: str | None) -> None:
    if not (actor and because):
        message = f"--actor and --because say who erases {member_id} and why; nothing was sent"
        raise wrong_use(
            "unsigned_erasure", message, "both are kept in the event, for good: no names of members in them"
        )
    if reasons := _in_the_way(found):
        hint = "nothing was sent; close or cancel what is open, or wait until it is over, and ask again"
        raise check_failed("still_needed", f"{member_id} cannot be erased yet: {'; '.join(reasons)}", hint)


def _in_the_way(found: "Sequence[Kept]") -> list[str]:
    return [f"{kept.key}: {says}" for kept in found if not kept.is_erased for _, says in kept.in_the_way]


def _send(config: "Settings", requests: Sequence[Any], patience: float) -> None:
    from cli.publisher import Publisher
    from cli.wire import connected

    with connected(config) as wire:
        publisher = Publisher(wire, patience_s=patience)
        publisher.publish(requests)
    for outcome, reason in publisher.tally.verdicts:
        if outcome not in ("applied", "duplicate"):
            message = f"a request was answered {outcome} ({reason}): something has come between"
            raise check_failed("not_erased", message, "look again: `memberships erase ID`")


def _card(body: dict[str, Any]) -> "RenderableType":
    from rich.panel import Panel
    from rich.table import Table

    from cli.reasons import plain

    view = Table.grid(padding=(0, 2))
    for key in body["keys"]:
        what = "erased" if body["erased"] or key["erased_at"] else "would be erased"
        view.add_row(plain(_text(key["key"])), plain(_text("; ".join(r["says"] for r in key["in_the_way"]) or what)))
        for invoice in key["purchases"]:
            view.add_row("", plain(_text(f"with purchase {invoice}")))
    for letter in body["letters"]:
        view.add_row("stays", plain(_text(f"dead letter {letter}, as it came")))
    for stays in body["stays"]:
        view.add_row("stays", plain(_text(stays)))
    if not body["erased"]:
        view.add_row("", "nothing done without --yes")
    return Panel(view, title=plain(_text(f"erasing {body['member']}")), title_align="left")


def _text(words: str) -> Any:
    from rich.text import Text

    return Text(words)
