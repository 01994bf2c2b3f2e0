"""CLN-1 to CLN-3: visits of a year, what is charged, and when one is done."""

from itertools import permutations
from typing import Any

import pytest

from models import decide
from models.case import Case
from models.cleaning.terms import CHECKLIST, INSTEAD, REMARKS
from models.follow import ProductBack
from models.policies import Policies
from models.view import view
from tests.models.facts import (
    MEMBER,
    Fact,
    at,
    booked,
    cleaned,
    paid,
    registered,
    repair,
    visit_cancelled,
)
from tests.models.renewal import RENEWAL
from tests.models.world import SLOW_CLOCK, World, pro_member

BODY, LENS = [*CHECKLIST["body"]], [*CHECKLIST["lens"]]
NOON = "2026-04-01 19:00"


def owner(auto: bool = True, **settings: Any) -> World:
    """Given a PRO member (2 March 2026 to 2 March 2027) with two bodies and two lenses, and no clock that disturbs."""
    world = pro_member(World(policies=Policies(**SLOW_CLOCK | settings)), auto=auto)
    for serial, model in (("S1", "ILCE-7M4"), ("S2", "ILCE-1"), ("L1", "SEL85F14GM"), ("L2", "SEL2470GM2")):
        world.send(registered(serial, model), time="2026-03-01 12:00")
    return world


def shown(world: World) -> dict[str, Any]:
    found: dict[str, Any] = view(MEMBER, world.member())["cleanings"]
    return found


def counts(world: World) -> tuple[int, int, int]:
    """(left, booked, done) of the year at hand."""
    found = shown(world)
    return found["left"], found["booked"], found["done"]


def statuses(world: World) -> dict[str, str]:
    return {one["cleaning_id"]: one["status"] for one in shown(world)["visits"]}


def test_cln_1_three_visits_a_year_are_free_and_a_fourth_is_charged() -> None:
    """CLN-1 A visit with one product is a visit."""
    world = owner()
    for n in range(3):
        assert world.send(booked(f"v{n}"), time=NOON).outcome == "applied"
    assert world.told[-3:] == ["cleaning.booked"] * 3
    answer = world.send(booked("v3", S1="body", L1="lens"), time=NOON)
    assert (answer.outcome, answer.clause) == ("applied", "CLN-1")
    assert "Charged: the visit, at the current price. 0 of the year's 3 free visits are left" in answer.says
    assert world.notice("cleaning.chargeable").params == {
        "cleaning_id": "v3",
        "products": ["S1", "L1"],
        "visits_left": 0,
        "visit_charged": True,
        "products_charged": [],
        "price": None,
        "total": None,
    }
    assert counts(world) == (0, 4, 0)


def test_cln_1_the_third_product_and_each_after_it_is_charged_at_the_price_in_force() -> None:
    world = owner(cleaning_price=49_50)
    world.send(booked("v1", S1="body", L1="lens"), time=NOON)
    assert world.told[-1] == "cleaning.booked"
    answer = world.send(booked("v2", S1="body", L1="lens", S2="body", L2="lens"), time=NOON)
    assert "Charged: S2, L2, 2 x 49.50 = 99.00." in answer.says
    told = world.notice("cleaning.chargeable").params
    assert (told["visit_charged"], told["products_charged"]) == (False, ["S2", "L2"])
    assert (told["price"], told["total"], told["visits_left"]) == ("49.50", "99.00", 1)
    world.send(booked("v3"), time=NOON)
    world.send(booked("v4", S1="body", L1="lens", S2="body"), time=NOON)
    both = world.notices[-1].params
    assert (both["visit_charged"], both["products_charged"], both["total"]) == (True, ["S2"], "99.00")
    assert world.requests == [], "it is told; the store collects it"


def test_cln_2_cancelling_frees_the_place_for_the_next_booking_and_prices_nothing_anew() -> None:
    world = owner()
    for n in range(4):
        world.send(booked(f"v{n}"), time=NOON)
    answer = world.send(visit_cancelled("v0"), time="2026-04-02 19:00")
    assert (answer.outcome, answer.clause) == ("applied", "CLN-2")
    assert counts(world) == (1, 3, 0)
    charged = {one["cleaning_id"]: one["visit_charged"] for one in shown(world)["visits"]}
    assert charged == {"v0": False, "v1": False, "v2": False, "v3": True}
    assert "v0" not in {
        notice.params["cleaning_id"] for notice in world.notices if notice.kind == "cleaning.chargeable"
    }
    world.send(booked("v5"), time="2026-04-03 19:00")
    assert (world.told[-1], counts(world)) == ("cleaning.booked", (0, 4, 0))
    world.send(visit_cancelled("v3"), time="2026-04-03 19:00")
    assert counts(world) == (0, 3, 0), "a charged visit has taken no place"


