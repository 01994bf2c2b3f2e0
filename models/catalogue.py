"""The topic catalogue: every topic declared once, with what it carries, who writes and reads it, and how it is kept.

Inputs stand in handling order: within a poll a partition's records are handled topic by topic as listed, so that a
join and the order that follows it count in that order when both arrive together; ticks come last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from models.accounts.events import AccountOpened, MemberErasureRequested, MemberReleased
from models.care.events import TRANSFERS, CareAutoRenewChanged, CareCancelRequested, CareClaimOpened, CarePurchased
from models.cleaning import events as cleaning
from models.clock import Tick
from models.fees.events import MethodAdded, MethodRemoved, MethodUpdated, PaymentFailed, PaymentSucceeded
from models.loans.events import EVENTS as LOANS
from models.loans.events import LoanInvoicePaid, LoanPayload
from models.outputs.base import Body
from models.outputs.decisions import Decided
from models.outputs.ledger import LedgerEntry
from models.outputs.notifications import Notification
from models.outputs.requests import REQUESTS
from models.payload import Payload
from models.points import events as points
from models.pro.events import EVENTS as PRO
from models.repairs.events import EVENTS as REPAIRS

APP: Final = "memberships"
"""Name of the stream application: the workers' consumer group, and the start of changelog names."""
DEFAULT_PARTITIONS: Final = 12
INPUT_BYTES: Final = 1 << 20
"""The largest input record."""
DEAD_LETTER_BYTES: Final = INPUT_BYTES + (64 << 10)
"""An input of the largest size with our headers."""
FOREVER: Final = -1
DAY_MS: Final = 24 * 60 * 60 * 1000
ERASED_MS: Final = 7 * DAY_MS
"""GEN-7 How long an older value of a table's key can stay in its changelog at most: then it is compacted."""
DELETIONS_MS: Final = DAY_MS
"""How long a changelog tells of a deletion after compaction has come to it. Whoever reads from the start (a restore, the
views, the audit) must be through sooner: else it may have read what was deleted, and never hear of the deletion."""

Direction = Literal["input", "output", "internal", "changelog"]
Key = Literal["member id", "empty", "unchanged", "table key"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of an installation. `name` is its name in Kafka, `role` the contract's name without a prefix."""

    role: str
    direction: Direction
    about: str
    carries: tuple[type[Payload] | type[Body] | type[Tick], ...] = ()
    """The types of its values; empty where they are bytes of a table or of anybody."""
    key: Key = "member id"
    writer: str = "upstream"
    readers: tuple[str, ...] = ("workers", "audit")
    compacted: bool = False
    retention_ms: int = FOREVER
    """For ever by default: audit and rebuild replay the topics from their start."""
    max_bytes: int = INPUT_BYTES
    append_time: bool = False
    """The broker stamps records, not the producer."""
    prefix: str = ""
    partitions: int = DEFAULT_PARTITIONS

    @property
    def name(self) -> str:
        """The name in Kafka."""
        return self.prefix + self.role

    def configs(self, replication: int) -> dict[str, str]:
        """The topic's configuration in Kafka's words, for that replication factor."""
        compaction = {"max.compaction.lag.ms": str(ERASED_MS), "delete.retention.ms": str(DELETIONS_MS)}
        return (compaction if self.compacted else {}) | {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_bytes),
            "message.timestamp.type": "LogAppendTime" if self.append_time else "CreateTime",
            "min.insync.replicas": str(max(1, replication - 1)),
        }


INPUTS: Final = (
    Topic(
        "memberships",
        "input",
        "Joining, leaving and changing a membership; accounts; registered products; lifted quarantines; erasures",
        (
            AccountOpened,
            MemberReleased,
            MemberErasureRequested,
            points.PointsJoined,
            points.PointsCancelRequested,
            points.PointsCancelWithdrawn,
            points.PointsAdjusted,
            CarePurchased,
            CareCancelRequested,
            CareAutoRenewChanged,
            CareClaimOpened,
            *PRO,
        ),
    ),
    Topic(
        "orders",
        "input",
        "Purchases at the store, and points set aside for them",
        (
            points.OrderPlaced,
            points.OrderCancelled,
            points.OrderShipped,
            points.OrderPriceMatched,
            points.RedemptionReserved,
            points.RedemptionReleased,
        ),
    ),
    Topic("returns", "input", "Goods that came back", (points.ReturnCompleted, points.ReturnRejected)),
    Topic("payment-failures", "input", "Declined charges", (PaymentFailed,)),
    Topic(
        "payments",
        "input",
        "Money that came or was disputed; payment methods",
        (
            PaymentSucceeded,
            points.PaymentDisputed,
            points.PaymentDisputeWon,
            MethodAdded,
            MethodRemoved,
            MethodUpdated,
            LoanInvoicePaid,
        ),
    ),
    Topic("repair-status", "input", "Steps of repairs and of clean-and-check visits", (*REPAIRS, *cleaning.EVENTS)),
    Topic("loans", "input", "Steps of equipment loans", tuple(kind for kind in LOANS if issubclass(kind, LoanPayload))),
)

