"""What a release left on the broker: every record of every topic with its place, and how far its workers were.

One file per release, `VERSION/records.msgpack.xz`. Names are the contract's, without the installation's prefix, in the
dead letters' headers too: whoever puts a recording back chooses his own.
"""

import lzma
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from cli.lines import CLOUDEVENT, Item, Message, Raw, Tick

FOLDER = Path(__file__).parent
FILE = "records.msgpack.xz"
PREFIXED = "dl_topic"
"""The one header that has a topic's name with the prefix."""

Headers = tuple[tuple[str, bytes | None], ...]


class Kept(Struct, array_like=True, frozen=True):
    """One committed record. Offsets that no record has are the transactions' own marks."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


class Log(Struct, array_like=True, frozen=True):
    """One topic partition. `committed`: the group's offset, None where it has none or does not read the topic."""

    records: tuple[Kept, ...]
    end: int
    committed: int | None


class Told(Struct, array_like=True, frozen=True):
    """One line of the story: a tick (of the topic `clock`, value: when), an event, or bytes that are none (`raw`)."""

    topic: str
    key: str
    value: bytes
    raw: bool = False

    @property
    def item(self) -> Item:
        """As the publisher takes it."""
        if self.topic == "clock":
            return Tick(self.value.decode())
        return Raw(self.topic, self.key.encode(), self.value) if self.raw else Message(self.topic, self.key, self.value)


class Recording(Struct, frozen=True):
    """A release's installation, standing still."""

    release: str
    state_version: int
    rules_version: str
    topics: dict[str, tuple[Log, ...]]
    """By contract name, one log per partition."""
    before: tuple[Told, ...]
    """What the release was told, in order."""
    after: tuple[Told, ...]
    """What comes next: for the release that takes over."""


def told(items: Iterable[Item]) -> tuple[Told, ...]:
    """Items in the form that is kept."""
    return tuple(_told(item) for item in items)


def _told(item: Item) -> Told:
    match item:
        case Tick(at):
            return Told("clock", "", at.encode())
        case Message(topic, subject, value, headers) if headers == CLOUDEVENT:
            return Told(topic, subject, value)
        case Raw(topic, bytes(key), bytes(value), None, headers) if headers == CLOUDEVENT:
            return Told(topic, key.decode(), value, raw=True)
        case _:
            raise ValueError(f"not of a kind that recordings keep: {item}")


def save(recording: Recording) -> Path:
    """Write a release's file. A release is recorded once: FileExistsError if it was."""
    path = FOLDER / recording.release / FILE
    path.parent.mkdir(exist_ok=True)
    with path.open("xb") as file:
        file.write(lzma.compress(msgspec.msgpack.encode(recording), preset=9 | lzma.PRESET_EXTREME))
    return path


def load(release: str) -> Recording:
    """The recording of that release."""
    return msgspec.msgpack.decode(lzma.decompress((FOLDER / release / FILE).read_bytes()), type=Recording)


def releases() -> list[str]:
    """The recorded releases, the oldest first."""
    found = [path.parent.name for path in FOLDER.glob(f"*/{FILE}")]
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")])
