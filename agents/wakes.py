"""Who of a partition is to be woken next: a heap over the deadlines that lie in the members' own state."""

import heapq
from datetime import UTC, datetime
from typing import Final

AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)
"""The instant of those who are to hear of something: the same one whenever that is found out, and so the same order."""


class Wakes:
    """At most one live instant per member; what was replaced stays in the heap until it surfaces, and is skipped."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []
        self._live: dict[str, datetime] = {}

    def set(self, member_id: str, due: datetime | None) -> None:
        """The member's next instant, in place of an earlier one; None: not to be woken."""
        if due is None:
            self._live.pop(member_id, None)
        elif self._live.get(member_id) != due:
            self._live[member_id] = due
            heapq.heappush(self._heap, (due, member_id))

    def pop(self, now: datetime) -> str:
        """Take the member that was due first, equal instants by id. LookupError if nobody is due by ``now``."""
        if not self.any_due(now):
            raise LookupError(f"nobody is due by {now}")
        _, member_id = heapq.heappop(self._heap)
        del self._live[member_id]
        return member_id

    def any_due(self, now: datetime) -> bool:
        """Whether somebody is due by ``now``."""
        heap = self._heap
        while heap and self._live.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return bool(heap) and heap[0][0] <= now
