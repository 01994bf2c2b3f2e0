"""What the read side shows of a PRO membership. JSON-ready."""

from collections.abc import Iterator, Sequence
from typing import Any

from models.fees import view as fees
from models.pro.majeure import MAY_TERMINATE
from models.pro.renewal import LIFE
from models.pro.state import Pro
from models.promises import promise
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
    return fees.paid(pro, LIFE.fee, due) | {"application_id": pro.application_id, "benefits": benefits}


def promises(pro: Pro | None, due: Sequence[Due]) -> Iterator[dict[str, Any]]:
    """PRO-3, PRO-4 An application that waits, which has no deadline; and what is owed for the renewal. due: the member's deadlines."""
    yield from fees.promises(pro, LIFE, due)
    if pro and pro.stage == "applied":
        yield promise(
            f"the fee of application {pro.application_id} paid"
            if pro.approved
            else f"application {pro.application_id} reviewed",
            of="pro",
            kind="pro.application",
            ref=pro.application_id,
            clause="PRO-4" if pro.approved else "PRO-3",
            state="open",
            due=None,
            by="member" if pro.approved else "sony",
            remedy=None if pro.approved else "not accepted, the fee goes back",
        )
    for one in due:
        if one.what == MAY_TERMINATE:
            yield promise(
                "the member told that they may leave PRO, unless force majeure has ended",
                of="pro",
                kind=one.what,
                ref=one.ref,
                clause="PRO-11",
                state="open",
                due=one.at,
                options=["Sony: go on, and declare the end of it"],
            )
