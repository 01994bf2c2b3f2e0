"""The sentence of each notice that a date of a fee, a repair or a loan brings, from the notice's own facts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

Line: TypeAlias = Mapping[str, Any]
"""A stored output: its body, with the envelope's `id` and `time`."""

NAMES: Final[Mapping[str, str]] = MappingProxyType({"pro": "PRO", "care": "Care"})


def minute(instant: str) -> str:
    """`2026-03-01 08:00 UTC` of an RFC 3339 instant in UTC."""
    return f"{instant[:16].replace('T', ' ')} UTC"


def _renewal_ahead(notice: Line) -> str:
    facts, clause = notice["params"], notice["clause"]
    words = f"The member was told of the renewal on {facts['due_on']}: invoice {facts['invoice_id']}"
    late = " That was too late for a charge: support has to look at it (CARE-5)."
    return f"{words}, ${facts['amount']} ({clause}).{'' if facts['told_in_time'] else late}"


def _expires_before(notice: Line) -> str:
    facts = notice["params"]
    return (
        f"Method {facts['method_id']} expires ({facts['expires']}) before the charge on {facts['charge_on']} (PAY-7)."
    )


def _round_failed(notice: Line) -> str:
    facts = notice["params"]
    return f"Round {facts['round']} of invoice {facts['invoice_id']} failed: {', '.join(facts['reasons'])} (PAY-2)."


def _last_round(notice: Line) -> str:
    return f"That was the last round for invoice {notice['params']['invoice_id']} (PAY-6)."


def _suspended(notice: Line) -> str:
    facts, name = notice["params"], NAMES[notice["program"]]
    if "term_ended" in facts:
        why = f"The paid term had ended on {facts['term_ended']}, and {facts['why']}"
    else:
        why = f"Loaned equipment is overdue, or its invoice is past due ({', '.join(facts['loans'])})"
    return f"{why}: {name} is suspended ({notice['clause']})."


def _over(notice: Line) -> str:
    ended, name = notice["params"]["term_ended"], NAMES[notice["program"]]
    return f"The paid term ended on {ended} and was not renewed: {name} is over ({notice['clause']})."


def _last_day_begun(notice: Line) -> str:
    facts = notice["params"]
    return f"The last day of repair {facts['repair_id']}'s turnaround, {facts['last_day']}, began (REP-8)."


def _loaner_offered(notice: Line) -> str:
    return f"The member was offered a loaner for repair {notice['params']['repair_id']} (REP-8)."


def _not_handed_over(notice: Line) -> str:
    facts = notice["params"]
    missed = f"Repair {facts['repair_id']} had not been handed to the carrier when its turnaround ended"
    remedy = f"; {facts['remedy']}" if facts.get("remedy") else ""
    return f"{missed}, {minute(facts['deadline'])} (REP-4){remedy}."


def _not_answered(notice: Line) -> str:
    facts = notice["params"]
    estimate = f"Estimate {facts['estimate_id']} of repair {facts['repair_id']} was {facts['why']}"
    return f"{estimate}: the product goes back unrepaired (REP-6)."


def _answer_asked_for(notice: Line) -> str:
    facts = notice["params"]
    estimate = f"estimate {facts['estimate_id']} of repair {facts['repair_id']}"
    return f"The member was reminded to answer {estimate} before {minute(facts['answer_by'])} (REP-6)."


def _due_soon(notice: Line) -> str:
    facts = notice["params"]
    loan = f"loan {facts['loan_id']} ({facts['model']})"
    return f"The member was reminded that {loan} is due on {facts['due_on']}, {facts['why']} (LOAN-5)."


def _lent_on(notice: Line) -> str:
    facts = notice["params"]
    until = f"is due on {facts['due_on']}" if facts["due_on"] else "has no due day yet"
    return f"Loan {facts['loan_id']} ({facts['model']}) {until}, {facts['why']} ({notice['clause']})."


def _overdue(notice: Line) -> str:
    facts = notice["params"]
    loan = f"Loan {facts['loan_id']} ({facts['model']}) was due on {facts['due_on']}, {facts['why']}"
    return f"{loan}, and is not back: overdue (LOAN-5)."


def _may_leave(notice: Line) -> str:
    facts = notice["params"]
    lasted = f"Force majeure was declared on {minute(facts['declared_at'])} and has lasted for {facts['days']} days"
    return f"{lasted}: the member was told that they may leave PRO (PRO-11)."


TOLD: Final[Mapping[str, Callable[[Line], str]]] = MappingProxyType(
    {
        "pro.renewal_notice": _renewal_ahead,
        "care.renewal_notice": _renewal_ahead,
        "payment.method_expiring": _expires_before,
        "payment.failed": _round_failed,
        "payment.final_notice": _last_round,
        "membership.suspended": _suspended,
        "pro.lapsed": _over,
        "pro.ended": _over,
        "care.ended": _over,
        "repair.at_risk": _last_day_begun,
        "repair.loaner_offered": _loaner_offered,
        "repair.turnaround_missed": _not_handed_over,
        "repair.returned_unrepaired": _not_answered,
        "repair.estimate_reminder": _answer_asked_for,
        "loan.due_soon": _due_soon,
        "loan.shipped": _lent_on,
        "loan.overdue": _overdue,
        "force_majeure.may_terminate": _may_leave,
    }
)
"""Kind of notice -> its sentence. What else it asks for (a refund, an invoice) is told with the request."""