TRANSFER: Final = Topic(
    "transfers", "internal", "What one key's decision means for another key", TRANSFERS, writer="workers"
)
CLOCK: Final = Topic(
    "clock",
    "input",
    "Ticks: one to each partition",
    (Tick,),
    key="empty",
    writer="workers, or an outside clock",
    append_time=True,
)

OUTPUTS: Final = (
    Topic(
        "notifications",
        "output",
        "What members are to be told",
        (Notification,),
        writer="workers",
        readers=("notification service", "views", "audit"),
    ),
    Topic(
        "decisions",
        "output",
        "What became of each input record",
        (Decided,),
        writer="workers",
        readers=("upstream", "views", "audit"),
    ),
    Topic(
        "points-ledger",
        "output",
        "Every movement of points",
        (LedgerEntry,),
        writer="workers",
        readers=("finance", "views", "audit"),
    ),
    Topic(
        "requests",
        "output",
        "Charges, refunds and invoices to be made",
        REQUESTS,
        writer="workers",
        readers=("payment", "commerce", "finance", "views", "audit"),
    ),
    Topic(
        "dead-letters",
        "output",
        "Records that could not be handled, unchanged, with the reason in their headers",
        key="unchanged",
        writer="workers",
        readers=("operators", "audit"),
        max_bytes=DEAD_LETTER_BYTES,
    ),
)

TABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "members": "One value per member: what any decision and the read side need",
        "entries": "Orders, invoices, repairs and held events, each under its own key",
        "lots": "Pages of open lots of points, of members who have too many for their one value",
        "applied": "Ids and content hashes of the events already answered (GEN-1)",
        "partitions": "Now and the last decision number of each partition",
    }
)
"""Tables of the workers -> what is in them. Each has a changelog."""

HANDLED: Final = (*INPUTS, TRANSFER, CLOCK)
"""What the workers read, in handling order."""


def _changelog(table: str, about: str) -> Topic:
    return Topic(
        f"{APP}-{table}-changelog",
        "changelog",
        about,
        key="table key",
        writer="workers",
        readers=("workers", "views", "audit") if table in ("members", "lots") else ("workers", "audit"),
        compacted=True,
        max_bytes=DEAD_LETTER_BYTES,
    )


ALL: Final = (*HANDLED, *OUTPUTS, *(_changelog(table, about) for table, about in TABLES.items()))
TOPIC_OF: Final[Mapping[type, str]] = MappingProxyType({kind: topic.role for topic in ALL for kind in topic.carries})
"""Class of a payload or output -> the contract's name of the one topic it belongs on."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The topics of one installation: an optional prefix before all names, one partition count and one retention for all."""

    prefix: str = ""
    partitions: int = DEFAULT_PARTITIONS
    retention_ms: int = FOREVER
    """Of all topics but the tables' changelogs."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """All topics."""
        return self._installed(ALL)

    @property
    def inputs(self) -> tuple[Topic, ...]:
        """What upstream writes, and the clock, in handling order."""
        return self._installed((*INPUTS, CLOCK))

    @property
    def handled(self) -> tuple[Topic, ...]:
        """What the workers read, in handling order: the inputs and the internal transfers."""
        return self._installed(HANDLED)

    @property
    def outputs(self) -> tuple[Topic, ...]:
        """What the workers write for others."""
        return self._installed(OUTPUTS)

    def name(self, role: str) -> str:
        """The name in Kafka of the contract's topic. Raises KeyError if there is none."""
        if role not in _ROLES:
            raise KeyError(role)
        return self.prefix + role

    def role(self, name: str) -> str:
        """The contract's name of a Kafka topic of this installation. Raises KeyError if there is none."""
        role = name.removeprefix(self.prefix)
        if self.prefix + role != name or role not in _ROLES:
            raise KeyError(name)
        return role

    def changelog(self, table: str) -> str:
        """The name in Kafka of a table's changelog. Raises KeyError if there is no such table."""
        if table not in TABLES:
            raise KeyError(table)
        return f"{self.prefix}{APP}-{table}-changelog"

    def _installed(self, topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
        return tuple(
            replace(
                topic,
                prefix=self.prefix,
                partitions=self.partitions,
                retention_ms=FOREVER if topic.compacted else self.retention_ms,
            )
            for topic in topics
        )


_ROLES: Final = frozenset(topic.role for topic in ALL)
