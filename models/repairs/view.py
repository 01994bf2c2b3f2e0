"""What the read side shows of a repair, with its promises. JSON-ready."""

from collections.abc import Iterator
from typing import Any

from models import promises
from models.calendar import rfc3339
from models.outputs.base import Cause
from models.repairs import terms
from models.repairs.facts import Told
from models.repairs.state import Clock, Offer, Repair
from models.values import dollars


def view(repair: Repair) -> dict[str, Any]:
    """Status, steps, warranty, price, loaner; REP-10 the working of its clocks."""
    return {
        "repair_id": repair.id,
        "serial": repair.serial,
        "model": repair.model,
        "shipment_id": repair.shipment_id,
        "status": repair.status,
        "requested_at": rfc3339(repair.requested_at),
        "steps": {name: rfc3339(repair.steps[name].at) for name in terms.STEPS if name in repair.steps},
        "tracking": repair.way_back.tracking if repair.way_back else None,
        "repaired": repair.way_back.repaired if repair.way_back else None,
        "in_warranty": repair.in_warranty,
        "warranty": [{"at": rfc3339(word.at), "proof": word.yes} for word in repair.warranty],
        "parts": [{"at": rfc3339(word.at), "available": word.yes} for word in repair.parts],
        "estimate": repair.offer and _estimate(repair, repair.offer),
        "paid": dollars(sum(payment.amount for payment in repair.payments)),
        "loaner": {
            "requested_at": _at(repair.loaner.requested),
            "unavailable_at": _at(repair.loaner.unavailable),
            "shipped_at": _at(repair.loaner.shipped),
            "loan_id": repair.loaner.loan_id,
        },
        "extended": repair.extended,
        "turnaround": repair.turnaround and _clock(repair.turnaround),
        "diagnosis": repair.diagnosis and _clock(repair.diagnosis),
    }


def promised(repair: Repair) -> Iterator[dict[str, Any]]:
    """What is owed: diagnosis and turnaround by Sony, the answer to an estimate by the member."""
    if repair.diagnosis:
        yield _diagnosis(repair, repair.diagnosis)
    if repair.offer and repair.offer.asks:
        yield _answer(repair, repair.offer)
    if repair.turnaround:
        yield _turnaround(repair, repair.turnaround)


def _diagnosis(repair: Repair, clock: Clock) -> dict[str, Any]:
    """REP-2."""
    return promises.promise(
        f"repair {repair.id} diagnosed",
        of="pro", kind=terms.DIAGNOSIS, ref=repair.id, clause="REP-2", state=clock.state, due=clock.deadline,
        started_at=clock.start, started_by=clock.cause, counts=f"{terms.DIAGNOSIS_DAYS} business days", days=clock.days,
        calendar=clock.calendar, options=["Sony: diagnose it"] if clock.state in ("open", "stopped") else [],
        remedy="the terms name none",
    )  # fmt: skip


def _turnaround(repair: Repair, clock: Clock) -> dict[str, Any]:
    """REP-4, with what can still be done (REP-8) and the remedy (REP-9)."""
    return promises.promise(
        f"repair {repair.id} handed to the carrier",
        of="pro", kind=terms.TURNAROUND, ref=repair.id, clause="REP-4", state=clock.state, due=clock.deadline,
        started_at=clock.start, started_by=clock.cause, counts=f"{terms.TURNAROUND_DAYS} business days",
        days=clock.days, calendar=clock.calendar, options=list(_options(repair, clock)), remedy=_remedy(repair, clock),
    )  # fmt: skip


def _options(repair: Repair, clock: Clock) -> Iterator[str]:
    """What can still be done, and by whom."""
    if repair.way_back:
        return
    if clock.state == "stopped":
        yield "Sony: go on as soon as it can, which sets a new deadline"
    yield "Sony: hand the repaired product to the carrier"
    loaner = repair.loaner
    if clock.state == "extended" or loaner.shipped:
        return
    if clock.state == "open" and repair.in_warranty:
        yield "Sony: ship a loaner before the deadline, so that no fee goes back (REP-9)"
    if loaner.unavailable is None:
        yield "Sony: ship the loaner asked for" if loaner.requested else "member: ask for a loaner (REP-8)"


def _remedy(repair: Repair, clock: Clock) -> str | None:
    if clock.state == "missed":
        return clock.remedy
    if clock.state == "extended":
        return "none: there is no deadline (REP-7)"
    if not repair.in_warranty:
        return "a loaner; out of warranty no fee goes back (REP-9)"
    if clock.deadline and repair.has_loaner_by(clock.deadline):
        return "a loaner was shipped in time: no fee goes back (REP-9)"
    return "a loaner; without one by then the fee of the term in which the clock started goes back (REP-9)"


def _answer(repair: Repair, offer: Offer) -> dict[str, Any]:
    """REP-6."""
    states: dict[str, promises.State] = {
        "awaiting": "open", "approved": "kept", "declined": "kept", "not_answered": "missed", "moot": "void",
    }  # fmt: skip
    options = ["member: approve or decline it", "Sony: issue another estimate"] if offer.state == "awaiting" else []
    return promises.promise(
        f"estimate {offer.estimate_id} of repair {repair.id} answered",
        of="pro", kind=terms.ESTIMATE, ref=repair.id, clause="REP-6", state=states[offer.state], due=offer.answer_by,
        by="member", started_at=offer.since, started_by=_started_by(repair, offer), counts=f"{offer.days} days", options=options,
        remedy="the product goes back unrepaired",
    )  # fmt: skip


def _started_by(repair: Repair, offer: Offer) -> Cause:
    """REP-6 The receipt, unless only the estimate tells of it."""
    received = repair.steps.get("received")
    return received.cause if received and received.at == offer.since else offer.cause


def _estimate(repair: Repair, offer: Offer) -> dict[str, Any]:
    return {
        "estimate_id": offer.estimate_id,
        "standard_fee": dollars(offer.fee),
        "discount": dollars(offer.discount),
        "shipping": None if offer.shipping is None else dollars(offer.shipping),
        "to_pay": dollars(offer.to_pay),
        "preapproved": None if repair.preapproved is None else dollars(repair.preapproved),
        "needs_approval": offer.asks,
        "answer_by": rfc3339(offer.answer_by),
        "state": offer.state,
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "started_at": rfc3339(clock.start),
        "started_by": {"source": clock.source, "id": clock.event_id},
        "days": [{"day": day.isoformat(), "skipped": skipped} for day, skipped in clock.days],
        "calendar": clock.calendar,
        "deadline": clock.deadline and rfc3339(clock.deadline),
        "state": clock.state,
        "remedy": clock.remedy,
    }


def _at(told: Told | None) -> str | None:
    return rfc3339(told.at) if told else None
