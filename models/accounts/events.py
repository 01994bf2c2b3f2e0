"""The account itself: sign-up is somebody else's work, we are told of it."""

from typing import ClassVar

from models.payload import Payload
from models.values import Date, Sha256, State


class AccountOpened(Payload):
    """CARE-3 An account exists from now on, under this email (SHA-256 of the trimmed lower-case address)."""

    TYPE: ClassVar = "account.opened.v1"
    email_hash: Sha256
    birth_date: Date
    state: State


EVENTS: tuple[type[Payload], ...] = (AccountOpened,)
