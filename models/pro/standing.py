"""PRO-9 What a membership is at a time, by its dates: a deadline that is past counts, handled already or not."""

from datetime import datetime
from typing import Literal

from models.case import Case
from models.pro.state import PAYMENT, Pro


def ends_at(case: Case, pro: Pro) -> datetime | None:
    """When it is over, as far as is known: not renewed (PRO-5, PRO-7), unpaid too long (PAY-6). None: not in sight."""
    if pro.over_at:
        return pro.over_at
    if PAYMENT in pro.causes and pro.suspended_at:
        return case.calendar.days_after(pro.suspended_at, case.policies.unpaid_days)
    if pro.stage == "active" and pro.auto_renew and not pro.uncharged:
        return None
    return case.calendar.start_of(pro.term.end)


def over(case: Case, pro: Pro, at: datetime) -> bool:
    """Whether at that time it was over."""
    ends = ends_at(case, pro) if pro.terms else None
    return ends is not None and at >= ends


def status_at(case: Case, pro: Pro | None) -> Literal["none", "active", "suspended"]:
    """PRO-9 What it was at the case's business time. A fee that is still being asked for suspends nothing yet (PAY-3)."""
    if pro is None or not pro.terms:
        return "none"
    at, start_of = case.at, case.calendar.start_of
    if pro.stage == "terminated" and pro.over_at and at >= pro.over_at:
        return "none"
    if pro.suspended_at and at >= pro.suspended_at and not over(case, pro, at):
        return "suspended"
    if any(start_of(term.first) <= at < start_of(term.end) for term in pro.terms):
        return "active"
    unpaid = pro.stage == "active" and at >= start_of(pro.term.end) and not over(case, pro, at)
    return "active" if unpaid else "none"


def clear_payment(pro: Pro) -> str:
    """GEN-3 Clear the cause `payment` and no other. Returns the words for what stays, if something does."""
    pro.causes = [cause for cause in pro.causes if cause != PAYMENT]
    if pro.causes:
        return f" It stays suspended: {', '.join(pro.causes)} (GEN-3)."
    pro.suspended_at = None
    return ""
