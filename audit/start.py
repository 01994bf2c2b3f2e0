"""What the audit of a partition begins from."""

from dataclasses import dataclass, field

from audit.accounts import Accounts
from audit.books import Book
from audit.paid import Said
from audit.served import Told
from audit.shard import Coordinates
from models.catalogue import TABLES


@dataclass(eq=False)
class Start:
    """All that the layers know of what lies before the records at hand; a new one: nothing, they are the first.

    Each layer begins from its part and leaves it as it is behind the last record. So after a clean audit this is what
    the next one can begin from, and an audit from there finds what one from the first record would.
    """

    seq: int = 0
    """How many records the partition had handled."""
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=lambda: {table: {} for table in TABLES})
    held: set[Coordinates] = field(default_factory=set)
    """Records that wait to be settled: no other gets a second decision."""
    owed: set[int] = field(default_factory=set)
    """Offsets of ticks to be handled that were owed, and are accounted for."""
    words: set[tuple[object, object]] = field(default_factory=set)
    """PRO-11 (source, id) of what was said to everybody: members may hear of it long after."""
    books: dict[str, Book] = field(default_factory=dict)
    """The ledger by member."""
    accounts: Accounts | None = None
    """The own accounts."""
    said: dict[str, Said] = field(default_factory=dict)
    """What the outputs said of fees, by member."""
    told: dict[str, Told] = field(default_factory=dict)
    """And of repairs, loans and visits."""

    def end(self) -> None:
        """The audit is through: what comes does not need all of it."""
        if self.accounts:
            self.accounts.forget()
