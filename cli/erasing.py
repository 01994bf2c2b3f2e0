"""What of a person the workers' tables hold: the member's own key, and those of emails whose account the member has.

Read from the changelogs, committed records only. Which email a member has is written nowhere but under the emails' own keys, so all of
these are looked at: an erasure is rare.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from kafka import TopicPartition

from agents.settings import Settings
from audit.topics import Reader
from cli import reading
from cli.lines import Message
from models import state
from models.accounts.erasing import in_the_way
from models.accounts.events import PURCHASES, MemberErasureRequested
from models.calendar import rfc3339
from models.care.state import GuestPurchase
from models.events import GUEST
from models.fees.state import Invoice
from models.reasons import Reason
from models.state import Member, Quarantine
from models.values import permanent_id

SOURCE: Final = "/memberships/erase"
STAYS: Final = (
    "the ledger, decisions, notices and requests: under the member id, which names nobody by itself",
    "input topics, transfers and dead letters: as they came, for as long as the topics keep records (docs/privacy.md)",
    "the changelogs' older values: until they are compacted, a week at most",
)


@dataclass
class Kept:
    """What is kept under one key. `member` None: only entries, of an email that was erased before."""

    key: str
    member: Member | None
    purchases: list[str] = field(default_factory=list)
    """Of an email: the invoices of those that are entries, and of fees that were paid there and went back."""
    quarantined: bool = False

    @property
    def in_the_way(self) -> list[Reason]:
        """Why it cannot go now; none: it can."""
        aside = (
            [("quarantined", "it is set aside: `memberships dlq redrive --member` first")] if self.quarantined else []
        )
        return [*aside, *(in_the_way(self.member) if self.member else ())]

    @property
    def is_erased(self) -> bool:
        """Whether there is nothing left to do."""
        return self.member is not None and self.member.erased_at is not None

    def as_json(self) -> dict[str, Any]:
        """For the answer."""
        erased_at = self.member and self.member.erased_at
        return {
            "key": self.key,
            "erased_at": erased_at and rfc3339(erased_at),
            "purchases": self.purchases,
            "in_the_way": [{"code": code, "says": says} for code, says in self.in_the_way],
        }

    def request(self, actor: str, because: str) -> Message:
        """The event that erases it. Its id names what there is, so that sent twice it is decided once."""
        revision = self.member.revision if self.member else 0
        event = {
            "specversion": "1.0",
            "id": permanent_id("erase", self.key, str(revision), *self.purchases),
            "source": SOURCE,
            "type": MemberErasureRequested.TYPE,
            "subject": self.key,
            "time": rfc3339(datetime.now(UTC)),  # noqa: TID251  an operator acts now
            "data": {"reason": because, "actor": actor, "purchases": self.purchases[:PURCHASES]},
        }
        return Message("memberships", self.key, orjson.dumps(event))


def find(settings: Settings, reader: Reader, member_id: str) -> list[Kept]:
    """All there is of a person, emails first. Raises `models.state.UNREADABLE` for a value that cannot be read."""
    catalogue = settings.catalogue()
    names = [catalogue.changelog(table) for table in (state.MEMBERS, state.ENTRIES)]
    reading.demand(reader, names, catalogue.partitions)
    members = _last(reader, names[0], catalogue.partitions, lambda key: key == member_id or key.startswith(GUEST))
    read = {key: state.decode(raw, Member) for key, raw in members.items()}
    emails = sorted(key for key, found in read.items() if found.guest and found.guest.account == member_id)
    found = [Kept(key, read.get(key)) for key in (*emails, member_id)]
    entries = _last(reader, names[1], catalogue.partitions, lambda key: key.startswith((*_OURS,)))
    for kept in found:
        if kept.key.startswith(GUEST):
            prefixes = [state.entry_key(kind, kept.key, "").decode() for kind in _OF_AN_EMAIL]
            kept.purchases = sorted({key.removeprefix(p) for key in entries for p in prefixes if key.startswith(p)})
        kept.quarantined = state.entry_key(Quarantine.KIND, kept.key, Quarantine.STANDING).decode() in entries
    return [kept for kept in found if kept.member or kept.purchases]


_OF_AN_EMAIL: Final = (GuestPurchase.KIND, Invoice.KIND)
_OURS: Final = (*(f"{kind}|{GUEST}" for kind in _OF_AN_EMAIL), f"{Quarantine.KIND}|")


def _last(reader: Reader, topic: str, partitions: int, wanted: Any) -> Mapping[str, bytes]:
    """The last value of each key that is wanted."""
    starts = reader.starts([TopicPartition(topic, partition) for partition in range(partitions)])
    found: dict[str, bytes] = {}
    for record in reading.read(reader, "reading what is kept", starts, reader.ends(starts)):
        key = (record.key or b"").decode("utf-8", "replace")
        if wanted(key):
            found.pop(key, None)
            if record.value is not None:
                found[key] = record.value
    return found
