"""REP-2, REP-4, REP-7 The clocks of a repair, worked out from its facts each time that they are asked for."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from audit.service.days import Pause, count, pauses_of
from audit.service.price import offer
from audit.service.promises import Promise
from audit.service.repair import Repair
from models.policies import Policies

DIAGNOSIS, TURNAROUND = 2, 3
"""REP-2, REP-4 Business days."""


PARTS: Final = "parts"


def turnaround(
    repair: Repair, policies: Policies, zone: ZoneInfo, majeure: list[Pause], *, crowded: bool
) -> Promise | None:
    """REP-4; None before it starts. crowded: too many pieces came together (REP-7)."""
    if repair.missed:
        return repair.missed
    start = started(repair, policies, zone)
    if start is None:
        return None
    if crowded:
        return Promise("extended", start, None, count(start, TURNAROUND, zone, policies.closures).days)
    missing = pauses_of([(told[0], is_missing) for told, is_missing in sorted(repair.parts)], PARTS)
    return _running(start, TURNAROUND, policies, zone, [*missing, *majeure], repair.back)


def diagnosis(repair: Repair, policies: Policies, zone: ZoneInfo, majeure: list[Pause]) -> Promise | None:
    """REP-2; None before the receipt. What is of a time before that does not say that it was diagnosed."""
    received = repair.steps.get("received")
    if repair.undiagnosed or received is None:
        return repair.undiagnosed
    done = min([told[0] for told in repair.implies_receipt if told[0] >= received[0]], default=None)
    return _running(received[0], DIAGNOSIS, policies, zone, majeure, done)


def started(repair: Repair, policies: Policies, zone: ZoneInfo) -> datetime | None:
    """REP-4 When the turnaround was set going; who has paid it all has approved of it (REP-1)."""
    found, proof = offer(repair, policies, zone), repair.proof
    if found is None:
        return proof and proof[0]
    if found.state in ("declined", "not_answered", "awaiting"):
        return None
    agreed = found.approved_at
    if found.asks and agreed is None:
        agreed = repair.paid_at(found.price)
        if agreed is None:
            return None
    if proof:
        since: datetime | None = proof[0]
    elif found.price:
        since = repair.paid_at(found.price)
    else:
        since = repair.estimates[found.estimate][0][0]
    return since and max(since, agreed or since)


def _running(
    start: datetime, days: int, policies: Policies, zone: ZoneInfo, pauses: list[Pause], done: datetime | None
) -> Promise:
    """Once it is done, no later pause matters."""
    pauses = [pause for pause in pauses if done is None or pause.since < done]
    clock = count(start, days, zone, policies.closures, pauses)
    kept = done and (clock.deadline is None or done < clock.deadline)
    return Promise("kept" if kept else "open" if clock.deadline else "stopped", start, clock.deadline, clock.days)
