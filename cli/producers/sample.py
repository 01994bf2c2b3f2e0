"""A record as it can be shown to whoever sent it: what it looks like, without what is personal and what steers a screen.

Values are shown where the contract has the field and it is neither personal nor free text; all others keep their shape
alone, `1990-05-05` as `####-##-##`. The result is ASCII without control characters, `<`, `>` and `&`.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson

from models.events import EVENT
from models.values import TEXT_PATTERN

PERSONAL: Final = frozenset({"birth_date", "email_hash"})
LENGTH: Final = 1_500
"""Characters of a value that are shown."""
TEXT: Final = 120
ENTRIES: Final = 5
"""Of a list."""
DEPTH: Final = 8
_CUT: Final = "..."
_WORD: Final = re.compile(r"\w+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
_SECRET: Final = re.compile(r"[0-9A-Fa-f]{32,}|(?<!\d)\d{4}-\d{2}-\d{2}(?![T\d])")
"""In a value that is shown otherwise: a hash, or a day without a time (a birth date in a field that is not for it)."""
_MARKUP: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\x7f": "\\u007f"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One record that shows a trouble. key, value: fit to be shown anywhere; None where there was none."""

    topic: str
    partition: int
    offset: int
    bytes: int
    time: str | None
    says: str
    """The decision's sentence, or ours where the decision saw nothing wrong."""
    key: str | None
    value: str | None


def shown_value(raw: bytes | None) -> str | None:
    """A record's value: JSON as JSON, anything else as one JSON string of its shape."""
    if raw is None:
        return None
    try:
        return _ascii(_masked(orjson.loads(raw), DEPTH))
    except orjson.JSONDecodeError:
        text = raw[: 4 * LENGTH].decode("utf-8", "backslashreplace")
        return _ascii(_WORD.sub(lambda word: word[0] if word[0] in _plain_names() else shape(word[0]), text))


def shown_key(raw: bytes | None) -> str | None:
    """A record's key, which is a member id if it is what it should be."""
    return None if raw is None else _ascii(_without_secrets(raw[:LENGTH].decode("utf-8", "backslashreplace")))


def shown_text(text: str) -> str:
    """A name or a sentence that others had a part in, for a terminal."""
    return _ascii(text)[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def shape(text: str) -> str:
    """Digits as `#`, letters as `x`, the rest as it is."""
    return "".join("#" if one.isdigit() else "x" if one.isalpha() else one for one in text)


def _masked(value: Any, depth: int, name: str | None = None) -> Any:
    """The same with every value under a name that is not to be shown reduced to its shape; `name` None: the outermost."""
    if not depth:
        return _CUT
    match value:
        case dict():
            return {
                (key if _NAME.fullmatch(key) else shape(key[:TEXT])): _masked(inner, depth - 1, key)
                for key, inner in value.items()
            }
        case list():
            inner = [_masked(one, depth - 1, name) for one in value[:ENTRIES]]
            return [*inner, f"{_CUT} {len(value) - ENTRIES} more"] if len(value) > ENTRIES else inner
        case bool() | None:
            return value
        case _ if name in _plain_names():
            return _without_secrets(value) if isinstance(value, str) else value
        case _:
            return shape(str(value)[:TEXT])


def _without_secrets(text: str) -> str:
    cut = text if len(text) <= TEXT else f"{text[:TEXT]}{_CUT} {len(text) - TEXT} more"
    return _SECRET.sub(lambda found: shape(found[0]) if "-" in found[0] else "#" * 8, cut)


@cache
def _plain_names() -> frozenset[str]:
    """Every field of the contract that is neither personal nor free text."""
    fields: dict[str, list[Any]] = {}
    for model in EVENT.json_schema()["$defs"].values():
        for name, schema in model.get("properties", {}).items():
            fields.setdefault(name, []).append(schema)
    free_text = {name for name, schemas in fields.items() if json.dumps(TEXT_PATTERN) in json.dumps(schemas)}
    return frozenset(fields.keys() - free_text - PERSONAL)


def _ascii(value: Any) -> str:
    text = json.dumps(value).translate(_MARKUP)
    return text if len(text) <= LENGTH else f"{text[:LENGTH]}{_CUT}"
