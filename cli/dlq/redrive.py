"""Sends what a plan says and waits for the answers. A member's release goes first, then one event to see if it holds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from cli import lines
from cli.dlq.letters import Letter
from cli.errors import check_failed
from cli.publisher import Publisher, Wiring
from cli.talk import Advance
from models.accounts.events import MemberReleased
from models.calendar import rfc3339
from models.state import Quarantine
from models.values import permanent_id

SOURCE: Final = "/memberships/dlq"
DEAD_LETTERED: Final = "dead_lettered"


def release(member: str, standing: Quarantine, actor: str, reason: str) -> lines.Message:
    """The event that lifts this quarantine. Its id names the quarantine, so that sent twice it cannot lift a later one."""
    event = {
        "specversion": "1.0",
        "id": permanent_id("release", member, str(standing.seq)),
        "source": SOURCE,
        "type": MemberReleased.TYPE,
        "subject": member,
        "time": rfc3339(datetime.now(UTC)),  # noqa: TID251  an operator acts now
        "data": {"reason": reason, "actor": actor},
    }
    return lines.Message("memberships", member, orjson.dumps(event))


def run(
    wire: Wiring,
    released: lines.Message | None,
    sending: Iterator[tuple[Letter, lines.Message | lines.Raw]],
    count: int,
    patience_s: float,
    advance: Advance | None = None,
) -> dict[str, Any]:
    """Send all, taking them as they can go, and return the publisher's summary of the letters. count: how many there are.

    Raises CommandError (exit 1) where the release or the member's first event is set aside: then nothing else was sent.
    """
    publisher = Publisher(wire, patience_s=patience_s, advance=advance)
    if released is not None:
        _release(wire, released, patience_s)
        if first := next(sending, None):
            _try(publisher, released.subject, *first, count - 1)
    publisher.publish(item for _, item in sending)
    return publisher.summary()


def _release(wire: Wiring, event: lines.Message, patience_s: float) -> None:
    publisher = Publisher(wire, patience_s=patience_s)
    publisher.publish([event])
    for outcome, reason in publisher.tally.verdicts:
        if outcome in (DEAD_LETTERED, "refused"):
            message = f"the release of {event.subject} was answered {outcome} ({reason}); nothing else was sent"
            hint = f"what set the member aside is not mended: `memberships dlq list --member {event.subject}`"
            raise check_failed("not_released", message, hint)


def _try(publisher: Publisher, member: str, letter: Letter, item: lines.Item, left: int) -> None:
    """Send a member's first event alone, to see if the release holds; left: how many more there are."""
    publisher.publish([item])
    for outcome, reason in publisher.tally.verdicts:
        if outcome == DEAD_LETTERED:
            message = (
                f"the first event ({letter.names.type} {letter.names.id}, letter {letter.place}) was set aside again "
                f"({reason}), and {member} with it; {left} more were not sent"
            )
            hint = f"`memberships dlq list --member {member}`, then `dlq show` of the last one says why"
            raise check_failed("set_aside_again", message, hint)
