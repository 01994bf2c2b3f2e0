"""What the answer to a fact says of its effect on a repair (GEN-5)."""

from datetime import timedelta
from typing import Final, NamedTuple, Self

from models.case import Case, Ruling, refused, superseded
from models.repairs import terms
from models.repairs.events import RepairEstimateAnswered
from models.repairs.state import Clock, Offer, Repair
from models.repairs.telling import crowded
from models.values import dollars

TOLD_AFTER: Final = "told_after_decision"
"""The code of a fact that would have changed what was decided."""


def told_after(case: Case, repair: Repair, says: str, missed: set[str]) -> str:
    """GEN-6 A miss, and what it led to, is final. Returns the words for that."""
    what = " and ".join(sorted(missed))
    words = f"Repair {repair.id}: {says}; told after its {what} was decided as missed, it undoes nothing"
    return case.flag(TOLD_AFTER, repair.id, "GEN-6", words)


class Before(NamedTuple):
    """What followed from the facts before there was one more."""

    turnaround: Clock | None
    offer: Offer | None

    @classmethod
    def of(cls, repair: Repair) -> Self:
        """As it is now: settling makes new ones."""
        return cls(repair.turnaround, repair.offer)


def news(case: Case, before: Before, repair: Repair) -> str:
    """What is otherwise than before, as sentences behind a space."""
    found = ""
    if repair.offer and repair.offer != before.offer:
        found += _of_offer(case, repair.offer)
    clock, was = repair.turnaround, before.turnaround
    if clock and (was is None or (clock.deadline, clock.state) != (was.deadline, was.state)):
        found += _of_clock(case, repair, clock)
    elif was and clock is None:
        found += " The turnaround has no start any more (REP-4)."
    return found


def why_not_counted(case: Case, repair: Repair, data: RepairEstimateAnswered) -> Ruling | None:
    """REP-6 Why an answer does not count: another came before, or it comes too late. None if it does, or may yet."""
    known = repair.estimates[data.estimate_id].answer if data.estimate_id in repair.estimates else None
    if known and known.yes != data.approved:
        answer = "approved" if known.yes else "declined"
        says = f"Estimate {data.estimate_id} was {answer} before, on {case.calendar.day_of(known.at)} (REP-6)."
        return superseded("answered_before", says, "REP-6")
    offer = repair.offer
    if offer is None or offer.estimate_id != data.estimate_id or repair.why_refused or not data.approved:
        return None
    until = case.calendar.day_of(offer.answer_by)
    if case.at >= offer.answer_by and offer.state in ("awaiting", "not_answered"):
        says = f"Estimate {offer.estimate_id} could be approved before {until}: a new request is needed (REP-6)."
        return refused("answered_too_late", says, "REP-6")
    if offer.state == "not_answered":
        says = f"The approval is told after repair {repair.id} was to go back for want of it on {until}; a new request is needed"
        return refused("told_too_late", case.flag("told_too_late", repair.id, "GEN-6", says), "GEN-6")
    return None


def _of_offer(case: Case, offer: Offer) -> str:
    """REP-5 With the arithmetic."""
    off = f" less {terms.DISCOUNT_PERCENT} % (${dollars(offer.discount)})" if offer.discount else ""
    shipping = f" plus ${dollars(offer.shipping)} for the next day" if offer.shipping else ""
    price = f"${dollars(offer.fee)}{off}{shipping}: ${dollars(offer.to_pay)} to pay"
    extra = ", and shipping for the next day at the current price" if offer.shipping is None else ""
    states = {
        "awaiting": f"it needs approval by the end of {case.calendar.day_of(offer.answer_by) - timedelta(days=1)}",
        "approved": "it is approved" if offer.asks else "that is approved already",
        "declined": "declined: it goes back unrepaired (REP-6)",
        "not_answered": "it was not answered in time (REP-6)",
        "moot": "the repair is agreed to, as what is known besides implies",
    }
    return f" {price}{extra}; {states[offer.state]}."


def _of_clock(case: Case, repair: Repair, clock: Clock) -> str:
    """REP-4, REP-10 With its working."""
    if clock.state == "extended":
        return f" No deadline: {crowded(repair)}."
    if clock.deadline is None:
        return f" The turnaround stands still: {clock.days[-1].skipped} (REP-7)."
    skipped = ", ".join([f"{day} skipped ({why})" for day, why in clock.days if why])
    working = f"; {skipped}" if skipped else ""
    if clock.state == "kept":
        return f" The turnaround is kept: {clock.days[-1].day} was its last day (REP-4)."
    return (
        f" The carrier is to have it before {clock.days[-1].day} is over: {terms.TURNAROUND_DAYS} business days after "
        f"{case.calendar.day_of(clock.start)}{working} (REP-4)."
    )
