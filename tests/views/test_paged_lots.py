"""MS-19 The schedule of a member whose lots are too many for one value: put together from their pages, by the script."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.settings import Settings
from models.partitioning import partition_of
from models.points.lots import MOST
from models.state import LOTS, MEMBERS, Member, encode
from tests.views.conftest import StartFeeder, Writer, wait_until_fed
from tests.views.holder import DAYS, Changes, Holder, lot
from views import query
from views.keys import KINDS, Keys, Kind
from views.rebuild import rebuild
from views.source import Batch, Record, Source
from views.store import Place, Portion, Rebuilding, Store, connect
from views.writes import portions

MANY = 3 * MOST
"""Lots of a member with a few pages."""
ANEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Feed:
    """Feeds tables' changes, each a record of its topic on the one partition there is."""

    def __init__(self, url: str, prefix: str = "", generation: int = 1) -> None:
        self.settings = Settings(redis_url=url, topic_prefix=prefix, generation=generation)
        self.client = connect(url)
        self.keys = Keys(prefix, generation)
        self.store = Store(self.client, self.keys)
        self._offsets: dict[str, int] = {}

    def feed(self, kind: Kind, *records: tuple[bytes, bytes | None], again_from: int | None = None) -> None:
        """Write records that follow those before, or, as after a loss of positions, an older part of the log again."""
        if again_from is not None:
            self._offsets[kind] = again_from
            self.client.delete(self.keys.feed)
        start = self._offsets.get(kind, 0)
        known = self.store.positions().get(f"{kind}-0")
        batch = Batch(Place(kind, 0), start + len(records))
        batch.records = [Record(offset, *record) for offset, record in zip(count(start), records, strict=False)]
        given = list(portions(self.keys, kind, batch, known, 1))
        assert self.store.feed(given) == [portion.start for portion in given]
        self._offsets[kind] = batch.end

    def pages(self, changes: Changes) -> None:
        if LOTS in changes:
            self.feed("lots", *changes[LOTS].items())

    def states(self, changes: Changes) -> None:
        self.feed("member", *changes[MEMBERS].items())

    def both(self, changes: Changes) -> None:
        self.pages(changes)
        self.states(changes)

    def document(self, member: str = "anna") -> dict[str, Any]:
        document = query.member(self.settings, member)
        assert document is not None
        return document


@pytest.fixture
def feed(redis_url: str) -> Iterator[Feed]:
    feed = Feed(redis_url)
    yield feed
    feed.client.close()


def lots(first: int, last: int, points: int = 10) -> dict[Any, int]:
    return {lot(number): points for number in range(first, last)}


def schedule(document: dict[str, Any]) -> Any:
    return document["points"]["expiry_schedule"]


@pytest.mark.parametrize("open_lots", [MOST, MOST + 1])
def test_a_member_around_the_border_has_the_full_schedule(feed: Feed, open_lots: int) -> None:
    anna = Holder("anna")
    feed.both(anna.change(lots(0, open_lots)))
    assert bool(anna.pages) == (open_lots > MOST)
    assert feed.document() == anna.document()
    assert sum(day["points"] for day in schedule(feed.document())) == 10 * open_lots
    assert feed.document()["points"]["next_expiry"] == schedule(feed.document())[0]


def test_ten_thousand_lots(feed: Feed) -> None:
    anna = Holder("anna")
    feed.both(anna.change(lots(0, 10_000)))
    assert anna.pages > 150
    assert len(schedule(feed.document())) == DAYS
    assert feed.document() == anna.document()
    for number in (0, 5_000, 9_999):  # the first day, one in the middle, the last
        feed.both(anna.change({lot(number): -10, lot(number + 10_000): 7}))
        assert feed.document() == anna.document()


def test_pages_and_state_come_in_any_order_and_never_disagree_in_the_end(feed: Feed) -> None:
    anna = Holder("anna")
    first, second = anna.change(lots(0, MANY)), anna.change({lot(0): -10, lot(MANY): 99})
    for changes in (first, second):
        feed.states(changes)
        assert schedule(feed.document()) is None, "the pages of this state are not there yet"
        assert feed.document()["points"]["next_expiry"] is None
        feed.pages(changes)
        assert schedule(feed.document()) is not None
    assert feed.document() == anna.document()


