"""Why equipment is not lent: all reasons at once (LOAN-1 to LOAN-3)."""

from collections.abc import Iterator

from models.case import Case
from models.eligibility import STATES
from models.loans import products
from models.loans.events import LoanRequested
from models.loans.state import Lent, Loan, Service
from models.loans.terms import AHEAD_DAYS
from models.pro import benefits
from models.products.eligibility import owns
from models.reasons import Reason, Reasons


def at_request(case: Case, data: LoanRequested, service: Service | None, which: str | None) -> Reasons:
    """What stands against a request at its time. service, which: what a repair loan is for."""
    reasons = [*_standing(case)]
    reasons += _evaluation(case, data) if data.kind == "evaluation" else _repair(case, service, which)
    if data.ship_to_state not in STATES:
        reasons.append(("not_shipped_there", f"{data.ship_to_state} is neither a US state nor DC (LOAN-3)"))
    return reasons


def at_approval(case: Case, loan: Loan) -> Reasons:
    """LOAN-1 What has come in between: good standing is gone, or another loan has used up the model."""
    return [*_standing(case), *(_used_up(case, loan.model, loan.id) if loan.kind == "evaluation" else ())]


def use_up(case: Case, loan: Loan) -> None:
    """LOAN-1 The first shipment of an evaluation loan uses up its model for life, whatever becomes of the membership."""
    shipped = loan.steps.get("shipped")
    if shipped is None or loan.kind != "evaluation":
        return
    key = loan.model.upper()
    known = case.find(Lent, key)
    if known and known.loan_id != loan.id and (known.at, known.loan_id) < (shipped.at, loan.id):
        loan.used_up_by = known.loan_id
    else:
        case.put(key, Lent(loan.model, loan.id, shipped.at))


def _standing(case: Case) -> Iterator[Reason]:
    """LOAN-1, LOAN-2 Good standing, at the case's time (PRO-9)."""
    for (code, words), _ in benefits.why_none(case):
        yield code, f"{words} (PRO-9)"


def _evaluation(case: Case, data: LoanRequested) -> Iterator[Reason]:
    if data.category == "accessory":
        yield "not_camera_or_lens", "only interchangeable-lens cameras and lenses are lent for evaluation (LOAN-1)"
    asked_on = case.calendar.day_of(case.at)
    ahead = (data.needed_on - asked_on).days
    if ahead < AHEAD_DAYS:
        words = f"asked for on {asked_on}, {ahead} days before {data.needed_on}; at least {AHEAD_DAYS} are needed"
        yield "too_late", f"{words} (LOAN-1)"
    if owns(case, data.model, case.at):
        yield "owned", f"the member has a {data.model} already (LOAN-1)"
    yield from _used_up(case, data.model, data.loan_id)


def _used_up(case: Case, model: str, loan_id: str) -> Iterator[Reason]:
    """LOAN-1 Once per model in a lifetime, by the time of the shipment."""
    known = case.find(Lent, model.upper())
    if known and known.loan_id != loan_id and known.at <= case.at:
        on = case.calendar.day_of(known.at)
        yield "had_before", f"loan {known.loan_id} of {on} was the one for {known.model}: once in a lifetime (LOAN-1)"


def _repair(case: Case, service: Service | None, which: str | None) -> Reasons:
    """LOAN-2 A product of the member is in repair or maintenance; whether it is back again is seen by its own time."""
    if service is None or which is None:
        return [("no_product_in_service", "it names no repair and no cleaning (LOAN-2)")]
    found = products.find(case, service, which)
    if found is None:
        return [("not_in_service", f"{service} {which} is not known (LOAN-2)")]
    return [("not_in_service", f"{service} {which} is refused (LOAN-2)")] if found.is_refused else []
