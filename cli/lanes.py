"""Which events may be sent now, so that a member's events are handled in the order of the file.

Records of one topic partition are handled in order; between topics Kafka promises none. So a member is always on one topic at a time: an
event for another topic waits, with everything of that member after it, until all earlier ones are decided. Members do
not wait for each other.
"""

from collections import deque
from dataclasses import dataclass, field

from cli.lines import Message


@dataclass(slots=True)
class _Lane:
    topic: str
    undecided: int
    queue: deque[Message] = field(default_factory=deque)


class Lanes:
    """One lane per member with undecided events. Pure: says what to send, sends nothing."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self.waiting = 0

    def offer(self, message: Message) -> bool:
        """The next message of the file: true if it may go now, else it is kept until `decided` returns it."""
        lane = self._lanes.get(message.subject)
        if lane is None:
            self._lanes[message.subject] = _Lane(message.topic, 1)
            return True
        if lane.topic == message.topic and not lane.queue:
            lane.undecided += 1
            return True
        lane.queue.append(message)
        self.waiting += 1
        return False

    def decided(self, subject: str) -> list[Message]:
        """One more event of this member has its decision: what may go now because of that, in order."""
        lane = self._lanes[subject]
        lane.undecided -= 1
        if lane.undecided:
            return []
        if not lane.queue:
            del self._lanes[subject]
            return []
        lane.topic = lane.queue[0].topic
        free = []
        while lane.queue and lane.queue[0].topic == lane.topic:
            free.append(lane.queue.popleft())
        lane.undecided = len(free)
        self.waiting -= len(free)
        return free
