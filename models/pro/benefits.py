"""PRO-9, PAY-4 When there are benefits at all."""

from collections.abc import Iterator

from models.case import Case
from models.fees.membership import PAYMENT
from models.pro.renewal import LIFE
from models.reasons import Reason


def why_none(case: Case) -> Iterator[tuple[Reason, str]]:
    """Why the member has no benefits at the case's business time, with the clause; none when there are."""
    pro = case.member.pro
    status = LIFE.status_at(case, pro)
    if status == "none":
        yield ("no_active_membership", "no PRO membership was active"), "PRO-9"
    elif status == "suspended" and pro:
        yield ("suspended", f"PRO is suspended ({', '.join(pro.causes) or PAYMENT})"), "PAY-4"
