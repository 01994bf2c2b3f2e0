"""GEN-7 What is personal goes when that is asked for, once nothing needs it. A clause of ours: the terms have none.

Of a member no rule keeps a birth date, a state or an email: they are looked at once, and the answer is kept (docs/privacy.md). So what
an erasure leaves is a mark: from then on nothing personal is taken in, nor does anything begin, under this id. The ledger and
what went before keep the id, which names nobody by itself, and late facts of old orders go on counting (GEN-2).

The key of an email is personal by itself, and holds what was bought with it: all of it is deleted.
"""

from collections.abc import Iterator

from models.accounts.events import MemberErasureRequested
from models.care.state import GuestPurchase
from models.case import Case, Ruling, applied, duplicate, refused
from models.events import GUEST
from models.fees.state import Invoice
from models.reasons import Reason, in_words
from models.state import Member

CLAUSE = "GEN-7"
UNDECIDED = ("applied", "active", "ending")
"""Stages of a paid membership, or of an application, that is not over."""


def requested(case: Case, data: MemberErasureRequested) -> Ruling:
    """GEN-7 Refused with all that stands in the way; asked for again it changes nothing."""
    member = case.member
    if member.erased_at:
        return duplicate("already_erased", f"Erased on {member.erased_at:%Y-%m-%d} (GEN-7).", CLAUSE)
    reasons = list(in_the_way(member))
    if reasons:
        return refused(reasons[0][0], f"Not erased: {in_words(reasons)} (GEN-7).", CLAUSE)
    if case.desk.member_id.startswith(GUEST):
        return _forget(case, data)
    member.erased_at, member.flags = case.desk.moment.now or case.at, []
    says = "Nothing personal is kept, and nothing begins under this id any more; what was booked keeps the id (GEN-7)."
    return applied(says, CLAUSE)


def in_the_way(member: Member) -> Iterator[Reason]:
    """GEN-7 What still needs to know who it is: what is in force, open, waiting or due; code and words of each."""
    yield from _in_force(member)
    yield from _open(member)
    if member.held:
        yield "events_held", f"{member.held} events wait for what they belong to (GEN-2)"
    if member.due:
        yield "deadlines", f"{len(member.due)} deadlines are ahead, up to {member.due[-1].at:%Y-%m-%d} (GEN-4)"


def _in_force(member: Member) -> Iterator[Reason]:
    if member.points:
        yield "points_membership", "the My Sony membership has to be cancelled first (MS-16)"
    for name, paid in (("PRO", member.pro), ("Care", member.care)):
        if paid and paid.stage in UNDECIDED:
            yield f"{name.lower()}_membership", f"{name} is {paid.status}"
    if member.guest and member.guest.purchase and member.guest.purchase.stage == "unclaimed":
        yield "unclaimed_purchase", f"purchase {member.guest.purchase.id} waits for an account (CARE-3)"


def _open(member: Member) -> Iterator[Reason]:
    for repair in member.repairs.values():
        if not repair.why_refused and repair.way_back is None:
            yield "open_repair", f"repair {repair.id} is {repair.status}"
    for loan in member.loans.values():
        if loan.status not in ("refused", "closed"):
            yield "open_loan", f"loan {loan.id} is {loan.status}"
    for visit in member.cleanings.visits.values():
        if visit.is_running:
            yield "open_visit", f"visit {visit.id} is booked"


def belongs_to_nobody() -> Ruling:
    """GEN-7 The answer to what tells of a person, for a member who was erased."""
    says = (
        "The member was erased: nothing personal is taken in under this id. Who comes back has another account (GEN-7)."
    )
    return refused("erased", says, CLAUSE)


def _forget(case: Case, data: MemberErasureRequested) -> Ruling:
    """The key of an email: all of it goes, and nothing tells that it was there."""
    case.desk.is_forgotten = True
    if case.member.guest is None and not data.purchases:
        return duplicate("already_erased", "Nothing is kept under this email (GEN-7).", CLAUSE)
    guest = case.member.guest
    at_hand = (guest.purchase.id,) if guest and guest.purchase else ()
    for invoice_id in (*at_hand, *(data.purchases or ())):
        case.desk.drop(GuestPurchase, invoice_id)
        case.desk.drop(Invoice, invoice_id)  # of a fee that went back
    return applied("What was kept under this email is deleted, with the email (GEN-7).", CLAUSE)
