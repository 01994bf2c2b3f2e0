"""PRO-11: force majeure is declared and ends, all with PRO hear of it, and are told once that they may leave."""

from itertools import permutations
from typing import Any

import pytest

from models import decide
from models.case import Case
from models.events import EVERYBODY
from models.majeure import Majeure, words
from models.pro import majeure as rules
from models.state import MEMBERS, member_key
from tests.models.facts import MEMBER, applied_for, at, auto_renew, joined, majeure, paid, reviewed
from tests.models.world import World, pro_member

# Declared on 1 June 2026, Pacific; the fifteenth day after it is 16 June, over at midnight: 07:00 UTC.
DECLARED, LAST_MOMENT, DUE = "2026-06-01 19:00", "2026-06-17 06:59:59.999999", "2026-06-17 07:00"
TOLD = "force_majeure.may_terminate"


def say(world: World, what: str, when: str, **more: Any) -> Any:
    return world.send(majeure(what, **more), event_id=f"{what} {when}", time=when, member=EVERYBODY)


def declared(*members: str) -> World:
    """Given members with PRO who have heard of a declaration."""
    world = pro_member(World())
    for member in members:
        world.send(applied_for(f"a-{member}", f"i-{member}"), member=member, time="2026-03-02 12:00")
        world.send(reviewed(f"a-{member}"), member=member, time="2026-03-02 12:00")
        world.send(paid(f"i-{member}"), member=member)
    world.tick(DECLARED)
    say(world, "declared", DECLARED)
    world.tick(DECLARED)
    return world


def due(world: World) -> list[Any]:
    return [due.at for due in world.member().due if due.what == rules.MAY_TERMINATE]


@pytest.mark.parametrize(("when", "told"), [(LAST_MOMENT, False), (DUE, True)])
def test_pro_11_told_at_the_end_of_the_fifteenth_day(when: str, told: bool) -> None:
    world = declared()
    assert due(world) == [at(DUE)]
    world.tick(when)
    assert (TOLD in world.told) == told
    if told:
        notice = world.notice(TOLD)
        assert (notice.clause, notice.not_before, notice.program) == ("PRO-11", at(DUE), "pro")
        assert notice.params == {"declared_at": "2026-06-01T19:00:00Z", "days": 15, "refund": None}
    world.tick("2026-09-01 12:00")
    assert world.told.count(TOLD) == 1


@pytest.mark.parametrize(
    ("declared_at", "due_at"), [("2026-06-02 06:59:59", DUE), ("2026-06-02 07:00", "2026-06-18 07:00")]
)
def test_pro_11_days_are_those_of_the_programme_zone(declared_at: str, due_at: str) -> None:
    world = pro_member(World())
    say(world, "declared", declared_at)
    world.tick("2026-06-03 12:00")
    assert due(world) == [at(due_at)]


@pytest.mark.parametrize(("ended", "told"), [(LAST_MOMENT, False), (DUE, True)])
@pytest.mark.parametrize("late", [True, False])
def test_pro_11_an_end_before_the_fifteenth_day_is_over_spares_it(ended: str, told: bool, late: bool) -> None:
    """PRO-11, GEN-4 Also where the clock was down on that day: what was due then counts by its own date."""
    world = declared()
    if not late:
        world.tick("2026-06-16 20:00")
    say(world, "ended", ended)
    assert world.told.count(TOLD) == 0
    world.tick("2026-06-25 12:00")
    assert world.told.count(TOLD) == told
    assert due(world) == []


def test_pro_11_an_end_told_after_the_notice_undoes_nothing() -> None:
    world = declared()
    world.tick(DUE)
    say(world, "ended", "2026-06-10 12:00")
    world.tick("2026-07-01 12:00")
    assert (world.told.count(TOLD), "retracted" in world.told) == (1, False)


@pytest.mark.parametrize("again", ["2026-06-03 12:00", "2026-05-30 12:00"])
def test_pro_11_another_declaration_while_it_lasts_is_no_other_notice(again: str) -> None:
    """PRO-11 An earlier one that is told later only moves the day, as long as that is not past."""
    world = declared()
    world.tick(DUE)
    answer = say(world, "declared", again)
    world.tick("2026-09-01 12:00")
    assert answer.reason == ("changes_nothing" if again > DECLARED else None)
    assert world.told.count(TOLD) == 1


def test_pro_11_each_force_majeure_is_told_of() -> None:
    world = declared()
    say(world, "ended", "2026-07-01 12:00")
    say(world, "declared", "2026-08-01 12:00")
    world.tick("2026-10-01 12:00")
    told = [notice.params["declared_at"] for notice in world.notices if notice.kind == TOLD]
    assert told == ["2026-06-01T19:00:00Z", "2026-08-01T12:00:00Z"], "both, however late the clock"
    assert len(set(world.standing())) == len(world.standing())


WORDS = [
    ("declared", "2026-06-01 12:00"),
    ("declared", "2026-06-02 12:00"),
    ("ended", "2026-06-04 12:00"),
    ("ended", "2026-06-05 12:00"),
    ("declared", "2026-06-08 12:00"),
]


