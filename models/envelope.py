"""From raw record to typed event, or to one clear reason why it is none. Total: nothing a record holds can raise.

Structured mode is the normal one: one pass of the typed reader over the raw bytes. Binary mode is put into structured
form first, so both meet the same reader. The mapping of `ce_` headers is our own: the cloudevents library's Kafka
binding takes headers that are no text, a missing value or an odd time for a programming error (each raises something
else), reads times that are not RFC 3339, and adds attributes of its own; here each is a finding about the record.

No sentence repeats a value of the payload: birth dates and secrets stay out of logs and answers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import msgspec
import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from models.catalogue import CLOCK, INPUT_BYTES, TOPIC_OF
from models.clock import Tick as Tick
from models.events import EVENT, EVERYBODY, PAYLOADS
from models.events import Event as Event
from models.partitioning import partition_of
from models.values import ID_LENGTH, ID_PATTERN

Reason = Literal[
    "null_value",
    "too_large",
    "not_utf8",
    "not_json",
    "unknown_type",
    "invalid",
    "wrong_topic",
    "null_key",
    "key_mismatch",
    "wrong_partition",
]
"""Why a record is no event, in order of precedence."""
UNREADABLE: Final = frozenset(get_args(Reason))
BY_PLACE: Final[frozenset[Reason]] = frozenset({"null_value", "null_key", "key_mismatch", "wrong_partition"})
"""Those that depend on nothing that a release could read otherwise."""

Headers = Sequence[tuple[str, bytes | None]]

_STRUCTURED: Final = b"application/cloudevents+json"
STRUCTURED: Final = ("content-type", b"application/cloudevents+json")
_CE: Final = "ce_"
_TICK: Final = TypeAdapter(Tick)
_ID: Final = re.compile(ID_PATTERN)
MOST_ERRORS: Final = 10_000
_ATTRIBUTE: Final = re.compile("[a-z0-9]+")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event for us: why, in a code and in a sentence, and what names could still be read."""

    reason: Reason
    error: str
    source: str | None = None
    id: str | None = None
    type: str | None = None
    subject: str | None = None


class _Refused(Exception):  # noqa: N818 - a finding about the record, raised and caught in this module only
    def __init__(self, reason: Reason, error: str) -> None:
        super().__init__(error)
        self.reason: Reason = reason
        self.error = error


def decode(
    topic: str, partition: int, partitions: int, key: bytes | None, value: bytes | None, headers: Headers
) -> Event[Any] | Tick | Unreadable:
    """A record as an event (as a Tick on the clock topic), or why it is none.

    topic: the contract's name, without an installation's prefix (`Catalogue.role`). partitions: how many it has.
    """
    if value is None:
        return Unreadable("null_value", "value: expected a CloudEvent, found none")
    if len(value) > INPUT_BYTES:
        return Unreadable("too_large", f"value: at most {INPUT_BYTES} bytes, found {len(value)}")
    if topic == CLOCK.role:
        return _tick(value)
    try:
        document = value if _is_structured(headers) else _to_structured(value, headers)
    except _Refused as refused:
        return Unreadable(refused.reason, refused.error, **_names(value, headers))
    try:
        event = EVENT.validate_json(document)
    except ValidationError as error:
        reason, sentence = _explain(error, value)
        return Unreadable(reason, sentence, **_names(value, headers))
    try:
        _check_place(event, topic, partition, partitions, key)
    except _Refused as refused:
        return Unreadable(refused.reason, refused.error, event.source, event.id, event.type, event.subject)
    return event


def _tick(value: bytes) -> Tick | Unreadable:
    try:
        return _TICK.validate_json(value)
    except ValidationError as error:
        return Unreadable(*_explain(error, value))


def _check_place(event: Event[Any], topic: str, partition: int, partitions: int, key: bytes | None) -> None:
    home = TOPIC_OF[type(event.data)]
    if home != topic:
        raise _Refused("wrong_topic", f"type: {event.type} belongs on topic {home}, found on {topic}")
    if event.subject == EVERYBODY:
        return
    if key is None:
        raise _Refused("null_key", "key: expected the subject, found none")
    if key != event.subject.encode():
        raise _Refused("key_mismatch", "key: expected the subject in UTF-8, found another key")
    home_partition = partition_of(key, partitions)
    if home_partition != partition:
        raise _Refused(
            "wrong_partition",
            f"partition: murmur2 puts this key on partition {home_partition} of {partitions}, found on {partition}",
        )


# The two content modes.


def _is_structured(headers: Headers) -> bool:
    """The content type decides; without one, a record is binary if it has `ce_` headers."""
    if headers and headers[0] == STRUCTURED:  # what our own publisher and most others send
        return True
    binary = False
    for name, content in headers:
        lower = name.lower()
        if lower == "content-type":
            return content == _STRUCTURED or _media_type(content) == _STRUCTURED
        binary = binary or lower.startswith(_CE)
    return not binary


