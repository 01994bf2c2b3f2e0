"""What the read side shows of a PRO membership. JSON-ready."""

from collections.abc import Sequence
from typing import Any

from models.fees.view import paid
from models.pro import terms
from models.pro.state import Pro
from models.state import Due

BENEFITS = {
    "priority_telephone": "07:00-16:00 Pacific, every day but holidays",
    "repair_discount_percent": 20,
    "repair_turnaround_business_days": 3,
    "cleanings_a_year": 3,
}
"""PRO-10 While the membership is active."""


def view(pro: Pro, due: Sequence[Due]) -> dict[str, Any]:
    """What all paid memberships show, the application, and PRO's benefits while it is active. due: the member's deadlines."""
    benefits = BENEFITS if pro.status == "active" else {}
    return paid(pro, terms.FEE, due) | {"application_id": pro.application_id, "benefits": benefits}
