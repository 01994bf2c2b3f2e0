"""`whatif`: what events, or the time that passes, would do to a member. Nothing is sent."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from cli import talk
from cli.errors import CommandError, check_failed, wrong_use
from cli.options import AsJson, examples, instant, settings

if TYPE_CHECKING:
    from agents.settings import Settings
    from cli.live import Found
    from views.trial import Supposed
    from views.whatif import Outcome


def register(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command(
        epilog=examples(
            "memberships whatif anna events.jsonl",
            "memberships whatif anna --until 2027-03-01        # what the deadlines would do",
            "memberships whatif anna - --until 2027-03-01 < events.jsonl",
            "memberships whatif anna events.jsonl --json",
        )
    )(whatif)


def whatif(
    member_id: Annotated[str, typer.Argument(metavar="ID", help="Member id.")],
    file: Annotated[
        str | None, typer.Argument(help="Lines {topic, event} or {tick}, as for publish; - reads standard input.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Then let time pass until this day, or this time with a zone.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what would happen to a member, and change nothing.

    The events go through the workers' own rules, on a copy of the member's state as it is now. Shown are the decisions, what would be booked,
    told and asked for, and what would be different then. With --until time passes after them, each deadline at its own
    time, as if nothing else came: a charge is not answered unless the file answers it.
    """
    if file is None and until is None:
        raise typer.BadParameter("say what comes: FILE with events, --until TIME, or both")
    then = instant(until, "--until") if until is not None else None
    from cli import live
    from models import state
    from views.whatif import whatif as ask

    config = settings()
    records = list(_records(config, member_id, file)) if file is not None else []
    found = live.read(config, member_id, _ids(records))
    try:
        outcome = ask(found.live, records, then, config.catalogue(), config.rules())
    except state.UNREADABLE as error:
        raise _unreadable(member_id, error) from error
    _demand_ahead(outcome, then)
    notes = list(_notes(found, outcome))
    for note in notes:
        talk.say(note)

    def card() -> RenderableType:
        from cli import supposed

        return supposed.card(outcome)

    as_of = {"partition": found.live.partition, "changelogs": found.ends, "waiting": found.waiting}
    talk.answer({**outcome, "as_of": as_of, "notes": notes}, as_json, card)


def _records(config: "Settings", member_id: str, file: str) -> "Iterator[Supposed]":
    """The file's records, all of them the member's own. Raises CommandError (exit 2)."""
    import orjson

    from cli import lines
    from cli.wire import input_topics
    from views.trial import Supposed

    topics = input_topics(config)
    with lines.opened(file) as opened:
        opened.seek(0)
        for number, line in enumerate(opened, 1):
            match lines.parse(line, number, topics) if line.strip() else None:
                case lines.Tick(at):
                    yield Supposed("clock", orjson.dumps({"at": at}))
                case lines.Message(topic, subject, value):
                    if subject != member_id:
                        raise _another(number, subject, member_id)
                    yield Supposed(topic, value)


def _ids(records: "Sequence[Supposed]") -> frozenset[bytes]:
    """Under which keys the workers would remember these events."""
    import orjson

    from models import applied

    events = [orjson.loads(record.value) for record in records if record.topic != "clock"]
    names = [(event.get("source"), event.get("id")) for event in events]
    return frozenset(
        applied.key(source, id_) for source, id_ in names if isinstance(source, str) and isinstance(id_, str)
    )


def _notes(found: "Found", outcome: "Outcome") -> Iterator[str]:
    """What one must know to read the answer right."""
    member_id, before = outcome["member"], outcome["document"]["before"]
    if before is None:
        yield f"the workers know nothing of {member_id} yet: this is what would become of a new member (is the id right?)"
    elif before["quarantined"]:
        reason = before["quarantined"]["reason"]
        yield (
            f"{member_id} is set aside ({reason}): events are only kept, and no deadline acts, until that is lifted; "
            f"see `memberships dlq redrive --member {member_id}`"
        )
    if found.waiting:
        what = "1 event of theirs is" if found.waiting == 1 else f"{found.waiting:,} events of theirs are"
        yield f"{what} not handled yet, and no part of this: is a worker running? Ask again in a moment"
    if outcome["now"]["before"] is None:
        yield "no tick of the clock has come to this member's partition yet: without a time nothing is due"


def _another(number: int, subject: str, member_id: str) -> CommandError:
    message = f"line {number}: an event for {subject}, and the question is about {member_id}; nothing was looked at"
    return wrong_use("another_member", message, f"ask about one member at a time: `memberships whatif {subject} ...`")


def _demand_ahead(outcome: "Outcome", until: datetime | None) -> None:
    now = outcome["now"]["before"]
    if until is not None and now is not None and datetime.fromisoformat(now) > until:
        raise typer.BadParameter(f"time only goes forward, and it is {now} already", param_hint="--until")


def _unreadable(member_id: str, error: Exception) -> CommandError:
    from models.state import UnknownVersionError

    newer = isinstance(error, UnknownVersionError)
    hint = (
        "a newer release wrote it: ask with the release that the workers run"
        if newer
        else "at their next event the member is set aside; the guide says how to put an earlier state back"
    )
    return check_failed("state_unreadable", f"the state of {member_id} cannot be read: {error}", hint)
