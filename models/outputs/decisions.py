"""What became of one input record, for upstream: one decision per record, and one more when a held event settles."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from models.outputs.base import Named
from models.values import Clause, Code, Instant, Model, PermanentId

Outcome = Literal["applied", "duplicate", "conflict", "held", "superseded", "refused", "dead_lettered"]


class EventRef(Model):
    """The record decided on: where it lies, and what it calls itself (null where that cannot be read)."""

    source: str | None
    id: str | None
    type: str | None
    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]


class Decided(Named):
    """One answer (GEN-5). `time` and `now` are the same instant."""

    TYPE: ClassVar = "decision.v1"

    event: EventRef
    seq: Annotated[int, Field(ge=0)]
    """Place in the order in which this partition decided."""
    now: Instant | None
    outcome: Outcome
    reason: Code | None = None
    says: str
    """Plain words, with the arithmetic."""
    clause: Clause | None = None
    ledger: tuple[PermanentId, ...] = ()
    notifications: tuple[PermanentId, ...] = ()
    rules_version: str
