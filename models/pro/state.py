"""What is remembered about a PRO membership: the section of the hot value, and one entry per application."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from msgspec import Struct

from models.fees.membership import Membership
from models.outputs.base import Brought
from models.pro.lifecycle import TABLE


class Application(Brought, Struct, array_like=True):
    """An application and what Sony said to it."""

    KIND: ClassVar[str] = "application"

    id: str
    content: bytes
    """Digest of its data: the same application under another event id is recognised."""
    source: str
    event_id: str
    """The event that brought it: the cause of the answer, whichever event completes that."""
    invoice_id: str
    auto_renew: bool
    approved: bool | None = None
    """None until it is reviewed."""
    why_not: str | None = None
    """Code of the first reason why it is not accepted."""


class Pro(Membership, array_like=True):
    """A PRO membership, or the application for one."""

    TABLE: ClassVar[Mapping[tuple[str | None, str], str]] = TABLE

    application_id: str = ""
    """The application at hand."""
    approved: bool = False
    """PRO-4 Whether that one is approved: then it waits for its fee alone."""
    opened_on: date | None = None
    """The day the membership at hand began; of an earlier one only the terms are kept."""
    loan_notice: str | None = None
    """LOAN-6 Id of what told of the suspension by loans."""
