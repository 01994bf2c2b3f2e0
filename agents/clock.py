"""The wall clock: each worker ticks once a second on the clock topic, for the partitions it owns.

A tick is an ordinary record. It is sent outside of transactions: a lost or doubled one changes nothing, for now only
moves forward, and a tick never counts for more than the instant at which the broker received it.
"""

from datetime import UTC, datetime

import orjson

from driver import App

SECONDS = 1.0


def start(app: App, topic: str) -> None:
    """Tick from the app's start on, for whatever partitions are live."""

    async def tick() -> None:
        at = datetime.now(UTC)  # noqa: TID251  this is where wall time enters, as a record
        value = orjson.dumps({"at": at})
        for partition in app.assigned:
            app.send_outside(topic, partition, None, value)

    app.timer(SECONDS)(tick)
