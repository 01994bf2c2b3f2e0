"""The file format of `publish`: one JSON object a line.

    {"topic": "orders", "event": {CloudEvent}}      one event, keyed by its subject
    {"tick": "2026-03-01T12:00:00Z"}                one tick of the clock, to every partition

A file is checked to its last line before its first event is sent: half a file applied helps nobody.
"""

import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from cli.errors import CommandError, wrong_use

ALL_MEMBERS = "*"
"""The subject of an event that goes to every partition."""

Headers = tuple[tuple[str, bytes | None], ...]
CLOUDEVENT: Headers = (("content-type", b"application/cloudevents+json"),)
HINT = 'a line is {"topic": "orders", "event": {CloudEvent}} or {"tick": "2026-03-01T12:00:00Z"}'
IN_MEMORY = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way. `topic` is the catalogue's name, `value` the CloudEvent's JSON."""

    topic: str
    subject: str
    value: bytes
    headers: Headers = CLOUDEVENT


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes sent as they are: what breaks the contract, to show what becomes of it, or what is sent once more."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = CLOUDEVENT


@dataclass(frozen=True, slots=True)
class Tick:
    """`at` is the time every partition shall have reached, RFC 3339."""

    at: str


Item = Message | Raw | Tick


@contextmanager
def opened(name: str) -> Iterator[IO[bytes]]:
    """The file of that name, or standard input for `-` (kept aside, since it is read twice)."""
    if name == "-":
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            for line in sys.stdin.buffer:
                spool.write(line)
            yield spool
    else:
        with Path(name).open("rb") as file:
            yield file


def check(file: IO[bytes], topics: Collection[str]) -> int:
    """How many items the file holds; the first line that cannot be sent is named in a `CommandError` (exit 2)."""
    file.seek(0)
    return sum(1 for _ in read(file, topics))


def read(file: IO[bytes], topics: Collection[str]) -> Iterator[Item]:
    """The items of a file, from where it stands. Empty lines are skipped."""
    for number, line in enumerate(file, 1):
        if line.strip():
            yield parse(line, number, topics)


def parse(line: bytes, number: int, topics: Collection[str]) -> Item:
    """The item on line `number`. What is wrong inside an event is for the worker to say, not for us."""
    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _bad(number, f"not JSON ({error})") from error
    match body:
        case {"tick": str(at), **rest} if not rest:
            return _tick(at, number)
        case {"topic": str(topic), "event": {"subject": str(subject)} as event, **rest} if not rest:
            if topic not in topics:
                raise _unknown_topic(number, topic, topics)
            return Message(topic, subject, orjson.dumps(event))
        case {"topic": str(), "event": dict()}:
            raise _bad(number, "the event has no subject, or the line has more than topic and event")
        case _:
            raise _bad(number, "neither an event nor a tick")


def as_message(item: dict[str, Any]) -> Message:
    """The message of a line that we made ourselves."""
    return Message(item["topic"], item["event"]["subject"], orjson.dumps(item["event"]))


def as_item(line: dict[str, Any]) -> Message | Tick:
    """The event or the tick of a line that we made ourselves."""
    return Tick(line["tick"]) if "tick" in line else as_message(line)


def as_line(item: dict[str, Any]) -> bytes:
    """The bytes of one line, newline included."""
    return orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE)


def _tick(at: str, number: int) -> Tick:
    try:
        zoned = datetime.fromisoformat(at).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise _bad(number, f"the tick {at!r} is not a time with a zone")
    return Tick(at)


def _bad(number: int, why: str) -> CommandError:
    return wrong_use("bad_line", f"line {number}: {why}; nothing was sent", HINT)


def _unknown_topic(number: int, topic: str, topics: Collection[str]) -> CommandError:
    message = f"line {number}: unknown topic {topic!r}; nothing was sent"
    return wrong_use("unknown_topic", message, f"input topics: {', '.join(topics)}")