def test_cln_2_what_was_told_of_a_cancelled_visit_is_withdrawn() -> None:
    world = owner()
    world.send(booked(), time=NOON)
    world.send(visit_cancelled(), time="2026-04-02 19:00")
    assert world.notices[-1].params["retracts"] == world.notice_id("cleaning.booked")
    assert "cleaning.booked" not in {kind for kind, _ in world.standing()}


# The first term ends on 2 March 2027, 00:00 Pacific: 08:00 UTC.
@pytest.mark.parametrize(
    ("when", "kind"), [("2027-03-02 07:59:59", "cleaning.chargeable"), ("2027-03-02 08:00", "cleaning.booked")]
)
def test_cln_2_the_count_starts_again_with_each_term_and_nothing_carries_over(when: str, kind: str) -> None:
    """CLN-2 A visit counts in the year in which it was booked."""
    world = owner()
    world.send(paid(RENEWAL, paid_at="2027-02-01 12:00"), time="2027-02-01 12:00")
    for n in range(3):
        world.send(booked(f"v{n}"), time="2027-02-02 12:00")
    world.tick("2027-03-02 07:00")
    world.send(booked("next"), time=when)
    assert world.told[-1] == kind


def test_cln_2_a_visit_done_in_the_next_year_stays_one_of_the_year_it_was_booked_in() -> None:
    world = owner()
    world.send(paid(RENEWAL, paid_at="2027-02-01 12:00"), time="2027-02-01 12:00")
    world.send(booked(), time="2027-03-01 12:00")
    world.tick("2027-03-01 12:00")
    world.send(visit_cancelled("unknown"), time="2027-03-01 12:00")
    assert (counts(world), shown(world)["term"]) == ((2, 1, 0), {"from": "2026-03-02", "to": "2027-03-02"})
    world.tick("2027-03-05 12:00")
    assert world.send(cleaned(), time="2027-03-05 12:00").outcome == "applied"
    assert (counts(world), shown(world)["term"]) == ((3, 0, 0), {"from": "2027-03-02", "to": "2028-03-02"})
    assert statuses(world) == {"v1": "done"}


def test_cln_2_the_counts_of_years_long_past_are_forgotten() -> None:
    world = owner()
    for year in range(2027, 2031):
        world.send(booked(f"v{year}"), time=f"{year - 1}-04-01 12:00")
        world.send(paid(f"pro-m-1-{year}-03-02", paid_at=f"{year}-02-01 12:00"), time=f"{year}-02-01 12:00")
    world.send(booked("last"), time="2030-04-01 12:00")
    years = [f"pro-m-1-{year}-03-02" for year in range(2028, 2031)]
    assert list(world.member().cleanings.years) == years
    for fact in (visit_cancelled("v2027"), booked("late")):
        assert world.send(fact, time="2026-05-01 12:00").outcome == "applied"
    assert list(world.member().cleanings.years) == years
    assert [year.booked for year in world.member().cleanings.years.values()] == [1, 1, 1]


@pytest.mark.parametrize(("kind", "serial"), [("body", "S1"), ("lens", "L1")])
def test_cln_3_done_with_a_complete_checklist(kind: str, serial: str) -> None:
    """CLN-3 Every item is needed; what stands in the place of one is as good, and what is noted besides is told."""
    for item in CHECKLIST[kind]:  # type: ignore[index]
        world = owner()
        world.send(booked(**{serial: kind}), time=NOON)
        others = [other for other in CHECKLIST[kind] if other != item]  # type: ignore[index]
        refused = world.send(cleaned(**{serial: others}), time="2026-04-02 19:00")
        assert (refused.outcome, refused.reason, refused.clause) == ("refused", "checklist_incomplete", "CLN-3")
        assert f"{serial} ({kind}) lacks {item}" in refused.says
        assert (statuses(world), counts(world)) == ({"v1": "booked"}, (2, 1, 0))
        complete = [*others, INSTEAD.get(item, item), *REMARKS[kind]]  # type: ignore[index]
        assert world.send(cleaned(**{serial: complete}), time="2026-04-02 20:00").outcome == "applied"
        assert (statuses(world), counts(world)) == ({"v1": "done"}, (2, 0, 1))
        told = world.notice("cleaning.done").params
        assert told["remarks"] == {serial: [*REMARKS[kind]]}  # type: ignore[index]
        assert told["done_at"] == "2026-04-02T20:00:00Z"


