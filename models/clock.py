"""The clock topic: time as a record."""

from models.values import Instant, Model


class Tick(Model):
    """The now of a partition, at the latest. Not a CloudEvent, and not answered."""

    at: Instant
