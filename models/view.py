"""The read side's document of one member, from the hot value alone: `member:{id}` of the contract. JSON-ready."""

from typing import Any

from models.calendar import rfc3339
from models.care import view as care
from models.cleaning import view as cleaning
from models.fees import view as fees
from models.loans import view as loans
from models.owed import promises
from models.points import view as points
from models.pro import view as pro
from models.repairs import view as repairs
from models.state import Member, Quarantine


def view(member_id: str, member: Member, generation: int = 0) -> dict[str, Any]:
    """Everything shown of a member; (generation, revision) orders the versions of the document."""
    lent = sorted(member.loans.values(), key=lambda loan: (loan.requested_at, loan.id))
    shown = sorted(member.repairs.values(), key=lambda repair: (repair.requested_at, repair.id))
    return {
        "member_id": member_id,
        "generation": generation,
        "revision": member.revision,
        "updated_at": member.changed_at and rfc3339(member.changed_at),
        "as_of": member.as_of,
        "points": member.points and points.view(member.points) | {"reservations": points.reservations(member.due)},
        "memberships": _memberships(member),
        "former": [
            {"program": "points", "from": rfc3339(past.joined_at), "to": rfc3339(past.ended_at)}
            for past in member.former
        ],
        "methods": fees.view(member.methods),
        "repairs": [repairs.view(repair) for repair in shown],
        "cleanings": cleaning.view(member),
        "loans": [loans.view(loan) for loan in lent],
        "promises": promises(member),
        "flags": [
            {"at": rfc3339(flag.at), "code": flag.code, "about": flag.about, "clause": flag.clause, "says": flag.says}
            for flag in member.flags
        ],
        "held_events": member.held,
        "quarantined": member.quarantined and _quarantined(member.quarantined),
        "erased_at": member.erased_at and rfc3339(member.erased_at),
    }


def _quarantined(marker: Quarantine) -> dict[str, Any]:
    return {"reason": marker.reason, "since": marker.since and rfc3339(marker.since)}


def _memberships(member: Member) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if member.points:
        joined_at = rfc3339(member.points.joined_at)
        found["points"] = {"status": "active", "causes": [], "term": None, "auto_renew": None, "since": joined_at}
    if member.pro:
        found["pro"] = pro.view(member.pro, member.due)
    if member.care:
        found["care"] = care.view(member.care, member.due)
    elif member.guest and (bought := care.of_guest(member.guest)):
        found["care"] = bought
    return found
