"""The contract in machine-readable form, generated from the models: JSON Schema per type, one AsyncAPI 3 document.

Payload schemas are closed (no unknown fields), envelopes are open (extension attributes are accepted). What a schema
cannot say (a discount above its line's price, a line listed twice) the models refuse all the same.
"""

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from models.catalogue import ALL, APP, Topic
from models.clock import Tick
from models.events import EVENT_MODELS
from models.outputs.base import SOURCE, Body
from models.payload import Payload
from models.values import ID_PATTERN, INSTANT_PATTERN, SUBJECT_LENGTH

CONTRACT_VERSION: Final = "1.0.0"

TICK: Final = "tick"
DEAD_LETTER: Final = "dead_letter"
"""Names of the two messages that are no CloudEvents."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DEAD_LETTER_HEADERS: Final = ("topic", "partition", "offset", "error_class", "error", "first_seen", "rules_version")

Json = dict[str, Any]


def schemas() -> dict[str, Json]:
    """JSON Schema of every message by its type, each complete in itself."""
    roots, definitions = _generated("#/$defs/")
    return {
        name: {"$schema": _DIALECT} | root | {"$defs": {used: definitions[used] for used in _used(root, definitions)}}
        for name, root in roots.items()
    }


def asyncapi() -> Json:
    """The AsyncAPI 3.0 document of all topics but the workers' changelogs, which are nobody's contract."""
    topics = [topic for topic in ALL if topic.direction != "changelog"]
    roots, definitions = _generated("#/components/schemas/")
    messages = {name: _message(name) for name in roots} | {DEAD_LETTER: _dead_letter()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Memberships",
            "version": CONTRACT_VERSION,
            "description": "Events that the membership programmes read and write. Key: the member id in UTF-8, "
            "partitioned by murmur2; all topics have the same number of partitions. Readers of what is written "
            "use isolation.level=read_committed.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic.role: _channel(topic) for topic in topics},
        "operations": dict(operation for topic in topics for operation in _operations(topic)),
        "components": {"messages": messages, "schemas": definitions | roots},
    }


def export(directory: Path) -> list[Path]:
    """Write `asyncapi.json` and `schemas/<type>.json` below a directory; returns the files. Leftover schemas go."""
    below = directory / "schemas"
    below.mkdir(parents=True, exist_ok=True)
    files = {below / f"{name}.json": schema for name, schema in schemas().items()}
    for leftover in set(below.glob("*.json")) - files.keys():
        leftover.unlink()
    files[directory / "asyncapi.json"] = asyncapi()
    for path, content in files.items():
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return sorted(files)


# Schemas.


class _Schema(GenerateJsonSchema):
    """pydantic's generator without titles made from field names, which say nothing new."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the name is given
        return False


def _generated(prefix: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """Schema of each message by its type, and the definitions they refer to below `prefix`."""
    outputs = {kind.TYPE: kind for topic in ALL for kind in topic.carries if issubclass(kind, Body)}
    inputs: list[type[BaseModel]] = [*EVENT_MODELS.values(), Tick]
    _, document = models_json_schema(
        [(model, "validation") for model in inputs], ref_template=prefix + "{model}", schema_generator=_Schema
    )
    definitions = dict(sorted((document["$defs"] | _written(outputs.values(), prefix)).items()))
    roots = {name: definitions.pop(model.__name__) for name, model in EVENT_MODELS.items()}
    roots[TICK] = definitions.pop(Tick.__name__)
    roots |= {name: _output_envelope(name, f"{prefix}{model.__name__}") for name, model in outputs.items()}
    return roots, definitions


def _written(kinds: Iterable[type[Body]], prefix: str) -> dict[str, Json]:
    """The definitions of what we write. Every key is there, also where it has a default."""
    _, definitions = msgspec.json.schema_components(kinds, ref_template=prefix + "{name}")
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"])
        definition["required"] = list(definition["properties"])
        for field in definition["properties"].values():
            if "enum" in field:
                field["type"] = "string"
    return definitions


def _output_envelope(name: str, data: str) -> Json:
    return {
        "title": name,
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "Permanent: a function of the cause (NTF-1)."},
            "source": {"const": SOURCE},
            "type": {"const": name},
            "subject": {"type": "string", "maxLength": SUBJECT_LENGTH, "pattern": ID_PATTERN},
            "time": {"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN},
            "datacontenttype": {"const": "application/json"},
            "data": {"$ref": data},
        },
        "required": ["specversion", "id", "source", "type", "subject", "datacontenttype", "data"],
    }


def _used(schema: Json, definitions: dict[str, Json]) -> list[str]:
    """Names of the definitions a schema refers to, directly or not, sorted."""
    found: set[str] = set()
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_references(definitions[name]))
    return sorted(found)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference.rpartition("/")[2]
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)


# AsyncAPI.


def _messages_of(topic: Topic) -> list[str]:
    return [TICK if issubclass(kind, Tick) else kind.TYPE for kind in topic.carries] or [DEAD_LETTER]


def _message(name: str) -> Json:
    content_type = "application/json" if name == TICK else "application/cloudevents+json"
    return {
        "name": name,
        "title": name,
        "summary": _about(name),
        "contentType": content_type,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": "The subject in UTF-8"}, "bindingVersion": "0.5.0"}
        },
    }


def _about(name: str) -> str:
    kinds = {kind.TYPE: kind for topic in ALL for kind in topic.carries if issubclass(kind, Payload | Body)}
    return (kinds.get(name, Tick).__doc__ or name).partition("\n")[0]


def _dead_letter() -> Json:
    return {
        "name": DEAD_LETTER,
        "title": DEAD_LETTER,
        "summary": "A record that could not be handled: its own key, value and headers, and why.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "properties": {f"dl_{name}": {"type": "string"} for name in _DEAD_LETTER_HEADERS},
            "required": [f"dl_{name}" for name in _DEAD_LETTER_HEADERS],
        },
        "payload": {"description": "The raw value, unchanged"},
    }


def _channel(topic: Topic) -> Json:
    return {
        "address": topic.role,
        "title": topic.role,
        "description": f"{topic.about}. Written by: {topic.writer}. Read by: {', '.join(topic.readers)}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages_of(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.role,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(topic: Topic) -> Iterator[tuple[str, Json]]:
    """What this service does with the topic."""
    channel = {"$ref": f"#/channels/{topic.role}"}
    if topic.direction in ("input", "internal"):
        group = {"groupId": {"type": "string", "const": APP}, "bindingVersion": "0.5.0"}
        yield f"read-{topic.role}", {"action": "receive", "channel": channel, "bindings": {"kafka": group}}
    if topic.direction in ("output", "internal"):
        yield f"write-{topic.role}", {"action": "send", "channel": channel}
