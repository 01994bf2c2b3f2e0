"""Members' states in a Redis of its own, fed as the feeder does."""

import redis

from agents.settings import Settings
from models.state import Member, encode
from views.keys import Keys
from views.source import Batch, Record
from views.store import Place, Store, connect
from views.writes import portions


class Fed:
    """Feeds states one by one, each as the next record of one topic partition."""

    def __init__(self, redis_url: str, generation: int = 1) -> None:
        self.settings = Settings(redis_url=redis_url, generation=generation)
        self.keys = Keys(self.settings.topic_prefix, generation)
        self._url, self._place, self._offset = redis_url, Place(f"members-{generation}", 0), 0

    def state(self, member_id: str, member: Member | None) -> None:
        """The next state of a member; None: the member is removed."""
        record = Record(self._offset, member_id.encode(), encode(member) if member else None)
        batch = Batch(self._place, self._offset + 1, [record])
        with connect(self._url) as client:
            Store(client, self.keys).feed(list(portions(self.keys, "member", batch, self._offset or None, 1)))
        self._offset += 1

    def index(self) -> dict[str, set[bytes]]:
        """The index's keys and what they hold."""
        with connect(self._url) as client:
            return {name: set(client.zrange(self.keys.index(name), 0, -1)) for name in ("sony", "member", "flags")}

    def rebuilt(self) -> int:
        """Ask for a rebuild, and delete; how many keys."""
        with connect(self._url) as client:
            store = Store(client, self.keys)
            store.request_rebuild()
            self._offset = 0
            return store.drop()

    def client(self) -> redis.Redis:
        """To look with."""
        return connect(self._url)