def test_pages_that_come_first_leave_the_document_whole_as_it_was(feed: Feed) -> None:
    anna = Holder("anna")
    feed.both(anna.change(lots(0, MANY)))
    before = feed.document()
    changes = anna.change({lot(MANY): 99})
    feed.pages(changes)
    assert feed.document() == before
    feed.states(changes)
    assert feed.document() == anna.document() != before


def test_back_to_few_lots_the_pages_say_nothing_any_more(feed: Feed) -> None:
    anna = Holder("anna")
    feed.both(anna.change(lots(0, MANY)))
    changes = anna.change({lot(number): -10 for number in range(3, MANY)})
    assert not anna.pages
    feed.states(changes)
    assert feed.document() == anna.document()
    feed.pages(changes)
    assert feed.document() == anna.document()
    assert feed.client.hkeys("lots:anna") == [b"generation"]


@given(
    steps=st.lists(st.dictionaries(st.integers(0, 3 * MOST), st.integers(0, 20), max_size=90), min_size=1, max_size=6),
    behind=st.lists(st.booleans(), min_size=6, max_size=6),
)
@ANEW
def test_whatever_happens_to_the_lots_the_document_has_them_all(
    feed: Feed, steps: list[dict[int, int]], behind: list[bool]
) -> None:
    """MS-19, with the two topics read one as far as the other only at the end."""
    feed.client.flushdb()
    feed._offsets.clear()
    anna, left, waiting = Holder("anna"), dict.fromkeys(range(3 * MOST + 1), 0), []
    for step, late in zip(steps, behind, strict=False):
        changes = anna.change({lot(number): points - left[number] for number, points in step.items()})
        left |= step
        feed.states(changes)
        waiting.append(changes)
        if not late:
            while waiting:
                feed.pages(waiting.pop(0))
        found = schedule(feed.document())
        available = feed.document()["points"]["available"]
        assert found is None or sum(day["points"] for day in found) == available
    while waiting:
        feed.pages(waiting.pop(0))
    assert feed.document() == anna.document()


def test_an_older_page_read_again_overwrites_nothing(feed: Feed) -> None:
    anna = Holder("anna")
    first = anna.change(lots(0, MANY))
    feed.both(first)
    feed.both(anna.change({lot(0): 5}))
    older = list(first[LOTS].items())
    feed.feed("lots", *older, again_from=0)
    assert feed.document() == anna.document()
    feed.states(anna.tables)
    assert feed.document() == anna.document()


def test_a_new_generation_knows_only_its_own_pages(feed: Feed) -> None:
    anna = Holder("anna")
    first = anna.change(lots(0, MANY))
    feed.both(first)
    anna.change({lot(0): -10, lot(MANY): 10})  # untold to the first generation; the sum stays
    second = Feed(feed.settings.redis_url, generation=2)
    second.states(anna.tables)
    assert schedule(second.document()) is None, "the older generation's pages are not this document's"
    second.pages(anna.tables)
    assert second.document() == anna.document(2)
    second.client.close()


def test_an_older_generation_adds_nothing(feed: Feed) -> None:
    anna = Holder("anna")
    first = anna.change(lots(0, MANY))
    feed.both(first)
    anna.change({lot(0): -3})
    second = Feed(feed.settings.redis_url, generation=2)
    second.both(anna.tables)
    feed.pages(first)
    second.states(anna.tables)
    assert second.document() == anna.document(2)
    second.client.close()


def test_a_rebuild_deletes_the_pages_too(feed: Feed) -> None:
    anna = Holder("anna")
    feed.both(anna.change(lots(0, MANY)))
    feed.client.hset("lots:of-another-make", "generation", 2)
    assert feed.store.count() == 2
    feed.store.request_rebuild()
    with pytest.raises(Rebuilding):
        feed.store.feed([Portion(Place("lots", 0), "lots", 0, 1, ())])
    assert feed.store.drop() == 2
    assert feed.client.keys() == [b"lots:of-another-make"]


