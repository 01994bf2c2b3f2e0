"""What lies where in Redis, and the head that every stored value starts with.

| key | type | holds |
|---|---|---|
| ``member:{id}`` | string | the member's document (JSON) |
| ``lots:{id}`` | hash | of a member with paged lots: page -> its offset and what expires when; and ``generation`` |
| ``decisions:{id}`` ``ledger:{id}`` ``notifications:{id}`` ``requests:{id}`` | list, newest first | what ``why`` tells (JSON) |
| ``index:sony:{generation}`` ``index:member:{generation}`` | sorted set | by instant, what Sony and what members owe: member, kind, ref |
| ``index:flags:{generation}`` | sorted set | by instant, what support has to look at: member, code, about |
| ``index:of:{generation}`` | hash | member -> what of the three is theirs |
| ``feed:{generation}`` | hash | next offset per topic partition; ``rebuild`` while a rebuild is under way |
| ``feed:status`` | hash, expires | how the feeder is doing; gone when none is alive |

An installation's topic prefix is put before every key too, so that two installations can share one server.
"""

from dataclasses import dataclass
from typing import Final, Literal

TIMELINE_LIMIT: Final = 1_000
"""How many decisions, ledger entries, notifications and requests are kept per member (each); Kafka has the older ones."""

Timeline = Literal["decisions", "ledger", "notifications", "requests"]
TIMELINES: Final[tuple[Timeline, ...]] = ("decisions", "ledger", "notifications", "requests")
Kind = Literal["lots", "member", "decisions", "ledger", "notifications", "requests"]
KINDS: Final[tuple[Kind, ...]] = ("lots", "member", *TIMELINES)
"""First segments of the keys that belong to members."""
INDEX: Final = "index"
"""First segment of the keys of the index over all members."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names of one installation and generation. A member id is always last, so no id can name another key."""

    prefix: str
    generation: int

    def member(self, member_id: str) -> str:
        """The key of a member's document."""
        return f"{self.prefix}member:{member_id}"

    def lots(self, member_id: str) -> str:
        """The key of a member's pages of lots."""
        return f"{self.prefix}lots:{member_id}"

    def timeline(self, kind: Timeline, member_id: str) -> str:
        """The key of one of a member's lists."""
        return f"{self.prefix}{kind}:{member_id}"

    def index(self, name: str) -> str:
        """The key of what Sony (`sony`) or members (`member`) owe, or of `flags`, by instant; or of what of it is whose (`of`)."""
        return f"{self.prefix}{INDEX}:{name}:{self.generation}"

    @property
    def feed(self) -> str:
        """The key of this generation's positions."""
        return f"{self.prefix}feed:{self.generation}"

    @property
    def status(self) -> str:
        """The key of the feeder's sign of life."""
        return f"{self.prefix}feed:status"


def sealed(generation: int, revision: int, body: bytes) -> bytes:
    """A JSON object with its generation and revision put first, where the script finds them without parsing JSON.

    ``body`` is a JSON object without spaces around its braces that has neither of the two keys.
    """
    head = b'{"generation":%d,"revision":%d' % (generation, revision)
    return head + b"}" if body == b"{}" else head + b"," + body[1:]
