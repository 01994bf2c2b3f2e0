"""`dlq list|show|redrive`: records that were set aside, and their way back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import talk
from cli.errors import CommandError, check_failed, wrong_use
from cli.options import AsJson, Patience, examples, instant, settings

if TYPE_CHECKING:
    from agents.settings import Settings
    from cli.dlq.box import Box, Broken
    from cli.dlq.letters import Letter, Place, Selection
    from cli.dlq.plan import Step
    from cli.lines import Message
    from models.state import Quarantine

dlq = typer.Typer(name="dlq", help="Dead letters: what was set aside, why, and the way back.", no_args_is_help=True)

Member = Annotated[str | None, typer.Option(metavar="ID", help="Only letters of this member.")]
Reason = Annotated[str | None, typer.Option(metavar="CODE", help="Only this reason, such as quarantined or not_json.")]
Topic = Annotated[str | None, typer.Option(help="Only records of this topic, by its name in the contract.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only what was set aside since: a day, or a time with a zone.")
]
PLACE = "PARTITION:OFFSET"


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    dlq.command("list", epilog=examples("memberships dlq list", "memberships dlq list --reason quarantined --json"))(
        list_
    )
    dlq.command(epilog=examples("memberships dlq show 3:17", "memberships dlq show 3:17 --json"))(show)
    dlq.command(
        epilog=examples(
            "memberships dlq redrive --member anna",
            'memberships dlq redrive --member anna --yes --actor kim --because "rule mended in 0.2.1"',
            "memberships dlq redrive 3:17 3:18 --yes --json",
        )
    )(redrive)
    app.add_typer(dlq)


def list_(
    member: Member = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the newest N.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON document a line for each letter.")
    ] = False,
) -> None:
    """List what was set aside, and what became of it since.

    Oldest first. Shows names and reasons, no contents. A letter is answered once the same event (source and id) has another decision than dead_lettered.
    """
    from cli.dlq import box, cards

    config = settings()
    wanted = _selection(config, member=member, reason=reason, topic=topic, since=since)
    with box.opened(config) as opened:
        letters, chains = opened.letters(wanted)
        older = len(letters) - limit if limit and len(letters) > limit else 0
        letters = letters[older:]
        rows = [cards.row(*pair, chains) for pair in zip(letters, opened.fates(letters), strict=True)]
    _mention_foreign(opened)
    if as_json:
        for one in rows:
            talk.print_json(one)
    else:
        talk.answer(rows, as_json, lambda: cards.table(rows, older))


def show(
    place: Annotated[str, typer.Argument(metavar=PLACE, help="Which letter, as `dlq list` names it.")],
    as_json: AsJson = False,
) -> None:
    """Show a letter whole, and what became of it since.

    The record as it came, why it was set aside, the decision on it, and later ones. The record can hold personal data, such as a birth date. Nothing of it is hidden here.
    """
    from cli.dlq import box, cards

    config = settings()
    wanted = _selection(config, places=[place])
    with box.opened(config) as opened:
        letters, chains = opened.letters(wanted)
        _demand(wanted.places, letters)
        [fate] = opened.fates(letters)
        [letter] = opened.whole(letters)
    found = cards.whole(letter, fate, chains)
    talk.answer(found, as_json, lambda: cards.card(found))


def redrive(
    places: Annotated[list[str] | None, typer.Argument(metavar=PLACE, help="These letters.")] = None,
    member: Member = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Who lifts the member's quarantine.")] = None,
    because: Annotated[str | None, typer.Option(metavar="TEXT", help="Why it can be lifted.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Send those that were answered since, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, it is only shown what would be done.")] = False,
    patience: Patience = 60,
    as_json: AsJson = False,
) -> None:
    """Send what was set aside once more, and wait for the decisions.

    Each record goes as it came to where it lay, and one on a wrong partition to its own. Shows first what would be sent, in which order, and what would only fail again. With --member the member's quarantine
    is lifted first; --actor and --because are kept with that. Twice does no harm: what was answered is left out, and
    the workers take an id once. Exit 1 if something was set aside again.
    """
    from cli.dlq import box, cards
    from cli.dlq.plan import plan

    config = settings()
    wanted = _selection(config, places=places or [], member=member, reason=reason, topic=topic, since=since)
    if not wanted.says_something:
        raise typer.BadParameter(f"say which letters: --member, --reason, --topic, --since or {PLACE}")
    with box.opened(config) as opened:
        letters, chains = opened.letters(wanted)
        _demand(wanted.places, letters)
        fates = opened.fates(letters)
        concerned = {letter.names.subject for letter in letters if letter.names.subject} | (
            {member} if member else set()
        )
        quarantined = opened.quarantined(concerned)
        standing = quarantined.get(member) if member else None
        if member and standing and (broken := opened.broken(member)):
            raise _unreadable(member, broken)
        _mention_foreign(opened)
        steps = plan(letters, fates, chains, quarantined, released=member if standing else None, again=again)
        if yes:
            _send(config, opened, steps, _release(member, standing, actor, because), patience, as_json)
        else:
            body = cards.planned(steps, chains, member, standing)
            talk.answer(body, as_json, lambda: cards.dry_run(body))


def _release(
    member: str | None, standing: "Quarantine | None", actor: str | None, because: str | None
) -> "Message | None":
    """The event that lifts the member's quarantine, if there is one."""
    from cli.dlq.redrive import release

    if not (member and standing):
        return None
    if not (actor and because):
        raise _unsigned(member)
    return release(member, standing, actor, because)


