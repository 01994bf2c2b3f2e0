"""CARE-1 To whom Care is sold, whoever buys: a member or a guest."""

from models.care.events import CarePurchased
from models.case import Case, Ruling, refused
from models.eligibility import why_not_eligible
from models.outputs.base import Fact


def why_not_sold(case: Case, data: CarePurchased) -> list[tuple[str, str]]:
    """Why not to the person (code, words), all reasons at once."""
    reasons: list[tuple[str, str]] = list(why_not_eligible(data.state, data.birth_date, case.calendar.day_of(case.at)))
    sold_in = case.policies.care_states
    if sold_in is not None and data.state not in sold_in:
        reasons.append(("not_sold_there", f"Care is not sold in {data.state}"))
    return reasons


def refuse(case: Case, invoice_id: str, reasons: list[tuple[str, str]]) -> Ruling:
    """Tell the buyer all reasons; the first one names the answer."""
    facts: dict[str, Fact] = {
        "invoice_id": invoice_id,
        "reasons": tuple(code for code, _ in reasons),
        "says": tuple(words for _, words in reasons),
    }
    case.notify("care", "care.refused", invoice_id, "CARE-1", facts)
    words = "; ".join([words for _, words in reasons])
    return refused(reasons[0][0], f"Care is not sold: {words} (CARE-1). Its fee goes back if it is paid.", "CARE-1")
