"""Decisions on records that never reached a rule, or whose rule failed: outcome ``dead_lettered``, with the reason."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.desk import Decision, Moment
from models.envelope import Unreadable
from models.events import EVERYBODY, Event
from models.outputs.base import addressed
from models.outputs.decisions import Decided, EventRef, decision_id
from models.partitioning import partition_of
from models.policies import RULES_VERSION
from models.values import Subject

_SUBJECT = TypeAdapter(Subject)


def unreadable(found: Unreadable, key: bytes | None, moment: Moment, partitions: int) -> Decision:
    """For a record that is no event. It goes to the member whom its subject or key names, if this is that member's
    partition: elsewhere it would mix with the member's own history. Else to nobody (``*``)."""
    event = EventRef(source=found.source, id=found.id, type=found.type, **_place(moment))
    return _dead_lettered(
        _addressee(found.subject, key, moment.partition, partitions), event, found.reason, found.error, moment
    )


def failed(event: Event[Any], moment: Moment) -> Decision:
    """For an event whose rule raised."""
    aside = "" if event.subject == EVERYBODY else ", and the member is quarantined until that is mended"
    says = f"A rule failed on this event: nothing of it was applied{aside}."
    reference = EventRef(source=event.source, id=event.id, type=event.type, **_place(moment))
    return _dead_lettered(event.subject, reference, "internal_error", says, moment)


def _dead_lettered(member_id: str, event: EventRef, reason: str, says: str, moment: Moment) -> Decision:
    decided = Decided(
        event=event,
        seq=moment.seq,
        now=moment.now,
        outcome="dead_lettered",
        reason=reason,
        says=says,
        rules_version=RULES_VERSION,
    )
    output_id = decision_id(moment.topic, moment.partition, moment.offset, "decided")
    return Decision(decisions=[addressed(decided, output_id, member_id, moment.now)])


def _place(moment: Moment) -> dict[str, Any]:
    return {"topic": moment.topic, "partition": moment.partition, "offset": moment.offset}


def _addressee(subject: str | None, key: bytes | None, partition: int, partitions: int) -> str:
    for candidate in (subject, key.decode("utf-8", "replace") if key else None):
        try:
            member_id = _SUBJECT.validate_python(candidate)
        except ValidationError:
            continue
        if partition_of(member_id.encode(), partitions) == partition:
            return member_id
    return EVERYBODY
