"""What is told of a repair: each event's fact is noted, and the repair settled (GEN-2); the answer says what came of it.

A later step implies the earlier ones (REP-1), so none of them waits for another; only the repair itself must be known.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models import shelf
from models.case import Case, Ruling, superseded
from models.follow import LoanerShipped, ProductBack
from models.payload import Payload
from models.repairs import answers, terms
from models.repairs.asking import requested
from models.repairs.events import (
    LoanerRequested,
    LoanerUnavailable,
    RepairCompleted,
    RepairDelivered,
    RepairDiagnosed,
    RepairEstimateAnswered,
    RepairEstimateIssued,
    RepairHandedToCarrier,
    RepairPartsAvailable,
    RepairPartsUnavailable,
    RepairPayload,
    RepairPaymentAccepted,
    RepairReceived,
    RepairRequested,
    RepairWarrantyValidated,
)
from models.repairs.facts import Estimate, Payment, Step, Told, Word
from models.repairs.noting import add_payment, add_word, note_loaner, noted, told
from models.repairs.settling import contradicted, settle
from models.repairs.state import Repair
from models.values import dollars


def received(case: Case, data: RepairReceived) -> Ruling:
    """REP-1 The product is at the depot. REP-2 Its diagnosis clock starts."""
    return _step(case, data, "received")


def diagnosed(case: Case, data: RepairDiagnosed) -> Ruling:
    """REP-2 The product is diagnosed."""
    return _step(case, data, "diagnosed")


def completed(case: Case, data: RepairCompleted) -> Ruling:
    """REP-1 The work is done."""
    return _step(case, data, "completed")


def handed_to_carrier(case: Case, data: RepairHandedToCarrier) -> Ruling:
    """REP-4 On its way back: repaired, what the turnaround counts to. REP-6 Or not."""
    return _step(case, data, "handed_to_carrier", data.repaired, data.tracking)


def delivered(case: Case, data: RepairDelivered) -> Ruling:
    """REP-11 The product is back. LOAN-2 What was lent meanwhile is due."""
    ruling = _step(case, data, "delivered")
    if ruling.outcome not in ("applied", "superseded"):
        return ruling
    follows = case.follow(ProductBack(case.at, "repair", data.repair_id))
    return Ruling(ruling.outcome, ruling.says + follows, ruling.clause, ruling.reason)


def warranty_validated(case: Case, data: RepairWarrantyValidated) -> Ruling:
    """REP-3 In warranty only with proof; the latest word counts."""
    word = Word(*told(case), data.proof)
    says = "its proof of warranty is valid" if data.proof else "it has no valid proof of warranty"
    return noted(case, data, lambda repair: add_word(repair.warranty, word), f"{says} (REP-3)", "REP-3", limited=True)


def parts_unavailable(case: Case, data: RepairPartsUnavailable) -> Ruling:
    """REP-7 The clock stands still."""
    return _parts(case, data, "parts are missing", there=False)


def parts_available(case: Case, data: RepairPartsAvailable) -> Ruling:
    """REP-7 The clock goes on."""
    return _parts(case, data, "the parts are there", there=True)


def estimate_issued(case: Case, data: RepairEstimateIssued) -> Ruling:
    """REP-5 What it would cost; the latest estimate counts."""
    issued = Told(*told(case))

    def note(repair: Repair) -> bool:
        estimate = repair.estimates.setdefault(data.estimate_id, Estimate(data.estimate_id))
        if estimate.issued and estimate.issued <= issued:
            return False
        estimate.issued, estimate.fee = issued, data.standard_fee
        return True

    ruling = noted(case, data, note, f"estimate {data.estimate_id} is issued (REP-5)", "REP-5", limited=True)
    repair = shelf.find(case, Repair, case.member.repairs, data.repair_id)
    known = repair.estimates.get(data.estimate_id) if repair else None
    if ruling.outcome == "duplicate" and known and known.fee != data.standard_fee:
        says = f"Estimate {known.id} was issued before, at ${dollars(known.fee)}: the first one stands."
        return Ruling("conflict", says, "GEN-1", "other_content")
    return ruling


def estimate_answered(case: Case, data: RepairEstimateAnswered) -> Ruling:
    """REP-6 The first answer to an estimate counts; one that comes too late is a new request."""
    word = Word(*told(case), data.approved)

    def note(repair: Repair) -> bool:
        estimate = repair.estimates.setdefault(data.estimate_id, Estimate(data.estimate_id))
        if estimate.answer and estimate.answer <= word:
            return False
        estimate.answer = word
        return True

    says = f"estimate {data.estimate_id} is {'approved' if data.approved else 'declined'} (REP-6)"
    ruling = noted(case, data, note, says, "REP-6", limited=True)
    repair = shelf.find(case, Repair, case.member.repairs, data.repair_id)
    return answers.why_not_counted(case, repair, data) or ruling if repair else ruling


def payment_accepted(case: Case, data: RepairPaymentAccepted) -> Ruling:
    """REP-4 Money for the repair; payments add up, and the same one may be told twice."""
    payment = Payment(*told(case), data.amount)
    says = f"${dollars(data.amount)} is accepted (REP-4)"
    return noted(case, data, lambda repair: add_payment(repair, payment), says, "REP-4", limited=True)


def loaner_requested(case: Case, data: LoanerRequested) -> Ruling:
    """REP-8 A loaner is provided at the member's request, if there is one."""
    says = "a loaner is asked for; it is provided if one is available (REP-8)"
    return noted(case, data, lambda repair: note_loaner(repair, "requested", Told(*told(case))), says, "REP-8")


