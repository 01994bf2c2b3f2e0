"""What all event payloads have in common. One class per event type; the programme whose rules own it declares it."""

from datetime import datetime
from typing import ClassVar

from models.values import Model, once


class Payload(Model):
    """The `data` of one event type."""

    TYPE: ClassVar[str]
    """The CloudEvents type, with its version."""
    FOR_EVERYBODY: ClassVar[bool] = False
    """It concerns every member: its subject is `*`, and it is sent to every partition."""

    PERSONAL: ClassVar[bool] = False
    """GEN-7 It tells of a person (a birth date, where they live, an email): refused for a member who was erased."""

    @once
    def content(self) -> bytes:
        """The canonical JSON: equal for equal content, however it was written on the wire.

        Absent fields have no part in it, so that a field added by a later release does not turn duplicates to conflicts.
        """
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)

    @property
    def happened_at(self) -> datetime | None:
        """The business time that the payload itself states; None: the envelope's `time` counts."""
        return None
