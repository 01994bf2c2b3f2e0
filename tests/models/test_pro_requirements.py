"""PRO-2: what a professional must show; what is missing is named, all of it at once."""

from typing import Any

import pytest

from models.outputs import RefundRequested
from models.policies import Policies
from tests.models.facts import applied_for, gear, paid, reviewed
from tests.models.world import World

BODIES, LENSES = gear("ILCE-1", "ILCE-7M4"), gear("SEL2470GM2", "SEL85F14GM", "SEL55F18Z")


def missing(**change: Any) -> list[str]:
    world = World()
    answer = world.send(applied_for(**change))
    if answer.outcome == "applied":
        return []
    assert (answer.outcome, answer.clause) == ("refused", "PRO-2")
    return list(world.notice("pro.incomplete").params["missing"])  # type: ignore[arg-type]


def test_everything_missing_is_named_at_once() -> None:
    world = World()
    answer = world.send(applied_for(business={"employment": "employee"}, bodies=[], lenses=LENSES[:2]))
    assert answer.says == (
        "Application a1 is not accepted: neither a URL nor a description of the imaging business; 0 of 2 listed "
        "full-frame bodies; 2 of 3 listed ZEISS or G lenses (PRO-2). Its fee goes back if it is paid (PRO-3)."
    )
    assert world.notice("pro.incomplete").params["missing"] == ("no_business", "too_few_bodies", "too_few_lenses")


@pytest.mark.parametrize(
    ("business", "found"),
    [
        ({"employment": "self_employed", "url": "https://a.example"}, []),
        ({"employment": "employee", "description": "weddings"}, []),
        ({"employment": "employee", "description": "  "}, ["no_business"]),
    ],
)
def test_a_url_or_a_description(business: dict[str, str], found: list[str]) -> None:
    assert missing(business=business) == found


@pytest.mark.parametrize(
    ("model", "listed"),
    [("ILCE-1M2", True), ("ILCE-7RM5", True), ("ilce-9m3", True), ("ILCE-6700", False), ("ZV-E1", False)],
)
def test_listed_bodies(model: str, listed: bool) -> None:
    assert missing(bodies=gear("ILCE-1", model)) == ([] if listed else ["too_few_bodies"])


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        *[("SEL70200GM", True), ("SEL70200GM2", True), ("SEL40F25G", True), ("SEL70200G2", True)],
        *[("SEL2470Z", True), ("SEL1635ZA", True), ("SEL2870", False), ("SEL50F18F", False), ("LA-EA5", False)],
    ],
)
def test_listed_lenses(model: str, listed: bool) -> None:
    assert missing(lenses=gear("SEL2470GM2", "SEL85F14GM", model)) == ([] if listed else ["too_few_lenses"])


def test_one_serial_counts_once() -> None:
    assert missing(bodies=[BODIES[0], BODIES[0] | {"model": "ILCE-9"}]) == ["too_few_bodies"]
    assert missing(lenses=[*LENSES[:2], LENSES[0]]) == ["too_few_lenses"]


def test_the_lists_are_settings() -> None:
    world = World(policies=Policies(pro_bodies=("ZV-*",)))
    assert world.send(applied_for()).reason == "too_few_bodies"
    assert world.send(applied_for("a2", "i2", bodies=gear("ZV-E1", "ZV-E10"))).outcome == "applied"


def test_pro_1_and_pro_2_together() -> None:
    world = World()
    answer = world.send(applied_for(state="PR", bodies=[]))
    assert (answer.reason, answer.clause) == ("not_resident", "PRO-1")
    assert world.notice("pro.rejected").params["reasons"] == ("not_resident", "too_few_bodies")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_pro_3_the_fee_of_an_incomplete_application_goes_back_whenever_it_is_paid(order: tuple[int, ...]) -> None:
    facts = (applied_for(bodies=[]), paid(), reviewed())
    world = World()
    for n in order:
        world.send(facts[n], event_id=f"f{n}", time="2026-03-02 12:00")
    assert (world.pro.status, len(world.bodies(RefundRequested))) == ("rejected", 1)
