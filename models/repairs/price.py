"""REP-5, REP-6 What an estimate comes to and whether it needs an answer, as pure functions of the facts of a repair."""

from datetime import datetime, timedelta

from models.calendar import Calendar
from models.policies import Policies
from models.repairs import clock
from models.repairs.facts import Estimate, Told, instant
from models.repairs.state import Offer, Repair
from models.repairs.terms import DISCOUNT_PERCENT
from models.values import permanent_id


def discount(fee: int) -> int:
    """REP-5 What is off a standard fee in cents: what stays of it is rounded to the cent, half up."""
    return fee - (fee * (100 - DISCOUNT_PERCENT) + 50) // 100


def latest(repair: Repair) -> Estimate | None:
    """The estimate that was issued last."""
    issued = [one for one in repair.estimates.values() if one.issued]
    return max(issued, key=_age, default=None)


def offer(repair: Repair, policies: Policies) -> Offer | None:
    """REP-5 The latest estimate with its price, and what was answered. A refusal counts also where no approval was needed."""
    estimate = latest(repair)
    if estimate is None or estimate.issued is None:
        return None
    warranty = clock.warranty(repair)
    off = 0 if warranty.is_valid else discount(estimate.fee)
    shipping = policies.next_day_shipping if repair.next_day and not warranty.is_valid else 0
    to_pay = estimate.fee - off + (shipping or 0)
    since, answer_by = answer_time(repair, estimate.issued, policies)
    covering = [one for one in repair.estimates.values() if one.fee >= estimate.fee and _answer(repair, one, policies)]
    is_more = to_pay > (repair.preapproved or 0)
    asks = is_more and all(one is estimate for one in covering)
    approval = min([one.answer for one in covering if one.answer], default=None) if is_more else None
    found = Offer(
        estimate.id, estimate.issued.source, estimate.issued.event_id, estimate.fee, off, shipping, to_pay, asks, since,
        answer_by, policies.estimate_days, "approved", _mark(repair, str(to_pay)), approval,
    )  # fmt: skip
    answer = _answer(repair, estimate, policies)
    if answer is None and asks:
        found.state = "awaiting"
    elif answer is False:
        found.state = "declined"
    is_back = repair.way_back is not None and found.state == "awaiting"
    if is_back or (found.state != "approved" and _is_overtaken(repair, to_pay)):
        found.state = "moot"
    return found


def answer_time(repair: Repair, issued: Told, policies: Policies) -> tuple[datetime, datetime]:
    """REP-6 From when the days for an answer are counted, and the first instant that is too late.

    From the receipt; an estimate that is issued when those days are over has as many of its own.
    """
    receipt = clock.receipt(repair) or issued
    end = _days_on(policies.calendar, receipt.at, policies.estimate_days)
    if issued.at < end:
        return receipt.at, end
    return issued.at, _days_on(policies.calendar, issued.at, policies.estimate_days)


def _days_on(calendar: Calendar, since: datetime, days: int) -> datetime:
    return calendar.end_of(calendar.day_of(since) + timedelta(days=days))


def _answer(repair: Repair, estimate: Estimate, policies: Policies) -> bool | None:
    """The first answer to an estimate; None without one in time."""
    if estimate.issued is None or estimate.answer is None:
        return None
    _, end = answer_time(repair, estimate.issued, policies)
    return estimate.answer.yes if estimate.answer.at < end else None


def _is_overtaken(repair: Repair, to_pay: int) -> bool:
    """REP-1 A repair that was done, or paid for, was agreed to, whatever was told of that."""
    return "completed" in repair.steps or repair.repaired is not None or clock.paid(repair, to_pay) is not None


def _mark(repair: Repair, to_pay: str) -> str:
    """Names the facts that an offer follows from. Each is told once or of an ever earlier time: so it never comes back."""
    words = [word for one in repair.estimates.values() for word in (one.issued, one.answer)]
    named = sorted(clock.name(word) for word in words)
    return permanent_id(clock.warranty(repair).mark, to_pay, clock.name(clock.receipt(repair)), *named)


def _age(estimate: Estimate) -> tuple[object, str]:
    return (instant(estimate.issued) if estimate.issued else (), estimate.id)
