"""LOAN-6 Loaned equipment that is overdue, or whose invoice is past due, suspends PRO with cause `loan`; GEN-3: and no other."""

from collections.abc import Iterable
from datetime import datetime

from models.calendar import rfc3339
from models.case import Case
from models.fees.membership import LOAN
from models.follow import LoansInDefault
from models.loans.default import in_default
from models.outputs.base import Cause, Fact
from models.pro.state import Pro

_NAMED_AFTER = "/memberships/loans-in-default"


def changed(case: Case, what: LoansInDefault) -> str:
    """The loans in default are others now. Obligations outlive a membership: the cause stays on record when it is over."""
    pro = case.member.pro
    if pro is None:
        return ""
    return _suspend(case, pro, what.at, what.loans) if what.loans else _lift(case, pro)


def begin(case: Case, pro: Pro) -> str:
    """A membership that opens while loans are in default begins suspended. Returns the words for it, behind a space."""
    loans = in_default(case.member.loans)
    return f" {_suspend(case, pro, min(loans.values()), loans)}" if loans else ""


def _suspend(case: Case, pro: Pro, since: datetime, loans: Iterable[str]) -> str:
    if not pro.suspend(LOAN, since) or not pro.is_open:
        return ""
    named = ", ".join(loans)
    why = f"overdue, or with an invoice past due: {named}"
    facts: dict[str, Fact] = {"cause": LOAN, "why": why, "loans": list(loans), "since": rfc3339(since)}
    before = [pro.loan_notice] if pro.loan_notice else []  # of an earlier membership
    pro.loan_notice = case.notify("pro", "membership.suspended", LOAN, "LOAN-6", facts, replaces=before)
    return f"PRO is suspended with cause {LOAN} ({why}; LOAN-6)."


def _lift(case: Case, pro: Pro) -> str:
    """Reinstated when no cause is left; what told of the suspension is withdrawn otherwise."""
    if LOAN not in pro.causes:
        return ""
    words, told = pro.lift(LOAN).strip(), pro.loan_notice
    pro.loan_notice = None
    if told is None:
        return words
    if pro.status == "active":
        facts: dict[str, Fact] = {"cause": LOAN}
        named_after = Cause(source=_NAMED_AFTER, id=told)
        case.notify(
            "pro", "membership.reinstated", LOAN, "LOAN-6", facts, replaces=[told], named_after=named_after
        )  # fmt: skip
        return "PRO is reinstated at once (LOAN-6)."
    case.retract("pro", told, f"no loan is in default any more; PRO is {pro.status}", "NTF-3")
    return words
