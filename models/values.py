"""The words of the contract: ids, texts, money, points, dates and instants, each with its limits written down once.

Money is whole cents inside (``int``) and a string such as ``"12.34"`` on the wire. Instants are RFC 3339 with a zone on
the wire and UTC inside, so that equal instants are equal values. Nothing is guessed: a number is not a string, a date
is not a date-time, an unknown field is an error.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar, overload

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# Limits. A message over one of them is refused as `invalid`, one over the topic's size as `too_large`.
ID_LENGTH: Final = 128
SUBJECT_LENGTH: Final = 256
LABEL_LENGTH: Final = 200
TEXT_LENGTH: Final = 2_000
LINES: Final = 2_000
"""Lines of one order or return."""
ITEMS: Final = 200
"""Entries of any other list in an input."""
SERIALS: Final = 1_000
"""Serial numbers of one order line."""
MONEY_MAX: Final = 999_999_999
"""In cents: seven digits before the point. Also the most that a line or an order may come to."""
POINTS_MAX: Final = 100_000_000
QUANTITY_MAX: Final = 100_000

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Of instants, in UTC."""

MONEY_PATTERN: Final = r"^[0-9]{1,7}\.[0-9]{2}$"
INSTANT_PATTERN: Final = (
    r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
DATE_PATTERN: Final = r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$"
SHA256_PATTERN: Final = r"^[0-9a-f]{64}$"
MONTH_PATTERN: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
_PLAIN: Final = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_NO_EDGE_SPACE: Final = r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029]"
TEXT_PATTERN: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Free text may have line breaks and tabs, and no other control characters."""
ID_PATTERN: Final = f"^{_NO_EDGE_SPACE}({_PLAIN}*{_NO_EDGE_SPACE})?$"
"""Ids and names are not empty, and no space hides at either end."""


T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


class once(Generic[T]):  # noqa: N801  used like a decorator of the standard library
    """`functools.cached_property` without its lock, which Python 3.11 takes each first time: one thread decides."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._function(instance)
        return value


class Model(BaseModel):
    """Base of every message: strict types, no unknown field, never changed after it was made."""

    model_config = ConfigDict(
        ignored_types=(once,),
        strict=True,
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )


def refuse(field: str, expected: str) -> PydanticCustomError:
    """What a validator raises: names the field (dotted path below the model) and what was expected, never the value."""
    return PydanticCustomError("shape", "{field}: {expected}", {"field": field, "expected": expected})


class Wire:
    """A type that is one thing inside and a string on the wire.

    ``read`` gets a string that has the pattern and raises ValueError if it means nothing all the same; ``check`` gets
    the inner value when a message is built in Python; ``write`` makes the string.
    """

    def __init__(
        self,
        *,
        pattern: str,
        format: str | None,  # noqa: A002 - JSON Schema's own word
        read: Callable[[str], Any],
        check: CoreSchema,
        write: Callable[[Any], str] | None,
    ) -> None:
        self.schema = {"type": "string", "pattern": pattern} | ({"format": format} if format else {})
        self.read, self.check, self.write = read, check, write

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=self.schema["pattern"], strict=True)
        wire = core_schema.chain_schema([text, core_schema.no_info_plain_validator_function(self.read)])
        written = (
            core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema(), when_used="json"
            )
            if self.write
            else None  # pydantic writes dates and UTC instants the way we read them
        )
        return core_schema.json_or_python_schema(json_schema=wire, python_schema=self.check, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.schema)


@lru_cache(maxsize=65_536)  # prices repeat; a hit costs a fifth of the arithmetic
def cents(text: str) -> int:
    """``"12.34"`` -> 1234. The text has the money pattern."""
    return int(text[:-3]) * 100 + int(text[-2:])


@lru_cache(maxsize=65_536)
def dollars(amount: int) -> str:
    """1234 -> ``"12.34"``: cents, not negative, as the contract writes them."""
    return f"{amount // 100}.{amount % 100:02d}"


def _utc(value: datetime) -> datetime:
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def isoformat(instant: datetime) -> bytes:
    """What `datetime.isoformat` gives for an instant in UTC, at a sixth of its cost."""
    return _json(instant)[1:-2] + b"+00:00"  # msgspec writes "...Z", in quotes


_json: Final = msgspec.json.Encoder().encode


def _instant(text: str) -> datetime:
    """The years are those of UTC: what is written again in UTC must be readable again, as a held event is."""
    instant = _utc(datetime.fromisoformat(text))
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"years {FIRST_YEAR} to {LAST_YEAR} in UTC")
    return instant


Money = Annotated[
    int,
    Wire(
        pattern=MONEY_PATTERN,
        format=None,
        read=cents,
        check=core_schema.int_schema(strict=True, ge=0, le=MONEY_MAX),
        write=dollars,
    ),
]
"""Whole cents, none to just below ten million dollars."""

Instant = Annotated[
    datetime,
    Wire(
        pattern=INSTANT_PATTERN,
        format="date-time",
        read=_instant,
        check=core_schema.no_info_after_validator_function(
            _utc, core_schema.datetime_schema(strict=True, tz_constraint="aware")
        ),
        write=None,
    ),
]
"""A point in time of the years 2000 to 2099, in UTC, to the microsecond."""

Date = Annotated[
    date,
    Wire(
        pattern=DATE_PATTERN,
        format="date",
        read=date.fromisoformat,
        check=core_schema.date_schema(strict=True),
        write=None,
    ),
]
"""A calendar day of the years 1900 to 2099, without a zone."""

Id = Annotated[str, Field(min_length=1, max_length=ID_LENGTH, pattern=ID_PATTERN)]
Subject = Annotated[str, Field(min_length=1, max_length=SUBJECT_LENGTH, pattern=ID_PATTERN)]
"""A member id, ``guest:<email hash>``, or ``*`` for everybody."""
Label = Annotated[str, Field(min_length=1, max_length=LABEL_LENGTH, pattern=ID_PATTERN)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH, pattern=TEXT_PATTERN)]
Month = Annotated[str, Field(pattern=MONTH_PATTERN)]
State = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""Two letters. Which of them are eligible is a rule, not a shape."""
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Points = Annotated[int, Field(ge=0, le=POINTS_MAX)]
SignedPoints = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX)]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]

Program = Literal["points", "care", "pro"]
PaidProgram = Literal["care", "pro"]


def _distinct(items: tuple[H, ...]) -> tuple[H, ...]:
    if len(set(items)) != len(items):
        raise refuse("list", "each entry at most once")
    return items


Distinct = AfterValidator(_distinct)


def joined(*parts: str) -> str:
    """Parts to one string that no other parts give: ``|`` between them, ``%`` and ``|`` inside them escaped."""
    return _joined(parts)


def _joined(parts: tuple[str, ...]) -> str:
    whole = "|".join(parts)
    if "%" not in whole and whole.count("|") == len(parts) - 1:
        return whole  # nothing to escape, as nearly always
    return "|".join([part.replace("%", "%25").replace("|", "%7C") for part in parts])


def permanent_id(*parts: str) -> str:
    """The id of something we cause, a function of its cause alone (NTF-1): 32 hex digits of SHA-256."""
    return sha256(_joined(parts).encode()).hexdigest()[:32]
