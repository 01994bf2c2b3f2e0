"""What all event payloads have in common. One class per event type; the programme whose rules own it declares it."""

from datetime import datetime
from typing import ClassVar

from models.values import Model


class Payload(Model):
    """The `data` of one event type."""

    TYPE: ClassVar[str]
    """The CloudEvents type, with its version."""
    FOR_EVERYBODY: ClassVar[bool] = False
    """It concerns every member: its subject is `*`, and it is sent to every partition."""

    @property
    def happened_at(self) -> datetime | None:
        """The business time that the payload itself states; None: the envelope's `time` counts."""
        return None
