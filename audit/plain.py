"""What the audit remembers, as plain data and back: bytes that hold values, never code.

Facts of the own accounts refer to each other (a return to its order, an order to its membership), so what is one object
stays one. Only dataclasses and named tuples of the audit can be written, and events, as upstream writes them. The fields of
the classes that were written are kept with it; a release in which they are others reads nothing of it.
"""

import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ValidationError

from models.events import EVENT, Event
from models.policies import Policies

Shapes = dict[str, list[str]]
"""Name of a class -> its fields, in order; what was written refers to a class by its place here."""

_AGAIN, _LIST, _TUPLE, _DICT, _SET, _FROZEN, _COUNTER, _DATE, _INSTANT, _LOCAL, _POLICIES, _EVENT, _OBJECT = range(13)
_OURS: Final = "audit."
_SCALARS: Final = frozenset({type(None), bool, int, str, bytes})
_VALUES: Final = (tuple, frozenset, date, Policies)
_EMPTY: Final[Mapping[int, type]] = MappingProxyType({_LIST: list, _SET: set, _DICT: dict, _COUNTER: Counter})


Classes = list[tuple[type, list[str]]]


class OtherShapeError(Exception):
    """It was written by a release that has other classes, or other fields in them; the message names the class."""


def pack(value: Any, shapes: Shapes) -> bytes:
    """The value as bytes. ``shapes``: of all that is written together; the value's are added.

    Raises TypeError for what is no plain data of ours.
    """
    return zlib.compress(msgspec.msgpack.encode(_Writer(shapes).plain(value)), level=3)


def unpack(raw: bytes, shapes: Shapes, policies: Policies) -> Any:
    """The value; ``policies`` where it had those that were in force. Raises OtherShapeError."""
    return _Reader(check(shapes), policies).value(msgspec.msgpack.decode(zlib.decompress(raw)))


def check(shapes: Shapes) -> Classes:
    """The classes of this release that have these shapes. Raises OtherShapeError."""
    for name, names in shapes.items():
        kind = _named(name)
        if kind is None or _fields(kind) != names:
            raise OtherShapeError(name)
    return [(kind, names) for name, names in shapes.items() if (kind := _named(name))]


class _Writer:
    """One value's: numbers its objects as they come, so that each is written once."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._classes = {kind: number for number, (kind, _) in enumerate(check(shapes))}
        self._numbers: dict[int, int] = {}

    def plain(self, value: Any) -> Any:
        """A scalar as it is; all else as a list that begins with what it is."""
        kind = type(value)
        if kind in _SCALARS:
            return value
        if issubclass(kind, _VALUES):
            return self._value(kind, value)
        if id(value) in self._numbers:
            return [_AGAIN, self._numbers[id(value)]]
        self._numbers[id(value)] = len(self._numbers)
        if isinstance(value, Event):
            return [_EVENT, value.model_dump_json(exclude_none=True)]
        if kind is list:
            return [_LIST, *self._all(value)]
        if kind is set:
            return [_SET, *self._all(sorted(value, key=repr))]
        if kind is dict or kind is Counter:
            return [_DICT if kind is dict else _COUNTER, *self._all(part for item in value.items() for part in item)]
        return [_OBJECT, self._class(kind), *self._all(getattr(value, name) for name in _fields(kind))]

    def _value(self, kind: type, value: Any) -> list[Any]:
        """What is equal to its copy, and so needs no number."""
        if kind is Policies:
            return [_POLICIES]
        if kind is date:
            return [_DATE, value.isoformat()]
        if kind is datetime:
            return _instant(value)
        if kind is tuple:
            return [_TUPLE, *self._all(value)]
        if kind is frozenset:
            return [_FROZEN, *self._all(sorted(value, key=repr))]
        return [_OBJECT, self._class(kind), *self._all(value)]

    def _all(self, values: Iterable[Any]) -> Iterable[Any]:
        return map(self.plain, values)

    def _class(self, kind: type) -> int:
        if kind not in self._classes:
            name = f"{kind.__module__}:{kind.__name__}"
            if _named(name) is not kind:
                raise TypeError(f"{name} is no plain data of ours")
            self._classes[kind] = len(self._classes)
            self._shapes[name] = _fields(kind)
        return self._classes[kind]


class _Reader:
    """The same way back: objects get their numbers in the order in which they were written."""

    def __init__(self, classes: Classes, policies: Policies) -> None:
        self._classes = classes
        self._policies = policies
        self._made: list[Any] = []

    def value(self, plain: Any) -> Any:
        if type(plain) is not list:
            return plain
        what, *rest = plain
        if what in _EMPTY:
            return self._container(_EMPTY[what](), rest)
        if what == _OBJECT:
            return self._object(*rest)
        if what == _AGAIN:
            return self._made[rest[0]]
        if what == _EVENT:
            self._made.append(_event(rest[0]))
            return self._made[-1]
        return self._value(what, rest)

    def _value(self, what: int, rest: list[Any]) -> Any:
        if what in (_TUPLE, _FROZEN):
            return (tuple if what == _TUPLE else frozenset)(map(self.value, rest))
        if what == _POLICIES:
            return self._policies
        if what == _DATE:
            return date.fromisoformat(rest[0])
        if what == _LOCAL:
            return datetime.fromisoformat(rest[0]).replace(tzinfo=ZoneInfo(rest[2]), fold=rest[1])
        return datetime.fromisoformat(rest[0])

    def _container(self, made: Any, rest: list[Any]) -> Any:
        self._made.append(made)
        parts = map(self.value, rest)
        if isinstance(made, dict):
            for key in parts:
                made[key] = next(parts)
        elif isinstance(made, list):
            made.extend(parts)
        else:
            made.update(parts)
        return made

    def _object(self, number: int, *values: Any) -> Any:
        kind, names = self._classes[number]
        if issubclass(kind, tuple):
            return kind(*map(self.value, values))
        made = object.__new__(kind)
        self._made.append(made)
        for name, value in zip(names, values, strict=True):
            object.__setattr__(made, name, self.value(value))
        return made


def _instant(value: datetime) -> list[Any]:
    if isinstance(value.tzinfo, ZoneInfo):
        return [_LOCAL, value.replace(tzinfo=None, fold=0).isoformat(), value.fold, value.tzinfo.key]
    return [_INSTANT, value.isoformat()]


def _named(name: str) -> type | None:
    """A class of the audit that is data."""
    module, _, own = name.partition(":")
    found = getattr(sys.modules.get(module), own, None) if module.startswith(_OURS) else None
    is_data = isinstance(found, type) and (is_dataclass(found) or hasattr(found, "_fields"))
    return found if is_data else None


def _event(text: str) -> Event[Any]:
    try:
        return EVENT.validate_json(text)
    except ValidationError as error:
        raise OtherShapeError("an event that waits for another") from error


def _fields(kind: type) -> list[str]:
    return [*getattr(kind, "_fields", ())] or [one.name for one in fields(kind)]
