"""CARE-9 Claims. A claim is answered by its own time from the facts of its order and of the membership (GEN-2)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from models.care import refunding
from models.care.events import CareClaimOpened
from models.care.life import LIFE
from models.care.protection import kept, last_day, qualified, why_not_protected
from models.care.state import SHOWN, Claim, Cover, Filed, Window
from models.case import Case, Ruling, applied, digest, refused, retold
from models.hold import hold
from models.outputs.base import Fact
from models.outputs.notifications import Kind
from models.points.state import Line, Order, Return
from models.values import joined

KEPT: Final = 100
"""Claims of an order whose answer follows what is told late of it: the latest."""

Reasons = list[tuple[str, str]]


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
    reasons = list(_why_not(case, claim, order, cover))
    window = _answer(case, claim, order, reasons)
    if reasons:
        return refused(reasons[0][0], f"Claim {claim.id} is refused: {_words(reasons)} (CARE-9).", "CARE-9")
    says = f"Claim {claim.id} is accepted: {claim.serial} is protected up to {last_day(case, order)} (CARE-9)."
    if case.member.care and window:
        says = f"{says} {refunding.reconsider(case, case.member.care, window)}".rstrip()
    return applied(says, "CARE-9")


def never_bought_here(case: Case, data: CareClaimOpened) -> str:
    """Its order never arrived: the product was bought elsewhere. Returns the words for it."""
    if case.find(Claim, data.claim_id):
        return ""
    reasons = [("bought_elsewhere", f"order {data.order_id} is none of the store's")]
    _tell(case, _claim(case, data), reasons, data.claim_id)
    return f"Claim {data.claim_id} is refused: {_words(reasons)} (CARE-9)."


def reconsider(case: Case, order: Order) -> Iterator[tuple[str, Window | None]]:
    """Something became known of an order: its claims are answered anew.

    Of each whose answer is another now: a sentence, and the window in which it counts as a benefit used.
    """
    cover = case.find(Cover, order.id)
    if cover is None:
        return
    for claim_id in cover.claims:
        claim = case.get(Claim, claim_id)
        reasons = list(_why_not(case, claim, order, cover))
        if claim.accepted == bool(reasons):
            window = _answer(case, claim, order, reasons)
            now = f"refused after all: {_words(reasons)}" if reasons else "accepted after all"
            yield f"Claim {claim.id} is {now} (CARE-9).", window


def _claim(case: Case, data: CareClaimOpened) -> Claim:
    cause = case.cause
    return Claim(
        data.claim_id, digest(data), cause.source, cause.id, case.at, data.serial, data.order_id, data.filed_by
    )


def _why_not(case: Case, claim: Claim, order: Order, cover: Cover) -> Iterator[tuple[str, str]]:
    """Why it is not accepted (code, words), all reasons at once."""
    care = case.member.care
    if claim.filed_by != case.desk.member_id:
        yield "filed_by_other", "only the member can file it, whoever uses the product"
    status = LIFE.status_at(Case(case.desk, case.cause, claim.at), care)
    if status != "active":
        yield "membership_not_active", f"Care was {'suspended' if status == 'suspended' else 'not active'} then"
    yield from why_not_protected(case, order)
    lines = _lines(order, cover, claim.serial)
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


def _answer(case: Case, claim: Claim, order: Order, reasons: Reasons) -> Window | None:
    """Note and tell the answer. Returns the window in which the claim counts."""
    rejected = [return_id for return_id in order.returns if case.get(Return, return_id).rejected]
    _tell(case, claim, reasons, joined(claim.id, *rejected))
    if not reasons and not any(claim.serial in line.serials for line in order.lines):
        _bind(case, claim)
    return _use(case, claim)


def _tell(case: Case, claim: Claim, reasons: Reasons, about: str) -> None:
    """One notice, named after the claim and the returns that were rejected: each answer there can be has a name of its own."""
    facts: dict[str, Fact] = {"claim_id": claim.id, "serial": claim.serial, "order_id": claim.order_id}
    replaces = [claim.notice] if claim.notice else []
    claim.accepted = not reasons
    if reasons:
        facts |= {"reasons": tuple(code for code, _ in reasons), "says": tuple(words for _, words in reasons)}
    kind: Kind = "care.claim_refused" if reasons else "care.claim_accepted"
    claim.notice = case.notify("care", kind, about, "CARE-9", facts, replaces=replaces, named_after=claim.cause)
    case.put(claim.id, claim)
    care = case.member.care
    if care:
        others = [filed for filed in care.claims if filed.id != claim.id]
        care.claims = sorted(
            [*others, Filed(claim.at, claim.id, claim.serial, claim.order_id, claim.accepted)], key=_at
        )
        care.claims[:-SHOWN] = []


def _bind(case: Case, claim: Claim) -> None:
    """A piece without a serial number has that of the first claim accepted for it."""
    cover = case.get(Cover, claim.order_id)
    if claim.serial not in cover.bound:
        cover.bound.append(claim.serial)
        case.put(cover.id, cover)


def _use(case: Case, claim: Claim) -> Window | None:
    """CARE-7 An accepted claim is a benefit used under the fee of its time."""
    care = case.member.care
    window = refunding.window_at(case, care, claim.at) if care else None
    if window:
        others = [claim_id for claim_id in window.claims if claim_id != claim.id]
        window.claims = sorted([*others, claim.id]) if claim.accepted else others
        case.put(window.id, window)
    return window


def _words(reasons: Reasons) -> str:
    return "; ".join([words for _, words in reasons])


def _at(filed: Filed) -> tuple[datetime, str]:
    return filed.at, filed.id
