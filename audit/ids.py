"""Ids that were given out, over all partitions: eight bytes of each, so that a million of them stay small."""

from bisect import bisect_left
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import merge
from typing import Final

_BYTES: Final = 8


@dataclass(eq=False)
class Ids:
    """By topic: those of this audit, and those of the audits before it, which take no more room than in their file."""

    _seen: dict[str, set[bytes]] = field(default_factory=dict)
    _before: dict[str, bytes] = field(default_factory=dict)
    """Sorted, without gaps."""

    def is_new(self, topic: str, output_id: str) -> bool:
        """Remember an id; False if it was there."""
        seen, short = self._seen.setdefault(topic, set()), blake2b(output_id.encode(), digest_size=_BYTES).digest()
        if short in seen or _holds(self._before.get(topic, b""), short):
            return False
        seen.add(short)
        return True

    def settle(self) -> None:
        """From now on all belong to the audits before."""
        for topic, seen in self._seen.items():
            both = bytearray()
            for short in merge(_each(self._before.get(topic, b"")), sorted(seen)):
                both += short
            self._before[topic] = bytes(both)
        self._seen.clear()


def _holds(many: bytes, short: bytes) -> bool:
    place = bisect_left(range(len(many) // _BYTES), short, key=lambda number: _at(many, number))
    return _at(many, place) == short


def _at(many: bytes, number: int) -> bytes:
    return many[number * _BYTES : (number + 1) * _BYTES]


def _each(many: bytes) -> "map[bytes]":
    return map(lambda number: _at(many, number), range(len(many) // _BYTES))  # noqa: C417 - lazily
