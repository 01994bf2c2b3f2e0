"""Promises in the index on a real server: it says what the documents say, whatever was fed in which order."""

from datetime import timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.points.state import Points
from models.state import Due, Member
from tests.models.facts import at
from tests.views.fed import Fed
from views.at_risk import at_risk, span, stopped_ones
from views.index import Entry, lines

NOW = at("2026-03-10 12:00")
ALL = 1_000
ANEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def waiting(*dues: tuple[float, str, str], revision: int = 1) -> Member:
    """A member with deadlines: (hours from now, name, what of)."""
    return Member(
        revision=revision,
        points=Points(NOW),
        due=sorted(Due(NOW + timedelta(hours=hours), what, ref) for hours, what, ref in dues),
    )


def found(fed: Fed, *, within: float = 72, missed: float = 7, by: str | None = None, limit: int = ALL) -> list[str]:
    wanted = span(NOW, timedelta(hours=within), timedelta(days=missed), by)
    return [f"{one['member']} {one['ref']}" for one in at_risk(fed.settings, wanted, limit)["promises"]]


@pytest.fixture
def fed(redis_url: str) -> Fed:
    return Fed(redis_url)


def test_soonest_first_over_all_members_and_nothing_that_is_later(fed: Fed) -> None:
    fed.state("anna", waiting((30, "held", "order|o-1"), (73, "held", "order|o-2")))
    fed.state("ben", waiting((2, "points.reservation", "s-1")))
    assert found(fed) == ["ben s-1", "anna order|o-1"]


@pytest.mark.parametrize(
    ("hours", "is_found"), [(-7 * 24 - 0.001, False), (-7 * 24, True), (0, True), (71.999, True), (72, False)]
)
def test_from_the_days_in_which_it_was_missed_up_to_the_hours_within_which_it_is_due(
    fed: Fed, hours: float, is_found: bool
) -> None:
    fed.state("anna", waiting((hours, "held", "order|o-1")))
    assert found(fed) == (["anna order|o-1"] if is_found else [])


def test_by_whom(fed: Fed) -> None:
    fed.state("anna", waiting((1, "held", "order|o-1"), (2, "points.reservation", "s-1")))
    assert found(fed, by="sony") == ["anna order|o-1"]
    assert found(fed, by="member") == ["anna s-1"]


def test_a_limit_says_how_many_more_there_are(fed: Fed) -> None:
    for number in range(5):
        fed.state(f"m{number}", waiting((number, "held", "order|o"), (number + 0.5, "points.reservation", "s")))
    answer = at_risk(fed.settings, span(NOW, timedelta(hours=4), timedelta()), 3)
    assert [one["member"] for one in answer["promises"]] == ["m0", "m0", "m1"]
    assert answer["more"] == 5, "eight are due before the fourth hour is over"


def test_what_stands_still_is_told_on_request_alone(fed: Fed) -> None:
    before_first_tick = Due(at("1970-01-01 00:00"), "held", "order|o-1")
    fed.state("anna", Member(revision=1, due=[before_first_tick]))
    assert found(fed, missed=100_000) == []
    assert [one["ref"] for one in at_risk(fed.settings, stopped_ones(), ALL)["promises"]] == ["order|o-1"]
    assert at_risk(fed.settings, stopped_ones("member"), ALL) == {"promises": [], "more": 0}


def test_each_promise_is_told_as_its_document_has_it(fed: Fed) -> None:
    fed.state("anna", waiting((30, "held", "order|o-1")))
    [one] = at_risk(fed.settings, span(NOW, timedelta(hours=72), timedelta()), ALL)["promises"]
    with fed.client() as client:
        [promise] = orjson.loads(client.get("member:anna"))["promises"]  # type: ignore[arg-type]
    assert one == {"member": "anna", **promise}


def test_one_whose_document_is_newer_than_the_index_that_was_read_is_left_out(fed: Fed) -> None:
    fed.state("anna", waiting((30, "held", "order|o-1")))
    with fed.client() as client:
        client.set("member:anna", b'{"generation":1,"revision":9,"promises":[]}')
    assert found(fed) == []


