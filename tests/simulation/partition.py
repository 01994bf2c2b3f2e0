"""One partition in memory: the workers' own handling path over plain dictionaries, one record at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from agents.dictionary import Dictionary
from agents.handle import PartitionHandler
from cli.lines import CLOUDEVENT
from models.catalogue import CLOCK, TABLES, TOPIC_OF, Catalogue
from models.events import PAYLOADS
from models.policies import Policies
from models.state import MEMBERS, Member, decode, member_key
from tests.simulation.service.closures import CLOSURES
from tests.system.memory import Record

Json = dict[str, Any]


class Message(NamedTuple):
    """An event on its way: it says that it happened at `time`, and comes at `arrives`."""

    arrives: datetime
    member: str
    kind: str
    data: Json
    time: datetime
    id: str
    source: str = "/simulation"

    @property
    def happened(self) -> datetime:
        """Its business time: money says itself when it was paid."""
        return datetime.fromisoformat(self.data["paid_at"]) if "paid_at" in self.data else self.time

    @property
    def value(self) -> bytes:
        event = {
            "specversion": "1.0", "id": self.id, "source": self.source, "type": f"{self.kind}.v1",
            "subject": self.member, "time": self.time.isoformat(), "data": self.data,
        }  # fmt: skip
        return orjson.dumps(event)


class Output(NamedTuple):
    """What was written: the topic's name, and the CloudEvent."""

    topic: str
    event: Json


POLICIES = Policies.model_validate(
    {"closures": {day: {"name": name, "announced": announced} for day, (name, announced) in CLOSURES.items()}}
)


class Partition:
    """What it decides with is made for the production; what is read from it is its outputs and the members table."""

    def __init__(self) -> None:
        catalogue = Catalogue("", 1)
        self._tables = {name: Dictionary({}) for name in TABLES}
        self._handler = PartitionHandler(0, self._tables, catalogue, POLICIES, "external")
        self._offsets: dict[str, int] = {}
        self._out: list[Output] = []
        self._tick_again = False
        self.handled = 0

    @property
    def now(self) -> datetime | None:
        return self._handler.now

    def send(self, message: Message) -> list[Output]:
        """Handle one event; what was written because of it."""
        topic = TOPIC_OF[PAYLOADS[f"{message.kind}.v1"]]
        return self._handle(topic, message.member.encode(), message.value)

    def tick(self, at: datetime) -> list[Output]:
        """Move now, and wake whom it is time to wake, until nobody is due."""
        out: list[Output] = []
        self._tick_again = True
        while self._tick_again:
            self._tick_again = False
            out += self._handle(CLOCK.role, None, orjson.dumps({"at": at}))
        return out

    def member(self, name: str) -> Member | None:
        raw = self._tables[MEMBERS].get(member_key(name))
        return decode(raw, Member) if raw else None

    def _handle(self, topic: str, key: bytes | None, value: bytes) -> list[Output]:
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        self._out, self.handled = [], self.handled + 1
        self._handler.handle([Record(topic, 0, offset, key, value, CLOUDEVENT)], self._emit)
        return self._out

    def _emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        assert partition == 0
        if topic == CLOCK.role:
            self._tick_again = True
            return
        assert topic != "dead-letters", (key, headers)
        self._out.append(Output(topic, orjson.loads(value or b"")))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