def loaner_unavailable(case: Case, data: LoanerUnavailable) -> Ruling:
    """REP-8 There is none: it is not offered any more. The remedy does not depend on that (REP-9)."""
    says = "no loaner is available (REP-8)"
    return noted(case, data, lambda repair: note_loaner(repair, "unavailable", Told(*told(case))), says, "REP-8")


def loaner_shipped(case: Case, what: LoanerShipped) -> str:
    """REP-9 A loaner was handed to a carrier: noted by its own time. Returns the words for it."""
    repair = shelf.find(case, Repair, case.member.repairs, what.repair_id)
    if repair is None:
        return ""
    wrong = contradicted(case, repair)
    if not note_loaner(repair, "shipped", Told(what.at, case.cause.source, case.cause.id)):
        return ""
    repair.loaner.loan_id = what.loan_id
    settle(case, repair)
    if news := contradicted(case, repair) - wrong:
        return answers.told_after(case, repair, "a loaner was shipped", news)
    return f"It is the loaner for repair {repair.id} (REP-8)."


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        RepairRequested: requested,
        RepairReceived: received,
        RepairDiagnosed: diagnosed,
        RepairWarrantyValidated: warranty_validated,
        RepairPartsUnavailable: parts_unavailable,
        RepairPartsAvailable: parts_available,
        RepairEstimateIssued: estimate_issued,
        RepairEstimateAnswered: estimate_answered,
        RepairPaymentAccepted: payment_accepted,
        RepairCompleted: completed,
        RepairHandedToCarrier: handed_to_carrier,
        RepairDelivered: delivered,
        LoanerRequested: loaner_requested,
        LoanerUnavailable: loaner_unavailable,
    }
)
"""The rule of each event type."""


def _step(case: Case, data: RepairPayload, name: str, repaired: bool = True, tracking: str | None = None) -> Ruling:
    """REP-1 Of one step that is told by several events the earliest counts."""
    step, words = Step(*told(case), repaired, tracking), name.replace("_", " ")
    overtaken: list[str] = []

    def note(repair: Repair) -> bool:
        known = repair.steps.get(name)
        if known and known <= step:
            return False
        repair.steps[name] = step
        overtaken.extend(later for later in terms.STEPS[terms.STEPS.index(name) + 1 :] if later in repair.steps)
        return True

    ruling = noted(case, data, note, words if repaired else f"{words}, unrepaired", "REP-1")
    if ruling.outcome != "applied" or ruling.reason or not overtaken:
        return ruling
    says = f"Repair {data.repair_id} was {overtaken[-1].replace('_', ' ')}, which implied '{words}' (REP-1)."
    return superseded("later_step_known", says, "REP-1")


def _parts(case: Case, data: RepairPayload, says: str, *, there: bool) -> Ruling:
    word = Word(*told(case), there)
    return noted(case, data, lambda repair: add_word(repair.parts, word), f"{says} (REP-7)", "REP-7", limited=True)
