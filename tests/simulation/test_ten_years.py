"""Ten years of members, their banks, a depot, loans and the clock: whatever happens, PAY, PRO, CARE, REP, CLN, LOAN, GEN-4, GEN-6
and NTF hold each day.

`MEMBERSHIPS_SIMULATION_SEED` takes another seed; `python -m tests.simulation --seed N --members N --years N` shows the counts.
"""

import os

from tests.simulation.run import Simulation

SEED = int(os.environ.get("MEMBERSHIPS_SIMULATION_SEED", "1"))
AT_LEAST = {
    "29 Feb": 5, "Care bought with an order": 200, "Care without a qualifying product": 5, "application refunded": 100,
    "applied again": 100, "asked at once": 50, "cancelled": 100, "cancelled too late": 10, "cancelled while suspended": 10,
    "care.claim_accepted": 100, "care.claim_refused": 100, "care.ended": 100, "charge": 1000, "charge of a later round": 100,
    "claim answered anew": 5, "days suspended": 1000, "earlier money": 3, "failure after success": 30, "hard decline": 50,
    "held": 100, "late success": 20, "less than the fee": 50, "membership.suspended": 300, "more than the fee": 20,
    "order cancelled": 50, "order in the 30 days": 100, "order while suspended": 5, "outage": 3, "paid by hand": 200,
    "paid late": 100, "paid twice": 50, "payment.final_notice": 50, "payment.method_expiring": 100, "pro.lapsed": 50,
    "pro.rejected": 50, "pro.terminated": 10, "redelivered": 100, "refund": 200, "refund asked twice": 10,
    "refund before the money": 1, "refund granted": 100, "refund less benefits": 10, "refund of nothing": 3,
    "refund refused": 50, "refund refused on day 30": 20, "refund refused: not_returned": 20,
    "refund refused: returned_late": 1, "refund refused: too_late": 5, "refund refused: used": 2, "refund waits": 50,
    "refund: lapsed": 10, "reinstated": 200, "retracted": 100, "return": 200, "return rejected": 10,
    "round without a method": 100, "silence": 50, "soft decline": 200, "stray failure": 50,
    "stray failure of an open charge": 3, "success told twice": 30, "switched": 100, "switched late": 5, "taken back": 1,
    "told too late": 5, "waited in vain": 50, "bought as a guest": 50, "guest: care.claim_missed": 5,
    "guest: care.refused": 5, "guest: refund": 10,
    "checklist incomplete": 100, "cleaning.chargeable": 100, "cleaning.refused": 300, "diagnosis missed": 30,
    "estimate unanswered": 20, "force_majeure.declared": 5, "force_majeure.may_terminate": 200, "invoice": 80,
    "invoice cancelled": 40, "loan": 250, "loan overdue": 70, "loan refused: had_before": 10,
    "loan refused: no_active_membership": 10, "loan refused: not_in_service": 30, "loan refused: owned": 80,
    "loan refused: suspended": 20, "loan refused: too_late": 15, "loan.due_soon": 100, "more than three pieces": 80,
    "reimbursed": 50, "repair": 350, "repair accepted after all": 4, "repair.at_risk": 100,
    "repair.estimate_reminder": 100, "repair.loaner_offered": 90, "repair.returned_unrepaired": 40,
    "repair refused: no_active_membership": 10, "repair refused: suspended": 20, "saved by a loaner": 4,
    "suspended for a loan": 60, "told after the miss": 8, "turnaround missed": 90, "visit": 600,
    "visit accepted after all": 10, "visit to be paid for": 60,
}  # fmt: skip
"""What the simulation must have seen how often; a seed of a smaller world would prove less."""


def test_ten_years_of_a_thousand_members() -> None:
    counts = Simulation(SEED).run()
    assert {what: counts[what] for what, least in AT_LEAST.items() if counts[what] < least} == {}
