"""An account, which may have bought as a guest (CARE-3); the way back for a member who was set aside (MS-20); the end (GEN-7)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.accounts import erasing
from models.accounts.events import AccountOpened, MemberErasureRequested, MemberReleased
from models.care.events import GuestAccountOpened, Origin
from models.case import Case, Ruling, applied, refused, superseded
from models.events import GUEST
from models.payload import Payload
from models.state import Quarantine


def opened(case: Case, data: AccountOpened) -> Ruling:
    """CARE-3 The key of the email is told, whether something was bought there or not: it decides, and remembers."""
    member_id, cause = case.desk.member_id, case.cause
    if member_id.startswith(GUEST):
        return refused("no_account", "An account has a member id of its own: this is the key of an email.", "CARE-3")
    origin = Origin.of(cause)
    told = GuestAccountOpened(origin=origin, email_hash=data.email_hash, member_id=member_id, opened_at=case.at)
    case.send(f"{GUEST}{data.email_hash}", told, data.email_hash, at=case.at, cause=cause)
    says = (
        "The account is open: what was bought as a guest with its email in the last 30 days is claimed by it (CARE-3)."
    )
    return applied(says, "CARE-3")


def released(case: Case, _data: MemberReleased) -> Ruling:
    """MS-20 Lift the quarantine, and keep its marker under its number: that it was, and why, stays known.

    A hot value that cannot be read has raised before this: such a member stays set aside until that is mended.
    """
    marker = case.find(Quarantine, Quarantine.STANDING)
    if marker is None:
        return superseded("not_quarantined", "The member is not quarantined: there is nothing to lift.", "MS-20")
    case.desk.drop(Quarantine, Quarantine.STANDING)
    case.put(str(marker.seq), marker)
    case.member.quarantined = None
    says = f"The quarantine ({marker.reason}, since decision {marker.seq}) is lifted: events are decided again."
    return applied(says, "MS-20")


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {AccountOpened: opened, MemberReleased: released, MemberErasureRequested: erasing.requested}
)
"""The rule of each event type."""
