"""What the read side shows of Care. JSON-ready."""

from collections.abc import Iterator, Sequence
from typing import Any

from models.calendar import rfc3339
from models.care.guest import MISSED
from models.care.life import LIFE
from models.care.refunding import REFUND
from models.care.state import Care, Guest, GuestPurchase
from models.care.terms import CLAIM_DAYS, REFUND_DAYS
from models.fees import view as fees
from models.promises import promise
from models.state import Due


def promises(care: Care | None, guest: Guest | None, due: Sequence[Due]) -> Iterator[dict[str, Any]]:
    """CARE-3, CARE-7, and what is owed for the renewal. due: the member's deadlines."""
    yield from fees.promises(care, LIFE, due)
    if care and care.asked and care.asked_until:
        yield promise(
            "the refund of Care's fee decided",
            of="care",
            kind=REFUND,
            ref=care.term.invoice_id,
            clause="CARE-7",
            state="open",
            due=care.asked_until,
            started_at=care.asked.at,
            started_by=care.asked.cause,
            counts=f"the {REFUND_DAYS} days after the fee was charged",
            options=["member: send back what is still out, or cancel its order, until then: the last of it decides"],
            remedy="the fee is kept, and the request counts as a cancellation (CARE-6)",
        )
    if guest and guest.purchase and guest.purchase.stage == "unclaimed":
        yield _claimed(guest.purchase)


def _claimed(purchase: GuestPurchase) -> dict[str, Any]:
    return promise(
        "an account opened with the email of the purchase",
        of="care",
        kind=MISSED,
        ref=purchase.id,
        clause="CARE-3",
        state="open",
        due=purchase.until,
        by="member",
        started_at=purchase.at,
        started_by=purchase.cause,
        counts=f"{CLAIM_DAYS} days",
        options=["member: open an account with this email"],
        remedy="the purchase is cancelled, and its fee goes back",
    )


def view(care: Care, due: Sequence[Due]) -> dict[str, Any]:
    """What all paid memberships show, the products with the last day of their protection, claims, a refund that is asked for.

    A product is protected up to its last day while the membership is active. due: the member's deadlines.
    """
    return fees.paid(care, LIFE.fee, due) | {
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