@pytest.mark.parametrize("order", list(permutations(range(5))))
def test_gen_2_the_words_count_by_their_own_time_in_any_order(order: tuple[int, ...]) -> None:
    world = pro_member(World())
    for n in order:
        assert say(world, *WORDS[n]).outcome == "applied"
        world.tick("2026-06-09 12:00")
    pauses = world.entry(Majeure, "pro", member=EVERYBODY).pauses
    assert [(pause.since, pause.until) for pause in pauses] == [
        (at("2026-06-01 12:00"), at("2026-06-04 12:00")),
        (at("2026-06-08 12:00"), None),
    ]
    assert due(world) == [at("2026-06-24 07:00")]
    assert world.member().heard == words(world.read) == 5


def test_pro_11_answers() -> None:
    world = World()
    answers = [
        say(world, "ended", "2026-06-01 12:00"),
        say(world, "declared", "2026-06-02 12:00"),
        world.send(majeure("declared"), event_id="same", time="2026-06-02 12:00", member=EVERYBODY),
        say(world, "ended", "2026-06-03 12:00"),
        world.send(majeure("declared", "care"), time="2026-06-04 12:00", member=EVERYBODY),
        world.send(majeure("ended", "points"), time="2026-06-04 12:00", member=EVERYBODY),
    ]
    assert [(answer.outcome, answer.reason, answer.clause) for answer in answers] == [
        ("applied", "changes_nothing", "PRO-11"),
        ("applied", None, "PRO-11"),
        ("duplicate", "already_known", "PRO-11"),
        ("applied", None, "PRO-11"),
        ("applied", "nothing_depends_on_it", "PRO-11"),
        ("applied", "nothing_depends_on_it", "PRO-11"),
    ]
    assert words(world.read) == 3


def test_pro_11_who_has_no_pro_is_not_even_written() -> None:
    world = pro_member(World())
    world.send(joined(), member="m-2", time="2026-03-01 20:00")
    before = world.tables[MEMBERS, member_key("m-2")]
    say(world, "declared", DECLARED)
    world.tick(DUE)
    assert world.tables[MEMBERS, member_key("m-2")] == before
    assert (MEMBERS, member_key(EVERYBODY)) not in world.tables


def test_pro_11_one_hears_with_the_next_event_or_when_woken_whichever_is_first() -> None:
    world = pro_member(World())
    say(world, "declared", DECLARED)
    assert world.member().heard == 0
    world.send(auto_renew(False), time=DECLARED)
    assert (world.member().heard, due(world)) == (1, [at(DUE)])
    revision = world.member().revision
    world.tick(DECLARED)
    assert (world.member().revision, due(world)) == (revision, [at(DUE)]), "not woken for what was heard"


def test_pro_11_one_who_joins_later_is_told_of_nothing_past() -> None:
    world = World()
    say(world, "declared", "2026-01-01 12:00")
    say(world, "ended", "2026-02-10 12:00")
    pro_member(world)
    world.tick("2026-04-01 12:00")
    assert world.member().heard == 2
    assert TOLD not in world.told


@pytest.mark.parametrize(("ends", "told"), [("pro.terminated", 0), ("pro.cancel_requested", 1)])
def test_pro_11_told_only_where_pro_is_open(ends: str, told: int) -> None:
    """PRO-7, PRO-11 One who has cancelled is a member to the end of the term."""
    world = declared()
    world.send((ends, {"reason": "breach"} if ends == "pro.terminated" else {}), time="2026-06-10 12:00")
    world.tick("2026-07-01 12:00")
    assert world.told.count(TOLD) == told


def test_pro_11_one_set_aside_hears_when_released() -> None:
    world = declared()
    world.quarantine()
    say(world, "ended", "2026-06-10 12:00")
    world.tick("2026-07-01 12:00")
    assert (world.member().heard, TOLD in world.told) == (1, False)
    world.lift()
    assert (world.member().heard, TOLD in world.told, due(world)) == (2, False, [])


def test_pro_11_whose_deadlines_depend_on_it_is_asked_once_for_each_hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def bring_in_line(case: Case) -> None:
        asked.append((case.desk.member_id, case.cause.id))

    monkeypatch.setattr(decide, "HEARERS", (*decide.HEARERS, bring_in_line))
    world = declared("m-2")
    say(world, "ended", "2026-06-03 12:00")
    say(world, "declared", "2026-06-02 12:00")
    world.tick("2026-06-04 12:00")
    causes = [f"declared {DECLARED}", "declared 2026-06-02 12:00"]
    assert sorted(set(asked)) == sorted((member, cause) for member in (MEMBER, "m-2") for cause in causes)
    assert len(asked) == 2 * len(set(asked)), "each decision of the world is taken twice"


@pytest.mark.parametrize("first", ["declared", "ended"])
def test_pro_11_what_is_declared_at_the_very_time_of_the_end_is_over(first: str) -> None:
    """GEN-2 Whichever is told first."""
    world = pro_member(World())
    for what in (first, "ended" if first == "declared" else "declared"):
        say(world, what, "2026-06-01 12:00")
    pauses = world.entry(Majeure, "pro", member=EVERYBODY).pauses
    assert [(pause.since, pause.until) for pause in pauses] == [(at("2026-06-01 12:00"), at("2026-06-01 12:00"))]
