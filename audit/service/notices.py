"""What is to stand of all that the member was told of repairs, loans and visits (NTF-1, NTF-3)."""

from collections.abc import Iterator

from audit.service import repairs
from audit.service.facts import Facts
from audit.service.loan import Loan
from audit.service.repair import Repair
from audit.service.visit import Visit

Told = tuple[str, str]
"""(kind, of what): the repair, the loan, the visit, or the beginning of the force majeure."""


def standing(facts: Facts) -> set[Told]:
    """All of it."""
    found = {(f"repair.{kind}", one.id) for one in facts.repairs.values() for kind in _of_repair(facts, one)}
    found |= {(f"loan.{kind}", one.id) for one in facts.loans.values() for kind in _of_loan(facts, one)}
    found |= {(f"cleaning.{kind}", one.id) for one in facts.visits.values() for kind in _of_visit(one)}
    return found | {told for told in facts.told if told[0].startswith("force_majeure")}


def _of_repair(facts: Facts, repair: Repair) -> Iterator[str]:
    """Where it is, what was confirmed, what was decided, and what deadlines have told as long as it is so."""
    if repair.refused:
        yield "refused"
        return
    yield from repair.stands
    if repair.missed:
        yield "turnaround_missed"
    if repair.remedy.startswith("invoice"):
        yield "fee_reimbursed"
    if repair.gone:
        yield "shipped"
        return
    if "received" in repair.steps:
        yield "received"
    offer, clock = repairs.offer(facts, repair), repairs.turnaround(facts, repair)
    if offer and offer.state in ("declined", "not_answered"):
        yield "returned_unrepaired"
    elif offer and offer.state == "awaiting":
        yield "estimate"
    elif clock and clock.state == "open":
        yield "turnaround_started"


def _of_loan(facts: Facts, loan: Loan) -> Iterator[str]:
    status = loan.status
    if status not in ("requested", "invoiced"):
        yield status
    due = loan.due(facts.policies, facts.zone)
    if status == "shipped" and due and due.on and loan.warned == loan.sets_the_day:
        yield "due_soon"
    if loan.owed:
        yield "invoiced"


def _of_visit(visit: Visit) -> Iterator[str]:
    if visit.status == "booked":
        yield "booked" if visit.free and not visit.charged_products else "chargeable"
    elif visit.status != "cancelled":
        yield visit.status
