"""What the read side shows of a PRO membership. JSON-ready."""

from typing import Any

from models.fees.membership import PAYMENT
from models.pro import terms
from models.pro.state import Pro
from models.values import dollars

BENEFITS = {
    "priority_telephone": "07:00-16:00 Pacific, every day but holidays",
    "repair_discount_percent": 20,
    "repair_turnaround_business_days": 3,
    "cleanings_a_year": 3,
}
"""PRO-10 While the membership is active."""


def view(pro: Pro) -> dict[str, Any]:
    """Status with its causes, the last term paid for, and when the next fee is due."""
    term = pro.terms[-1] if pro.terms else None
    active = pro.status == "active"
    renews = pro.stage == "active" and pro.auto_renew and not pro.uncharged
    charge = {"on": term.end.isoformat(), "amount": dollars(terms.FEE)} if term and active and renews else None
    return {
        "status": pro.status,
        "causes": list(pro.causes),
        "term": {"from": term.first.isoformat(), "to": term.end.isoformat()} if term else None,
        "auto_renew": pro.auto_renew,
        "next_charge": charge,
        "application_id": pro.application_id,
        "open_invoice": pro.invoice if PAYMENT in pro.causes else None,
        "renewal_invoice": pro.invoice if pro.stage == "active" else None,
        "ends_on": term.end.isoformat() if term and pro.stage == "ending" else None,
        "uncharged": pro.uncharged,
        "benefits": BENEFITS if active else {},
    }
