"""PRO-10, LOAN-1: registered products, for which of them there are member terms, and which models a member has."""

from datetime import datetime
from itertools import permutations
from types import MappingProxyType
from typing import Any

import pytest

from models import decide
from models.case import Case
from models.desk import Desk
from models.follow import ProductKnown
from models.outputs.base import Cause
from models.policies import Policies
from models.products.eligibility import owns, why_not
from models.products.state import WORDS, Owned, Product
from tests.models.facts import MEMBER, applied_for, at, gear, registered
from tests.models.world import World

NOON = "2026-03-10 20:00"


def case(world: World) -> Case:
    """A look at the world's state."""
    desk = Desk(MEMBER, world.read, world.moment("repair-status"), world.policies)
    return Case(desk, Cause(source="/shop", id="look"), at(NOON))


def codes(world: World, model: str | None = "ILCE-7M4", when: str = NOON, serial: str = "S1") -> list[str]:
    return [code for code, _ in why_not(case(world), serial, model, at(when))]


@pytest.mark.parametrize(
    ("condition", "reasons"),
    [
        ("new", []),
        ("refurbished_sony", []),
        ("modified_sony", []),
        ("refurbished_other", ["refurbished"]),
        ("modified_other", ["modified"]),
        ("counterfeit", ["counterfeit"]),
    ],
)
def test_pro_10_the_condition_decides(condition: str, reasons: list[str]) -> None:
    world = World()
    answer = world.send(registered(condition=condition), time=NOON)
    assert (answer.outcome, answer.reason, answer.clause) == ("applied", None, "PRO-10")
    assert ("no member terms" in answer.says) == bool(reasons)
    assert codes(world) == reasons


def test_pro_10_all_reasons_are_named_at_once() -> None:
    world = World()
    world.send(registered(model="DSC-RX100", condition="counterfeit"), time=NOON)
    assert codes(world, "ILCE-7M4") == ["other_model", "unlisted", "counterfeit"]
    assert codes(world, "DSC-HX99", serial="S2") == ["not_registered", "unlisted"]
    assert codes(world, None, serial="S2") == ["not_registered"]
    assert [words for _, words in why_not(case(world), "S1", "ILCE-1", at(NOON))] == [
        "S1 is registered as DSC-RX100, not as ILCE-1",
        "DSC-RX100 is not on the list of eligible models",
        "S1 is a counterfeit",
    ]


@pytest.mark.parametrize(
    ("when", "reasons"), [("2026-03-10 19:59:59.999999", ["not_registered"]), ("2026-03-10 20:00", [])]
)
def test_pro_10_registered_by_the_time_asked_for(when: str, reasons: list[str]) -> None:
    world = World()
    world.send(registered(), time=NOON)
    assert codes(world, when=when) == reasons


def test_pro_10_the_list_of_models_is_a_setting() -> None:
    """Patterns and models are compared in upper case; what is excluded is not on the list."""
    settings = {"pro_products": ("ILCE-7*", "SEL*"), "pro_products_excluded": ("SEL14TC",)}
    world = World(policies=Policies(**settings))  # type: ignore[arg-type]
    for serial, model in (("S1", "ilce-7m4"), ("S2", "ILCE-6700"), ("S3", "SEL14TC"), ("S4", "SEL20TC")):
        world.send(registered(serial, model), time=NOON)
    assert [codes(world, None, serial=serial) for serial in ("S1", "S2", "S3", "S4")] == [
        [],
        ["unlisted"],
        ["unlisted"],
        [],
    ]
    assert codes(world, "ILCE-7m4") == []


WORDS_OF_S1: list[tuple[Any, str]] = [
    (registered(), "2026-03-02 12:00"),
    (registered(condition="modified_other"), "2026-03-04 12:00"),
    (registered(), "2026-03-06 12:00"),
    (registered(), "2026-03-08 12:00"),
]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_pro_10_each_word_counts_from_its_own_time_on_in_any_order(order: tuple[int, ...]) -> None:
    world = World()
    for n in order:
        fact, time = WORDS_OF_S1[n]
        world.send(fact, event_id=f"word-{n}", time=time)
    shown = [codes(world, when=f"2026-03-0{day} 12:00") for day in range(1, 10)]
    assert shown == [["not_registered"], [], [], ["modified"], ["modified"], [], [], [], []]


def test_pro_10_the_same_again_is_a_duplicate_and_a_later_word_stands() -> None:
    world = World()
    world.send(registered(), time="2026-03-04 12:00")
    again = world.send(registered(), time="2026-03-06 12:00")
    assert (again.outcome, again.reason) == ("duplicate", "already_registered")
    earlier = world.send(registered(condition="counterfeit"), time="2026-03-02 12:00")
    assert earlier.outcome == "applied"
    assert earlier.says.endswith("S1 is a counterfeit. What was said of it on 2026-03-06 stands.")
    assert codes(world) == []
    told = world.send(registered(purchased_on="2026-02-01"), time="2026-03-07 12:00")
    assert told.outcome == "applied", "another fact of it"


def test_pro_10_a_product_told_of_ever_again_does_not_grow() -> None:
    world = World()
    conditions = ("counterfeit", "new")
    for n in range(WORDS + 3):
        world.send(registered(condition=conditions[n % 2]), time=f"2026-03-02 12:00:{n:02}")
    product = world.entry(Product, "S1")
    assert (len(product.words), product.since) == (WORDS, at("2026-03-02 12:00:00"))
    assert codes(world, when="2026-03-02 12:00:00") == [], "the oldest word that is kept counts for the time before it"
    assert codes(world, when="2026-03-02 11:59:59") == ["not_registered"]


def test_pro_10_who_waits_for_a_product_hears_of_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[datetime, str]] = []

    def hear(_case: Case, what: ProductKnown) -> str:
        heard.append((what.at, what.serial))
        return "So repair r1 is accepted."

    monkeypatch.setattr(decide, "FOLLOWERS", MappingProxyType({ProductKnown: (hear,)}))
    world = World()
    answer = world.send(registered(), time=NOON)
    world.send(registered(), time="2026-03-11 20:00")
    assert heard == [(at(NOON), "S1")] * 2, "each decision of the world is taken twice"
    assert answer.says.endswith("So repair r1 is accepted.")


@pytest.mark.parametrize(("when", "owned"), [("2026-03-10 19:59:59", False), ("2026-03-10 20:00", True)])
def test_loan_1_a_member_has_what_was_registered_or_listed_in_an_application(when: str, owned: bool) -> None:
    world = World()
    world.send(registered(model="SEL50f12gm"), time=NOON)
    world.send(applied_for(bodies=gear("ILCE-1", "ilce-1", "ILCE-9M3"), lenses=gear("SEL24F14GM")), time=NOON)
    for model in ("SEL50F12GM", "ILCE-1", "ilce-9m3", "SEL24F14GM"):
        assert owns(case(world), model, at(when)) is owned, model
    assert not owns(case(world), "ILCE-7M4", at(when))


def test_loan_1_since_when_a_model_is_owned_is_the_earliest_word_in_any_order() -> None:
    facts = [(registered(), "2026-03-04 12:00"), (registered("S2"), "2026-03-02 12:00"), (applied_for(), NOON)]
    for order in permutations(facts):
        world = World()
        for fact, time in order:
            world.send(fact, time=time)
        assert world.entry(Owned, "ILCE-7M4").since == at("2026-03-02 12:00")
        assert world.entry(Owned, "ILCE-1").since == at(NOON)
