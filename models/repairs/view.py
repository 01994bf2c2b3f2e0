"""What the read side shows of a repair, with the promise its clock makes. JSON-ready."""

from typing import Any

from models.calendar import rfc3339
from models.repairs.state import Repair

PROMISE_STATES = {"running": "open", "met": "kept", "missed": "missed", "extended": "extended"}


def view(repair: Repair) -> dict[str, Any]:
    """Status and steps; REP-10 the working of the clock."""
    clock = repair.turnaround
    return {
        "repair_id": repair.id,
        "serial": repair.serial,
        "model": repair.model,
        "status": repair.status,
        "requested_at": rfc3339(repair.requested_at),
        "steps": {step: rfc3339(at) for step, at in repair.steps.items()},
        "tracking": repair.tracking,
        "turnaround": clock
        and {
            "started_at": rfc3339(clock.start),
            "started_by": {"source": clock.source, "id": clock.event_id},
            "days": [{"day": day.isoformat(), "skipped": skipped} for day, skipped in clock.days],
            "calendar": clock.calendar,
            "deadline": rfc3339(clock.deadline),
            "state": clock.state,
        },
    }


def promise(repair: Repair) -> dict[str, Any] | None:
    """REP-4 The turnaround as a promise, once its clock runs; REP-7 an extended one has no deadline."""
    clock = repair.turnaround
    if clock is None:
        return None
    return {
        "what": f"repair {repair.id} handed to the carrier",
        "due": None if clock.state == "extended" else rfc3339(clock.deadline),
        "clause": "REP-4",
        "state": PROMISE_STATES[clock.state],
    }
