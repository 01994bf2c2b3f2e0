"""CARE-1 To whom Care is sold, whoever buys: a member or a guest."""

from models.care.events import CarePurchased
from models.case import Case, Ruling, refused
from models.eligibility import why_not_eligible
from models.reasons import Reasons, facts, in_words


def why_not_sold(case: Case, data: CarePurchased) -> Reasons:
    """Why not to the person, all reasons at once."""
    reasons: Reasons = list(why_not_eligible(data.state, data.birth_date, case.calendar.day_of(case.at)))
    sold_in = case.policies.care_states
    if sold_in is not None and data.state not in sold_in:
        reasons.append(("not_sold_there", f"Care is not sold in {data.state}"))
    return reasons


def refuse(case: Case, invoice_id: str, reasons: Reasons) -> Ruling:
    """Tell the buyer all reasons; the first one names the answer."""
    case.notify("care", "care.refused", invoice_id, "CARE-1", {"invoice_id": invoice_id} | facts(reasons))
    says = f"Care is not sold: {in_words(reasons)} (CARE-1). Its fee goes back if it is paid."
    return refused(reasons[0][0], says, "CARE-1")
