"""A member with as many open lots as a test wants, whose state and pages are the rules' own."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from models.desk import Desk, Moment
from models.points.lots import Lots
from models.points.state import LotKey, Page, Points
from models.points.view import with_pages
from models.policies import STANDARD
from models.state import LOTS, MEMBERS, Member, decode, member_key
from models.view import view

FIRST_DAY = date(2026, 3, 1)
DAYS = 731
"""Points can be used for two years, so lots earned every day end on about as many days."""

Changes = Mapping[str, Mapping[bytes, bytes | None]]


def lot(number: int) -> LotKey:
    """The name of one of a member's lots; neighbours end on the same day."""
    day = FIRST_DAY + timedelta(days=number * DAYS // 10_000)
    return day.toordinal(), number, f"o-{number}"


class Holder:
    """A member's tables; each change of lots is one call of the rules."""

    def __init__(self, member: str) -> None:
        self.member = member
        self._tables: dict[str, dict[bytes, bytes]] = {MEMBERS: {}, LOTS: {}}
        self._seq = 0

    def change(self, lots: Mapping[LotKey, int]) -> Changes:
        """Points into lots, or out of them. Returns what that writes."""
        self._seq += 1
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        moment = Moment(self._seq, now, "orders", 0, self._seq)
        desk = Desk(self.member, lambda table, key: self._tables[table].get(key), moment, STANDARD)
        points = desk.member.points = desk.member.points or Points(now)
        tree = Lots(desk, points)
        for key, amount in lots.items():
            tree.change(key, amount)
        points.available = tree.total
        changes = desk.finish().changes
        for table, values in changes.items():
            for key, value in values.items():
                if value is None:
                    del self._tables[table][key]
                else:
                    self._tables[table][key] = value
        return changes

    @property
    def tables(self) -> Changes:
        """All that is there, as a compacted changelog has it."""
        return self._tables

    @property
    def pages(self) -> int:
        """How many pages there are besides the hot value."""
        return len(self._tables[LOTS])

    def document(self, generation: int = 1) -> dict[str, Any]:
        """What the read side is to show, worked out from the tables."""
        state = decode(self._tables[MEMBERS][member_key(self.member)], Member)
        document = view(self.member, state, generation)
        if document["points"]["expiry_schedule"] is None:
            pages = [decode(value, Page) for value in self._tables[LOTS].values()]
            document["points"] = with_pages(document["points"], pages)
        plain: dict[str, Any] = orjson.loads(orjson.dumps(document))
        return plain
