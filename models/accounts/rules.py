"""The way back for a member who was set aside (MS-20, fault isolation)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.accounts.events import MemberReleased
from models.case import Case, Ruling, applied, superseded
from models.payload import Payload
from models.state import Quarantine


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


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType({MemberReleased: released})
"""The rule of each event type."""
