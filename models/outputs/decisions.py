"""What became of one input record, for upstream: one decision per record, and one more when a held event settles."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from models.outputs.base import Body
from models.outputs.words import Clause, Code, Count, Instant, PermanentId
from models.values import permanent_id

Outcome = Literal["applied", "duplicate", "conflict", "held", "superseded", "refused", "dead_lettered"]


Phase = Literal["decided", "settled"]
"""A record's own decision, and the one more when it had been held."""


class EventRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The record decided on: where it lies, and what it calls itself (null where that cannot be read)."""

    source: str | None
    id: str | None
    type: str | None
    topic: str
    partition: Count
    offset: Count


class Decided(Body, frozen=True, kw_only=True, gc=False):
    """One answer (GEN-5). The envelope's `time` and `now` are the same instant."""

    TYPE: ClassVar[str] = "decision.v1"
    ADDED: ClassVar[frozenset[str]] = frozenset({"requests"})

    event: EventRef
    seq: Annotated[Count, Meta(description="Place in the order in which this partition decided.")]
    now: Instant | None
    outcome: Outcome
    reason: Code | None = None
    says: Annotated[str, Meta(description="Plain words, with the arithmetic.")]
    clause: Clause | None = None
    ledger: tuple[PermanentId, ...] = ()
    notifications: tuple[PermanentId, ...] = ()
    requests: tuple[PermanentId, ...] = ()
    rules_version: str


def decision_id(topic: str, partition: int, offset: int, phase: Phase) -> str:
    """The permanent id of a record's decision: a function of where the record lies."""
    return permanent_id("decision", topic, str(partition), str(offset), phase)