@pytest.mark.parametrize("member", ["a|b", "a%7Cb", "lots:x", "ü ", "a:member"])
def test_any_member_id(redis_url: str, member: str) -> None:
    feed = Feed(redis_url, "prefix-")
    holder = Holder(member)
    feed.both(holder.change(lots(0, MANY)))
    assert feed.document(member) == holder.document()
    assert sorted(feed.client.keys()) == sorted(
        name.encode() for name in (f"prefix-lots:{member}", f"prefix-member:{member}", "prefix-feed:1")
    )
    feed.client.close()


def test_a_page_away_from_its_member_s_partition_is_passed_over() -> None:
    changes = Holder("anna").change(lots(0, MANY))
    records = [Record(offset, *page) for offset, page in enumerate(changes[LOTS].items())]
    home = partition_of(b"anna", 2)
    found = {
        number: sum(
            len(one.writes) for one in portions(Keys("", 1), "lots", Batch(Place("lots", number), 9, records), None, 2)
        )
        for number in range(2)
    }
    assert found == {home: len(records), 1 - home: 0}


def test_of_a_page_only_the_newest_record_is_written() -> None:
    anna = Holder("anna")
    written = [*anna.change(lots(0, MANY))[LOTS].items(), *anna.change({lot(0): 5})[LOTS].items()]
    records = [Record(offset, *page) for offset, page in enumerate(written)]
    (portion,) = portions(Keys("", 1), "lots", Batch(Place("lots", 0), len(records), records), None, 1)
    assert len(portion.writes) == anna.pages < len(records)
    assert portion.writes[-1].revision == len(records) - 1


@pytest.mark.broker
def test_of_one_poll_pages_are_fed_before_documents(
    installation: Settings, writer: Writer, start_feeder: StartFeeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a reader would find no schedule between the two, each time."""
    poll, feed_them, calls = Source.poll, Store.feed, list[list[Kind]]()

    def documents_first(source: Source) -> list[Batch]:
        return sorted(poll(source), key=lambda batch: "-lots-" in batch.place.topic)

    def noted(store: Store, given: Sequence[Portion]) -> list[int | None]:
        calls.append([portion.kind for portion in given])
        return feed_them(store, given)

    monkeypatch.setattr(Source, "poll", documents_first)
    monkeypatch.setattr(Store, "feed", noted)
    with writer.transaction():
        writer.tables("anna", Holder("anna").change(lots(0, MANY)))
    start_feeder(installation)
    wait_until_fed(installation)
    kinds = [kind for call in calls for kind in call if kind in ("lots", "member")]
    assert kinds.index("lots") < kinds.index("member")
    assert all(call == sorted(call, key=KINDS.index) for call in calls)


@pytest.mark.broker
def test_ten_thousand_lots_from_kafka_and_once_more_after_a_rebuild(
    installation: Settings, writer: Writer, start_feeder: StartFeeder
) -> None:
    start_feeder(installation)
    anna = Holder("anna")
    for first in range(0, 10_000, 2_500):
        with writer.transaction():
            writer.tables("anna", anna.change(lots(first, first + 2_500)))
            writer.state("ben", first)
    wait_until_fed(installation)
    assert query.member(installation, "anna") == anna.document()
    with writer.transaction():
        writer.tables("anna", anna.change({lot(number): -10 for number in range(9_000)}))
    wait_until_fed(installation)
    assert query.member(installation, "anna") == anna.document()
    rebuild(installation)
    wait_until_fed(installation)
    assert query.member(installation, "anna") == anna.document()


def test_an_ordinary_document_is_written_as_it_came(redis_url: str) -> None:
    with connect(redis_url) as client:
        batch = Batch(Place("member", 0), 1, [Record(0, b"ben", encode(Member(revision=1)))])
        (portion,) = portions(Keys("", 1), "member", batch, None, 1)
        Store(client, Keys("", 1)).feed([portion])
        assert client.get("member:ben") == portion.writes[0].value
        assert sorted(client.keys()) == [b"feed:1", b"member:ben"]
