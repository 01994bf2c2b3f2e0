"""The event: a CloudEvent whose `data` is typed by its `type`. All types, one reader."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from hashlib import blake2b
from operator import or_
from types import MappingProxyType
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, create_model, model_validator

from models.accounts.events import EVENTS as ACCOUNTS
from models.care.events import EVENTS as CARE
from models.care.events import TRANSFERS
from models.cleaning.events import EVENTS as CLEANING
from models.fees.events import EVENTS as FEES
from models.loans.events import EVENTS as LOANS
from models.outputs.base import Cause
from models.payload import Payload
from models.points.events import EVENTS as POINTS
from models.pro.events import EVENTS as PRO
from models.repairs.events import EVENTS as REPAIRS
from models.values import Id, Instant, Model, Subject, isoformat, refuse

D = TypeVar("D", bound=Payload)

EVERYBODY: Final = "*"
"""Subject of what concerns every member; sent to every partition."""
GUEST: Final = "guest:"
"""Subjects of buyers without an account: this and their email hash."""

Source = Annotated[Id, Field(max_length=256)]


class Event(Model, Generic[D]):
    """A CloudEvent 1.0 for us. Extension attributes are accepted and forgotten."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=False)  # its subclasses have no source

    specversion: Literal["1.0"]
    id: Id
    source: Source
    type: str
    subject: Subject
    time: Instant
    """When it happened, as upstream says."""
    datacontenttype: Annotated[str, Field(max_length=100, pattern=r"^application/json( *;.*)?$")] | None = None
    data: D

    @property
    def at(self) -> datetime:
        """The business time: the payload's own where it states one (as `placed_at` of an order), else `time`."""
        return self.data.happened_at or self.time

    @property
    def cause(self) -> Cause:
        """The event's name in whatever it causes."""
        return Cause(source=self.source, id=self.id)

    def content_hash(self) -> bytes:
        """GEN-1 16 bytes that are equal for equal content: type, subject, instant and data after parsing."""
        names = f"{self.type}\n{self.subject}\n".encode()
        return blake2b(b"%b%b\n%b" % (names, isoformat(self.time), self.data.content), digest_size=16).digest()

    @model_validator(mode="after")
    def _subject_fits(self) -> Self:
        subject = self.subject
        if (subject == EVERYBODY) != self.data.FOR_EVERYBODY:
            raise refuse("subject", "'*' for what concerns everybody, and for nothing else")
        if subject.startswith(GUEST):
            stated = getattr(self.data, "email_hash", None)
            if stated is not None and subject != GUEST + stated:
                raise refuse("subject", "guest: and the email_hash of the data")
        return self


PAYLOADS: Final[Mapping[str, type[Payload]]] = MappingProxyType(
    {
        payload.TYPE: payload
        for payload in (*ACCOUNTS, *POINTS, *CARE, *FEES, *PRO, *REPAIRS, *CLEANING, *LOANS, *TRANSFERS)
    }
)
"""Every event type we read -> the class of its data."""


def _typed(payload: type[Payload]) -> Any:
    """The event class of one type; made, not written, so that no type can be declared twice in two ways."""
    literal: Any = Literal[payload.TYPE]
    base: Any = Event[payload]  # type: ignore[valid-type]
    return create_model(f"{payload.__name__}Event", __base__=base, type=(literal, ...))


EVENT_MODELS: Final[Mapping[str, type[Event[Any]]]] = MappingProxyType(
    {name: _typed(payload) for name, payload in PAYLOADS.items()}
)
"""Every event type -> the class of the whole event."""

EVENT: Final[TypeAdapter[Event[Any]]] = TypeAdapter(
    Annotated[reduce(or_, EVENT_MODELS.values()), Field(discriminator="type")],  # type: ignore[arg-type]
    config=ConfigDict(hide_input_in_errors=True),  # the union does not take it over from its members
)
"""The one reader: raw JSON bytes of a structured CloudEvent -> typed event."""
