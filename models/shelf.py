"""Where things of which a member can have many are kept: those at hand in the hot value, the others as entries.

At hand is what still has something running, and the latest few of the others, for the member to see. The hot value so
does not grow with what a member has had.
"""

from datetime import datetime
from typing import Final, Protocol, TypeVar

from models.case import Case

RECENT: Final = 3
"""How many stay at hand of those that have nothing running."""


class Kept(Protocol):
    """A Struct with these, and a KIND."""

    id: str
    requested_at: datetime

    @property
    def is_running(self) -> bool:
        """Whether a deadline of it runs, or something is out."""


K = TypeVar("K", bound=Kept)


def find(case: Case, kind: type[K], at_hand: dict[str, K], which: str) -> K | None:
    """The thing of that id, wherever it is kept."""
    return at_hand.get(which) or case.find(kind, which)  # type: ignore[type-var]


def keep(case: Case, at_hand: dict[str, K], one: K) -> None:
    """Put it, new or changed, where it belongs; and the oldest of the others out of the hot value."""
    if one.id not in at_hand:
        case.desk.drop(type(one), one.id)  # type: ignore[arg-type]
    at_hand[one.id] = one
    done = sorted([other for other in at_hand.values() if not other.is_running], key=_age)
    for old in done[:-RECENT]:
        case.put(old.id, at_hand.pop(old.id))  # type: ignore[arg-type]


def _age(one: Kept) -> tuple[datetime, str]:
    return one.requested_at, one.id
