"""REP-5, REP-6 What an estimate comes to, and whether its answer is still awaited."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audit.account.days import day_of, end_of
from audit.service.days import end_of_day_after
from audit.service.promises import Offer
from audit.service.repair import Repair
from models.policies import Policies


def offer(repair: Repair, policies: Policies, zone: ZoneInfo) -> Offer | None:
    """Of the latest estimate, from the facts; one whose time was over stays as it was."""
    if repair.unanswered or not repair.estimates:
        return repair.unanswered
    latest = max(repair.estimates, key=lambda which: (repair.estimates[which][0], which))
    fee, to_pay = repair.estimates[latest][1], price(repair, policies)
    is_more = to_pay > repair.preapproved
    enough = [which for which, (_, other) in repair.estimates.items() if other >= fee]
    approved = [which for which in enough if _answer(repair, which, policies, zone)]
    asks = is_more and all(which == latest for which in approved)
    approved_at = min([repair.answers[which][0][0] for which in approved], default=None) if is_more else None
    since, by = answer_time(repair, latest, policies, zone)
    answer, state = _answer(repair, latest, policies, zone), "approved"
    if answer is None and asks:
        state = "moot" if repair.gone else "awaiting"
    elif answer is False:
        state = "declined"
    if state != "approved" and _overtaken(repair, to_pay):
        state = "moot"
    return Offer(latest, to_pay, asks, since, by, approved_at, state)


def price(repair: Repair, policies: Policies) -> int:
    """REP-5 Of the latest estimate: 20 % less out of warranty, to the cent, half up. REP-11 And next-day shipping."""
    fee = max(repair.estimates.items(), key=lambda one: (one[1][0], one[0]))[1][1]
    if repair.in_warranty:
        return fee
    shipping = (policies.next_day_shipping or 0) if repair.next_day else 0
    return (fee * 8 + 5) // 10 + shipping


def answer_time(repair: Repair, which: str, policies: Policies, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """REP-6 From the receipt; what is issued after those days has as many of its own."""
    issued = repair.estimates[which][0][0]
    since = repair.receipt[0] if repair.receipt else issued
    end = end_of_day_after(since, policies.estimate_days, zone)
    return (since, end) if issued < end else (issued, end_of_day_after(issued, policies.estimate_days, zone))


def next_reminder(repair: Repair, found: Offer, policies: Policies, zone: ZoneInfo) -> datetime | None:
    """REP-6 The first that was not due yet."""
    issued = repair.estimates[found.estimate][0][0]
    after, start = max(issued, repair.reminded or issued), day_of(found.since, zone)
    days = [end_of(start + timedelta(days=lead - 1), zone) for lead in policies.estimate_reminder_days]
    return min([day for day in days if after < day < found.answer_by], default=None)


def basis(repair: Repair, policies: Policies) -> list[Any]:
    """All facts that an offer follows from: with any other of them it is another one, and told of anew."""
    denied = max([told for told, proof in repair.words if not proof], default=None)
    was_proved = any(proof for _, proof in repair.words)
    words = sorted([told for told, _ in [*repair.estimates.values(), *repair.answers.values()]])
    return [(denied, repair.proof) if was_proved else None, price(repair, policies), repair.receipt, words]


def _answer(repair: Repair, which: str, policies: Policies, zone: ZoneInfo) -> bool | None:
    """The first answer to an estimate; None without one in time."""
    if which not in repair.answers:
        return None
    (at, _, _), yes = repair.answers[which]
    return yes if at < answer_time(repair, which, policies, zone)[1] else None


def _overtaken(repair: Repair, to_pay: int) -> bool:
    """REP-1 What was done, or paid for, was agreed to."""
    return "completed" in repair.steps or repair.back is not None or repair.paid_at(to_pay) is not None
