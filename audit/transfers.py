"""Layer 2, over all partitions: what the replays sent from one key to another is what lies in the topic, no more, no less.

A transfer is emitted by one partition and lies in another, so no partition can be compared by itself. What one side has
and the other does not have yet is kept as a digest and a name until its partner comes: little, and none at the end.
"""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from audit.replay import Replayed
from audit.report import Findings
from audit.shard import Shard
from models.catalogue import TRANSFER

SENT: Final = "transfers"
QUESTIONS: Final = {
    SENT: "what the replays of all partitions send from key to key is what lies in the topic: place, key, content and count"
}
AGAIN: Final = "transfers that were set aside and sent again"


class _Name(NamedTuple):
    """A transfer: where it lies, and a digest of its key and value; `id` is for people."""

    partition: int
    digest: bytes
    id: str

    @classmethod
    def of(cls, partition: int, key: bytes | None, value: bytes | None) -> "_Name":
        digest = blake2b(b"%d|%b%b" % (len(key or b""), key or b"", value or b""), digest_size=16).digest()
        return cls(partition, digest, _id(value))

    def __str__(self) -> str:
        return f"{SENT}, partition {self.partition}: {self.id}"


@dataclass(eq=False)
class Transfers:
    """Both sides, partition by partition; `check` when all were seen. What is left then is for the next audit."""

    _lacking: Counter[_Name] = field(default_factory=Counter)
    """How many more were sent by a replay than were found; below 0: found and not sent. Equal ones are left out."""
    _aside: Counter[_Name] = field(default_factory=Counter)
    """Dead letters: as often they may be there once more."""
    _compared: int = 0
    _unknown: list[int] = field(default_factory=list)

    def add(self, shard: Shard, replayed: Replayed | None) -> None:
        """Take in what lies in a partition and what its replay sent; None: it could not be replayed."""
        if replayed is None:
            self._unknown.append(shard.number)
            return
        for partition, key, value in replayed.transfers:
            self._compared += 1
            self._count(_Name.of(partition, key, value), 1)
        for record in shard.transfers:
            self._count(_Name.of(shard.number, record.key, record.value), -1)
        ours = shard.catalogue.name(TRANSFER.role).encode()
        for letter in shard.dead_letters:
            if dict(letter.headers).get("dl_topic") == ours:
                self._aside[_Name.of(shard.number, letter.key, letter.value)] += 1

    def check(self, findings: Findings) -> None:
        """Name what has no partner."""
        if self._unknown:
            findings.not_run(SENT, f"not all was replayed: partition {self._unknown[0]} first, see `tables`")
            return
        findings.compared(SENT, self._compared)
        self._compared = 0
        for name, more in sorted(self._lacking.items()):
            again = min(-more, self._aside[name])  # an operator's redrive sends a letter as it came
            if again > 0:
                findings.taken_as_given[AGAIN] += again
                self._aside[name] -= again
                self._count(name, again)
            if more > 0:
                findings.differs(SENT, f"{name} is sent by the replay and is missing{_times(more)}")
            elif more + again < 0:
                findings.differs(SENT, f"{name} is there and no replay sends it{_times(-more - again)}")

    def _count(self, name: _Name, step: int) -> None:
        self._lacking[name] += step
        if not self._lacking[name]:
            del self._lacking[name]


def _times(count: int) -> str:
    return f", {count} times" if count > 1 else ""


def _id(value: bytes | None) -> str:
    """The event's type, id and subject, as far as they can be read."""
    try:
        event = orjson.loads(value or b"")
        return f"{event['type']} {event['id']} for {event['subject']}"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "what is no event"
