"""How often something happened to repairs, loans and visits that makes the simulation worth its while."""

from collections import Counter

from audit.service import repairs
from audit.service.facts import Facts


def of(facts: Facts) -> Counter[str]:
    """Of one member, at the end."""
    counts = Counter[str]()
    for repair in facts.repairs.values():
        counts.update(f"repair refused: {why}" for why in repair.refused)
        counts["repair"] += not repair.refused
        counts["repair accepted after all"] += not repair.refused and facts.told["repair.refused", repair.id]
        counts["more than three pieces"] += not repair.refused and repairs.crowded(facts, repair)
        counts["turnaround missed"] += repair.missed is not None
        counts["diagnosis missed"] += repair.undiagnosed is not None
        counts["estimate unanswered"] += repair.unanswered is not None
        counts["reimbursed"] += repair.remedy.startswith("invoice")
        counts["saved by a loaner"] += repair.remedy == "a loaner"
    for loan in facts.loans.values():
        counts.update(f"loan refused: {why}" for why in loan.refused)
        counts["loan"] += not loan.refused
        counts["loan overdue"] += loan.overdue is not None
    for visit in facts.visits.values():
        if not visit.refused:
            counts["visit" if visit.free else "visit to be paid for"] += 1
            counts["visit accepted after all"] += facts.told["cleaning.refused", visit.id]
    return counts
