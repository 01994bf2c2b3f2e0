"""GEN-2 The facts of a loan in every order: one state, and one set of notices that stand."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.view import view
from tests.models.facts import Fact, loan, loan_paid, loan_step, pacific, repair, repair_loan, step
from tests.models.lending import ASKED, INVOICE, OVERDUE, SHIPPED, loan_of, requested
from tests.models.world import World, pro_member

Told = tuple[Fact, str]
"""A fact and its time."""
TOLD_OF_IN_BETWEEN = {"membership.suspended", "membership.reinstated"}

WHOLE: list[Told] = [
    (loan(retail_value="3000.00"), ASKED),
    (loan_step("approved"), "2026-06-02 20:00"),
    (loan_step("insurance_proved"), "2026-06-03 20:00"),
    (loan_step("shipped"), SHIPPED),
    (loan_step("recalled"), "2026-06-21 20:00"),
    (loan_step("returned"), "2026-06-25 20:00"),
]
DAMAGED: list[Told] = [*WHOLE[:4], (loan_step("returned", damaged=True, insurance_paid="1000.00"), "2026-06-25 20:00")]
REPAIRED: list[Told] = [
    (repair(), "2026-05-30 20:00"),
    (repair_loan(), ASKED),
    (loan_step("approved"), "2026-06-02 20:00"),
    (loan_step("shipped"), SHIPPED),
    (step("delivered"), "2026-07-08 20:00"),
]
DECLINED: list[Told] = [
    (loan(), ASKED),
    (loan_step("approved"), "2026-06-02 20:00"),
    (loan_step("declined"), "2026-06-03 20:00"),
    (loan_step("insurance_proved"), "2026-06-04 20:00"),
]


def tell(world: World, told: list[Told]) -> World:
    for fact, time in told:
        world.send(fact, event_id=f"{fact[0]} {time}", time=time)
    return world


def end(world: World) -> Any:
    """What every order has to agree on."""
    found = loan_of(world)
    facts = (found.status, found.steps, found.returned, found.due, found.trail, found.bill, found.paid)
    shown = view("m-1", world.member())
    return (
        facts, world.standing(TOLD_OF_IN_BETWEEN), world.member().due, shown["promises"], requested(world),
        sorted(flag.code for flag in world.member().flags), world.member().held, world.pro.causes,
    )  # fmt: skip


@pytest.mark.parametrize("told", [WHOLE, DAMAGED, REPAIRED, DECLINED], ids=["whole", "damaged", "repair", "declined"])
def test_gen_2_loan_7_a_loan_comes_out_alike_in_every_order(told: list[Told]) -> None:
    ends = [end(tell(pro_member(World()), list(order))) for order in permutations(told)]
    assert all(other == ends[0] for other in ends)
    assert ends[0][6] == 0, "nothing waits"


@pytest.mark.parametrize(
    ("told", "status", "kinds"),
    [
        (WHOLE, "closed", {"loan.closed"}),
        (DAMAGED, "invoiced", {"loan.invoiced"}),
        (REPAIRED, "shipped", {"loan.shipped"}),
        (DECLINED, "refused", {"loan.refused"}),
    ],
)
def test_gen_2_what_that_is(told: list[Told], status: str, kinds: set[str]) -> None:
    world = tell(pro_member(World()), told)
    assert loan_of(world).status == status
    assert {kind for kind, _ in world.standing() if kind.startswith("loan")} == kinds
    assert world.member().flags == []


LATER: list[Told] = [
    (loan_step("returned"), "2026-07-10 20:00"),
    (loan_paid(INVOICE, "1000.00"), "2026-07-09 20:00"),
    (loan_paid(INVOICE, "1999.99"), "2026-07-11 20:00"),
    (loan_step("recalled"), "2026-07-08 20:00"),
]


@pytest.mark.parametrize("count", range(1, 5))
def test_gen_2_loan_6_what_follows_an_invoice_in_every_order(count: int) -> None:
    """GEN-6: whether the invoice is cancelled depends on what came first; the loan, its notices and PRO do not."""
    ends = []
    for order in permutations(LATER[:count]):
        world = tell(pro_member(World()), WHOLE[:4])
        world.tick(OVERDUE)
        tell(world, list(order))
        ends.append((loan_of(world).status, world.standing(), world.pro.causes, world.member().due))
    assert all(other == ends[0] for other in ends)
    assert ends[0][0] == "closed"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_gen_2_any_facts_of_a_loan_any_of_them_twice(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(["approved", "declined", "insurance_proved", "shipped", "recalled"])))
    days = st.integers(2, 28)
    told = [(loan(retail_value="4000.00"), ASKED)]
    told += [(loan_step(name), f"2026-06-{data.draw(days):02} 12:00") for name in names]
    if data.draw(st.booleans()):
        told.append((loan_step("returned"), f"2026-06-{data.draw(days):02} 12:00"))
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    ends = [end(tell(pro_member(World()), one)) for one in (told, data.draw(st.permutations([*told, *again])))]
    assert ends[0] == ends[1]


LOANER: list[Told] = [
    (repair(), "2026-05-30 20:00"),
    (step("received"), "2026-05-31 20:00"),
    (step("warranty_validated"), "2026-06-01 20:00"),
    (repair_loan(), "2026-06-02 20:00"),
    (loan_step("approved"), "2026-06-03 20:00"),
]


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(6)), st.booleans())
def test_rep_9_loan_2_a_loan_shipped_before_the_turnaround_is_over_makes_up_for_it(
    order: list[int], is_in_time: bool
) -> None:
    """REP-9: the fee goes back unless the product or a loaner was with a carrier by the end of 4 June."""
    shipped = pacific("2026-06-04 23:59:59" if is_in_time else "2026-06-05 00:00")
    told = [*LOANER, (loan_step("shipped"), shipped)]
    world = tell(pro_member(World()), [told[n] for n in order])
    world.tick("2026-06-06 12:00")
    assert requested(world) == ([] if is_in_time else ["refund.requested.v1"])
    assert loan_of(world).status == "shipped"
