"""What all outputs have in common, and how they are written: as structured CloudEvents.

An output's `id`, `member_id` and `time` travel as the CloudEvents attributes `id`, `subject` and `time`; its other
fields are the `data`.
"""

from typing import Annotated, Any, ClassVar, Final, Self

import orjson
from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from models.values import Instant, Model, PermanentId, Subject, Text

SOURCE: Final = "/memberships"
"""CloudEvents source of everything we write."""
HEADERS: Final[tuple[tuple[str, bytes | None], ...]] = (("content-type", b"application/cloudevents+json"),)
"""Headers of every output but dead letters."""

Fact = TypeAliasType("Fact", "str | int | bool | list[Fact] | tuple[Fact, ...] | dict[str, Fact] | None")
"""JSON without fractions: money is written as `dollars()` does, dates and instants as ISO strings."""


class Cause(Model):
    """Why there is an output: CloudEvents `source` and `id` of the event, or our own name of a deadline."""

    id: Annotated[Text, Field(min_length=1)]
    source: Annotated[Text, Field(min_length=1)]


class Output(Model):
    """Base of all outputs: `member_id` and `time` are in the envelope only."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)  # readers: every key is there

    TYPE: ClassVar[str]
    """The CloudEvents type, with its version."""

    member_id: Annotated[Subject, Field(exclude=True)]
    """Whom it is about; also the record's key."""
    time: Annotated[Instant | None, Field(exclude=True)] = None
    """The partition's now when it was decided; None before its first tick."""

    @property
    def event_id(self) -> str:
        """The CloudEvents id, permanent: a function of the cause (NTF-1)."""
        raise NotImplementedError(f"{type(self).__name__} has no id of its own")

    def body(self) -> bytes:
        """The `data`: compact JSON."""
        return self.__pydantic_serializer__.to_json(self)

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """The output that `encode` wrote as `raw`. Raises ValueError for anything else."""
        envelope = orjson.loads(raw)
        try:
            if envelope["type"] != cls.TYPE:
                raise ValueError(f"type {envelope['type']}, not {cls.TYPE}")
            return cls.from_parts(envelope["id"], envelope["subject"], envelope.get("time"), envelope["data"])
        except (KeyError, TypeError) as error:
            raise ValueError("not a structured CloudEvent") from error

    @classmethod
    def from_parts(cls, event_id: str, member_id: str, time: str | None, data: dict[str, Any]) -> Self:  # noqa: ARG003
        """From a parsed envelope's attributes and data."""
        return cls.model_validate_json(orjson.dumps(data | {"member_id": member_id, "time": time}))


class Named(Output):
    """An output whose id is in the envelope only."""

    id: Annotated[PermanentId, Field(exclude=True)]

    @property
    def event_id(self) -> str:
        """The output's `id`."""
        return self.id

    @classmethod
    def from_parts(cls, event_id: str, member_id: str, time: str | None, data: dict[str, Any]) -> Self:
        """From a parsed envelope's attributes and data."""
        return super().from_parts(event_id, member_id, time, data | {"id": event_id})


def encode(output: Output) -> bytes:
    """An output as the bytes of a structured CloudEvent."""
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": output.event_id,
        "source": SOURCE,
        "type": output.TYPE,
        "subject": output.member_id,
        "datacontenttype": "application/json",
    }
    if output.time is not None:
        envelope["time"] = output.time
    envelope["data"] = orjson.Fragment(output.body())
    return orjson.dumps(envelope, option=orjson.OPT_UTC_Z)
