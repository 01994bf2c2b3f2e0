"""What the read side shows of Care. JSON-ready."""

from collections.abc import Sequence
from typing import Any

from models.calendar import rfc3339
from models.care.state import Care, Guest
from models.care.terms import FEE
from models.fees.view import paid
from models.state import Due


def promise(care: Care | None) -> dict[str, Any] | None:
    """CARE-7 By when a request for a refund is answered."""
    if care is None or care.asked_until is None:
        return None
    due = rfc3339(care.asked_until)
    return {"what": "the refund of Care's fee decided", "due": due, "clause": "CARE-7", "state": "open"}


def view(care: Care, due: Sequence[Due]) -> dict[str, Any]:
    """What all paid memberships show, the products with the last day of their protection, claims, a refund that is asked for.

    A product is protected up to its last day while the membership is active. due: the member's deadlines.
    """
    return paid(care, FEE, due) | {
        "products": [
            {
                "serial": product.serial,
                "order_id": product.order_id,
                "line_id": product.line_id,
                "until": product.last_day.isoformat(),
                "active": care.status == "active",
            }
            for product in care.products
        ],
        "claims": [
            {
                "claim_id": claim.id,
                "serial": claim.serial,
                "order_id": claim.order_id,
                "filed_at": rfc3339(claim.at),
                "accepted": claim.accepted,
            }
            for claim in care.claims
        ],
        "refund_requested": {"decided_by": rfc3339(care.asked_until)} if care.asked_until else None,
    }


def of_guest(guest: Guest) -> dict[str, Any] | None:
    """CARE-3 The latest purchase under an email, with the member who has the account; None before the first."""
    purchase = guest.purchase
    if purchase is None:
        return None
    return {
        "status": purchase.stage,
        "causes": [],
        "term": None,
        "auto_renew": None,
        "purchase": purchase.id,
        "claim_before": rfc3339(purchase.until),
        "account": guest.account,
    }
