"""REP-2 to REP-4, REP-7: warranty, starts and pauses, as pure functions of the facts of a repair."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from models.calendar import Calendar, Pause
from models.promises import State
from models.repairs.facts import Told, Word, instant
from models.repairs.state import Clock, Repair
from models.repairs.terms import DIAGNOSIS_DAYS, TURNAROUND_DAYS
from models.values import permanent_id

PARTS_MISSING = "parts not available"


class Warranty(NamedTuple):
    """REP-3 What the words on proof come to."""

    is_valid: bool
    validated: Word | None
    """The first proof after the last denial."""
    mark: str
    """Names the words that count: it never comes back to what it was, whatever is told."""


def warranty(repair: Repair) -> Warranty:
    """REP-3 In warranty where the latest word is a proof; without a word it is out of warranty."""
    words = sorted(repair.warranty)
    if not any(word.yes for word in words):
        return Warranty(False, None, "")
    denied = max([word for word in words if not word.yes], default=None)
    proofs = [word for word in words if word.yes and (denied is None or word > denied)]
    first = proofs[0] if proofs else None
    return Warranty(first is not None, first, f"{name(denied)}>{name(first)}")


def receipt(repair: Repair) -> Told | None:
    """REP-1 The receipt at the depot; where it was not told, the earliest of what implies it."""
    return repair.steps.get("received") or min(_after_receipt(repair), key=instant, default=None)


def diagnosed(repair: Repair) -> Told | None:
    """REP-2 The earliest that says, or implies, that it is diagnosed; what is of a time before the receipt implies nothing."""
    received = repair.steps.get("received")
    later = [told for told in _after_receipt(repair) if received is None or told.at >= received.at]
    return min(later, key=instant, default=None)


def diagnosis(repair: Repair, pauses: Sequence[Pause], days: Calendar) -> Clock | None:
    """REP-2 Two business days from the receipt. Only force majeure stops it."""
    received = repair.steps.get("received")
    if received is None:
        return None
    done = diagnosed(repair)
    return _clock(received, DIAGNOSIS_DAYS, done.at if done else None, pauses, days, "")


def turnaround(repair: Repair, pauses: Sequence[Pause], days: Calendar) -> Clock | None:
    """REP-4 Three business days from the start; None before it. REP-7 One that is extended has no deadline.

    pauses: those of force majeure. REP-7 The want of parts is another.
    """
    start = _start(repair)
    if start is None:
        return None
    offer, done = repair.offer, repair.repaired
    mark = f"{warranty(repair).mark}|{offer.mark if offer else ''}"
    if repair.extended:
        clock = _clock(start, TURNAROUND_DAYS, None, (), days, mark)
        clock.deadline, clock.state = None, "extended"
        return clock
    return _clock(start, TURNAROUND_DAYS, done.at if done else None, [*pauses, *without_parts(repair)], days, mark)


def without_parts(repair: Repair) -> list[Pause]:
    """REP-7 From each word that parts are missing to the next that they are there."""
    found: list[Pause] = []
    for word in sorted(repair.parts):
        is_missing = bool(found) and found[-1].until is None
        if not word.yes and not is_missing:
            found.append(Pause(word.at, None, PARTS_MISSING))
        elif word.yes and is_missing:
            found[-1] = found[-1]._replace(until=word.at)
    return found


def paid(repair: Repair, to_pay: int) -> Told | None:
    """REP-4 The payment with which what is to be paid has come; payments add up."""
    total = 0
    for payment in sorted(repair.payments):
        total += payment.amount
        if total >= to_pay:
            return payment
    return None


def _start(repair: Repair) -> Told | None:
    """REP-4 What starts the turnaround, if that has happened. Who has paid it all has approved of it (REP-1)."""
    offer, validated = repair.offer, warranty(repair).validated
    if repair.is_returning or (offer and offer.state == "awaiting"):
        return None
    approved: Told | None = offer.approval if offer else None
    if offer and offer.asks and approved is None:
        approved = paid(repair, offer.to_pay)
        if approved is None:
            return None
    if validated or offer is None:
        return validated and _later(validated, approved)
    first = paid(repair, offer.to_pay) if offer.to_pay else repair.estimates[offer.estimate_id].issued
    return first and _later(first, approved)


def _clock(start: Told, count: int, done: datetime | None, pauses: Sequence[Pause], days: Calendar, mark: str) -> Clock:
    """A clock from `start`; kept by what is done before its deadline, after which no pause matters to it."""
    pauses = [pause for pause in pauses if done is None or pause.since < done]
    working = days.business_clock(start.at, count, pauses)
    in_time = done is not None and (working.deadline is None or done < working.deadline)
    state: State = "kept" if in_time else "open" if working.deadline else "stopped"
    told = [f"{pause.since}-{pause.until}" for pause in pauses]
    mark = permanent_id(mark, name(start), *told)
    return Clock(
        start.at, start.source, start.event_id, working.deadline, list(working.days), working.calendar, state, mark
    )


def _after_receipt(repair: Repair) -> list[Told]:
    """All that implies the receipt and the diagnosis."""
    estimates = [one.issued for one in repair.estimates.values() if one.issued]
    return [*[step for name, step in repair.steps.items() if name != "received"], *repair.warranty, *estimates]


def _later(one: Told, other: Told | None) -> Told:
    return max(one, other, key=instant) if other else one


def name(told: Told | None) -> str:
    """Names a fact; nothing, if it is not known."""
    return f"{told.at.isoformat()} {told.source} {told.event_id}" if told else ""
