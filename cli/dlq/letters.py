"""A dead letter: the record as it came, where it lay, why it was set aside, and how it reads today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Final, NamedTuple, Self

from audit.topics import Headers, Stored
from models.calendar import record_time
from models.catalogue import Catalogue
from models.envelope import Tick, Unreadable, decode
from models.events import EVERYBODY
from models.outputs.dead_letters import PREFIX
from models.partitioning import partition_of

REDRIVEN_FROM: Final = "redriven_from"
"""Header of a redriven record: the place of the letter it was taken from."""
_MEMBER_OF_DEADLINE: Final = "deadlines of member "


class Place(NamedTuple):
    """Where a letter lies in the topic of dead letters; written `PARTITION:OFFSET`."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for anything but two numbers with a colon between them."""
        partition, colon, offset = text.partition(":")
        if not (colon and partition.isdecimal() and offset.isdecimal()):
            raise ValueError(text)
        return cls(int(partition), int(offset))


class Names(NamedTuple):
    """What the event calls itself, as far as that can be read."""

    source: str | None = None
    id: str | None = None
    type: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `topic` is the contract's name of the topic its record lay in."""

    place: Place
    timestamp_ms: int
    """When it was set aside, by the clock of the worker that did."""
    topic: str
    partition: int
    offset: int
    reason: str
    error: str
    first_seen: str
    rules_version: str
    key: bytes | None
    value: bytes | None
    bytes: int
    """Of the value."""
    headers: Headers
    """The record's own."""
    names: Names
    is_tick: bool
    refused: Unreadable | None
    """Why the record is no event to this release either."""
    home: int
    """The partition it belongs on, so far as its subject can be read."""

    @classmethod
    def of(cls, stored: Stored, catalogue: Catalogue) -> Self | None:
        """The letter in a record of the topic; None for a record that no worker of this installation wrote."""
        ours = {name: (value or b"").decode("utf-8", "replace") for name, value in stored.headers if _is_ours(name)}
        own = tuple(header for header in stored.headers if not _is_ours(header[0]))
        try:
            topic = catalogue.role(ours["dl_topic"])
            partition, offset = int(ours["dl_partition"]), int(ours["dl_offset"])
            read = decode(topic, partition, catalogue.partitions, stored.key, stored.value, own)
            names = Names() if isinstance(read, Tick) else Names(read.source, read.id, read.type, read.subject)
            return cls(
                Place(stored.partition, stored.offset),
                stored.timestamp_ms,
                topic,
                partition,
                offset,
                ours["dl_error_class"],
                ours["dl_error"],
                ours["dl_first_seen"],
                ours["dl_rules_version"],
                stored.key,
                stored.value,
                len(stored.value or b""),
                own,
                names,
                isinstance(read, Tick),
                read if isinstance(read, Unreadable) else None,
                _home(names.subject, partition, catalogue.partitions),
            )
        except (KeyError, ValueError):
            return None

    @property
    def brief(self) -> Self:
        """The same without what can be large: value, headers and traceback. Thousands of these fit into memory."""
        kept = tuple(header for header in self.headers if header[0] == REDRIVEN_FROM)
        return replace(self, value=None, headers=kept, error=self.error if self.is_tick else "")

    @property
    def redriven_from(self) -> Place | None:
        """The letter that this one's record was taken from, if it was redriven."""
        for name, value in self.headers:
            if name == REDRIVEN_FROM:
                try:
                    return Place.parse((value or b"").decode("utf-8", "replace"))
                except ValueError:
                    return None
        return None

    @property
    def digest(self) -> str:
        """Equal for two letters of one record: topic, key, value and headers, but for the one that a redrive adds. Of a whole letter."""
        own = [header for header in self.headers if header[0] != REDRIVEN_FROM]
        return blake2b(repr((self.topic, self.key, self.value, own)).encode(), digest_size=16).hexdigest()

    @property
    def record(self) -> str:
        """Where the record lay."""
        return f"{self.topic}[{self.partition}]@{self.offset}"

    @property
    def members(self) -> frozenset[str]:
        """Whom it concerns: its subject, its key, and for a tick the members whose deadlines failed."""
        found = {self.names.subject, self.key.decode("utf-8", "replace") if self.key else None}
        if self.is_tick:
            lines = [line for line in self.error.splitlines() if line.startswith(_MEMBER_OF_DEADLINE)]
            found |= {line.removeprefix(_MEMBER_OF_DEADLINE).removesuffix(":") for line in lines}
        return frozenset(member for member in found if member)

    @property
    def member(self) -> str | None:
        """The one to show."""
        return self.names.subject or min(self.members, default=None)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are wanted; what is None or empty does not matter."""

    member: str | None = None
    reason: str | None = None
    topic: str | None = None
    since: datetime | None = None
    """Set aside at this instant or later."""
    places: frozenset[Place] = frozenset()

    @property
    def says_something(self) -> bool:
        """Whether it leaves anything out."""
        return self != Selection()

    def __contains__(self, letter: Letter) -> bool:
        return (
            (self.member is None or self.member in letter.members)
            and (self.reason is None or self.reason == letter.reason)
            and (self.topic is None or self.topic == letter.topic)
            and (self.since is None or record_time(letter.timestamp_ms) >= self.since)
            and (not self.places or letter.place in self.places)
        )


class Chains:
    """Which letters are one record, redriven and set aside again.

    By the header that a redriven record carries, and by the record itself: the header came from outside and may say anything,
    so it is believed only between letters of equal records. Nobody hides another's letter behind one of their own.
    """

    def __init__(self) -> None:
        self._records: dict[Place, str] = {}
        self._claims: dict[Place, Place] = {}

    def add(self, letters: Iterable[Letter]) -> None:
        """Take notice of whole letters; all of them, before the first question."""
        for letter in letters:
            self._records[letter.place] = letter.digest
            if letter.redriven_from is not None:
                self._claims[letter.place] = letter.redriven_from

    @cached_property
    def _earlier(self) -> dict[Place, Place]:
        links: dict[Place, Place] = {}
        for place, earlier in self._claims.items():
            is_one = self._records.get(earlier) == self._records[place]
            is_before = place.partition != earlier.partition or earlier < place
            if is_one and is_before and _end(links, earlier) != place:  # else a circle
                links[place] = earlier
        return links

    @cached_property
    def _later(self) -> dict[Place, Place]:
        return {earlier: place for place, earlier in self._earlier.items()}

    def first(self, place: Place) -> Place:
        """Where the record was set aside for the first time: its place in the member's order."""
        return _end(self._earlier, place)

    def last(self, place: Place) -> Place:
        """Where the record was set aside the last time."""
        return _end(self._later, place)


def _end(links: Mapping[Place, Place], place: Place) -> Place:
    while place in links:
        place = links[place]
    return place


def _home(subject: str | None, partition: int, partitions: int) -> int:
    return partition if subject in (None, EVERYBODY) else partition_of(subject.encode(), partitions)


def _is_ours(header: str) -> bool:
    return header.startswith(PREFIX)
