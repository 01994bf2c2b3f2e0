"""What `why` and the timeline tell, out of lines that lie in Redis."""

from typing import Any

import orjson
import pytest

from agents.settings import Settings
from views import query
from views.errors import RedisUnreachable
from views.keys import Keys, Timeline, sealed
from views.store import Place, Portion, Store, Write, connect

EARLY, LATE = "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"


class Redis:
    """Puts lines for the member `anna` into the lists, each next in its topic."""

    def __init__(self, url: str) -> None:
        self.settings = Settings(redis_url=url)
        self._keys = Keys("", 1)
        self._offset = 0

    def line(self, of: Timeline, **line: Any) -> None:
        write = Write(self._keys.timeline(of, "anna"), self._offset, sealed(1, self._offset, orjson.dumps(line)))
        with connect(self.settings.redis_url) as client:
            start = self._offset or None
            Store(client, self._keys).feed([Portion(Place("t", 0), of, start, self._offset + 1, [write])])
        self._offset += 1

    def decision(self, event: str, seq: int, time: str | None = EARLY, **more: Any) -> None:
        ref = {
            "source": "shop",
            "id": event,
            "type": "order.placed.v1",
            "topic": "orders",
            "partition": 0,
            "offset": seq,
        }
        line = {
            "id": f"d{seq}",
            "time": time,
            "event": ref,
            "seq": seq,
            "outcome": "applied",
            "says": f"Said of {event}.",
        }
        self.line(
            "decisions", **line | {"clause": "MS-3", "ledger": [], "notifications": [], "rules_version": "1"} | more
        )

    def entry(self, id_: str, balance: int, cause: dict[str, str], time: str | None = EARLY) -> None:
        after = {"available": balance, "reserved": 0, "debt": 0}
        self.line(
            "ledger",
            id=id_,
            time=time,
            at=EARLY,
            points=1,
            kind="earn",
            balance_after=after,
            clause="MS-7",
            cause=cause,
        )

    def notice(self, id_: str, cause: dict[str, str], time: str | None = EARLY, **more: Any) -> None:
        line = {"id": id_, "time": time, "notification": "points.expired", "clause": "MS-7", "cause": cause}
        line |= {"not_before": EARLY}
        self.line("notifications", **line | more)


@pytest.fixture
def anna(redis_url: str) -> Redis:
    return Redis(redis_url)


ORDER = {"source": "shop", "id": "e1"}
EXPIRY = {"source": "/memberships/deadlines/points.expiry", "id": "lot-1@2026-03-02T08:00:00Z"}


def test_a_decision_comes_with_what_it_booked_and_told(anna: Redis) -> None:
    anna.entry("l1", 20, ORDER)
    anna.entry("l2", 25, ORDER)
    anna.notice("n1", ORDER)
    anna.decision("e1", 1, ledger=["l1", "l2"], notifications=["n1"])
    (one,) = query.why(anna.settings, "anna")
    assert one["cause"] == ORDER
    assert (one["outcome"], one["clause"], one["says"]) == ("applied", "MS-3", "Said of e1.")
    assert [entry["id"] for entry in one["ledger"]] == ["l1", "l2"]
    assert one["at"] == EARLY
    assert one["balance_after"] == {"available": 25, "reserved": 0, "debt": 0}
    assert [notice["id"] for notice in one["notifications"]] == ["n1"]
    assert "revision" not in one["ledger"][0]


def test_a_deadline_stands_on_its_own_at_its_instant(anna: Redis) -> None:
    anna.decision("e1", 1, EARLY)
    anna.decision("e2", 2, LATE)
    anna.entry("l1", 0, EXPIRY, LATE)
    anna.notice("n1", EXPIRY, LATE)
    first, due, last = query.why(anna.settings, "anna")
    assert (first["cause"]["id"], last["cause"]["id"]) == ("e1", "e2")
    assert (due["outcome"], due["clause"], due["event"], due["seq"]) == ("due", "MS-7", None, None)
    assert due["deadline"] == {"what": "points.expiry", "which": "lot-1", "due": LATE[:11] + "08:00:00Z"}
    assert due["says"] == "The date of points.expiry of lot-1 came, 2026-03-02 08:00 UTC: earn +1; points.expired."
    assert due["balance_after"] == {"available": 0, "reserved": 0, "debt": 0}
    assert [notice["id"] for notice in due["notifications"]] == ["n1"]


