"""One partition's committed records, sorted by what they are: the unit of every comparison, so memory stays bounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import orjson

from audit.topics import Stored
from models.catalogue import CLOCK, TABLES, Catalogue
from models.envelope import Tick, decode

OUTPUTS: Final = ("points-ledger", "notifications", "requests", "decisions")
"""Contract names of the outputs that are CloudEvents."""
DEAD_LETTERS: Final = "dead-letters"


class Coordinates(NamedTuple):
    """Where an input record lies; ``topic`` is the contract's name."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Output:
    """One output record, parsed just so far that it can be compared."""

    stored: Stored
    id: str
    subject: str
    data: dict[str, Any]

    @property
    def place(self) -> str:
        """Where it lies, and whose it is."""
        return f"{self.stored.place} (member {self.subject}, id {self.id})"


@dataclass
class Shard:
    """Partition ``number`` of every topic. Inputs are cut off at what the workers have committed."""

    number: int
    catalogue: Catalogue
    inputs: dict[str, list[Stored]]
    """By contract name, in handling order of the topics, each in offset order; ticks under ``clock``."""
    later_ticks: list[Stored] = field(default_factory=list)
    """Ticks that lie in the clock topic and are not handled yet."""
    transfers: list[Stored] = field(default_factory=list)
    """All that lie in the topic, handled or not: inputs here, outputs of whichever partition sent them."""
    outputs: dict[str, list[Stored]] = field(default_factory=dict)
    dead_letters: list[Stored] = field(default_factory=list)
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=lambda: {table: {} for table in TABLES})
    """Last value per key; deleted keys are left out."""

    def records(self) -> Iterator[tuple[Coordinates, Stored]]:
        """Every handled input record with its coordinates."""
        for topic, stored in self.inputs.items():
            for record in stored:
                yield Coordinates(topic, self.number, record.offset), record

    @cached_property
    def parsed(self) -> Mapping[str, list[Output]]:
        """The outputs by contract name; what cannot be parsed is in ``unparsable``."""
        return {
            topic: [parsed for stored in found if (parsed := _parse(stored))] for topic, found in self.outputs.items()
        }

    @property
    def unparsable(self) -> Iterator[Stored]:
        """Output records that are no structured CloudEvents with an object as data."""
        for found in self.outputs.values():
            for stored in found:
                if _parse(stored) is None:
                    yield stored

    def is_tick(self, record: Stored) -> bool:
        """Whether a record of the clock topic moves time: it takes a place in the order and gets no decision."""
        partitions = self.catalogue.partitions
        read = decode(CLOCK.role, self.number, partitions, record.key, record.value, record.headers)
        return isinstance(read, Tick)


def last_values(records: list[Stored]) -> dict[bytes, bytes]:
    """A changelog read from the start, as the table it makes."""
    table: dict[bytes, bytes] = {}
    for record in records:
        if record.key is None:
            continue
        if record.value is None:
            table.pop(record.key, None)
        else:
            table[record.key] = record.value
    return table


def _parse(stored: Stored) -> Output | None:
    try:
        envelope = orjson.loads(stored.value or b"")
        data = envelope["data"]
        return Output(stored, str(envelope["id"]), str(envelope["subject"]), data) if isinstance(data, dict) else None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
