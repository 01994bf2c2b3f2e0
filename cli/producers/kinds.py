"""The kinds of trouble that a source can have, each with what it costs and what to change where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from models.case import AHEAD_OF_NOW

Effect = Literal["set aside", "ignored", "handled"]
"""What became of such a record: a dead letter, nothing at all, or as if nothing were wrong with it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of trouble. `code` is stable; for a record set aside it is the reason of its decision, where there is no finer one."""

    code: str
    effect: Effect
    what: str
    hint: str


_KINDS: Final = (
    Kind(
        "unknown_field",
        "set aside",
        "a field that its event type does not have",
        "leave the field out, or spell it as in the contract; a new field has to be in the contract first",
    ),
    Kind(
        "invalid",
        "set aside",
        "contents that are not as the contract says",
        "validate against the schema of the event type in docs/contract/schemas before sending",
    ),
    Kind(
        "bad_id",
        "set aside",
        "an id that is missing, empty or malformed",
        "give each event an id of 1 to 128 characters, without control characters and without spaces at its ends",
    ),
    Kind(
        "unknown_type",
        "set aside",
        "an event type that is not in the contract",
        "correct the type and its version; a new type needs a release of ours first",
    ),
    Kind(
        "wrong_topic",
        "set aside",
        "an event on a topic that is not its type's",
        "send each event type to its own topic, which docs/contract/asyncapi.json names",
    ),
    Kind(
        "not_json",
        "set aside",
        "a value that is not one JSON document",
        "write the value as plain JSON: no schema-registry header, no XML, nothing cut off or put after it",
    ),
    Kind("not_utf8", "set aside", "a value that is not UTF-8", "encode the value in UTF-8"),
    Kind(
        "null_value",
        "set aside",
        "a record without a value",
        "send no tombstones: what ends something is an event of its own",
    ),
    Kind(
        "too_large",
        "set aside",
        "a value of more than 1 MiB",
        "send only the fields of the contract, and split what has too many lines",
    ),
    Kind("null_key", "set aside", "a record without a key", "set the record's key to the event's subject, in UTF-8"),
    Kind(
        "key_mismatch",
        "set aside",
        "a key that is not the event's subject",
        "set the record's key to the event's subject, in UTF-8 and without quotes or a prefix",
    ),
    Kind(
        "wrong_partition",
        "set aside",
        "a partition that is not its key's",
        "let the client choose the partition by murmur2 of the key (Java's default; librdkafka: partitioner=murmur2_random)",
    ),
    Kind(
        AHEAD_OF_NOW,
        "set aside",
        "a time many days ahead of now",
        "send the time at which it happened, and look at the sending machine's clock",
    ),
    Kind(
        "clock_ahead",
        "handled",
        "a time that had not come when it was handled",
        "synchronise the sending machine's clock (NTP), and write the zone that the time is in",
    ),
    Kind(
        "clock_behind",
        "handled",
        "a time long before it was sent",
        "send events when they happen; if they were, the clock or the zone is wrong",
    ),
    Kind(
        "id_reused",
        "ignored",
        "an id that was used before, with other contents",
        "give every event an id of its own, and send a correction as an event of its own with a new id",
    ),
    Kind(
        "duplicate",
        "ignored",
        "an event that was sent before",
        "no harm done; many of them: set enable.idempotence=true, and commit what was sent before sending on",
    ),
    Kind(
        "held",
        "handled",
        "an event told before what it is about",
        "send what belongs together in the order in which it happened, the order before its return",
    ),
    Kind(
        "superseded",
        "handled",
        "an event told after one that overtook it",
        "send what belongs together in the order in which it happened",
    ),
    Kind(
        "backwards",
        "handled",
        "an event told after a later one of the same key",
        "send each key's events from one place, one after the other (max.in.flight=1, or enable.idempotence=true)",
    ),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""Code -> kind, the ones that cost most first."""

PARTITIONERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "crc32": "all of them lie where CRC32 of the key puts them, as librdkafka does unless it is told otherwise "
        "(consistent_random): set partitioner=murmur2_random",
    }
)
"""A partitioner that explains every record on a wrong partition -> the hint that then takes the place of the general one."""