def test_deadlines_of_one_tick_come_in_the_order_in_which_they_were_due(anna: Redis) -> None:
    first, second = ({"source": EXPIRY["source"], "id": f"lot@2026-03-0{day}T08:00:00Z"} for day in (1, 2))
    anna.entry("l2", 0, second, LATE)
    anna.notice("n1", first, LATE)
    assert [one["cause"] for one in query.why(anna.settings, "anna")] == [first, second]


def test_a_notice_says_what_it_replaces_and_what_replaced_it(anna: Redis) -> None:
    anna.notice("n1", ORDER)
    anna.notice("n2", ORDER, LATE, replaces=["n1", "older"])
    anna.notice("n3", ORDER, LATE, notification="retracted", params={"retracts": "n2", "why": "gone"})
    anna.decision("e1", 1, notifications=["n1"])
    anna.decision("e2", 2, LATE, notifications=["n2"])
    anna.decision("e3", 3, LATE, notifications=["n3"])
    first, second, third = (one["notifications"][0] for one in query.why(anna.settings, "anna"))
    named = [{"id": f"n{n}", "notification": "points.expired", "time": time} for n, time in ((1, EARLY), (2, LATE))]
    assert (first["earlier"], first["ended_by"]) == ([], named[1])
    assert second["earlier"] == [named[0], {"id": "older", "notification": None, "time": None}]
    assert second["ended_by"] == {"id": "n3", "notification": "retracted", "time": LATE}
    assert (third["earlier"], third["ended_by"]) == ([named[1]], None)


def test_what_happened_before_the_first_tick_comes_first(anna: Redis) -> None:
    anna.decision("e1", 1, None)
    anna.decision("e2", 2, EARLY)
    assert [one["cause"]["id"] for one in query.why(anna.settings, "anna")] == ["e1", "e2"]


def test_the_timeline_is_newest_first(anna: Redis) -> None:
    for seq in range(3):
        anna.decision(f"e{seq}", seq)
    assert [one["seq"] for one in query.timeline(anna.settings, "anna")] == [2, 1, 0]


@pytest.mark.parametrize("event", ["e1", "shop|e1"])
def test_an_event_has_its_own_decision_and_the_one_that_settled_it(anna: Redis, event: str) -> None:
    anna.decision("e1", 1, outcome="held")
    anna.decision("e2", 2)
    anna.decision("e1", 2)
    assert [(one["seq"], one["outcome"]) for one in query.why(anna.settings, "anna", event)] == [
        (1, "held"),
        (2, "applied"),
    ]


def test_an_unknown_event_or_member_has_no_explanation(anna: Redis) -> None:
    anna.decision("e1", 1)
    assert query.why(anna.settings, "anna", "shop|e2") == []
    assert query.why(anna.settings, "ben") == []


def test_lines_whose_decision_is_no_longer_kept_say_so(anna: Redis) -> None:
    anna.entry("l1", 20, ORDER)
    (one,) = query.why(anna.settings, "anna", "e1")
    assert (one["outcome"], one["says"]) == ("applied", "What followed from e1; the decision itself is not kept here.")


def test_ids_whose_lines_are_not_there_are_left_out(anna: Redis) -> None:
    anna.decision("e1", 1, ledger=["l1"], notifications=["n1"])
    (one,) = query.why(anna.settings, "anna")
    assert (one["ledger"], one["balance_after"], one["notifications"]) == ([], None, [])


@pytest.mark.parametrize("question", [query.member, query.why, query.timeline])
def test_an_unreachable_server_is_one_error_with_its_address_and_no_password(question: Any) -> None:
    away = Settings(redis_url="redis://user:secret@127.0.0.1:1/0")
    with pytest.raises(RedisUnreachable, match=r"redis://\*\*\*@127\.0\.0\.1:1/0") as caught:
        question(away, "anna")
    assert "secret" not in str(caught.value)
    assert "MEMBERSHIPS_REDIS_URL" in caught.value.hint