def test_cln_3_everything_that_is_wrong_is_named_at_once() -> None:
    world = owner()
    world.send(booked(S1="body", L1="lens", L2="lens"), time=NOON)
    answer = world.send(cleaned(S1=[*BODY[1:-1], "missing_cap"], L1=[*LENS, "x"], S9=BODY), time="2026-04-02 19:00")
    assert answer.says == (
        "Visit v1 is not done by this: S1 (body) lacks sensor, general_function; missing_cap of S1 is on no checklist of "
        "a body; x of L1 is on no checklist of a lens; L2 (lens) lacks front_and_rear_element, "
        "filter_thread_and_contacts, lens_body, filter_removed (or no_filter), sample_image, firmware (or "
        "firmware_declined), buttons; S9 was not booked (CLN-3)."
    )


@pytest.mark.parametrize(
    ("when", "reason", "clause"),
    [("2026-03-02 07:59:59", "no_active_membership", "PRO-9"), ("2026-03-02 08:00", None, "CLN-1")],
)
def test_pro_9_a_visit_needs_an_active_membership_when_it_is_booked(when: str, reason: str, clause: str) -> None:
    world = owner()
    answer = world.send(booked(), time=when)
    assert (answer.reason, answer.clause) == (reason, clause)


def test_pay_4_none_while_suspended_and_all_reasons_at_once() -> None:
    world = owner()
    world.tick("2027-02-01 12:00")
    world.tick("2027-03-02 12:00")
    answer = world.send(booked(S8="body"))
    assert (answer.reason, answer.clause) == ("suspended", "PAY-4")
    assert "PRO is suspended (payment); S8 was not registered by" in answer.says
    told = world.notice("cleaning.refused")
    assert (told.clause, told.params["reasons"]) == ("PAY-4", ("suspended", "not_registered"))
    assert shown(world)["visits"][0]["reasons"] == ["suspended", "not_registered"]
    assert world.send(repair(), time="2027-03-02 12:00").reason == "suspended", "as a repair"


def test_pro_10_products_that_are_not_eligible_are_all_named() -> None:
    world = owner()
    world.send(registered("S3", "ILCE-7M4", "counterfeit"), time="2026-03-10 12:00")
    world.send(registered("X1", "DSC-RX100"), time="2026-03-10 12:00")
    answer = world.send(booked(S1="body", S3="body", X1="body", S8="body"), time=NOON)
    assert (answer.outcome, answer.reason, answer.clause) == ("refused", "counterfeit", "PRO-10")
    assert world.notice("cleaning.refused").params["reasons"] == ("counterfeit", "unlisted", "not_registered")
    assert counts(world) == (3, 0, 0)


@pytest.mark.parametrize(
    ("since", "told", "status"),
    [
        (NOON, "2026-05-01 18:59:59", "booked"),
        ("2026-04-01 19:00:01", "2026-04-02 12:00", "refused"),
        (NOON, "2026-05-01 19:00", "refused"),
    ],
)
def test_pro_10_a_visit_is_looked_at_again_when_its_product_had_been_registered(
    since: str, told: str, status: str
) -> None:
    """PRO-10, GEN-2 By the time of the booking, and as long as events wait for each other."""
    world = owner()
    world.send(booked(S8="body"), event_id="booking", time=NOON)
    world.tick(told)
    answer = world.send(registered("S8"), time=since)
    assert statuses(world) == {"v1": status}
    assert ("Visit v1 is booked after all." in answer.says) == (status == "booked")
    assert ("cleaning.refused" in {kind for kind, _ in world.standing()}) == (status == "refused")
    assert counts(world)[1] == (status == "booked")


