"""Given: members with loans."""

from typing import Any

from models.loans.state import Loan
from models.values import permanent_id
from tests.models.facts import MEMBER, loan, loan_step, pacific
from tests.models.world import World, pro_member

ASKED, SHIPPED, DUE_ON = "2026-06-01 20:00", "2026-06-20 20:00", "2026-07-04"
OVERDUE = pacific("2026-07-05 00:00")
"""The first instant at which a loan of that shipment is overdue."""
INVOICE = permanent_id("loan_invoice", MEMBER, "n1")
INVOICE_DUE = pacific("2026-08-05 00:00")
"""The first instant at which the invoice of that is past due."""


def lent(loan_id: str = "n1", *, shipped: str = SHIPPED, world: World | None = None, **more: Any) -> World:
    """Given an evaluation loan that was asked for, approved and shipped."""
    world = world or pro_member(World())
    for fact, time in ((loan(loan_id, **more), ASKED), (loan_step("approved", loan_id), "2026-06-02 20:00")):
        assert world.send(fact, event_id=f"{fact[0]} {loan_id}", time=time).outcome == "applied"
    world.send(loan_step("shipped", loan_id), event_id=f"shipped {loan_id}", time=shipped)
    return world


def loan_of(world: World, loan_id: str = "n1") -> Loan:
    """The loan, wherever it is kept."""
    found = world.member().loans.get(loan_id) or world.entry(Loan, loan_id)
    assert found is not None
    return found


def requested(world: World) -> list[str]:
    """Types of what was asked of finance, in order."""
    return [request.TYPE for request in world.requests]


def deadlines(world: World) -> list[str]:
    """What of its loans the member waits for."""
    return [due.what for due in world.member().due if due.what.startswith("loan.")]
