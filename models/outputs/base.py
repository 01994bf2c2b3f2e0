"""What all outputs have in common, and how they are written: as structured CloudEvents, in one call of one encoder."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from models.outputs.words import Instant, Name, PermanentId, Subject

SOURCE: Final = "/memberships"
"""CloudEvents source of everything we write."""
HEADERS: Final[tuple[tuple[str, bytes | None], ...]] = (("content-type", b"application/cloudevents+json"),)
"""Headers of every output but dead letters."""

_Scalar: TypeAlias = str | int | bool | None
_Inner: TypeAlias = _Scalar | Sequence[_Scalar | Sequence[_Scalar]] | Mapping[str, _Scalar | Sequence[_Scalar]]
Fact: TypeAlias = _Scalar | Sequence[_Inner] | Mapping[str, _Inner]
"""JSON without fractions, not deep: money is written as `dollars()` does, dates and instants as ISO strings."""


class Cause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Why there is an output: CloudEvents `source` and `id` of the event, or our own name of a deadline."""

    id: Name
    source: Name


class Brought:
    """What remembers the event that brought it, for what that causes later on: a base of state values."""

    __slots__ = ()
    source: str
    event_id: str

    @property
    def cause(self) -> Cause:
        """That event."""
        return Cause(source=self.source, id=self.event_id)


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The `data` of an output."""

    TYPE: ClassVar[str]
    """The CloudEvents type, with its version."""
    ADDED: ClassVar[frozenset[str]] = frozenset()
    """Fields that came with a later release: a message without them is an earlier one's."""


B = TypeVar("B", bound=Body)
B_co = TypeVar("B_co", bound=Body, covariant=True)


class Output(Struct, Generic[B_co], frozen=True, kw_only=True, gc=False):
    """A CloudEvent that we write. Its attributes are in the order in which they are on the wire."""

    specversion: Literal["1.0"] = "1.0"
    id: PermanentId
    """A function of the cause (NTF-1)."""
    source: Literal["/memberships"] = SOURCE
    type: str
    subject: Subject
    """The member it is about; also the record's key."""
    datacontenttype: Literal["application/json"] = "application/json"
    time: Instant | UnsetType = UNSET
    """The partition's now when it was decided; absent before its first tick."""
    data: B_co


def addressed(body: B, output_id: str, member_id: str, now: datetime | None) -> Output[B]:
    """The body with its envelope. now: the partition's, None before its first tick."""
    time = UNSET if now is None else now
    return Output(id=output_id, type=body.TYPE, subject=member_id, time=time, data=body)


encode = msgspec.json.Encoder().encode
"""An output as the bytes of a structured CloudEvent."""


def read(raw: bytes, kind: type[B]) -> Output[B]:
    """The output with such a body that `encode` wrote as `raw`, strictly. Raises ValueError for anything else."""
    output: Output[B] = _reader(kind).decode(raw)
    if output.type != kind.TYPE:
        raise ValueError(f"type {output.type}, not {kind.TYPE}")
    told = _plain(raw)["data"]
    written = {
        name: fact for name, fact in _plain(encode(output.data)).items() if name in told or name not in kind.ADDED
    }
    if written != told:
        raise ValueError("a key of the data is missing: all are written, also those that are null")
    return output


_plain = msgspec.json.decode


@lru_cache(maxsize=64)
def _reader(kind: type[Body]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Output[kind])  # type: ignore[valid-type]