class TestIndex:
    DUES = st.lists(
        st.tuples(
            st.integers(-48, 48), st.sampled_from(["held", "points.reservation"]), st.sampled_from(["a|1", "b|%", "c"])
        ),
        max_size=4,
        unique_by=lambda due: due[1:],
    )

    @given(
        fed_states=st.lists(
            st.tuples(st.sampled_from(["anna", "b|n", "%7C"]), st.integers(0, 5), st.none() | DUES), max_size=12
        )
    )
    @ANEW
    def test_it_has_what_the_documents_say_and_nothing_else(
        self, fed: Fed, fed_states: list[tuple[str, int, list[tuple[int, str, str]] | None]]
    ) -> None:
        with fed.client() as client:
            client.flushdb()
            anew = Fed(fed.settings.redis_url)
            for member_id, revision, dues in fed_states:
                anew.state(member_id, None if dues is None else waiting(*dues, revision=revision))
            owed: dict[str, set[bytes]] = {"sony": set(), "member": set(), "flags": set()}
            for key in client.scan_iter(match="member:*"):
                document = orjson.loads(client.get(key))  # type: ignore[arg-type]
                for one in document.get("promises", ()):
                    entry = Entry(key.decode().removeprefix("member:"), one["kind"], one["ref"])
                    owed[one["by"]].add(str(entry).encode())
            assert anew.index() == owed

    def test_an_older_state_changes_nothing(self, fed: Fed) -> None:
        fed.state("anna", waiting((30, "held", "order|new"), revision=2))
        fed.state("anna", waiting((30, "held", "order|old"), revision=1))
        assert found(fed) == ["anna order|new"]

    def test_an_older_generation_changes_nothing_of_a_newer_one(self, fed: Fed) -> None:
        newer = Fed(fed.settings.redis_url, 2)
        newer.state("anna", waiting((30, "held", "order|new")))
        fed.state("anna", waiting((30, "held", "order|old"), revision=9))
        assert (found(newer), found(fed)) == (["anna order|new"], [])

    def test_moved_to_another_instant(self, fed: Fed) -> None:
        fed.state("anna", waiting((30, "held", "order|o")))
        fed.state("anna", waiting((90, "held", "order|o"), revision=2))
        assert (found(fed), found(fed, within=91)) == ([], ["anna order|o"])

    def test_a_removed_member_has_nothing_in_it(self, fed: Fed) -> None:
        fed.state("anna", waiting((30, "held", "order|o")))
        fed.state("anna", None)
        assert not any(fed.index().values())

    def test_a_rebuild_deletes_it_and_what_is_fed_anew_is_in_it(self, fed: Fed) -> None:
        fed.state("anna", waiting((30, "held", "order|o"), (1, "points.reservation", "s")))
        newer = Fed(fed.settings.redis_url, 2)
        newer.state("ben", waiting((1, "held", "order|b")))
        assert fed.rebuilt() == 4, "the document, two sorted sets and what is whose"
        assert found(newer) == ["ben order|b"]
        fed.state("anna", waiting((30, "held", "order|o")))
        assert found(fed) == ["anna order|o"]

    @pytest.mark.parametrize(
        ("state", "due", "expected"),
        [
            ("open", "2026-03-10T12:00:00Z", b"sony 1773144000.000000 m|held|order%7Co"),
            ("missed", "2026-03-10T12:00:00.5Z", b"sony 1773144000.500000 m|held|order%7Co"),
            ("stopped", None, b"sony inf m|held|order%7Co"),
            ("open", None, b""),
            ("kept", "2026-03-10T12:00:00Z", b""),
            ("void", "2026-03-10T12:00:00Z", b""),
            ("extended", None, b""),
        ],
    )
    def test_what_is_in_it(self, state: str, due: str | None, expected: bytes) -> None:
        promise = {"by": "sony", "kind": "held", "ref": "order|o", "state": state, "due": due}
        assert lines("m", [promise]) == expected


@given(parts=st.tuples(*[st.text(st.sampled_from("a|%7C25"), max_size=6)] * 3))
def test_an_entry_is_read_as_it_was_written(parts: tuple[str, str, str]) -> None:
    assert Entry.read(str(Entry(*parts)).encode()) == Entry(*parts)
