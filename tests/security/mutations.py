"""Records as nobody sane would send them: valid ones of every type, damaged in one or several ways, by a seed.

What is damaged: the JSON document (fields, their values, their names, whole branches), its bytes, the envelope in either
content mode, the key, the headers, the topic and the partition.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import orjson

from models.catalogue import ALL, CLOCK, INPUT_BYTES
from models.events import PAYLOADS
from tests.contract.samples import EXAMPLES, PARTITIONS, place

Headers = list[tuple[str, bytes | None]]

STRUCTURED: Final[Headers] = [("content-type", b"application/cloudevents+json")]
CANARY: Final = "1987-06-05"
"""A birth date, put where strings are: no answer may ever repeat it."""
NUMBERS: Final = (0, -1, 1, 2**31, 2**53 + 1, -(2**63), 2**64, 10**40, 1e308, -0.0, 1.5, 10**4000)
TEXTS: Final = (
    *("", " ", "*", "guest:", "../../etc/passwd", "member:*", "a|b%7C", "$(id)", "'; FLUSHALL", "{{7*7}}", "[red]x[/]"),
    *("\x00", "\r\nX: 1", "\x1b[2J\x1b]0;x\x07", "\u202e", "\u2028", "\ud800", "\udfff", "\U0001f600" * 9, "é" * 300),
    *("9999999.99", "10000000.00", "-1.00", "1e9", "1.0", "0.001", "NaN", "Infinity", "٣.٠٠"),
    *(
        "2026-02-30",
        "2026-03-01T25:00:00Z",
        "2026-03-01T00:00:60Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ),
    *("2026-03-01", "2026-03-01T12:00:00", "x" * 129, "x" * 2001, CANARY, f"{CANARY}T00:00:00Z"),
)
NAMES: Final = tuple(text for text in TEXTS if CANARY not in text)
"""Names of fields may be repeated, if they are plain; values may not."""
TOKENS: Final = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999999999", b"-1e-999999999", b"01", b"1.", b"+1", b"'", b"//", b"\x00"),
    *(b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b'"\\ud800"', b'"\\u0000"', b"null"),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"[" * 300, b'{"a":' * 300, b"9" * 5000),
)
TOPICS: Final = tuple(topic.role for topic in ALL)
VALID: Final = {name: example for name, example in EXAMPLES.items() if name in PAYLOADS}
RARE: Final = 2_000
"""One of so many is as large as a record may be, or a little larger."""


@dataclass(frozen=True, slots=True)
class Input:
    """What `decode` is given."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Mutator:
    """Endless inputs; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._names = list(VALID)
        self._damages: list[Callable[[Any], Any]] = [
            *[self._replace] * 6,
            *(self._remove, self._add, self._rename, self._nest, self._repeat, self._graft),
        ]

    def __call__(self) -> Input:
        """The next one."""
        chance = self._chance
        if chance.random() < 0.02:
            tick = {"at": chance.choice((*TEXTS, *NUMBERS, "2026-03-01T12:00:00Z"))}
            return Input(CLOCK.role, 0, None, self._bytes(_dumped(tick)), [])
        event = deepcopy(VALID[chance.choice(self._names)])
        topic, partition, key = place(event)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
            event = chance.choice(self._damages)(event)
        value, headers = self._written(event)
        if chance.random() < 0.15:
            value = self._bytes(value)
        if chance.randrange(RARE) == 0:
            value = self._large(value)
        return self._placed(topic, partition, key, value, headers)

    # The document.

    def _somewhere(self, event: Any) -> tuple[Any, Any]:
        """A container in the document, and a key or index of it; the document must not be empty."""
        inner, step = event, None
        while True:
            steps = list(inner) if isinstance(inner, dict) else range(len(inner))
            step = self._chance.choice(steps)
            below = inner[step]
            if not isinstance(below, dict | list) or not below or self._chance.random() < 0.15:
                return inner, step
            inner = below

    def _value(self) -> Any:
        chance = self._chance
        kind = chance.randrange(6)
        if kind == 0:
            return chance.choice(NUMBERS)
        if kind == 1:
            return chance.choice((None, True, False, [], {}, [None], {"": None}, [[[]]]))
        if kind == 2:
            return chance.randint(-(10**12), 10**12)
        return chance.choice(TEXTS)

    def _replace(self, event: Any) -> Any:
        if not event:
            return self._value()
        inner, step = self._somewhere(event)
        inner[step] = self._value()
        return event

    def _remove(self, event: Any) -> Any:
        if event:
            inner, step = self._somewhere(event)
            del inner[step]
        return event

    def _add(self, event: Any) -> Any:
        target = event.get("data") if isinstance(event, dict) and self._chance.random() < 0.7 else event
        if isinstance(target, dict):
            target[self._chance.choice((*NAMES, "birth_date", "points", "__proto__", "__class__"))] = self._value()
        return event

    def _rename(self, event: Any) -> Any:
        if event:
            inner, step = self._somewhere(event)
            if isinstance(inner, dict):
                inner[self._chance.choice((step.upper(), step + " ", *NAMES))] = inner.pop(step)
        return event

    def _nest(self, event: Any) -> Any:
        if event:
            inner, step = self._somewhere(event)
            for _ in range(self._chance.choice((1, 3, 150))):
                inner[step] = [inner[step]] if self._chance.random() < 0.5 else {"a": inner[step]}
        return event

    def _repeat(self, event: Any) -> Any:
        """A list longer than lists may be."""
        if event:
            inner, step = self._somewhere(event)
            if isinstance(inner[step], list) and inner[step]:
                inner[step] = inner[step] * self._chance.choice((2, 201, 2_001))
        return event

    def _graft(self, event: Any) -> Any:
        """The data, type or another part of another event type."""
        if isinstance(event, dict) and event:
            part = self._chance.choice(list(event))
            event[part] = deepcopy(VALID[self._chance.choice(self._names)].get(part))
        return event

    # Its bytes.

    def _written(self, event: Any) -> tuple[bytes, Headers]:
        chance = self._chance
        if not isinstance(event, dict) or chance.random() < 0.7:
            value = _dumped(event)
            if isinstance(event, dict) and event and chance.random() < 0.05:
                again = {chance.choice(list(event)): self._value()}
                value = value[:-1] + b"," + _dumped(again)[1:]  # a name that is there twice
            return value, list(STRUCTURED)
        headers: Headers = [("content-type", b"application/json")]
        headers += [(f"ce_{name}", _text(part)) for name, part in event.items() if name != "data"]
        return _dumped(event.get("data")), headers

    def _bytes(self, value: bytes) -> bytes:
        chance = self._chance
        for _ in range(chance.choice((1, 1, 2, 5))):
            start = chance.randint(0, len(value))
            end = min(len(value), start + chance.choice((0, 0, 1, 2, 8, 64)))
            kind = chance.randrange(4)
            between = (
                chance.choice(TOKENS)
                if kind == 0
                else chance.randbytes(chance.randint(0, 8))
                if kind == 1
                else value[start : start + chance.randint(0, 40)] * 2
                if kind == 2
                else b""
            )
            value = value[:start] + between + value[end:]
        return value

    def _large(self, value: bytes) -> bytes:
        chance, size = self._chance, INPUT_BYTES + self._chance.choice((-1, 0, 1))
        ways = (
            lambda: value + b" " * (size - len(value)),
            lambda: b"[" * size,
            lambda: b'{"data":' + b"9" * (size - 10) + b"}",
            lambda: b'{"' + b"\\u00e9" * (size // 6) + b'":1}',
            lambda: b"[" + b"{}," * (size // 3 - 1) + b"{}]",
            lambda: self._many_names(value, size),
        )
        return chance.choice(ways)()

    @staticmethod
    def _many_names(value: bytes, size: int) -> bytes:
        """Unknown fields in the data, as many as there is room for: each is an error of its own to the reader."""
        at = value.find(b'"data":{') + 8
        names = b"".join(b'"%x":0,' % number for number in range((size - len(value)) // 10))
        return value[:at] + names + value[at:] if at > 7 else value

    # Where it lies, and what it is said to be.

    def _placed(self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> Input:
        chance = self._chance
        if chance.random() < 0.12:
            which = chance.randrange(5)
            if which == 0:
                topic = chance.choice(TOPICS)
            elif which == 1:
                partition = chance.randrange(PARTITIONS)
            elif which == 2:
                key = chance.choice((None, b"", b"\xff", chance.randbytes(8), b"*", key and key + b"\n"))
            elif which == 3:
                headers = self._headers(headers)
            else:
                value = chance.choice((None, b"", b"\x00", value))
        return Input(topic, partition, key, value, headers)

    def _headers(self, headers: Headers) -> Headers:
        chance = self._chance
        headers = [pair for pair in headers if chance.random() < 0.8]
        for _ in range(chance.randint(0, 4)):
            name = chance.choice(
                ("content-type", "Content-Type", "ce_id", "CE_TYPE", "ce_data", "ce_specversion", "x", "")
            )
            content = chance.choice(
                (None, b"", b"\xff\xfe", b"application/json", b"text/html", _text(chance.choice(TEXTS)))
            )
            headers.insert(chance.randint(0, len(headers)), (name, content))
        return headers


def _text(value: Any) -> bytes:
    return (value if isinstance(value, str) else str(value)[:10_000]).encode("utf-8", "surrogatepass")


def _dumped(document: Any) -> bytes:
    """As other programs write it: also NaN, integers of any length, and halves of surrogate pairs."""
    try:
        return orjson.dumps(document)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(document).encode()