def _send(
    config: "Settings",
    opened: "Box",
    steps: "Sequence[Step]",
    release: "Message | None",
    patience: float,
    as_json: bool,
) -> None:
    from cli import tally
    from cli.dlq import cards
    from cli.dlq.plan import records, to_send
    from cli.dlq.redrive import DEAD_LETTERED, run
    from cli.wire import connected

    going = to_send(steps)
    with connected(config) as wire, talk.progress("redriving", len(going)) as advance:
        summary = run(wire, release, records(opened.whole(going)), len(going), patience, advance)
    body = cards.done(steps, release.subject if release else None, summary)
    talk.answer(body, as_json, lambda: cards.redriven(body, tally.table(summary)))
    if DEAD_LETTERED in summary["outcomes"]:
        raise typer.Exit(1)


def _selection(
    config: "Settings", *, places: Sequence[str] = (), since: str | None = None, **others: Any
) -> "Selection":
    from cli.dlq.letters import Selection

    topics = [topic.role for topic in config.catalogue().handled]
    if others.get("topic") not in (None, *topics):
        raise typer.BadParameter(f"no such topic; one of {', '.join(topics)}", param_hint="--topic")
    return Selection(
        places=frozenset(map(_place, places)), since=instant(since, "--since") if since else None, **others
    )


def _place(text: str) -> "Place":
    from cli.dlq.letters import Place

    try:
        return Place.parse(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not {PLACE}, such as 3:17", param_hint=PLACE) from None


def _demand(places: "frozenset[Place]", letters: "Sequence[Letter]") -> None:
    missing = sorted(places - {letter.place for letter in letters})
    if missing:
        named = ", ".join(map(str, missing))
        raise check_failed("unknown_letter", f"no such dead letter: {named}", "`memberships dlq list` names them all")


def _unsigned(member: str) -> CommandError:
    message = f"{member} is quarantined: --actor and --because say who lifts that and why; nothing was sent"
    return wrong_use("unsigned_release", message, "both are kept in the release event, for good")


def _unreadable(member: str, broken: "Broken") -> CommandError:
    message = (
        f"no release can lift the quarantine of {member}: their state in {broken.place} cannot be read ({broken.why})"
    )
    last = (
        f"the last state that can be read lies in {broken.readable}" if broken.readable else "no earlier state is kept"
    )
    return check_failed("state_unreadable", message, f"nothing was sent; {last}; the guide says how to put one back")


def _mention_foreign(opened: "Box") -> None:
    if opened.foreign:
        talk.say(f"{opened.foreign:,} records in dead-letters were not written by a worker: left out")
