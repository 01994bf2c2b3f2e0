"""MS-1, MS-2: who may join, and that joining twice is one membership."""

import pytest

from tests.models.facts import joined
from tests.models.world import World


@pytest.mark.parametrize(
    ("birth_date", "state", "time", "reason"),
    [
        # The 18th birthday is 10 March; it begins at 07:00 UTC, midnight of summer time in the programme zone.
        ("2008-03-10", "CA", "2026-03-10 07:00", None),
        ("2008-03-10", "CA", "2026-03-10 06:59", "under_age"),
        ("2008-03-11", "CA", "2026-03-10 07:00", "under_age"),
        # 19 in Alabama and Nebraska.
        ("2007-03-10", "AL", "2026-03-10 12:00", None),
        ("2007-03-11", "AL", "2026-03-10 12:00", "under_age"),
        ("2007-03-10", "NE", "2026-03-10 12:00", None),
        ("2007-03-11", "NE", "2026-03-10 12:00", "under_age"),
        ("2007-03-11", "MS", "2026-03-10 12:00", None),
        # 29 Feb: a year older on 28 Feb where the year has no 29th.
        ("2008-02-29", "CA", "2026-02-28 12:00", None),
        ("2008-02-29", "CA", "2026-02-27 12:00", "under_age"),
        # DC is eligible, territories are not.
        ("1990-01-01", "DC", "2026-03-10 12:00", None),
        ("1990-01-01", "PR", "2026-03-10 12:00", "not_resident"),
        ("2010-01-01", "PR", "2026-03-10 12:00", "not_resident"),
    ],
)
def test_ms_1_age_and_residence_on_the_day_of_joining(
    birth_date: str, state: str, time: str, reason: str | None
) -> None:
    world = World()
    answer = world.send(joined(birth_date, state), time=time)
    assert (answer.outcome, answer.reason, answer.clause) == ("refused" if reason else "applied", reason, "MS-1")
    assert world.told == ["points.refused" if reason else "points.welcome"]
    assert (world.member().points is None) == bool(reason)


def test_ms_1_every_reason_is_named_and_no_birth_date() -> None:
    world = World()
    answer = world.send(joined("2010-01-01", "PR"), time="2026-03-10 12:00")
    assert world.notice("points.refused").params == {"reasons": ("not_resident", "under_age")}
    assert "PR is neither a US state nor DC" in answer.says
    assert "2010" not in answer.says


def test_ms_2_joining_twice_is_a_duplicate() -> None:
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    again = world.send(joined(), time="2026-03-05 20:00")
    assert (again.outcome, again.reason, again.clause) == ("duplicate", "already_member", "MS-2")
    assert world.told == ["points.welcome"]
    assert world.points.joined_at.day == 1


def test_ms_1_one_refused_may_join_when_old_enough() -> None:
    world = World()
    world.send(joined("2008-03-10"), time="2026-03-09 12:00")
    assert world.send(joined("2008-03-10"), time="2026-03-10 12:00").outcome == "applied"
