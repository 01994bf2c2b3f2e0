"""The account itself: sign-up is somebody else's work, we are told of it; and our operators' word on a member."""

from typing import Annotated, ClassVar

from pydantic import Field

from models.payload import Payload
from models.values import Date, Label, Sha256, State, Text


class AccountOpened(Payload):
    """CARE-3 An account exists from now on, under this email (SHA-256 of the trimmed lower-case address)."""

    TYPE: ClassVar = "account.opened.v1"
    email_hash: Sha256
    birth_date: Date
    state: State


class MemberReleased(Payload):
    """MS-20 What set the member aside is mended, says a named actor: its events are decided again from here on."""

    TYPE: ClassVar = "member.released.v1"
    reason: Annotated[Text, Field(min_length=1)]
    actor: Label


EVENTS: tuple[type[Payload], ...] = (AccountOpened, MemberReleased)
