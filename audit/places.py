"""Where history departs: the input record that a difference begins with, as far as that can be told."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Self

import orjson

from audit.shard import Shard
from audit.topics import Stored


class Place(NamedTuple):
    """An input record, in the recorded order: by its timestamp between partitions, by its number within one."""

    timestamp_ms: int
    partition: int
    seq: int
    name: str
    """``topic[partition]@offset``."""

    @classmethod
    def of(cls, record: Stored, seq: int = 0) -> Self:
        """Of a record, ``seq`` 0 where its number is not known."""
        return cls(record.timestamp_ms, record.partition, seq, record.place)


class Difference(NamedTuple):
    """A sentence, and where what it says begins."""

    says: str
    place: Place | None = None


class Places:
    """Those of one partition. Nothing is looked up before a difference asks for it."""

    def __init__(self, shard: Shard, order: Mapping[int, Stored]) -> None:
        self._shard, self._order = shard, order

    def at(self, seq: int | None) -> Place | None:
        """The record that was handled as that number."""
        record = self._order.get(seq) if seq is not None else None
        return Place.of(record, seq) if record and seq is not None else None

    def of_input(self, topic: object, offset: object) -> Place | None:
        """The record at that offset of a topic, by its name in the contract or in Kafka."""
        return self.at(self._by_offset.get((topic, offset)))

    def of_event(self, member_id: str, source: object, event_id: object) -> Place | None:
        """The member's event of that name."""
        for seq, event in self._events(member_id):
            if (event.get("source"), event.get("id")) == (source, event_id):
                return self.at(seq)
        return None

    def of_thing(self, member_id: str, thing: str) -> Place | None:
        """The first record of the member that names it: an order, a repair, an invoice. What we have named ourselves is
        in none."""
        for seq, event in self._events(member_id):
            if thing in _texts(event.get("data", event)):  # in binary mode the value is the data
                return self.at(seq)
        return None

    def _events(self, member_id: str) -> Iterator[tuple[int, dict[str, Any]]]:
        for seq in self._by_member.get(member_id.encode(), ()):
            try:
                event = orjson.loads(self._order[seq].value or b"")
            except orjson.JSONDecodeError:
                continue
            if isinstance(event, dict):
                yield seq, event

    @cached_property
    def _by_member(self) -> dict[bytes | None, list[int]]:
        found: dict[bytes | None, list[int]] = defaultdict(list)
        for seq, record in self._order.items():
            found[record.key].append(seq)
        return found

    @cached_property
    def _by_offset(self) -> dict[tuple[object, object], int]:
        role, inputs = self._shard.catalogue.role, self._order.items()
        found: dict[tuple[object, object], int] = {(record.topic, record.offset): seq for seq, record in inputs}
        return found | {(role(record.topic), record.offset): seq for seq, record in inputs}


def _texts(content: Any) -> Iterator[str]:
    """All strings in it, names of keys left out."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)
