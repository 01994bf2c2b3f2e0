"""What the changelogs have of a member's repairs, loans and visits, as plain values: the hot value, and the entries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from models.cleaning.state import Cleanings, Visit
from models.loans.state import Loan
from models.owed import promises
from models.reasons import codes
from models.repairs.state import Clock, Repair
from models.state import Member

Parts = dict[str, Any]
Thing = Repair | Loan | Visit
ENTRIES: Final[tuple[type[Thing], ...]] = (Repair, Loan, Visit)
"""What is kept as an entry once nothing of it runs."""


@dataclass(slots=True)
class Kept:
    """One member's."""

    repairs: dict[str, Parts] = field(default_factory=dict)
    loans: dict[str, Parts] = field(default_factory=dict)
    visits: dict[str, Parts] = field(default_factory=dict)
    years: dict[str, Parts] = field(default_factory=dict)
    majeure: Parts = field(default_factory=lambda: {"words heard": 0, "decided for": None})
    promises: dict[tuple[str, str], Parts] = field(default_factory=dict)
    at_hand: set[str] = field(default_factory=set)
    """The ids of what is in the hot value."""

    def take_member(self, member: Member) -> None:
        """From the hot value."""
        things: list[Thing] = [*member.repairs.values(), *member.loans.values(), *member.cleanings.visits.values()]
        for one in things:
            self.at_hand.add(one.id)
            self.take(one)
        self.years = dict(_years(member.cleanings))
        self.majeure = {"words heard": member.heard, "decided for": member.may_leave}
        for promise in promises(member):
            if promise["kind"].startswith(("repair.", "loan.")):
                parts = {"state": promise["state"], "due": promise["due"]}
                self.promises[promise["kind"], promise["ref"]] = parts

    def take(self, one: Thing) -> None:
        """A thing, from the hot value or its entry."""
        at_hand = one.id in self.at_hand
        if isinstance(one, Repair):
            self.repairs[one.id] = _repair(one, at_hand=at_hand)
        elif isinstance(one, Loan):
            self.loans[one.id] = _loan(one)
        else:
            self.visits[one.id] = _visit(one)


def _repair(repair: Repair, *, at_hand: bool) -> Parts:
    steps = {name: step.at for name, step in repair.steps.items()}
    if repair.why_refused:
        return {"status": repair.status, "refused for": repair.why_refused, "steps": steps}
    offer, clock = repair.offer, repair.turnaround
    return {
        "status": repair.status,
        "refused for": None,
        "steps": steps,
        "in warranty": repair.in_warranty,
        "estimate": offer and (offer.estimate_id, offer.to_pay, offer.asks, offer.answer_by, offer.state),
        "too many pieces": repair.extended,
        "turnaround": _clock(repair.turnaround, at_hand=at_hand),
        "diagnosis": _clock(repair.diagnosis, at_hand=at_hand),
        "saved by a loaner": clock is not None and clock.by_loaner,
        "last day begun for": repair.at_risk,
    }


def _clock(clock: Clock | None, *, at_hand: bool) -> Parts | None:
    if clock is None:
        return None
    if not at_hand and clock.state not in ("open", "stopped", "missed"):
        return {"state": clock.state, "since": clock.start}
    days = [(day.day, day.skipped is None) for day in clock.days]
    return {"state": clock.state, "since": clock.start, "due": clock.deadline, "days": days}


def _loan(loan: Loan) -> Parts:
    due, bill, back, steps = loan.due, loan.bill, loan.returned, loan.steps
    return {
        "status": loan.status,
        "refused for": list(codes(loan.reasons)),
        "due": due and (due.on, due.is_certain),
        "overdue": steps["overdue"].at if "overdue" in steps else None,
        "returned": back and (back.at, back.damaged),
        "invoice": bill and (bill.id, bill.amount, bill.due_on, "cancelled" if bill.cancelled else "stands"),
        "invoice late": steps["past_due"].at if "past_due" in steps else None,
        "paid": loan.paid,
        "in default": loan.in_default,
    }


def _visit(visit: Visit) -> Parts:
    is_one = not visit.why_not
    return {
        "status": visit.status,
        "refused for": list(codes(visit.why_not)),
        "year": visit.year if is_one else None,
        "charged": visit.is_further if is_one else None,
        "charged products": visit.extra if is_one else None,
        "done": visit.done.at if visit.done else None,
        "cancelled": visit.cancelled_at,
    }


def _years(cleanings: Cleanings) -> Iterator[tuple[str, Parts]]:
    for invoice, year in cleanings.years.items():
        yield invoice, {"free visits left": max(0, 3 - year.free), "booked": year.booked, "done": year.done}
