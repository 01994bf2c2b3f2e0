"""Who may send what in for repair at member terms (PRO-9, PRO-10, PAY-4, REP-11), and pieces that come together (REP-7)."""

from models import shelf
from models.case import Case, Ruling, applied, digest, refused, retold
from models.eligibility import STATES
from models.follow import ProductBack, ProductKnown
from models.hold import still_waits
from models.outputs.base import Fact
from models.pro import benefits
from models.products.eligibility import why_not
from models.reasons import Reason
from models.repairs.answers import told_after
from models.repairs.events import RepairRequested
from models.repairs.settling import contradicted, settle
from models.repairs.state import Awaiting, Repair, Shipment
from models.repairs.telling import REFUSED, crowded

AWAITING = 20
"""The most refused repairs of one product that are looked at again."""


def requested(case: Case, data: RepairRequested) -> Ruling:
    """REP-1 A repair begins, for a member whose PRO is active (PRO-9, PAY-4); every reason against it is named."""
    known = shelf.find(case, Repair, case.member.repairs, data.repair_id)
    if known:
        return retold(known.content, data, f"Repair {known.id}")
    repair = Repair(
        data.repair_id, digest(data), case.cause.source, case.cause.id, case.at, data.serial, data.model, data.shipment_id,
        data.pieces, data.preapproved_amount, data.next_day_shipping,
    )  # fmt: skip
    case.arrived("repair", repair.id)
    others, product = list(_why_not(case, data)), _why_not_product(case, repair)
    if others or product:
        return _refuse(case, repair, [*others, *[(code, words, "PRO-10") for code, words in product]], waits=not others)
    together = _accept(case, repair)
    return applied(f"Repair {repair.id} of {data.model} {data.serial} is announced (REP-1).{together}", "REP-1")


def reconsider(case: Case, what: ProductKnown) -> str:
    """PRO-10 What was refused only for what was not known of its product is decided anew, as of its own time.

    As long as events wait for each other (GEN-2): what is told later than that revives nothing.
    """
    awaiting = case.find(Awaiting, what.serial)
    if awaiting is None:
        return ""
    waiting = [case.get(Repair, repair_id) for repair_id in awaiting.repairs]
    repairs = [repair for repair in waiting if still_waits(case, repair.requested_at)]
    accepted = [repair for repair in repairs if not _why_not_product(case, repair)]
    awaiting.repairs = [repair.id for repair in repairs if repair not in accepted]
    if awaiting.repairs:
        case.put(what.serial, awaiting)
    else:
        case.desk.drop(Awaiting, what.serial)
    for repair in accepted:
        repair.why_refused = None
        _accept(case, repair)
        if back := repair.steps.get("delivered"):
            case.follow(ProductBack(back.at, "repair", repair.id))
    return " ".join([f"Repair {one.id}, which had been refused, is accepted (PRO-10)." for one in accepted])


def _refuse(case: Case, repair: Repair, reasons: list[tuple[str, str, str]], *, waits: bool) -> Ruling:
    """Say no with all reasons. waits: whether word of the product can still change that."""
    codes = tuple(code for code, _, _ in reasons)
    code, _, clause = reasons[0]
    repair.why_refused = code
    facts: dict[str, Fact] = {"repair_id": repair.id, "reasons": codes}
    repair.notices[REFUSED] = case.notify("pro", "repair.refused", repair.id, clause, facts)
    settle(case, repair)
    if waits:
        awaiting = case.find(Awaiting, repair.serial) or Awaiting()
        awaiting.repairs = [*awaiting.repairs, repair.id][-AWAITING:]
        case.put(repair.serial, awaiting)
    words = "; ".join([f"{words} ({clause})" for _, words, clause in reasons])
    return refused(code, f"Repair {repair.id} is refused: {words}.", clause)


def _accept(case: Case, repair: Repair) -> str:
    """REP-7 Count it among the pieces of its shipment, and settle. Returns the words for a shipment that is too large.

    None of these answers depends on which piece came first.
    """
    shipment = case.find(Shipment, repair.shipment_id) or Shipment()
    was_crowded = shipment.is_crowded
    shipment.stated = max(shipment.stated, repair.pieces)
    if not was_crowded:
        shipment.repairs.append(repair.id)
    case.put(repair.shipment_id, shipment)
    repair.extended = shipment.is_crowded
    settle(case, repair)
    if not repair.extended:
        return ""
    too_late = [_extend(case, other) for other in ([] if was_crowded else shipment.repairs[:-1])]
    return f" No piece of it has a deadline: {crowded(repair)}.{''.join(too_late)}"


def _extend(case: Case, repair_id: str) -> str:
    """REP-7 There is no deadline any more. A miss that was decided stays: returns the words for that (GEN-6)."""
    repair = shelf.find(case, Repair, case.member.repairs, repair_id)
    if repair is None:
        return ""
    wrong, repair.extended = contradicted(case, repair), True
    settle(case, repair)
    news = contradicted(case, repair) - wrong
    return f" {told_after(case, repair, 'another piece came with it', news)}" if news else ""


def _why_not(case: Case, data: RepairRequested) -> list[tuple[str, str, str]]:
    """Each reason (code, words, clause) why the repair is not done at member terms, but for its product."""
    reasons = [(code, words, clause) for (code, words), clause in benefits.why_none(case)]
    if data.sent_by != "member":
        reasons.append(("not_sent_by_member", f"sent by a {data.sent_by.replace('_', ' ')}", "PRO-10"))
    if data.ship_to_state not in STATES:
        reasons.append(("not_shipped_there", f"{data.ship_to_state} is neither a US state nor DC", "REP-11"))
    return reasons


def _why_not_product(case: Case, repair: Repair) -> list[Reason]:
    """PRO-10 Why there are no member terms for the product, at the time of the request."""
    return list(why_not(case, repair.serial, repair.model, repair.requested_at))
