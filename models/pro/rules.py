"""PRO's own events: application, review, auto-renewal. What follows from them is in membership.py.

PRO-2 (the profession and the gear) is not checked yet: Sony's review is the only judge of it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from models.case import Case, Ruling, applied, digest, duplicate, refused, retold, superseded
from models.eligibility import why_not_eligible
from models.fees.state import Invoice
from models.hold import hold
from models.outputs.base import Cause, Fact
from models.payload import Payload
from models.pro import membership
from models.pro.events import ProApplied, ProAutoRenewChanged, ProReviewed
from models.pro.state import Application, Pro


def applied_for(case: Case, data: ProApplied) -> Ruling:
    """PRO-1 Eligible on the day of the application; PRO-3 whose fee is paid with it, and goes back if it is not accepted."""
    known = case.find(Application, data.application_id)
    if known:
        return retold(known.content, data, f"Application {known.id}")
    invoice = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id)
    if not invoice.free:
        says = f"Invoice {data.invoice_id} belongs to something else: an application needs one of its own (PRO-3)."
        return refused("invoice_in_use", says, "PRO-3")
    application = Application(
        data.application_id, digest(data), case.cause.source, case.cause.id, data.invoice_id, data.auto_renew
    )
    case.put(application.id, application)
    invoice.application_id = application.id
    case.put(invoice.id, invoice)
    case.arrived("application", application.id)
    case.arrived("invoice", membership.WHICH)
    reasons = _why_not(case, data)
    if reasons:
        application.why_not = reasons[0][0]
        codes, words = tuple(code for code, _ in reasons), "; ".join([words for _, words in reasons])
        _place(case, application, "rejected")
        _reject(case, application, codes)
        says = (
            f"Application {application.id} is not accepted: {words} (PRO-1). Its fee goes back if it is paid (PRO-3)."
        )
        return refused(codes[0], says, "PRO-1")
    _place(case, application, "applied")
    facts: dict[str, Fact] = {"application_id": application.id, "invoice_id": application.invoice_id}
    case.notify("pro", "pro.application_received", application.id, "PRO-3", facts)
    return applied(f"Application {application.id} is received; it needs Sony's approval and its fee (PRO-3).", "PRO-3")


def reviewed(case: Case, data: ProReviewed) -> Ruling:
    """PRO-3 Sony approves or not. PRO-4 With the fee paid, in any order, the membership opens."""
    application = case.find(Application, data.application_id)
    if application is None:
        return hold(
            case, "application", data.application_id, f"The review comes before application {data.application_id}"
        )
    if application.approved is not None:
        if application.approved == data.approved:
            return duplicate("already_reviewed", f"Application {application.id} had been reviewed so already.", "PRO-3")
        says = f"Application {application.id} had been reviewed with the other answer: the first one stands."
        return Ruling("conflict", says, "PRO-3", "other_content")
    application.approved = data.approved
    case.put(application.id, application)
    pro = case.member.pro
    if application.why_not or pro is None:
        says = f"Application {application.id} was not accepted before its review ({application.why_not}, PRO-3)."
        return superseded("not_accepted", says, "PRO-3")
    if not data.approved:
        application.why_not = "not_approved"
        pro.stage = "rejected"
        _reject(case, application, ("not_approved",))
    return membership.answer(case, pro, application)


def auto_renew_changed(case: Case, data: ProAutoRenewChanged) -> Ruling:
    """PRO-7 Auto-renewal is switched while the paid term runs; the latest word counts. PAY-8 Off ends dunning."""
    pro = case.member.pro
    if pro is None or pro.stage != "active":
        return refused("no_active_membership", "There is no open PRO membership whose renewal could change.", "PRO-7")
    word = "on" if data.on else "off"
    if case.at < pro.auto_renew_at:
        says = (
            f"Auto-renewal was set later than this, on {case.calendar.day_of(pro.auto_renew_at)}: that stands (GEN-2)."
        )
        return superseded("later_word", says, "PRO-7")
    if case.at >= case.calendar.start_of(pro.term.end):
        says = f"The term ended on {pro.term.end}: renewal can be switched only before that (PRO-7)."
        return refused("term_over", says, "PRO-7")
    pro.auto_renew, pro.auto_renew_at = data.on, case.at
    stays = "" if data.on else membership.renewal_off(case, pro)
    return applied(f"Auto-renewal is {word}; the paid term runs to {pro.term.end} (PRO-7).{stays}", "PRO-7")


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {ProApplied: applied_for, ProReviewed: reviewed, ProAutoRenewChanged: auto_renew_changed}
)
"""The rule of each event type."""


def _why_not(case: Case, data: ProApplied) -> list[tuple[str, str]]:
    """Why the application cannot be accepted (code, words), all reasons at once."""
    today = case.calendar.day_of(case.at)
    reasons: list[tuple[str, str]] = list(why_not_eligible(data.state, data.birth_date, today))
    pro = case.member.pro
    if pro and pro.stage == "active" and not membership.over(case, pro, case.at):
        reasons.append(("already_member", "a PRO membership is open"))
    elif pro and pro.stage == "applied":
        reasons.append(("already_applied", f"application {pro.application_id} is still open"))
    return reasons


def _place(case: Case, application: Application, stage: Literal["applied", "rejected"]) -> None:
    """Make the application the one at hand; one that is not accepted takes no place that is taken."""
    pro = case.member.pro
    if pro is None:
        case.member.pro = Pro(stage, application.id, application.auto_renew, case.at)
    elif stage == "applied" or pro.stage == "rejected":
        membership.lapse_if_over(case, pro)
        pro.stage, pro.application_id = stage, application.id
        pro.auto_renew, pro.auto_renew_at = application.auto_renew, case.at


def _reject(case: Case, application: Application, codes: tuple[str, ...]) -> None:
    """PRO-3 Tell the applicant; the cause is the application, whichever event brought the answer."""
    cause = Cause(source=application.source, id=application.event_id)
    received = case.notice_id(cause, "pro.application_received", application.id)
    facts: dict[str, Fact] = {"application_id": application.id, "reasons": codes}
    case.notify("pro", "pro.rejected", application.id, "PRO-3", facts, replaces=[received], cause=cause)