VISIT: dict[str, tuple[Fact, str]] = {
    "booked": (booked(S8="body"), NOON),
    "registered": (registered("S8"), "2026-03-20 12:00"),
    "cancelled": (visit_cancelled(), "2026-04-05 12:00"),
    "cancelled earlier": (visit_cancelled(), "2026-04-03 12:00"),
    "done": (cleaned(S8=BODY), "2026-04-04 12:00"),
    "done later": (cleaned(S8=[*BODY, "eye_cup_missing"]), "2026-04-06 12:00"),
}


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (("booked", "registered", "done", "done later"), "done"),
        (("booked", "registered", "cancelled", "done"), "done"),
        (("booked", "registered", "cancelled", "done later"), "cancelled"),
        (("booked", "registered", "cancelled", "cancelled earlier", "done"), "cancelled"),
        (("booked", "registered", "cancelled", "done", "done later"), "done"),
    ],
)
def test_gen_2_the_facts_of_a_visit_count_alike_in_any_order(names: tuple[str, ...], status: str) -> None:
    """CLN-2, CLN-3 What was cancelled before is not done, what was done before is not cancelled."""
    ends = set()
    for order in permutations(names):
        world = owner()
        for name in order:
            fact, time = VISIT[name]
            world.send(fact, event_id=name, time=time)
        assert statuses(world) == {"v1": status}, order
        assert counts(world) == ((2, 0, 1) if status == "done" else (3, 0, 0)), order
        assert world.member().held == 0
        ends.add(frozenset(kind for kind in world.standing() if kind[0].startswith("cleaning.")))
    assert len(ends) == 1
    assert {kind for end in ends for kind, _ in end} == ({"cleaning.done"} if status == "done" else set())


def test_cln_2_answers_to_what_comes_too_late_or_twice() -> None:
    world = owner()
    for n in range(2):
        world.send(booked(f"v{n}"), time=NOON)
    world.send(cleaned("v0"), time="2026-04-02 12:00")
    world.send(visit_cancelled("v1"), time="2026-04-02 12:00")
    answers = [
        world.send(fact, event_id=f"again-{n}", time=time)
        for n, (fact, time) in enumerate(
            [
                (cleaned("v0"), "2026-04-02 13:00"),
                (visit_cancelled("v0"), "2026-04-02 12:00"),
                (visit_cancelled("v1"), "2026-04-02 13:00"),
                (cleaned("v1"), "2026-04-02 12:00:01"),
                (booked("v0"), NOON),
                (booked("v0", L1="lens"), NOON),
            ]
        )
    ]
    assert [(answer.outcome, answer.reason) for answer in answers] == [
        ("duplicate", "already_done"),
        ("superseded", "already_done"),
        ("duplicate", "already_cancelled"),
        ("refused", "cancelled_before"),
        ("duplicate", "already_known"),
        ("conflict", "other_content"),
    ]
    assert counts(world) == (2, 0, 1)


def test_cln_2_a_visit_that_is_never_booked_is_waited_for_in_vain() -> None:
    world = owner()
    assert world.send(cleaned("v7"), time="2026-03-02 12:00").reason == "awaits_cleaning"
    assert world.send(visit_cancelled("v7"), time="2026-03-02 12:00").reason == "awaits_cleaning"
    world.tick("2026-05-01 12:00")
    assert [answer.reason for answer in world.decisions[-2:]] == ["partner_never_arrived"] * 2


def test_loan_2_others_hear_once_that_a_product_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[ProductBack] = []

    def hear(_case: Case, what: ProductBack) -> str:
        heard.append(what)
        return "Loan n1 is due."

    monkeypatch.setattr(decide, "FOLLOWERS", {**decide.FOLLOWERS, ProductBack: (hear,)})
    world = owner()
    for n in range(2):
        world.send(booked(f"v{n}"), time=NOON)
    done = world.send(cleaned("v0"), time="2026-04-02 12:00")
    world.send(cleaned("v0"), time="2026-04-02 13:00")
    world.send(visit_cancelled("v1"), time="2026-04-03 12:00")
    assert done.says.endswith("Loan n1 is due.")
    backs = [
        ProductBack(at("2026-04-02 12:00"), "cleaning", "v0"),
        ProductBack(at("2026-04-03 12:00"), "cleaning", "v1"),
    ]
    assert heard == [backs[0], backs[0], backs[1], backs[1]], "each decision of the world is taken twice"


def test_the_hot_value_keeps_what_is_booked_and_the_latest_of_the_others() -> None:
    world = owner()
    for n in range(6):
        world.send(booked(f"v{n}"), time=f"2026-04-0{1 + n} 19:00")
    for n in range(5):
        world.send(cleaned(f"v{n}"), time="2026-05-01 19:00")
    assert statuses(world) == {"v2": "done", "v3": "done", "v4": "done", "v5": "booked"}
    assert counts(world) == (0, 1, 5)
    late = world.send(visit_cancelled("v0"), time="2026-04-20 19:00")
    assert late.outcome == "applied", "an entry is found as well"
    assert counts(world) == (1, 1, 4)


def test_one_without_pro_has_no_visits_and_one_who_never_booked_has_all() -> None:
    world = World()
    world.send(registered())
    assert view(MEMBER, world.member())["cleanings"] is None
    assert counts(owner()) == (3, 0, 0)
