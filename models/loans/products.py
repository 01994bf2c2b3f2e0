"""LOAN-2 What a loan asks of other programmes: the member's products that are in repair or maintenance."""

from datetime import datetime
from typing import NamedTuple

from models import shelf
from models.case import Case
from models.cleaning.state import Visit
from models.loans.state import Loan, Service, Step
from models.repairs.state import Repair


class InService(NamedTuple):
    """What a loan wants to know of a repair or a cleaning."""

    is_refused: bool
    back_at: datetime | None
    """When the product was back with the member, or its visit over; None: not yet, as far as is known."""


def find(case: Case, service: Service, which: str) -> InService | None:
    """That repair or cleaning of the member; None: it has not been told of."""
    if service == "cleaning":
        visit = shelf.find(case, Visit, case.member.cleanings.visits, which)
        return InService(bool(visit.why_not), visit.over.at if visit.over else None) if visit else None
    repair = shelf.find(case, Repair, case.member.repairs, which)
    back = repair.steps.get("delivered") if repair else None
    return InService(bool(repair.why_refused), back.at if back else None) if repair else None


def note_back(case: Case, loan: Loan, told_at: datetime | None = None) -> None:
    """Note that the product is back, as is told, or known already. It is named after the repair or the cleaning."""
    if loan.service is None or loan.which is None:
        return
    found = find(case, loan.service, loan.which)
    for at in (told_at, found.back_at if found else None):
        if at:
            loan.note("back", Step(at, f"/memberships/{loan.service}s", loan.which))
