"""What the changelogs say of a member's points, as plain values: the hot value, and the pages of its lots."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from models import state
from models.points.state import Lot, Page, Points


class UnreadableError(Exception):
    """Something of the member's points is not there or cannot be read; the message says what."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's points; of nobody's the balances are 0."""

    since: datetime | None = None
    balance: Mapping[str, int] = field(default_factory=lambda: {"available": 0, "reserved": 0, "debt": 0})
    lifetime: Mapping[str, int] = field(default_factory=dict)
    lots: Mapping[str, int] = field(default_factory=dict)
    expiry_days: Mapping[date, int] = field(default_factory=dict)


LIFETIME = ("earned", "taken_back", "redeemed", "expired", "adjusted")


def standing(member_id: str, points: Points | None, pages: Mapping[bytes, bytes]) -> Standing:
    """What a hot value's points say, with the pages of lots in their own table. Raises UnreadableError."""
    if points is None:
        return Standing(lifetime=dict.fromkeys(LIFETIME, 0))
    lots = list(_lots(member_id, points.lots, pages))
    days: Counter[date] = Counter()
    for lot in lots:
        days[lot.expires_on] += lot.left
    return Standing(
        since=points.joined_at,
        balance={"available": points.available, "reserved": points.reserved, "debt": points.debt},
        lifetime={name: getattr(points, name) for name in LIFETIME},
        lots={lot.id: lot.left for lot in lots},
        expiry_days=dict(days),
    )


def _lots(member_id: str, page: Page, pages: Mapping[bytes, bytes]) -> Iterator[Lot]:
    yield from page.lots
    for branch in page.branches:
        raw = pages.get(state.entry_key(Page.KIND, member_id, str(branch.page)))
        if raw is None:
            raise UnreadableError(f"page {branch.page} of the lots is missing")
        try:
            below = state.decode(raw, Page)
        except state.UNREADABLE as error:
            raise UnreadableError(f"page {branch.page} of the lots cannot be read: {error}") from error
        if below.left != branch.left:
            raise UnreadableError(f"page {branch.page} of the lots holds {below.left} points, not {branch.left}")
        yield from _lots(member_id, below, pages)
