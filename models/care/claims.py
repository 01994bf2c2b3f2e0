"""CARE-9 Claims. A claim is answered by its own time from the facts of its order and of the membership (GEN-2)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final

from models.care import refunding
from models.care.events import CareClaimOpened
from models.care.protection import active_at, kept, last_day, qualified, why_not_protected
from models.care.state import SHOWN, Claim, Cover, Filed
from models.case import Case, Ruling, applied, digest, refused, retold
from models.hold import hold
from models.outputs.base import Fact
from models.outputs.notifications import Kind
from models.points.state import Line, Order, Return
from models.reasons import Reason, Reasons, codes, facts, in_words
from models.values import joined

KEPT: Final = 100
"""Claims of an order whose answer follows what is told late of it: the latest."""


def opened(case: Case, data: CareClaimOpened) -> Ruling:
    """Accepted for a protected product when the member files it, else refused with all reasons."""
    known = case.find(Claim, data.claim_id)
    if known:
        return retold(known.content, data, f"Claim {known.id}")
    order = case.find(Order, data.order_id)
    if order is None:
        return hold(case, "order", data.order_id, f"Claim {data.claim_id} comes before its order {data.order_id}")
    claim, cover = _claim(case, data), case.find(Cover, order.id) or Cover(order.id)
    cover.claims = [*cover.claims, claim.id][-KEPT:]
    case.put(cover.id, cover)
    says = _answer(case, claim, order, cover)
    care = case.member.care
    window = refunding.window_at(case, care, claim.at) if care else None
    if care and window:
        says = f"{says} {refunding.claimed(case, care, window)}".rstrip()
    return applied(says, "CARE-9") if claim.accepted else refused(claim.reasons[0], says, "CARE-9")


def never_bought_here(case: Case, data: CareClaimOpened) -> str:
    """Its order never arrived: the product was bought elsewhere. Returns the words for it."""
    if case.find(Claim, data.claim_id):
        return ""
    reasons = [("bought_elsewhere", f"order {data.order_id} is none of this account's in the store")]
    claim = _claim(case, data)
    says = _tell(case, claim, reasons, joined(claim.id, "bought_elsewhere"))
    _use(case, claim)
    return says


def reconsider(case: Case, order: Order, *, opening: bool = False) -> list[str]:
    """Something became known of an order: its claims are answered anew; a sentence for each answer that is another now.

    `opening`: that Care was bought with it, so that it may have been active at the time of a claim.
    """
    cover, says = case.find(Cover, order.id), []
    for claim_id in cover.claims if cover else ():
        claim = case.get(Claim, claim_id)
        claim.active = claim.active or (opening and _is_active(case, claim.at))
        says.append(_answer(case, claim, order, cover or Cover(order.id)))
    return [words for words in says if words]


def _claim(case: Case, data: CareClaimOpened) -> Claim:
    cause, active = case.cause, _is_active(case, case.at)
    return Claim(
        data.claim_id, digest(data), cause.source, cause.id, case.at, data.serial, data.order_id, data.filed_by, active
    )


def _is_active(case: Case, at: datetime) -> bool:
    care = case.member.care
    return care is not None and active_at(case, care, at)


def _answer(case: Case, claim: Claim, order: Order, cover: Cover) -> str:
    """Bring the answer to what is known by now; tell it, in a sentence as well, if it rests on something else than before."""
    lines = _lines(order, cover, claim.serial)
    reasons = list(_why_not(case, claim, order, lines))
    rejected = [one.id for one in map(partial(case.get, Return), order.returns) if _concerned(claim, one, lines)]
    about = joined(claim.id, ",".join(codes(reasons)), *rejected)
    says = _tell(case, claim, reasons, about) if about != claim.about else ""
    if claim.accepted and claim.serial not in [*cover.bound, *[serial for line in lines for serial in line.serials]]:
        cover.bound.append(claim.serial)
        case.put(cover.id, cover)
    _use(case, claim)
    return says


def _why_not(case: Case, claim: Claim, order: Order, lines: list[Line]) -> Iterator[Reason]:
    """Why it is not accepted, all reasons at once."""
    if claim.filed_by != case.desk.member_id:
        yield "filed_by_other", "only the member can file it, whoever uses the product"
    if not claim.active:
        yield "membership_not_active", "Care was not active then"
    yield from why_not_protected(case, order)
    if not lines:
        yield "bought_elsewhere", f"order {order.id} has no product with serial number {claim.serial}"
        return
    if not any(qualified(line) for line in lines):
        yield "not_qualified", "the product does not qualify"
    until = last_day(case, order)
    if claim.at >= case.calendar.end_of(until):
        yield "past_two_years", f"the two years ended with {until}"
    left = kept(case, order, claim.at)
    if not any(left[line.id] for line in lines):
        yield "returned", "the product had gone back"


def _lines(order: Order, cover: Cover, serial: str) -> list[Line]:
    """The line that names the serial number; else those with pieces that have none, while such a piece is left."""
    named = [line for line in order.lines if serial in line.serials]
    if named:
        return named
    open_lines = [line for line in order.lines if line.quantity > len(line.serials)]
    spare = sum(line.quantity - len(line.serials) for line in open_lines if qualified(line))
    if serial in cover.bound or len(cover.bound) < spare:
        return [line for line in open_lines if qualified(line)]
    return [] if spare else open_lines


def _concerned(claim: Claim, returned: Return, lines: list[Line]) -> bool:
    """Whether a return that had concerned the claim was rejected: the same answer as before it is another one."""
    return returned.rejected and returned.at < claim.at and any(line.id in returned.quantities for line in lines)


def _tell(case: Case, claim: Claim, reasons: Reasons, about: str) -> str:
    """One notice for each answer, named after what it rests on: whatever comes first, the same one stands (GEN-2, NTF-1)."""
    again = " now" if claim.notice else ""
    claim.reasons, claim.about = list(codes(reasons)), about
    told: dict[str, Fact] = {"claim_id": claim.id, "serial": claim.serial, "order_id": claim.order_id}
    if reasons:
        told |= facts(reasons)
    kind: Kind = "care.claim_refused" if reasons else "care.claim_accepted"
    replaces = [claim.notice] if claim.notice else []
    claim.notice = case.notify("care", kind, about, "CARE-9", told, replaces=replaces, named_after=claim.cause)
    case.put(claim.id, claim)
    return (
        f"Claim {claim.id} is{again} refused: {in_words(reasons)} (CARE-9)."
        if reasons
        else f"Claim {claim.id} is{again} accepted (CARE-9)."
    )


def _use(case: Case, claim: Claim) -> None:
    """The claim as it is shown; CARE-7 an accepted one is a benefit used under the fee of its time."""
    care = case.member.care
    if care is None:
        return
    others = [filed for filed in care.claims if filed.id != claim.id]
    filed = Filed(claim.at, claim.id, claim.serial, claim.order_id, claim.accepted)
    care.claims = sorted([*others, filed], key=_order)[-SHOWN:]
    window = refunding.window_at(case, care, claim.at)
    if window and claim.accepted != (claim.id in window.claims):
        without = [claim_id for claim_id in window.claims if claim_id != claim.id]
        window.claims = sorted([*without, claim.id]) if claim.accepted else without
        case.put(window.id, window)


def _order(filed: Filed) -> tuple[datetime, str]:
    return filed.at, filed.id
