"""The scripts against a real server: what they promise whatever is fed, again, or in another order."""

from collections.abc import Iterator

import orjson
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from views.keys import Keys, sealed
from views.store import Place, Portion, Rebuilding, Store, Write, connect

PLACE = Place("topic", 0)
LIMIT = 5
ANEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url) as client:
        yield client


def store_of(client: redis.Redis, generation: int = 1) -> Store:
    return Store(client, Keys("", generation), LIMIT)


def document(revision: int, generation: int = 1, member: str = "m") -> Write:
    return Write(f"member:{member}", revision, sealed(generation, revision, b'{"points":%d}' % revision))


def line(offset: int, generation: int = 1, member: str = "m") -> Write:
    return Write(f"decisions:{member}", offset, sealed(generation, offset, b'{"id":"%d"}' % offset))


def erased(revision: int, at: str = "2026-03-02T12:00:00Z") -> Write:
    return Write("member:m", revision, sealed(1, revision, b'{"erased_at":"%b"}' % at.encode()))


def said(offset: int, at: str) -> Write:
    """As `views.timeline.line` has it."""
    body = b'{"id":"%d","time":"%b","says":"x"}' % (offset, at.encode())
    return Write("decisions:m", offset, sealed(1, offset, body))


def stored_document(client: redis.Redis, member: str = "m") -> dict[str, object] | None:
    raw = client.get(f"member:{member}")
    return None if raw is None else orjson.loads(raw)


def stored_offsets(client: redis.Redis, member: str = "m") -> list[int]:
    return [orjson.loads(raw)["revision"] for raw in client.lrange(f"decisions:{member}", 0, -1)]


class TestPositions:
    def test_given_no_position_when_fed_from_the_start_then_it_moves_to_the_end(self, client: redis.Redis) -> None:
        store = store_of(client)
        assert store.feed([Portion(PLACE, "member", None, 7, [document(1)])]) == [None]
        assert store.positions() == {"topic-0": 7}
        assert stored_document(client) == {"generation": 1, "revision": 1, "points": 1}

    def test_given_another_position_when_fed_then_nothing_is_written(self, client: redis.Redis) -> None:
        store = store_of(client)
        store.feed([Portion(PLACE, "member", None, 7, [document(1)])])
        for start in (None, 6, 8):
            assert store.feed([Portion(PLACE, "member", start, 9, [document(2)])]) == [7]
        assert store.positions() == {"topic-0": 7}
        assert stored_document(client) == {"generation": 1, "revision": 1, "points": 1}

    def test_given_a_flush_between_two_portions_then_the_second_is_refused(self, client: redis.Redis) -> None:
        store = store_of(client)
        store.feed([Portion(PLACE, "member", None, 7, [document(1)])])
        client.flushdb()
        assert store.feed([Portion(PLACE, "member", 7, 9, [document(2, member="n")])]) == [None]
        assert client.dbsize() == 0

    def test_given_an_emptied_script_cache_when_fed_then_it_is_loaded_again(self, client: redis.Redis) -> None:
        store = store_of(client)
        store.feed([Portion(PLACE, "member", None, 7, [document(1)])])
        client.script_flush()
        assert store.feed([Portion(PLACE, "member", 7, 9, [document(2)])]) == [7]

    def test_portions_of_one_call_follow_each_other(self, client: redis.Redis) -> None:
        store = store_of(client)
        some = [Portion(PLACE, "decisions", None, 2, [line(0), line(1)]), Portion(PLACE, "decisions", 2, 3, [line(2)])]
        assert store.feed(some) == [None, 2]
        assert stored_offsets(client) == [2, 1, 0]

    def test_generations_have_positions_of_their_own(self, client: redis.Redis) -> None:
        store_of(client, 1).feed([Portion(PLACE, "member", None, 7, [document(1)])])
        assert store_of(client, 2).positions() == {}


class TestGuard:
    """Read side: an older (generation, revision) never overwrites a newer one."""

    @given(versions=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20)), min_size=1, max_size=12))
    @ANEW
    def test_whatever_the_order_the_highest_version_stays_and_none_goes_back(
        self, client: redis.Redis, versions: list[tuple[int, int]]
    ) -> None:
        client.flushdb()
        highest = (0, -1)
        for place, (generation, revision) in enumerate(versions):
            portion = Portion(Place("t", place), "member", None, 1, [document(revision, generation)])
            store_of(client, generation).feed([portion])
            highest = max(highest, (generation, revision))
            found = stored_document(client)
            assert found == {"generation": highest[0], "revision": highest[1], "points": highest[1]}

    @given(rewinds=st.lists(st.tuples(st.integers(0, 14), st.integers(0, 15)), max_size=6), length=st.integers(0, 15))
    @ANEW
    def test_a_log_read_again_from_anywhere_leaves_its_newest_lines_once(
        self, client: redis.Redis, rewinds: list[tuple[int, int]], length: int
    ) -> None:
        client.flushdb()
        store, fed = store_of(client), 0
        for start, end in [*rewinds, (0, length)]:
            # A feeder may start again from an older offset; it never skips any.
            start, end = min(start, fed), min(end, length)
            for offset in range(start, end):
                store.feed([Portion(Place(f"t{offset}", len(rewinds)), "decisions", None, 1, [line(offset)])])
                client.delete("feed:1")
            fed = max(fed, end)
        assert stored_offsets(client) == list(range(length))[::-1][:LIMIT]

    def test_an_equal_revision_is_written_again(self, client: redis.Redis) -> None:
        client.set("member:m", sealed(1, 4, b'{"points":0}'))
        store_of(client).feed([Portion(PLACE, "member", None, 1, [document(4)])])
        assert stored_document(client) == {"generation": 1, "revision": 4, "points": 4}

    def test_a_higher_generation_starts_a_list_anew_and_a_lower_one_adds_nothing(self, client: redis.Redis) -> None:
        store_of(client, 1).feed([Portion(PLACE, "decisions", None, 9, [line(7), line(8)])])
        store_of(client, 2).feed([Portion(PLACE, "decisions", None, 1, [line(0, 2)])])
        assert stored_offsets(client) == [0]
        store_of(client, 1).feed([Portion(PLACE, "decisions", 9, 10, [line(9)])])
        assert stored_offsets(client) == [0]

    def test_what_the_feed_did_not_write_is_older_than_everything(self, client: redis.Redis) -> None:
        client.set("member:m", "by somebody else")
        store_of(client).feed([Portion(PLACE, "member", None, 1, [document(0)])])
        assert stored_document(client) == {"generation": 1, "revision": 0, "points": 0}


