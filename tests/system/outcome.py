"""What an installation has left behind, in memory or on a broker, in the form that comparisons need."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from msgspec import structs

from models.catalogue import OUTPUTS
from models.state import Member, decode
from models.view import view

Json = dict[str, Any]


class Stored(Protocol):
    """A record of a topic."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> tuple[tuple[str, bytes | None], ...]: ...


@dataclass(frozen=True)
class Letter:
    """A dead letter: where the record lay, why it is here, and its bytes."""

    topic: str
    partition: int
    offset: int
    error_class: str
    error: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    """The record's own."""


@dataclass
class Told:
    """All that concerns one member, in the order in which it was committed."""

    decisions: list[Json] = field(default_factory=list)
    notifications: list[Json] = field(default_factory=list)
    ledger: list[Json] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    view: Json = field(default_factory=dict)
    member: Member = field(default_factory=Member)
    """As stored."""

    @property
    def comparable(self) -> Json:
        """What does not depend on how members' events lay between each other: all but places and sequence numbers."""
        decisions = [
            {name: value for name, value in decision["data"].items() if name not in ("seq", "event")}
            | {"time": decision.get("time"), "event": {name: decision["data"]["event"][name] for name in EVENT}}
            for decision in self.decisions
        ]
        return {
            "decisions": decisions,
            "notifications": self.notifications,
            "ledger": self.ledger,
            "requests": self.requests,
            "view": self._shown,
            "letters": [(letter.error_class, letter.key, letter.value) for letter in self.letters],
        }

    @property
    def _shown(self) -> Json:
        """The view without what counts the records handled."""
        return {name: value for name, value in self.view.items() if name not in ("revision", "as_of")}

    @property
    def stands(self) -> Json:
        """GEN-2 What is the same in whichever order linked events came: balances, lots, statuses, standing notices."""
        flags = {(flag["code"], flag["about"]) for flag in self.view["flags"]}  # in the order of what was told
        standing = {notice: kind for notice, kind in self.standing.items() if kind not in INTERMEDIATE}
        lots = self.member.points and self.member.points.lots
        return {"view": self._shown | {"flags": flags}, "lots": lots, "standing": standing}

    @property
    def effects(self) -> Json:
        """GEN-1 What events told again leave as it is: all but decisions, letters and what counts the records handled."""
        return {
            "notifications": self.notifications,
            "ledger": self.ledger,
            "requests": self.requests,
            "member": structs.replace(self.member, revision=0, changed_at=None, as_of={}),
        }

    @property
    def standing(self) -> dict[str, str]:
        """GEN-2 Id -> kind of the notifications that were neither replaced nor retracted."""
        gone = {old for notice in self.notifications for old in notice["data"]["replaces"]}
        gone |= {
            notice["data"]["params"]["retracts"]
            for notice in self.notifications
            if notice["data"]["notification"] == "retracted"
        }
        return {n["id"]: n["data"]["notification"] for n in self.notifications if n["id"] not in gone}


EVENT = ("source", "id", "type", "topic")
INTERMEDIATE = (
    "repair.received",
    "repair.turnaround_started",
    "membership.suspended",
    "membership.reinstated",
    "retracted",
)
"""True when they were told, and not told at all when a later step is known first: GEN-2 exempts such notices."""
LISTS = {"notifications": "notifications", "points-ledger": "ledger", "requests": "requests", "decisions": "decisions"}


def members(outputs: Mapping[str, Iterable[Stored]], table: Mapping[bytes, bytes]) -> dict[str, Told]:
    """Everything by member. outputs: the output topics' records by contract name; table: the members table."""
    found: dict[str, Told] = defaultdict(Told)
    for topic, name in LISTS.items():
        for record in outputs[topic]:
            event = orjson.loads(record.value or b"")
            assert event["subject"].encode() == record.key
            getattr(found[event["subject"]], name).append(event)
    for letter in letters(outputs["dead-letters"]):
        found[(letter.key or b"").decode("utf-8", "replace")].letters.append(letter)
    for key, value in table.items():
        told = found[key.decode()]
        told.member = decode(value, Member)
        told.view = view(key.decode(), told.member)
    return found


def letters(records: Iterable[Stored], prefix: str = "") -> list[Letter]:
    """Dead letters, with our headers taken apart; prefix: of the installation, which `dl_topic` has and we leave out."""
    found = []
    for record in records:
        ours = {name: (value or b"").decode() for name, value in record.headers if name.startswith("dl_")}
        own = tuple((name, value) for name, value in record.headers if not name.startswith("dl_"))
        found.append(
            Letter(
                ours["dl_topic"].removeprefix(prefix),
                int(ours["dl_partition"]),
                int(ours["dl_offset"]),
                ours["dl_error_class"],
                ours["dl_error"],
                record.key,
                record.value,
                own,
            )
        )
    return found


def ids(outputs: Mapping[str, Iterable[Stored]]) -> list[str]:
    """The permanent ids of all outputs, dead letters by their coordinates."""
    found = [
        orjson.loads(record.value or b"")["id"]
        for topic in (topic.role for topic in OUTPUTS if topic.role != "dead-letters")
        for record in outputs[topic]
    ]
    return found + [
        f"{letter.topic}[{letter.partition}]@{letter.offset}" for letter in letters(outputs["dead-letters"])
    ]
