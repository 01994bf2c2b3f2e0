"""The account itself: sign-up is somebody else's work, we are told of it; and our operators' words on a member."""

from typing import Annotated, ClassVar

from pydantic import Field

from models.payload import Payload
from models.values import Date, Id, Label, Sha256, State, Text

PURCHASES = 100
"""The most that one request names: there can be another one."""


class AccountOpened(Payload):
    """CARE-3 An account exists from now on, under this email (SHA-256 of the trimmed lower-case address)."""

    TYPE: ClassVar = "account.opened.v1"
    PERSONAL: ClassVar = True
    email_hash: Sha256
    birth_date: Date
    state: State


class MemberReleased(Payload):
    """MS-20 What set the member aside is mended, says a named actor: its events are decided again from here on."""

    TYPE: ClassVar = "member.released.v1"
    reason: Annotated[Text, Field(min_length=1)]
    actor: Label


class MemberErasureRequested(Payload):
    """GEN-7 What is personal of a member, or all under the key of an email, is to go, says a named actor."""

    TYPE: ClassVar = "member.erasure_requested.v1"
    reason: Annotated[Text, Field(min_length=1)]
    actor: Label
    purchases: Annotated[tuple[Id, ...], Field(max_length=PURCHASES, fail_fast=True)] | None = None
    """Of the key of an email: the invoices of what was bought or paid there, which the key does not list."""


EVENTS: tuple[type[Payload], ...] = (AccountOpened, MemberReleased, MemberErasureRequested)