class TestDeletion:
    def test_a_deleted_member_does_not_come_back_with_an_older_state(self, client: redis.Redis) -> None:
        store = store_of(client)
        store.feed([Portion(PLACE, "member", None, 1, [document(5)])])
        store.feed([Portion(PLACE, "member", 1, 2, [Write("member:m", 0, b"")])])
        assert stored_document(client) == {"generation": 1, "revision": 5, "deleted": True}
        store.feed([Portion(PLACE, "member", 2, 3, [document(4)])])
        assert stored_document(client) == {"generation": 1, "revision": 5, "deleted": True}
        store.feed([Portion(PLACE, "member", 3, 4, [document(6)])])
        assert stored_document(client) == {"generation": 1, "revision": 6, "points": 6}

    def test_a_deletion_of_nobody_writes_nothing(self, client: redis.Redis) -> None:
        store_of(client).feed([Portion(PLACE, "member", None, 1, [Write("member:m", 0, b"")])])
        assert stored_document(client) is None

    def test_a_deletion_of_an_older_generation_is_refused(self, client: redis.Redis) -> None:
        store_of(client, 2).feed([Portion(PLACE, "member", None, 1, [document(5, 2)])])
        store_of(client, 1).feed([Portion(PLACE, "member", None, 1, [Write("member:m", 0, b"")])])
        assert stored_document(client) == {"generation": 2, "revision": 5, "points": 5}


class TestRebuild:
    def test_from_the_request_to_the_end_nothing_is_fed(self, client: redis.Redis) -> None:
        store = store_of(client)
        store.feed([Portion(PLACE, "member", None, 1, [document(1)])])
        store.request_rebuild()
        with pytest.raises(Rebuilding):
            store.positions()
        with pytest.raises(Rebuilding):
            store.feed([Portion(PLACE, "member", 1, 2, [document(2)])])
        assert stored_document(client) == {"generation": 1, "revision": 1, "points": 1}
        assert store.drop() == 1
        assert client.dbsize() == 0
        assert store.positions() == {}

    def test_a_second_one_that_comes_late_deletes_nothing_of_what_was_fed_anew(self, client: redis.Redis) -> None:
        store = store_of(client)
        store.request_rebuild()
        store.drop()
        store.feed([Portion(PLACE, "member", None, 1, [document(1)])])
        assert store.drop() == 0
        assert stored_document(client) == {"generation": 1, "revision": 1, "points": 1}

    def test_a_newer_generation_and_other_keys_stay(self, client: redis.Redis) -> None:
        store_of(client, 2).feed([Portion(PLACE, "member", None, 1, [document(1, 2, "n")])])
        store_of(client, 2).feed([Portion(Place("d", 0), "decisions", None, 1, [line(1, 2, "n")])])
        old = store_of(client, 1)
        old.feed(
            [Portion(PLACE, "member", None, 1, [document(9)]), Portion(Place("d", 0), "decisions", None, 1, [line(1)])]
        )
        client.set("other-member:x", "1")
        old.request_rebuild()
        assert old.drop() == 2
        assert sorted(client.keys()) == [b"decisions:n", b"feed:2", b"member:n", b"other-member:x"]


class TestErased:
    """GEN-7"""

    def feed(self, client: redis.Redis, *writes: Write) -> None:
        store = store_of(client)
        for write in writes:
            kind = "member" if write.key.startswith("member:") else "decisions"
            at = store.positions().get(PLACE.field)
            assert store.feed([Portion(PLACE, kind, at, (at or 0) + 1, [write])]) == [at]

    def test_the_lists_go_with_the_first_mark_and_take_in_only_what_comes_later(self, client: redis.Redis) -> None:
        self.feed(client, document(1), said(3, "2026-03-01T12:00:00Z"), erased(2))
        assert stored_offsets(client) == []
        self.feed(client, said(4, "2026-03-02T12:00:00Z"), said(5, "2026-03-02T12:00:01Z"), erased(3))
        assert stored_offsets(client) == [5]

    def test_what_was_never_dated_stays_away(self, client: redis.Redis) -> None:
        self.feed(client, erased(2), line(3))
        assert stored_offsets(client) == []

    def test_in_a_rebuild_too_whatever_is_fed_first(self, client: redis.Redis) -> None:
        lines = [said(3, "2026-03-01T12:00:00Z"), said(4, "2026-03-03T12:00:00Z"), said(5, "2026-03-04T12:00:00Z")]
        for order in ([erased(2), *lines], [*lines, erased(2)], [document(1), lines[0], erased(2), *lines[1:]]):
            client.flushdb()
            self.feed(client, *order)
            assert stored_offsets(client) == [5, 4]

    def test_a_deleted_document_takes_its_lists_along(self, client: redis.Redis) -> None:
        self.feed(client, document(1), line(3), Write("member:m", 0, b""))
        assert stored_offsets(client) == []
        assert stored_document(client) == {"generation": 1, "revision": 1, "deleted": True}
