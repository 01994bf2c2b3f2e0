"""Flags in the index on a real server: what support has to look at, over all members, latest first."""

from datetime import datetime, timedelta

import orjson
import pytest

from models.points.state import Points
from models.state import Due, Flag, Member
from tests.models.facts import at
from tests.views.fed import Fed
from views.flagged import flagged

NOW = at("2026-03-10 12:00")


def of(*flags: tuple[float, str, str], revision: int = 1) -> Member:
    """A member with flags: (hours ago, code, about)."""
    shown = [
        Flag(NOW - timedelta(hours=hours), code, about, "GEN-6", f"{about} is odd") for hours, code, about in flags
    ]
    return Member(revision=revision, points=Points(NOW), flags=shown)


def found(fed: Fed, since: datetime | None = None, limit: int = 100) -> list[str]:
    return [f"{one['member']} {one['code']} {one['about']}" for one in flagged(fed.settings, since, limit)["flags"]]


@pytest.fixture
def fed(redis_url: str) -> Fed:
    return Fed(redis_url)


def test_latest_first_over_all_members(fed: Fed) -> None:
    fed.state("anna", of((30, "debt", "o-1"), (1, "debt", "o-2")))
    fed.state("b|n", of((2, "told_too_late", "50%|r")))
    assert found(fed) == ["anna debt o-2", "b|n told_too_late 50%|r", "anna debt o-1"]


def test_each_is_told_as_its_document_has_it(fed: Fed) -> None:
    fed.state("anna", of((1, "debt", "o-1")))
    [one] = flagged(fed.settings, None, 1)["flags"]
    with fed.client() as client:
        [flag] = orjson.loads(client.get("member:anna"))["flags"]  # type: ignore[arg-type]
    assert one == {"member": "anna", **flag}


@pytest.mark.parametrize(("hours", "is_found"), [(3, True), (3.001, False)])
def test_from_a_time_on(fed: Fed, hours: float, is_found: bool) -> None:
    fed.state("anna", of((hours, "debt", "o-1")))
    assert found(fed, NOW - timedelta(hours=3)) == (["anna debt o-1"] if is_found else [])


def test_a_limit_says_how_many_more_there_are(fed: Fed) -> None:
    for number in range(3):
        fed.state(f"m{number}", of((number, "debt", "o"), (number + 0.5, "unpaid_purchase", "c")))
    answer = flagged(fed.settings, NOW - timedelta(hours=2), 3)
    assert [one["about"] for one in answer["flags"]] == ["o", "c", "o"]
    assert answer["more"] == 2, "five are of the last two hours"


def test_gone_when_it_is_mended_and_elsewhere_when_it_is_raised_again(fed: Fed) -> None:
    fed.state("anna", of((5, "debt", "o-1"), (4, "unpaid_purchase", "c")))
    fed.state("anna", of((1, "debt", "o-1"), revision=2))
    assert found(fed, NOW - timedelta(hours=2)) == found(fed) == ["anna debt o-1"]
    fed.state("anna", of(revision=3))
    assert not any(fed.index().values())


def test_one_whose_document_is_newer_than_the_index_that_was_read_is_left_out(fed: Fed) -> None:
    fed.state("anna", of((1, "debt", "o-1")))
    with fed.client() as client:
        client.set("member:anna", b'{"generation":1,"revision":9,"flags":[]}')
    assert found(fed) == []


def test_flags_and_promises_of_one_name_are_two(fed: Fed) -> None:
    member = of((1, "held", "order|o"))
    member.due = [Due(NOW, "held", "order|o")]
    fed.state("anna", member)
    entry = {b"anna|held|order%7Co"}
    assert fed.index() == {"sony": entry, "member": set(), "flags": entry}


def test_a_rebuild_deletes_them(fed: Fed) -> None:
    fed.state("anna", of((1, "debt", "o-1")))
    assert fed.rebuilt() == 3, "the document, the flags and what is whose"
    assert found(fed) == []