def _media_type(content: bytes | None) -> bytes:
    return (content or b"").partition(b";")[0].strip().lower()


def _ce_attributes(headers: Headers) -> dict[str, str]:
    """The readable `ce_` headers, with names as CloudEvents has them; the last of a name counts."""
    attributes = {}
    for name, content in headers:
        attribute = name.lower().removeprefix(_CE)
        if name.lower().startswith(_CE) and _ATTRIBUTE.fullmatch(attribute) and content is not None:
            try:
                attributes[attribute] = content.decode()
            except UnicodeDecodeError:
                continue
    return attributes


def _to_structured(value: bytes, headers: Headers) -> bytes:
    """The same event in structured form. Raises _Refused."""
    attributes = _ce_attributes(headers)
    for name, content in headers:
        if name.lower() == "content-type":
            if _media_type(content) != b"application/json":
                raise _Refused("invalid", "content-type: expected application/cloudevents+json or application/json")
            attributes["datacontenttype"] = "application/json"
    attributes.pop("data", None)
    try:
        _ONE.decode(value)  # one document and nothing behind it, or it could end ours and go on with other attributes
    except (msgspec.DecodeError, RecursionError):
        raise _not_json(value) from None
    return b'{"data":%b,%b' % (value, orjson.dumps(attributes)[1:]) if attributes else b'{"data":%b}' % value


# What to say.


def _not_json(value: bytes) -> _Refused:
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return _Refused("not_utf8", f"value: expected UTF-8, found something else at byte {error.start}")
    return _Refused("not_json", "value: expected one JSON document")


def _explain(error: ValidationError, value: bytes) -> tuple[Reason, str]:
    if error.error_count() > MOST_ERRORS:  # to be told of the first, all of them would have to be written out
        return "invalid", f"value: expected an event, found more than {MOST_ERRORS:,} things wrong with it"
    first = error.errors(include_url=False, include_input=False)[0]  # the others are often its consequences
    if first["type"] == "json_invalid":
        finding = _not_json(value)
        return finding.reason, finding.error
    if first["type"] == "union_tag_invalid":
        return "unknown_type", "type: expected one of this contract's event types"
    return "invalid", f"{_where(first)}: {_expected(first)}"


def _where(error: ErrorDetails) -> str:
    """Dotted path of the field; list places count from 0. Names that came with the record are shown only if plain."""
    if error["type"] == "union_tag_not_found":
        return "type"
    location = list(error["loc"])
    if location and location[0] in PAYLOADS:
        location = location[1:]
    if error["type"] == "shape":
        location.append(error["ctx"]["field"])
    names = [str(part) for part in location if part != "[key]"]
    return ".".join(name if _PLAIN_NAME.fullmatch(name) else "?" for name in names) or "value"


NO_SUCH_FIELD: Final = "no such field in this event type"
_EXPECTATIONS: Final[Mapping[str, str]] = {
    "missing": "required, found nothing",
    "extra_forbidden": NO_SUCH_FIELD,
    "union_tag_not_found": "required, found nothing",
    "value_error": "expected a date or time that exists",
    "shape": "expected {expected}",
    "string_type": "expected a string",
    "string_pattern_mismatch": "expected the pattern {pattern}",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "model_type": "expected an object",
    "model_attributes_type": "expected an object",
    "dict_type": "expected an object",
    "tuple_type": "expected a list",
    "too_short": "expected at least {min_length} entries",
    "too_long": "expected at most {max_length} entries",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "greater_than_equal": "expected at least {ge}",
    "less_than_equal": "expected at most {le}",
    "literal_error": "expected {expected}",
}
"""pydantic's error type -> our words, filled from the error's context, which holds limits and never the value."""


def _expected(error: ErrorDetails) -> str:
    words = _EXPECTATIONS.get(error["type"])
    return words.format_map(error.get("ctx", {})) if words else "expected another form"


# What could still be read.


class _Envelope(msgspec.Struct):
    """The attributes in a document of which nothing else is kept: a refused one may be as large as it likes."""

    source: Any = None
    id: Any = None
    type: Any = None
    subject: Any = None
    time: Any = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_ONE: Final = msgspec.json.Decoder(msgspec.Raw)


def attributes(value: bytes | None, headers: Headers) -> Mapping[str, Any]:
    """What a record says of itself in its envelope, unchecked, in either content mode; empty where that cannot be read."""
    if not _is_structured(headers):
        return _ce_attributes(headers)
    try:
        return msgspec.structs.asdict(_ENVELOPE.decode(value or b""))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _names(value: bytes, headers: Headers) -> dict[str, str | None]:
    stated = attributes(value, headers)
    return {name: _name(stated.get(name)) for name in ("source", "id", "type", "subject")}


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 2 * ID_LENGTH and _ID.fullmatch(value) else None
